//! Region sums and their gradient under the softmax link: one pixel, class by class.
//!
//! With `a_k` the derivative of the loss in `p_k` and `m` the class of the largest probability:
//!
//! ```text
//! dL/dz_k = p_k (a_k - sum_j p_j a_j) = p_k (a'_k - sum_j p_j a'_j),  a' = a - a_m
//! ```
//!
//! The largest probability is not small; taking its slope away first leaves only small terms to add up where the
//! prediction is confident, its own being 0.

use super::SUMS;
use crate::lanes::Lanes;

/// What a pixel adds to the sums of a class, in the order of [`SUMS`]: `p_t` to the true positives and
/// `q = 1 - p_t` to the false negatives where the class is its label, `p_k` to the false positives where
/// it is not.
///
/// They are selected, so that a probability that is NaN reaches no sum of the other kind, and none that
/// says whether the class has a target.
#[inline(always)]
pub fn class_sums<L: Lanes>(is_label: L::Mask, p_k: L, p: L, q: L) -> [L; SUMS] {
    let zero = L::splat(0.0);
    [L::select(is_label, p, zero), L::select(is_label, zero, p_k), L::select(is_label, q, zero)]
}

/// `a_k`, from the derivatives in the [`Seed`](super::Seed)s of the class: in its false positives, or
/// where it is the label in its false negatives, with the sign of `p_k` there.
#[inline(always)]
pub fn class_slope<L: Lanes>(is_label: L::Mask, [a, b]: [L; 2]) -> L {
    L::select(is_label, -b, a)
}

/// The largest probability so far, and the slope of the first class that has it: at last `a_m`.
#[derive(Clone, Copy, Debug)]
pub struct Pivot<L> {
    /// The probability.
    pub p: L,
    /// The slope.
    pub slope: L,
}

impl<L: Lanes> Pivot<L> {
    /// Takes one more class in.
    #[inline(always)]
    pub fn with(self, p: L, slope: L) -> Self {
        let is_larger = self.p.lt(p);
        Pivot { p: L::select(is_larger, p, self.p), slope: L::select(is_larger, slope, self.slope) }
    }
}

/// The sum of `p_j a'_j` with one more class; `shift` is `a_m`.
#[inline(always)]
pub fn add_to_mean<L: Lanes>(mean: L, p: L, slope: L, shift: L) -> L {
    mean + p * (slope - shift)
}

/// The gradient in logit `k`.
#[inline(always)]
pub fn class_gradient<L: Lanes>(p: L, slope: L, shift: L, mean: L) -> L {
    p * ((slope - shift) - mean)
}
