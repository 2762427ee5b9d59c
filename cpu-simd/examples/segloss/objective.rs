//! The losses of the table.

use std::error::Error;

use crate::loss::{Evaluation, IGNORED, Objective, Shape};

/// The losses of a run, for label maps of so many classes. The predictor or
/// the given logits must have the channels that a loss asks for.
pub fn objectives(classes: usize) -> Result<Vec<Box<dyn Objective>>, Box<dyn Error>> {
    let stand_in = |kind, channels| Box::new(StandIn { kind, channels }) as Box<dyn Objective>;
    Ok(vec![
        stand_in(Kind::Bce, 1),
        stand_in(Kind::Dice, 1),
        stand_in(Kind::Ce, classes),
        stand_in(Kind::Dice, classes),
    ])
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Bce,
    Ce,
    Dice,
}

struct StandIn {
    kind: Kind,
    channels: usize,
}

impl Objective for StandIn {
    fn name(&self) -> &str {
        match self.kind {
            Kind::Bce => "bce",
            Kind::Ce => "ce",
            Kind::Dice => "dice",
        }
    }

    fn channels(&self) -> usize {
        self.channels
    }

    fn evaluate(
        &mut self,
        logits: &[f32],
        labels: &[u8],
        shape: Shape,
        gradient: &mut [f32],
    ) -> Result<Evaluation, Box<dyn Error>> {
        let valid = labels.iter().filter(|&&label| label != IGNORED).count();
        let value = match self.kind {
            Kind::Bce => bce(logits, labels, valid, gradient),
            Kind::Ce => ce(logits, labels, shape, valid, gradient),
            Kind::Dice => dice(logits, labels, shape, gradient),
        };
        Ok(Evaluation { value, valid: valid as u64 })
    }
}

fn bce(logits: &[f32], labels: &[u8], valid: usize, gradient: &mut [f32]) -> f64 {
    let scale = 1.0 / valid.max(1) as f32;
    let mut sum = 0.0;
    for ((&z, &label), out) in logits.iter().zip(labels).zip(gradient) {
        *out = 0.0;
        if label != IGNORED {
            let g = f32::from(label != 0);
            sum += f64::from(z.max(0.0) - z * g + (-z.abs()).exp().ln_1p());
            *out = (1.0 / (1.0 + (-z).exp()) - g) * scale;
        }
    }
    sum / valid.max(1) as f64
}

fn ce(logits: &[f32], labels: &[u8], shape: Shape, valid: usize, gradient: &mut [f32]) -> f64 {
    let scale = 1.0 / valid.max(1) as f32;
    let mut sum = 0.0;
    each_pixel(labels, shape, |label, at| {
        if label == IGNORED {
            at.iter().for_each(|&i| gradient[i] = 0.0);
            return;
        }
        let p = softmax(logits, at);
        sum -= f64::from(p[usize::from(label)].max(1e-30).ln());
        for (k, &i) in at.iter().enumerate() {
            gradient[i] = (p[k] - f32::from(k == usize::from(label))) * scale;
        }
    });
    sum / valid.max(1) as f64
}

fn dice(logits: &[f32], labels: &[u8], shape: Shape, gradient: &mut [f32]) -> f64 {
    let k = shape.channels;
    let truth = |label: u8, c: usize| {
        if k == 1 { f64::from(label != 0) } else { f64::from(usize::from(label) == c) }
    };
    let (mut tp, mut total) = (vec![0.0; k], vec![0.0; k]);
    each_pixel(labels, shape, |label, at| {
        if label != IGNORED {
            for (c, p) in softmax(logits, at).into_iter().enumerate() {
                tp[c] += f64::from(p) * truth(label, c);
                total[c] += f64::from(p) + truth(label, c);
            }
        }
    });
    each_pixel(labels, shape, |label, at| {
        if label == IGNORED {
            at.iter().for_each(|&i| gradient[i] = 0.0);
            return;
        }
        let p = softmax(logits, at);
        let slope: Vec<f64> = (0..k)
            .map(|c| {
                let d = total[c] + 1e-6;
                -(2.0 * truth(label, c) * d - 2.0 * tp[c]) / (d * d) / k as f64
            })
            .collect();
        let mean: f64 = if k == 1 {
            f64::from(p[0]) * slope[0]
        } else {
            p.iter().zip(&slope).map(|(&p, s)| f64::from(p) * s).sum()
        };
        for (c, &i) in at.iter().enumerate() {
            gradient[i] = (f64::from(p[c]) * (slope[c] - mean)) as f32;
        }
    });
    (0..k).map(|c| 1.0 - 2.0 * tp[c] / (total[c] + 1e-6)).sum::<f64>() / k as f64
}

fn each_pixel(labels: &[u8], shape: Shape, mut visit: impl FnMut(u8, &[usize])) {
    let mut at = vec![0; shape.channels];
    for (pixel, &label) in labels.iter().enumerate() {
        let (sample, place) = (pixel / shape.area(), pixel % shape.area());
        for (c, i) in at.iter_mut().enumerate() {
            *i = (sample * shape.channels + c) * shape.area() + place;
        }
        visit(label, &at);
    }
}

fn softmax(logits: &[f32], at: &[usize]) -> Vec<f32> {
    if let [i] = at {
        return vec![1.0 / (1.0 + (-logits[*i]).exp())];
    }
    let max = at.iter().map(|&i| logits[i]).fold(f32::NEG_INFINITY, f32::max);
    let e: Vec<f32> = at.iter().map(|&i| (logits[i] - max).exp()).collect();
    let sum: f32 = e.iter().sum();
    e.into_iter().map(|e| e / sum).collect()
}
