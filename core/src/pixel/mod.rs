//! Losses of one logit and its target: the sigmoid link.

mod bce;
mod focal;
mod poly1;
mod poly1_focal;

pub use bce::Bce;
pub use focal::Focal;
pub use poly1::Poly1;
pub use poly1_focal::Poly1Focal;

use crate::error::Error;
use crate::lanes::{Dual, Lanes};
use crate::parameter;
use crate::term::{About, Arguments, Parameter, WithTerm};

/// What a pixel term is written over: a logit, its target, and the quantities that terms share, each formed without
/// cancellation from `e = exp(-|z|)` and `u = e / (1 + e)`, the smaller of `sigmoid(z)` and its complement.
///
/// A target of 0 or 1 is seen from the side of the wrong answer: the logit takes the sign with which the loss grows, `x =
/// z` for background and `-z` for foreground, and what is left to choose is `u` or `1 - u`. Where all targets of a tile are
/// such, quantities come from `x`; else from the target as a number, with the same bits for 0 and 1.
#[derive(Clone, Copy, Debug)]
pub struct Pixel<L> {
    /// The logit.
    pub z: L,
    /// The target, 0 to 1.
    pub y: L,
    /// `sigmoid(z)`.
    pub p: L,
    /// `1 - p`, exact to rounding where `p` is near 1.
    pub q: L,
    /// `ln(1 + exp(-|z|))`: what is left of the larger of `softplus(z)` and `softplus(-z)` once
    /// `|z|` is taken away, and all of the smaller one.
    pub softplus_tail: L,
    /// The share of the wrong answer, `1 - p_t = y q + (1 - y) p`.
    pub wrong: L,
    /// The share of the right answer, `p_t = y p + (1 - y) q`.
    pub right: L,
    /// Binary cross-entropy, `y softplus(-z) + (1 - y) softplus(z)`.
    pub cross_entropy: L,
    /// `p q`, the derivative of `p`.
    pub spread: L,
    /// Whether the target is known to be 0 or 1.
    is_hard: bool,
}

impl<L: Lanes> Pixel<L> {
    /// Computes the quantities of logit `z` and target `y`, any number from 0 to 1.
    #[inline(always)]
    pub fn new(z: L, y: L) -> Self {
        let e = Self::exp_neg_abs(z);
        Pixel::from_shares(z, y, e, e.smaller_share(), false)
    }

    /// Computes `exp(-|z|)`, which all quantities are made of.
    #[inline(always)]
    pub(crate) fn exp_neg_abs(z: L) -> L {
        (-z.abs()).exp_of_nonpositive()
    }

    /// Computes the quantities of a pixel from `e = exp(-|z|)` and its [`Lanes::smaller_share`];
    /// `is_hard` says that `y` is 0 or 1.
    #[inline(always)]
    pub(crate) fn from_shares(z: L, y: L, e: L, smaller: L, is_hard: bool) -> Self {
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        let larger = one - smaller;
        let is_negative = z.lt(zero);
        let p = L::select(is_negative, smaller, larger);
        let q = L::select(is_negative, larger, smaller);
        let softplus_tail = e.ln_1p_of_shares(smaller);
        let (wrong, right, cross_entropy);
        if is_hard {
            let x = z.flip_by(side(y));
            let is_right = x.lt(zero);
            wrong = L::select(is_right, smaller, larger);
            right = L::select(is_right, larger, smaller);
            cross_entropy = softplus_tail + L::select(is_right, zero, x);
        } else {
            let background = one - y;
            wrong = y * q + background * p;
            right = y * p + background * q;
            let away = L::select(is_negative, y, background);
            // Not a bare product: an infinite logit on its own side has nothing wrong with it.
            let beyond = L::select(zero.lt(away), z.abs() * away, zero);
            cross_entropy = softplus_tail + beyond;
        }
        let spread = smaller * larger;
        Pixel { z, y, p, q, softplus_tail, wrong, right, cross_entropy, spread, is_hard }
    }

    /// Whether the target is known to be 0 or 1.
    #[inline(always)]
    pub(crate) fn is_hard(&self) -> bool {
        self.is_hard
    }

    /// `y of_foreground + (1 - y) of_background`.
    #[inline(always)]
    pub fn by_target(&self, of_foreground: L, of_background: L) -> L {
        if self.is_hard {
            L::select(L::splat(0.0).lt(self.y), of_foreground, of_background)
        } else {
            self.y * of_foreground + (L::splat(1.0) - self.y) * of_background
        }
    }

    /// The derivative of [`Pixel::cross_entropy`] in the logit: the wrong answer's share, away from the target.
    #[inline(always)]
    pub fn cross_entropy_slope(&self) -> L {
        if self.is_hard {
            return self.wrong.flip_by(side(self.y));
        }
        let is_negative = self.z.lt(L::splat(0.0));
        let background = L::splat(1.0) - self.y;
        L::select(is_negative, self.p - self.y, -(self.q - background))
    }

