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

/// What a pixel adds to the sums of a class: to the false positives `p_k` where the class is not its
/// label; to the false negatives `q = 1 - p_t` and to the target's mass 1 where it is.
#[inline(always)]
pub fn class_sums<L: Lanes>(is_label: L::Mask, p: L, q: L) -> [L; SUMS] {
    let (zero, one) = (L::splat(0.0), L::splat(1.0));
    [L::select(is_label, zero, p), L::select(is_label, q, zero), L::select(is_label, one, zero)]
}

/// `a_k`: the derivative in the class's false positives, or where it is the label in its false
/// negatives, with the sign of `p_k` there.
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
