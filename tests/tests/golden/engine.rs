//! Every recorded value of the source's code and its formulas, through the text form: in `f64`, and in
//! `f32` where the logits are exact there.

use std::collections::BTreeMap;

use segloss_conformance::from_text::{Asked, Format};
use segloss_conformance::golden::{self, Case, Departure, Input, Losses};
use segloss_conformance::views::{packed, targets_shape};
use segloss_core::Error;
use segloss_core::engine::{Call, Ignore, Scale};
use segloss_simd::AnyLevel;

/// What a format is held to: the value's error relative to itself, and the gradient's to its largest.
struct Bounds {
    value: f64,
    gradient: f64,
}

const DOUBLE: Bounds = Bounds { value: 1e-13, gradient: 1e-12 };
const SINGLE: Bounds = Bounds { value: 1e-6, gradient: 4e-6 };

/// Values (one, or one a sample) and gradient by the engine.
fn run<T>(case: &Case, input: &Input, logits: &[T]) -> Result<(Vec<f64>, Vec<f64>), Error>
where
    T: Format,
{
    let asked = case.call();
    let shape = input.logit_shape();
    let ones = vec![1.0; shape.batch];
    let base = if asked.softmax { Call::softmax() } else { Call::sigmoid() };
    let call = Call {
        ignore_index: Ignore::Labels(asked.ignore_index.as_slice()),
        scale: if asked.per_sample { Scale::Samples(&ones) } else { Scale::Batch(1.0) },
        ..base
    };
    let (text, code) = (asked.objective.to_string(), AnyLevel::best().into());
    let targets = packed(&input.targets, targets_shape(base.link, shape));
    let found = T::evaluate(Asked {
        code,
        text: &text,
        call,
        logits,
        shape,
        targets: targets.into(),
        given: &[],
        samples: asked.per_sample,
        loss_map: false,
    })?;
    let values = if asked.per_sample { found.samples } else { vec![found.value] };
    Ok((values, found.gradient.iter().map(|g| g.widen()).collect()))
}

#[track_caller]
fn assert_close(
    case: &Case,
    found: &(Vec<f64>, Vec<f64>),
    value: &[f64],
    gradient: &[f64],
    bounds: &Bounds,
) {
    let id = &case.id;
    assert_eq!((found.0.len(), found.1.len()), (value.len(), gradient.len()), "{id}");
    for (found, expected) in found.0.iter().zip(value) {
        let error = (found - expected).abs();
        assert!(error <= bounds.value * expected.abs(), "{id}: {found} {expected}");
    }
    let largest = gradient.iter().fold(0f64, |m, g| m.max(g.abs()));
    for (found, expected) in found.1.iter().zip(gradient) {
        let error = (found - expected).abs();
        assert!(error <= bounds.gradient * largest, "{id}: {found} {expected} of {largest}");
    }
}

/// Compares one case, or says how it departs from the source.
fn compare<T>(
    losses: &Losses,
    case: &Case,
    convert: fn(f64) -> T,
    bounds: &Bounds,
) -> Option<Departure>
where
    T: Format,
{
    let input = losses.input(case);
    let logits: Vec<T> = input.logits.iter().map(|&z| convert(z)).collect();
    let found = run(case, input, &logits);
    let departure = case.departure(input);
    match departure {
        Some(Departure::ShortAlpha) => {
            assert!(matches!(found, Err(Error::ClassWeights { name: "alpha", .. })), "{}", case.id);
        }
        Some(_) => {
            let asked = case.call();
            let expected = asked.objective.evaluate::<f64>(&asked.input(input)).rounded();
            assert_close(case, &found.unwrap(), &[expected.value], &expected.gradient, bounds);
        }
        None => {
            let value = case.expected_value().unwrap();
            let zeros = vec![0.0; logits.len()];
            // Where the source's backward raises, nothing counts: the gradient is 0.
            let gradient = case.expected_gradient().unwrap_or(&zeros);
            assert_close(case, &found.unwrap(), value, gradient, bounds);
        }
    }
    departure
}

fn counts(found: impl Iterator<Item = Option<Departure>>) -> BTreeMap<Option<Departure>, usize> {
    let mut counts = BTreeMap::new();
    found.for_each(|departure| *counts.entry(departure).or_default() += 1);
    counts
}

#[test]
fn masks() {
    let losses = golden::binary();
    let found = losses.cases.iter().map(|case| compare(&losses, case, |z| z, &DOUBLE));
    let expected = BTreeMap::from([
        (None, 476),
        (Some(Departure::OneLabel), 23),
        (Some(Departure::LostAxis), 8),
        (Some(Departure::Flooded), 4),
    ]);
    assert_eq!(counts(found), expected);
}

#[test]
fn label_maps() {
    let losses = golden::multiclass();
    let found = losses.cases.iter().map(|case| compare(&losses, case, |z| z, &DOUBLE));
    let expected = BTreeMap::from([
        (None, 231),
        (Some(Departure::AllIgnored), 10),
        (Some(Departure::IgnoredClass), 2),
        (Some(Departure::ShortAlpha), 22),
    ]);
    assert_eq!(counts(found), expected);
}

/// Logits that `f32` holds; of moderate size, because the bounds grow with it.
#[test]
fn in_single_precision() {
    let mut compared = 0;
    for losses in [golden::binary(), golden::multiclass()] {
        for case in &losses.cases {
            let input = losses.input(case);
            let fits = |&z: &f64| f64::from(z as f32) == z && z.abs() <= 20.0;
            if input.logits.iter().all(fits) {
                compare(&losses, case, |z| z as f32, &SINGLE);
                compared += 1;
            }
        }
    }
    assert!(compared > 550, "{compared}");
}
