//! Region sums and their gradient under the softmax link: one pixel, class by class.
//!
//! With `a_k` the derivative of the loss in `p_k` and `m` the class of the largest logit:
//!
//! ```text
//! dL/dz_k = p_k (a_k - sum_j p_j a_j) = p_k (a'_k - sum over the others of p_j a'_j),  a' = a - a_m
//! ```
//!
//! The largest class's probability is not small; taking its slope away first leaves only small
//! terms to add up where the prediction is confident.

use super::SUMS;
use crate::lanes::Lanes;

/// What a pixel adds to the sums of a class, in the order of [`SUMS`]: `p_k` to the true positives and
/// `q = 1 - p_k` to the false negatives where the class is its label, `p_k` to the false positives where
/// it is not.
///
/// They are selected, so that a probability that is NaN reaches no sum of the other kind, and none that
/// says whether the class has a target.
#[inline(always)]
pub fn class_sums<L: Lanes>(is_label: L::Mask, p: L, q: L) -> [L; SUMS] {
    let zero = L::splat(0.0);
    [L::select(is_label, p, zero), L::select(is_label, zero, p), L::select(is_label, q, zero)]
}

/// `a_k`, from the derivatives in the [`Seed`](super::Seed)s of the class: in its false positives, or
/// where it is the label in its false negatives, with the sign of `p_k` there.
#[inline(always)]
pub fn class_slope<L: Lanes>(is_label: L::Mask, [a, b]: [L; 2]) -> L {
    L::select(is_label, -b, a)
}

/// `a_m`, found class by class.
#[inline(always)]
pub fn shift<L: Lanes>(so_far: L, is_largest: L::Mask, slope: L) -> L {
    L::select(is_largest, slope, so_far)
}

/// The sum of `p_j a'_j` over the classes other than the largest, with one more class.
#[inline(always)]
pub fn add_to_mean<L: Lanes>(mean: L, is_largest: L::Mask, p: L, slope: L, shift: L) -> L {
    let part = p * (slope - shift);
    mean + L::select(is_largest, L::splat(0.0), part)
}

/// The gradient in logit `k`.
#[inline(always)]
pub fn class_gradient<L: Lanes>(p: L, slope: L, shift: L, mean: L) -> L {
    p * ((slope - shift) - mean)
}
