//! Softmax in pieces that subtract nothing: one pixel, class by class.
//!
//! With `m` the largest logit, `e_k = exp(z_k - m)`, `t` the label and `s` the sum of `e_k` over the *other* classes:
//!
//! ```text
//! p_k     = e_k / (s + e_t)
//! 1 - p_t = s / (s + e_t)
//! -ln p_t = (m - z_t) + ln(1 + (s + (e_t - 1)))
//! ```
//!
//! Left out of `s`, the label's own exponential does not swallow the small ones, so a confident right answer, whose `e_t` is
//! 1, keeps all its digits; and of an answer that is not right, `s` is at least 1 and `m - z_t` is not small. Which class
//! has the largest logit is not asked.
//!
//! Of `p_t` and `1 - p_t` the smaller is a quotient, and the larger what it leaves of 1. So one number tells both: what is
//! [`kept`] of a pixel's classes is a number a class.

use super::ClassPixel;
use crate::lanes::Lanes;

/// The logit of a class below the largest: 0 for the largest, even where it is infinite.
#[inline(always)]
pub fn below<L: Lanes>(logit: L, largest: L) -> L {
    L::select(logit.eq(largest), L::splat(0.0), logit - largest)
}

/// `s` with one more class.
#[inline(always)]
pub fn add_other<L: Lanes>(others: L, is_label: L::Mask, exp: L) -> L {
    others + L::select(is_label, L::splat(0.0), exp)
}

/// What every class's exponential is multiplied by to give its probability: `1 / (s + e_t)`.
#[inline(always)]
pub fn inverse<L: Lanes>(others: L, own: L) -> L {
    L::splat(1.0) / (others + own)
}

impl<L: Lanes> ClassPixel<L> {
    /// The true class's quantities, from `below = z_t - m`, `own = e_t`, `others = s` and [`inverse`].
    #[inline(always)]
    pub fn of(below: L, own: L, others: L, inverse: L) -> Self {
        let rest = (others + (own - L::splat(1.0))).ln_1p();
        let (p, q) = (own * inverse, others * inverse);
        ClassPixel { log_p: below - rest, ..ClassPixel::of_smaller(p, q) }
    }

    /// `p` and `1 - p` from the two of them, of which the smaller is exact to rounding; `ln p` means nothing.
    #[inline(always)]
    fn of_smaller(p: L, q: L) -> Self {
        let one = L::splat(1.0);
        let q_is_smaller = q.lt(p);
        ClassPixel {
            log_p: L::splat(0.0),
            p: L::select(q_is_smaller, one - q, p),
            q: L::select(q_is_smaller, q, one - p),
        }
    }

    /// What is kept of the true class: `p`, or `-(1 - p)` where that is smaller.
    #[inline(always)]
    pub fn smaller(&self) -> L {
        L::select(self.q.lt(self.p), -self.q, self.p)
    }

    /// `p` and `1 - p` from what is kept of the true class; `ln p` means nothing.
    #[inline(always)]
    pub fn of_kept(smaller: L) -> Self {
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        // By its sign bit, which a rest of 0 has too.
        let is_rest = one.flip_by(smaller).lt(zero);
        ClassPixel {
            log_p: zero,
            p: L::select(is_rest, one + smaller, smaller),
            q: L::select(is_rest, -smaller, one - smaller),
        }
    }
}

/// `p_k`, from its exponential and [`inverse`].
#[inline(always)]
pub fn probability<L: Lanes>(exp: L, inverse: L) -> L {
    exp * inverse
}

/// What is kept of class `k`: `p_k`, or of the label [`ClassPixel::smaller`].
#[inline(always)]
pub fn kept<L: Lanes>(is_label: L::Mask, p_k: L, smaller: L) -> L {
    L::select(is_label, smaller, p_k)
}

/// The gradient of a class term whose derivative in `ln p_t` is `slope`: in the logit of the true class, and what
/// probabilities are multiplied by to give that in the others' logits.
#[inline(always)]
pub fn toward_and_away<L: Lanes>(slope: L, q: L) -> (L, L) {
    (slope * q, -slope)
}

/// The gradient in logit `k` from [`toward_and_away`]: `slope (1 - p_t)` at the true class, `-slope p_k` at the others.
#[inline(always)]
pub fn class_gradient<L: Lanes>(is_label: L::Mask, (toward, away): (L, L), p_k: L) -> L {
    L::select(is_label, toward, away * p_k)
}
