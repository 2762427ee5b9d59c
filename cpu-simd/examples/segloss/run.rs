//! One loss on one batch: evaluated, and trained on if there are features.

use std::error::Error;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::features::Features;
use crate::metrics::{Overlap, overlap};
use crate::objective::Objective;
use crate::predictor::Predictor;
use crate::shape::Shape;

/// Time is taken over this long, or this many calls.
const PATIENCE: Duration = Duration::from_millis(400);
const CALLS: usize = 101;

/// A loss at one state of the logits.
#[derive(Clone, Copy, Debug)]
pub struct State {
    pub value: f64,
    pub gradient_norm: f64,
    pub valid: u64,
    pub overlap: Option<Overlap>,
}

/// What the table says of a loss.
pub struct Outcome {
    pub name: String,
    pub shape: Shape,
    pub before: State,
    /// Nothing if the logits were given.
    pub after: Option<State>,
    pub nanoseconds_per_pixel: f64,
}

/// Evaluates a loss at given logits.
pub fn evaluate(
    objective: &mut Objective<'_>,
    logits: &[f32],
    labels: &[i32],
    shape: Shape,
) -> Result<Outcome, Box<dyn Error>> {
    let mut gradient = vec![0.0; logits.len()];
    let before = state(objective, logits, labels, shape, &mut gradient)?;
    let nanoseconds_per_pixel = time(objective, logits, labels, shape, &mut gradient)?;
    let name = objective.name().to_owned();
    Ok(Outcome { name, shape, before, after: None, nanoseconds_per_pixel })
}

/// Trains a predictor with a loss, from zero.
pub fn train(
    objective: &mut Objective<'_>,
    features: &Features,
    labels: &[i32],
    shape: Shape,
    schedule: (u32, f64),
) -> Result<Outcome, Box<dyn Error>> {
    let mut gradient = vec![0.0; shape.logits()];
    let before = state(objective, &vec![0.0; shape.logits()], labels, shape, &mut gradient)?;
    let logits = trained(objective, features, labels, shape, schedule)?;
    let end = evaluate(objective, &logits, labels, shape)?;
    Ok(Outcome { before, after: Some(end.before), ..end })
}

/// The logits of a predictor after so many steps at a rate, from zero.
pub fn trained(
    objective: &mut Objective<'_>,
    features: &Features,
    labels: &[i32],
    shape: Shape,
    (steps, rate): (u32, f64),
) -> Result<Vec<f32>, Box<dyn Error>> {
    let bar = ProgressBar::new(u64::from(steps)).with_style(ProgressStyle::with_template(
        "{prefix:<44!} {bar:24} {pos:>4}/{len} steps  value {msg}",
    )?);
    bar.set_prefix(objective.name().to_owned());

    let mut predictor = Predictor::new(features, shape);
    let mut logits = vec![0.0; shape.logits()];
    let mut gradient = vec![0.0; shape.logits()];
    objective.evaluate(&logits, labels, shape, &mut gradient)?;
    for step in 0..steps {
        predictor.descend(features, &gradient, rate);
        predictor.predict(features, &mut logits);
        let value = objective.evaluate(&logits, labels, shape, &mut gradient)?.value;
        if !value.is_finite() {
            let name = objective.name();
            return Err(format!(
                "{name}: value {value} at step {step}; try a --rate below {rate:?}"
            )
            .into());
        }
        bar.set_message(format!("{value:.4}"));
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(logits)
}

fn state(
    objective: &mut Objective<'_>,
    logits: &[f32],
    labels: &[i32],
    shape: Shape,
    gradient: &mut [f32],
) -> Result<State, Box<dyn Error>> {
    let evaluation = objective.evaluate(logits, labels, shape, gradient)?;
    let square: f64 = gradient.iter().map(|&g| f64::from(g).powi(2)).sum();
    Ok(State {
        value: evaluation.value,
        gradient_norm: square.sqrt(),
        valid: evaluation.valid,
        overlap: overlap(logits, labels, shape),
    })
}

/// The median time of value and gradient together, per pixel.
fn time(
    objective: &mut Objective<'_>,
    logits: &[f32],
    labels: &[i32],
    shape: Shape,
    gradient: &mut [f32],
) -> Result<f64, Box<dyn Error>> {
    let mut times = Vec::with_capacity(CALLS);
    let begin = Instant::now();
    while times.is_empty() || (times.len() < CALLS && begin.elapsed() < PATIENCE) {
        let start = Instant::now();
        objective.evaluate(logits, labels, shape, gradient)?;
        times.push(start.elapsed());
    }
    times.sort_unstable();
    Ok(times[times.len() / 2].as_secs_f64() * 1e9 / shape.pixels() as f64)
}
