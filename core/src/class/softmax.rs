//! Softmax in pieces that subtract nothing: one pixel, class by class.
//!
//! With `m` the largest logit, at class `k_m`, and `s` the sum of `exp(z_k - m)` over the *other*
//! classes:
//!
//! ```text
//! p_k     = exp(z_k - m) / (1 + s)
//! -ln p_t = (m - z_t) + ln(1 + s)
//! 1 - p_t = s / (1 + s)                            if t = k_m
//!         = (1 + (s - exp(z_t - m))) / (1 + s)     otherwise
//! ```
//!
//! Left out of `s`, the largest term does not swallow the small ones, so a confident right answer
//! keeps all its digits.

use super::ClassPixel;
use crate::lanes::Lanes;

/// The largest logit so far, and the first class that has it.
#[derive(Clone, Copy, Debug)]
pub struct Largest<L> {
    /// Its value.
    pub logit: L,
    /// Its class.
    pub class: L,
}

impl<L: Lanes> Largest<L> {
    /// Starts with class 0.
    #[inline(always)]
    pub fn first(logit: L) -> Self {
        Largest { logit, class: L::splat(0.0) }
    }

    /// Takes the logit of one more class in.
    #[inline(always)]
    pub fn with(self, logit: L, class: L) -> Self {
        let larger = self.logit.lt(logit);
        Largest {
            logit: L::select(larger, logit, self.logit),
            class: L::select(larger, class, self.class),
        }
    }

    /// `exp(z_k - m)`: 1 for the largest itself, even where it is infinite.
    #[inline(always)]
    pub fn exp_of(&self, logit: L, class: L) -> L {
        let e = (logit - self.logit).exp_of_nonpositive();
        L::select(self.class.eq(class), L::splat(1.0), e)
    }

    /// What class `k` adds to `s`: nothing if it is the largest.
    #[inline(always)]
    pub fn other(&self, exp: L, class: L) -> L {
        L::select(self.class.eq(class), L::splat(0.0), exp)
    }

    /// `s` with one more class.
    #[inline(always)]
    pub fn add_other(&self, others: L, exp: L, class: L) -> L {
        others + self.other(exp, class)
    }

    /// The true class's quantities, from its logit and `s`.
    #[inline(always)]
    pub fn class_pixel(&self, label: L, logit: L, others: L) -> ClassPixel<L> {
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        let is_largest = self.class.eq(label);
        let exp = self.exp_of(logit, label);
        let below = L::select(is_largest, zero, self.logit - logit);
        let sum = one + others;
        ClassPixel {
            log_p: -(below + others.ln_1p()),
            p: exp / sum,
            q: L::select(is_largest, others, one + (others - exp)) / sum,
        }
    }
}

/// What every class's exponential is multiplied by to give its probability: `1 / (1 + s)`.
#[inline(always)]
pub fn inverse<L: Lanes>(others: L) -> L {
    let one = L::splat(1.0);
    one / (one + others)
}

/// `p_k`, from its exponential and [`inverse`].
#[inline(always)]
pub fn probability<L: Lanes>(exp: L, inverse: L) -> L {
    exp * inverse
}

/// The gradient in logit `k` of a class term whose derivative in `ln p_t` is `slope`:
/// `slope (1 - p_t)` at the true class, `-slope p_k` at the others.
#[inline(always)]
pub fn class_gradient<L: Lanes>(is_label: L::Mask, slope: L, q: L, p_k: L) -> L {
    slope * L::select(is_label, q, -p_k)
}
