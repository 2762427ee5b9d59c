//! Losses that are a mean over pixels.

use super::input::Dense;
use super::loss::Loss;
use super::number::{Number, power_slope, ratio, sum};

/// The loss of each pixel, not yet reduced.
#[derive(Clone, Debug)]
pub struct Pixels<N> {
    /// One a target; `None` where ignored.
    pub values: Vec<Option<N>>,
    /// The derivative of the sum of `values`, one a logit; 0 where ignored.
    pub gradient: Vec<N>,
    /// What the mean divides by.
    pub denominator: N,
    /// Pixels of one sample, and the logits that share a target there.
    pub(super) pixels: usize,
    pub(super) channels: usize,
}

impl<N: Number> Pixels<N> {
    /// Each pixel times its weight, one a target. The denominator stays.
    #[must_use]
    pub fn weighted(mut self, weights: &[N]) -> Self {
        assert_eq!(weights.len(), self.values.len(), "one weight a target");
        for (value, weight) in self.values.iter_mut().zip(weights) {
            *value = value.take().map(|value| value * weight);
        }
        for (i, slope) in self.gradient.iter_mut().enumerate() {
            let target = i / (self.channels * self.pixels) * self.pixels + i % self.pixels;
            *slope = slope.clone() * &weights[target];
        }
        self
    }

    /// The sum of all pixels that count.
    pub fn sum(self) -> Loss<N> {
        Loss { value: sum(self.values.into_iter().flatten()), gradient: self.gradient }
    }

    /// The sum over the denominator; 0 where that is 0.
    pub fn mean(self) -> Loss<N> {
        let denominator = self.denominator.clone();
        let Loss { value, gradient } = self.sum();
        let mean = |x: N| ratio(x, &denominator);
        Loss { value: mean(value), gradient: gradient.into_iter().map(mean).collect() }
    }
}

/// What all losses of one logit are made of.
pub(super) struct Sigmoid<N> {
    /// The probability of foreground.
    pub p: N,
    /// `1 - p` without cancellation.
    pub q: N,
    /// `ln(1 + e^-|z|)`.
    pub log: N,
}

impl<N: Number> Sigmoid<N> {
    pub(super) fn of(z: f64) -> Self {
        let e = N::of(-z.abs()).exp();
        let larger = N::of(1.0) / (N::of(1.0) + &e);
        let smaller = e.clone() * &larger;
        let (p, q) = if z >= 0.0 { (larger, smaller) } else { (smaller, larger) };
        Sigmoid { p, q, log: e.ln_1p() }
    }
}

/// `-y ln p - (1 - y) ln(1 - p)` and its derivative `(1 - y) p - y (1 - p)`.
fn bce_of<N: Number>(z: f64, s: &Sigmoid<N>, y: &N, not_y: &N) -> (N, N) {
    let linear = if z > 0.0 { N::of(z) * not_y } else { N::of(-z) * y };
    (linear + &s.log, s.p.clone() * not_y - s.q.clone() * y)
}

fn each<N: Number>(input: &Dense, f: impl Fn(f64, &Sigmoid<N>, &N, &N) -> (N, N)) -> Pixels<N> {
    let of = |(&z, y): (&f64, &Option<f64>)| {
        let Some(y) = *y else { return (None, N::of(0.0)) };
        let y = N::of(y);
        let not_y = N::of(1.0) - &y;
        let (value, slope) = f(z, &Sigmoid::of(z), &y, &not_y);
        (Some(value), slope)
    };
    let (values, gradient): (Vec<_>, Vec<_>) =
        input.logits.iter().zip(&input.targets).map(of).unzip();
    let count = values.iter().flatten().count() as f64;
    Pixels { values, gradient, denominator: N::of(count), pixels: input.logits.len(), channels: 1 }
}

/// Binary cross-entropy.
pub fn bce<N: Number>(input: &Dense) -> Pixels<N> {
    each(input, |z, s, y, not_y| bce_of(z, s, y, not_y))
}

/// Binary cross-entropy `c y' ln(1 + e^-z) + (1 - y') ln(1 + e^z)` with `y' = y (1 - 2 e) + e`.
pub fn reweighted_bce<N: Number>(input: &Dense, pos_weight: f64, smoothing: f64) -> Pixels<N> {
    let smoothed = |y: &N| y.clone() * (N::of(1.0) - N::of(2.0 * smoothing)) + N::of(smoothing);
    each(input, |z, s, y: &N, not_y| {
        let (of_y, of_not_y) = (smoothed(y) * N::of(pos_weight), smoothed(not_y));
        let linear = if z > 0.0 { N::of(z) * &of_not_y } else { N::of(-z) * &of_y };
        let value = linear + (of_y.clone() + &of_not_y) * &s.log;
        (value, s.p.clone() * of_not_y - s.q.clone() * of_y)
    })
}

/// `u = y (1 - p) + (1 - y) p`, the wrong answer's share, and its derivative.
fn wrong_of<N: Number>(s: &Sigmoid<N>, y: &N, not_y: &N) -> (N, N) {
    (s.q.clone() * y + s.p.clone() * not_y, (not_y.clone() - y) * &s.p * &s.q)
}

/// A loss and its derivative times `u^gamma` of the wrong answer's share and its derivative.
fn focused<N: Number>((loss, slope): (N, N), (u, u_slope): (N, N), gamma: f64) -> (N, N) {
    let power = u.powf(gamma);
    let slope = power_slope(&u, gamma) * u_slope * &loss + power.clone() * slope;
    (power * loss, slope)
}

/// Focal loss (Lin et al. 2017): `alpha_y u^gamma bce` with
/// `u = y (1 - p) + (1 - y) p` and `alpha_y = y alpha + (1 - y) (1 - alpha)`, or 1 without `alpha`.
pub fn focal<N: Number>(input: &Dense, alpha: Option<f64>, gamma: f64) -> Pixels<N> {
    let alphas = alpha.map(|alpha| (N::of(alpha), N::of(1.0) - N::of(alpha)));
    each(input, |z, s, y: &N, not_y| {
        let (value, slope) = focused(bce_of(z, s, y, not_y), wrong_of(s, y, not_y), gamma);
        let Some((alpha, not_alpha)) = &alphas else { return (value, slope) };
        let alpha_y = alpha.clone() * y + not_alpha.clone() * not_y;
        (value * &alpha_y, slope * alpha_y)
    })
}

/// Poly-1 focal loss (Leng et al. 2022): `u^gamma bce + epsilon u^(gamma + 1)`; Poly-1 loss if `gamma` is 0.
pub fn poly1_focal<N: Number>(input: &Dense, epsilon: f64, gamma: f64) -> Pixels<N> {
    each(input, |z, s, y: &N, not_y| {
        let ((bce, bce_slope), (u, u_slope)) = (bce_of(z, s, y, not_y), wrong_of(s, y, not_y));
        let poly1 = bce + N::of(epsilon) * &u;
        let slope = bce_slope + N::of(epsilon) * &u_slope;
        focused((poly1, slope), (u, u_slope), gamma)
    })
}
