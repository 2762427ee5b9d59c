//! Losses of one logit and its target: the sigmoid link.

mod bce;
mod focal;

pub use bce::Bce;
pub use focal::Focal;

use crate::error::Error;
use crate::lanes::{Dual, Lanes};
use crate::parameter;
use crate::term::{About, Arguments, Parameter, WithTerm};

/// What a pixel term is written over: a logit, its target, and the quantities that all terms share,
/// each formed without cancellation from `e = exp(-|z|)`.
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
}

impl<L: Lanes> Pixel<L> {
    /// Computes the quantities of logit `z` and target `y`.
    #[inline(always)]
    pub fn new(z: L, y: L) -> Self {
        Pixel::from_exp_neg_abs(z, y, Self::exp_neg_abs(z))
    }

    /// Computes `exp(-|z|)`, which all quantities are made of.
    #[inline(always)]
    pub(crate) fn exp_neg_abs(z: L) -> L {
        (-z.abs()).exp_of_nonpositive()
    }

    /// Computes the quantities of a pixel from `exp_neg_abs = exp(-|z|)`.
    #[inline(always)]
    pub(crate) fn from_exp_neg_abs(z: L, y: L, exp_neg_abs: L) -> Self {
        let one = L::splat(1.0);
        let larger = one / (one + exp_neg_abs);
        let smaller = exp_neg_abs * larger;
        let negative = z.lt(L::splat(0.0));
        Pixel {
            z,
            y,
            p: L::select(negative, smaller, larger),
            q: L::select(negative, larger, smaller),
            softplus_tail: Pixel::softplus_tail_of(exp_neg_abs),
        }
    }

    /// Computes [`Pixel::softplus_tail`] from `exp_neg_abs = exp(-|z|)`.
    #[inline(always)]
    pub(crate) fn softplus_tail_of(exp_neg_abs: L) -> L {
        exp_neg_abs.ln_1p_unit()
    }

    /// Returns all quantities with their derivatives in `z`.
    #[inline(always)]
    pub fn dual(self) -> Pixel<Dual<L>> {
        let slope = self.p * self.q;
        let negative = self.z.lt(L::splat(0.0));
        Pixel {
            z: Dual::new(self.z, L::splat(1.0)),
            y: Dual::constant(self.y),
            p: Dual::new(self.p, slope),
            q: Dual::new(self.q, -slope),
            softplus_tail: Dual::new(self.softplus_tail, L::select(negative, self.p, -self.q)),
        }
    }
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

    /// Whether a loss from text that is this term, alone or beside region terms, is computed in
    /// one loop in `f32`: 5 to 30 % faster, for 10 to 60 KB of code.
    const FUSED: bool = false;

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

    /// Hands itself to `work`: as it is, or, where its parameters are ones that most callers choose,
    /// with those as constants, for which the compiler leaves out what they do not need. Built-in
    /// terms replace this where that is measured to be faster.
    #[inline(always)]
    fn with_constants<W: WithTerm<Self>>(self, work: W) {
        work.run(self);
    }
}