    /// The derivative of `ln wrong` in the logit: `(1 - 2 y) p q / wrong`, 0 where nothing changes any more.
    #[inline(always)]
    pub fn ln_wrong_slope(&self) -> L {
        if self.is_hard {
            return self.right.flip_by(side(self.y));
        }
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        let slope = ((one - self.y) - self.y) * (self.spread / self.wrong);
        let slope = L::select(self.spread.eq(zero), zero, slope);
        let slope = L::select(self.y.eq(zero), self.q, slope);
        L::select(self.y.eq(one), -self.p, slope)
    }

    /// Returns all quantities with their derivatives in `z`.
    #[inline(always)]
    pub fn dual(self) -> Pixel<Dual<L>> {
        let slope = self.spread;
        let is_negative = self.z.lt(L::splat(0.0));
        let of_wrong = if self.is_hard {
            slope.flip_by(side(self.y))
        } else {
            ((L::splat(1.0) - self.y) - self.y) * slope
        };
        Pixel {
            z: Dual::new(self.z, L::splat(1.0)),
            y: Dual::constant(self.y),
            p: Dual::new(self.p, slope),
            q: Dual::new(self.q, -slope),
            softplus_tail: Dual::new(self.softplus_tail, L::select(is_negative, self.p, -self.q)),
            wrong: Dual::new(self.wrong, of_wrong),
            right: Dual::new(self.right, -of_wrong),
            cross_entropy: Dual::new(self.cross_entropy, self.cross_entropy_slope()),
            spread: Dual::new(slope, slope * (self.q - self.p)),
            is_hard: self.is_hard,
        }
    }
}

/// The side of a target that is 0 or 1: above 0 for background, below for foreground.
#[inline(always)]
pub(crate) fn side<L: Lanes>(y: L) -> L {
    L::splat(0.5) - y
}

/// The target whose [`side`] a number has the sign of, which may be 0.
#[inline(always)]
pub(crate) fn target_of_side<L: Lanes>(signed: L) -> L {
    let (zero, one) = (L::splat(0.0), L::splat(1.0));
    L::select(one.flip_by(signed).lt(zero), one, zero)
}

/// A loss of one pixel, as its author writes it: the value alone.
///
/// Its gradient comes from [`Dual`] numbers, its vectors, threads and devices from the engine.
pub trait PixelTerm: Copy + Send + Sync + 'static {
    /// Its name in the text form.
    const NAME: &'static str;
    /// What lists say of it.
    const ABOUT: About = About::NOTHING;
    /// Its parameters, in the order of [`Arguments`].
    const PARAMETERS: &'static [Parameter];

    /// Whether a loss from text that is this term, alone or beside region terms, is computed in one loop in `f32`, if
    /// [`PixelTerm::is_common`]: up to twice as fast, for 80 KB of code.
    const FUSED: bool = false;

    /// Whether those loops are compiled for targets that are not 0 or 1, too.
    const FUSED_SOFT: bool = false;

    /// Whether its slope is made of shares, and of no [`Pixel::softplus_tail`] or [`Pixel::cross_entropy`]: then a gradient
    /// that follows the sums of region terms needs no exponential, the shares being kept.
    const SLOPE_OF_SHARES: bool = false;

    /// Makes the term of values that are in the ranges of its parameters.
    fn new(arguments: Arguments<'_>) -> Self;

    /// Makes the term of values for the first of its parameters; the rest take their defaults.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a value out of its range, [`Error::Arguments`] for more values than
    /// parameters.
    fn from_values(values: &[f64]) -> Result<Self, Error> {
        parameter::make(Self::NAME, Self::PARAMETERS, values, Self::new)
    }

    /// The loss of one pixel.
    fn loss<L: Lanes>(&self, pixel: &Pixel<L>) -> L;

    /// The loss and its derivative in the logit. Built-in terms replace this only where that is
    /// measured to be faster or more exact.
    #[inline(always)]
    fn value_and_slope<L: Lanes>(&self, pixel: &Pixel<L>) -> (L, L) {
        let dual = self.loss(&pixel.dual());
        (dual.value, dual.derivative)
    }

    /// Whether its parameters are ones that most callers choose, for which alone there are [`PixelTerm::FUSED`] loops.
    fn is_common(&self) -> bool {
        true
    }

    /// Hands itself to `work` with those parameters as constants, if [`PixelTerm::is_common`].
    #[inline(always)]
    fn with_common<W: WithTerm<Self>>(self, work: W) {
        work.run(self);
    }

    /// Hands itself to `work`: as it is, or, where its parameters are ones that most callers choose,
    /// with those as constants, for which the compiler leaves out what they do not need. Built-in
    /// terms replace this where that is measured to be faster.
    #[inline(always)]
    fn with_constants<W: WithTerm<Self>>(self, work: W) {
        work.run(self);
    }
}
