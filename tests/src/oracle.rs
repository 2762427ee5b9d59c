//! The source's formulas as they stand, in `f64`, and gradients derived by hand: no tiles, no
//! vectors, no tricks. Good for moderate logits, which is what it is for.

use crate::case::{Case, IGNORED};

/// A loss and its gradient, channels first.
#[derive(Clone, Debug)]
pub struct Loss {
    /// The value.
    pub value: f64,
    /// One number a logit.
    pub gradient: Vec<f64>,
}

impl Loss {
    /// `a self + b other`.
    #[must_use]
    pub fn plus(&self, a: f64, other: &Loss, b: f64) -> Loss {
        let gradients = self.gradient.iter().zip(&other.gradient);
        Loss {
            value: a * self.value + b * other.value,
            gradient: gradients.map(|(x, y)| a * x + b * y).collect(),
        }
    }
}

/// Mean binary cross-entropy.
pub fn bce(case: &Case) -> Loss {
    let kept = case.targets.iter().filter(|&&y| y != IGNORED).count().max(1) as f64;
    let mut value = 0.0;
    let pairs = case.logits.iter().zip(&case.targets);
    let gradient = pairs
        .map(|(&z, &y)| {
            if y == IGNORED {
                return 0.0;
            }
            let (y, p) = (f64::from(y), sigmoid(z));
            value += (1.0 + (-z.abs()).exp()).ln() + z.max(0.0) - z * y;
            (p - y) / kept
        })
        .collect();
    Loss { value: value / kept, gradient }
}

/// Dice per sample, averaged, of one channel.
pub fn dice(case: &Case, smooth: f64) -> Loss {
    let pixels = case.shape.pixels();
    let samples = case.shape.batch as f64;
    let mut loss = Loss { value: 0.0, gradient: Vec::new() };
    for (logits, targets) in case.logits.chunks(pixels).zip(case.targets.chunks(pixels)) {
        let kept = || logits.iter().zip(targets).filter(|&(_, &y)| y != IGNORED);
        let pairs = || kept().map(|(&z, &y)| (sigmoid(z), f64::from(y)));
        let overlap: f64 = pairs().map(|(p, y)| p * y).sum();
        let mass: f64 = pairs().map(|(p, y)| p + y).sum();
        let (above, below) = (2.0 * overlap + smooth, mass + smooth);
        if kept().next().is_some() {
            loss.value += (1.0 - above / below) / samples;
        }
        loss.gradient.extend(logits.iter().zip(targets).map(|(&z, &y)| {
            if y == IGNORED {
                return 0.0;
            }
            let p = sigmoid(z);
            let slope = (above - 2.0 * f64::from(y) * below) / (below * below);
            slope * p * (1.0 - p) / samples
        }));
    }
    loss
}

/// Mean cross-entropy.
pub fn ce(case: &Case) -> Loss {
    let kept = case.targets.iter().filter(|&&y| y != IGNORED).count().max(1) as f64;
    each_pixel(case, |p, label| {
        let gradient = p.iter().enumerate().map(|(k, p)| p - indicator(k == label));
        (-p[label].ln() / kept, gradient.map(|g| g / kept).collect())
    })
}

/// Dice once per class over the batch, averaged over classes.
pub fn class_dice(case: &Case, smooth: f64) -> Loss {
    let classes = case.shape.channels;
    let (mut overlap, mut mass) = (vec![0.0; classes], vec![0.0; classes]);
    each_pixel(case, |p, label| {
        for k in 0..classes {
            let y = indicator(k == label);
            overlap[k] += p[k] * y;
            mass[k] += p[k] + y;
        }
        (0.0, vec![0.0; classes])
    });
    let mut loss = each_pixel(case, |p, label| {
        let slope = |k: usize| {
            let (above, below) = (2.0 * overlap[k] + smooth, mass[k] + smooth);
            (above - 2.0 * indicator(k == label) * below) / (below * below) / classes as f64
        };
        let mean: f64 = (0..classes).map(|k| p[k] * slope(k)).sum();
        (0.0, (0..classes).map(|k| p[k] * (slope(k) - mean)).collect())
    });
    if case.targets.iter().any(|&y| y != IGNORED) {
        let dice = (0..classes).map(|k| (2.0 * overlap[k] + smooth) / (mass[k] + smooth));
        loss.value = 1.0 - dice.sum::<f64>() / classes as f64;
    }
    loss
}

/// Adds up `loss(probabilities, label)` over pixels that are not ignored.
fn each_pixel(case: &Case, mut loss: impl FnMut(&[f64], usize) -> (f64, Vec<f64>)) -> Loss {
    let (pixels, classes) = (case.shape.pixels(), case.shape.channels);
    let mut total = Loss { value: 0.0, gradient: vec![0.0; case.logits.len()] };
    for (i, &label) in case.targets.iter().enumerate() {
        if label == IGNORED {
            continue;
        }
        let at = |k: usize| (i / pixels * classes + k) * pixels + i % pixels;
        let exps: Vec<f64> = (0..classes).map(|k| case.logits[at(k)].exp()).collect();
        let sum: f64 = exps.iter().sum();
        let p: Vec<f64> = exps.iter().map(|e| e / sum).collect();
        let (value, gradient) = loss(&p, usize::from(label));
        total.value += value;
        gradient.iter().enumerate().for_each(|(k, g)| total.gradient[at(k)] = *g);
    }
    total
}

fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

fn indicator(holds: bool) -> f64 {
    f64::from(u8::from(holds))
}
