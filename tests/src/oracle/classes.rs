//! Losses of the true class's probability, a mean over pixels.

use super::input::Labelled;
use super::number::{Number, power_slope, sum};
use super::pixels::Pixels;

/// The denominator's share in the source's multi-class focal loss.
const FOCAL_EPSILON: f64 = 1e-6;

/// What all losses of one pixel are made of.
pub(super) struct Softmax<N> {
    /// `e^(z - max z)`; 1 at the largest.
    exps: Vec<N>,
    /// The sum of `exps`.
    total: N,
    /// The first largest logit.
    largest: usize,
    /// Each logit.
    logits: Vec<f64>,
}

impl<N: Number> Softmax<N> {
    pub(super) fn of(logits: Vec<f64>) -> Self {
        let largest = (1..logits.len()).fold(0, |m, k| if logits[k] > logits[m] { k } else { m });
        let exp = |z: &f64| (N::of(*z) - N::of(logits[largest])).exp();
        let exps: Vec<N> = logits.iter().map(exp).collect();
        Softmax { total: sum(exps.iter().cloned()), exps, largest, logits }
    }

    /// The probability of `class`.
    pub(super) fn p(&self, class: usize) -> N {
        self.exps[class].clone() / &self.total
    }

    /// `1 - p` without cancellation.
    pub(super) fn q(&self, class: usize) -> N {
        self.without(class) / &self.total
    }

    /// `-ln p`, from the distance to the largest logit and the sum without it.
    fn cross_entropy(&self, class: usize) -> N {
        let margin = N::of(self.logits[self.largest]) - N::of(self.logits[class]);
        margin + self.without(self.largest).ln_1p()
    }

    fn without(&self, class: usize) -> N {
        sum(self.exps.iter().enumerate().filter(|&(k, _)| k != class).map(|(_, e)| e.clone()))
    }
}

/// Values and slopes of all pixels by `f(softmax, label)`, which gives the loss and a factor by
/// which the derivative of the cross-entropy (`p_k`, and `p - 1` at the label) is multiplied.
fn each<N: Number>(
    input: &Labelled,
    denominator: N,
    f: impl Fn(&Softmax<N>, usize) -> (N, N),
) -> Pixels<N> {
    let mut values = Vec::new();
    let mut gradient = vec![N::of(0.0); input.logits.len()];
    for (pixel, label) in input.labels.iter().enumerate() {
        let Some(label) = *label else {
            values.push(None);
            continue;
        };
        let softmax = Softmax::of(input.logits_at(pixel));
        let (value, factor) = f(&softmax, label);
        values.push(Some(value));
        for class in 0..input.extents.channels {
            let slope = if class == label { -softmax.q(class) } else { softmax.p(class) };
            gradient[input.at(pixel, class)] = slope * &factor;
        }
    }
    let (pixels, channels) = (input.extents.pixels(), input.extents.channels);
    Pixels { values, gradient, denominator, pixels, channels }
}

/// Cross-entropy `w_y (-ln p_y)^power`, over the sum of `w_y`; all weights are 1 where none are given.
pub fn ce<N: Number>(input: &Labelled, weights: Option<&[f64]>, power: f64) -> Pixels<N> {
    let weight = |label: usize| N::of(weights.map_or(1.0, |weights| weights[label]));
    let denominator = sum(input.labels.iter().flatten().map(|&label| weight(label)));
    each(input, denominator, |softmax, label| {
        let ce = softmax.cross_entropy(label);
        if power == 1.0 {
            return (ce * weight(label), weight(label));
        }
        (ce.powf(power) * weight(label), power_slope(&ce, power) * weight(label))
    })
}

/// A loss `f(-ln p_y, p_y, 1 - p_y)` with its derivative in `-ln p_y`, over the number of pixels.
fn mean<N: Number>(input: &Labelled, f: impl Fn(N, N, N) -> (N, N)) -> Pixels<N> {
    let count = input.labels.iter().flatten().count() as f64;
    each(input, N::of(count), |softmax, label| {
        f(softmax.cross_entropy(label), softmax.p(label), softmax.q(label))
    })
}

/// Poly-1 focal loss (Leng et al. 2022): `-(1 - p_y)^gamma ln p_y + epsilon (1 - p_y)^(gamma + 1)`; Poly-1 loss if `gamma`
/// is 0.
pub fn poly1_focal<N: Number>(input: &Labelled, epsilon: f64, gamma: f64) -> Pixels<N> {
    let epsilon = N::of(epsilon);
    mean(input, |ce: N, p, q| {
        let poly1 = ce + epsilon.clone() * &q;
        let slope = N::of(1.0) + epsilon.clone() * &p;
        let power = q.powf(gamma);
        let of_power = power_slope(&q, gamma) * p * &poly1;
        (power.clone() * poly1, of_power + power * slope)
    })
}

/// Symmetric cross-entropy (Wang et al. 2019): `-alpha ln p_y - beta floor (1 - p_y)`.
pub fn sce<N: Number>(input: &Labelled, alpha: f64, beta: f64, floor: f64) -> Pixels<N> {
    let (alpha, reverse) = (N::of(alpha), -(N::of(beta) * N::of(floor)));
    mean(input, |ce, p, q| (ce * &alpha + reverse.clone() * q, alpha.clone() + reverse.clone() * p))
}

/// Generalised cross-entropy (Zhang and Sabuncu 2018): `(1 - p_y^power) / power`.
pub fn gce<N: Number>(input: &Labelled, power: f64) -> Pixels<N> {
    mean(input, |ce: N, _, _| {
        let raised = (-ce * N::of(power)).exp();
        ((N::of(1.0) - &raised) / N::of(power), raised)
    })
}

/// Mean absolute error: `1 - p_y`.
pub fn mae<N: Number>(input: &Labelled) -> Pixels<N> {
    mean(input, |_, p, q| (q, p))
}

/// Focal loss `-alpha_y (1 - p_y)^gamma ln p_y`, over the number of pixels plus 1e-6.
pub fn class_focal<N: Number>(input: &Labelled, alpha: Option<&[f64]>, gamma: f64) -> Pixels<N> {
    let count = input.labels.iter().flatten().count() as f64;
    each(input, N::of(count) + N::of(FOCAL_EPSILON), |softmax, label| {
        let (ce, p, q) = (softmax.cross_entropy(label), softmax.p(label), softmax.q(label));
        let alpha = N::of(alpha.map_or(1.0, |alpha| alpha[label]));
        let power = q.powf(gamma);
        // d(1 - p_y)/dz = p_y d(-ln p_y)/dz.
        let factor = power_slope(&q, gamma) * p * &ce + &power;
        (power * ce * &alpha, factor * alpha)
    })
}
