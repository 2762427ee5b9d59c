//! Losses that are one less a ratio of region sums.
//!
//! ```text
//! score = (c TP + smooth_nr) / (c TP + a FP + b FN + smooth_dr)
//! loss  = 1 - score = W / (W + R),   W = a FP + b FN + (smooth_dr - smooth_nr),   R = c TP + smooth_nr
//! ```
//!
//! Dice, Jaccard, Tversky and recall differ in `a`, `b` and `c` alone. `smooth_nr` is not the larger, so `W` and `R` are
//! sums of what is not negative: the loss of a right answer and the score of a wrong one keep their digits, and so do their
//! derivatives ([`Lanes::share_with`]). The logarithmic loss is `-ln score = ln(1 + W / R)`, which is small where `W` is.

use super::ClassSums;
use crate::lanes::Lanes;
use crate::term::{Arguments, Parameter};

/// The smoothing of the ratio's numerator and denominator.
pub(super) const SMOOTH: Parameter =
    Parameter::number("smooth", 1e-6).or("smooth_dr").at_least(0.0);
/// That of its numerator.
pub(super) const SMOOTH_NR: Parameter =
    Parameter::number("smooth_nr", 0.0).at_least(0.0).like(&SMOOTH);
/// Whether the loss is the logarithm of the score instead of what is left of 1.
pub(super) const LOG: Parameter = Parameter::flag("log");
/// The loss's exponent.
pub(super) const GAMMA: Parameter = Parameter::number("gamma", 1.0).at_least(0.0);

/// The loss of one class.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ratio {
    /// `c`.
    pub true_positive: f64,
    /// `a`.
    pub false_positive: f64,
    /// `b`.
    pub false_negative: f64,
    /// In the denominator.
    pub smooth_dr: f64,
    /// In the numerator.
    pub smooth_nr: f64,
    /// Whether the loss is `-ln score`.
    pub log: bool,
    /// Its exponent.
    pub gamma: f64,
}

/// The values of [`SMOOTH`], [`SMOOTH_NR`] and [`LOG`] as a term declares them, from place `first` on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Smoothing {
    pub dr: f64,
    pub nr: f64,
    pub log: bool,
}

impl Smoothing {
    #[inline(always)]
    pub fn of(arguments: &Arguments<'_>, first: usize) -> Self {
        let [dr, nr, log] = [0, 1, 2].map(|place| arguments.get(first + place));
        Smoothing { dr, nr, log: log == 1.0 }
    }
}

impl Ratio {
    /// The ratio of `[c, a, b]`.
    #[inline(always)]
    pub fn new([c, a, b]: [f64; 3], Smoothing { dr, nr, log }: Smoothing) -> Self {
        Ratio {
            true_positive: c,
            false_positive: a,
            false_negative: b,
            smooth_dr: dr,
            smooth_nr: nr,
            log,
            gamma: 1.0,
        }
    }

    /// The loss to the power of `gamma`.
    #[inline(always)]
    pub fn to_the(self, gamma: f64) -> Self {
        Ratio { gamma, ..self }
    }

    /// The loss of the sums of one class.
    #[inline(always)]
    pub fn loss<L: Lanes>(&self, sums: &ClassSums<L>) -> L {
        let of = |factor: f64, sum: L| if factor == 1.0 { sum } else { L::splat(factor) * sum };
        let mut wrong = of(self.false_positive, sums.false_positive)
            + of(self.false_negative, sums.false_negative);
        if self.smooth_dr != self.smooth_nr {
            wrong = wrong + L::splat(self.smooth_dr - self.smooth_nr);
        }
        let right = of(self.true_positive, sums.true_positive) + L::splat(self.smooth_nr);
        if !self.log && self.gamma == 1.0 {
            return wrong.share_with(right);
        }
        shaped(wrong, right, self.log, self.gamma)
    }
}

/// The loss that `wrong` and `right` make, or its logarithmic form, to a power: out of line, because few ask for it.
#[inline(never)]
fn shaped<L: Lanes>(wrong: L, right: L, log: bool, gamma: f64) -> L {
    let loss = if log { minus_ln_score(wrong, right) } else { wrong.share_with(right) };
    loss.powf(gamma)
}

/// `-ln(right / (wrong + right))`, of `right` at least 1e-300 (f32: 1e-37), so that it is finite; 0 where both are 0.
#[inline(always)]
fn minus_ln_score<L: Lanes>(wrong: L, right: L) -> L {
    let right = L::splat(if L::DOUBLE { 1e-300 } else { 1e-37 }).max(right);
    (wrong / right).ln_1p()
}
