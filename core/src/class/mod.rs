//! Losses of one pixel's class probabilities and its label: the softmax link.

mod ce;
mod focal;
mod gce;
mod mae;
mod poly1;
mod poly1_focal;
mod sce;
pub mod softmax;

pub use ce::Ce;
pub use focal::Focal;
pub use gce::Gce;
pub use mae::Mae;
pub use poly1::Poly1;
pub use poly1_focal::Poly1Focal;
pub use sce::Sce;

use crate::error::Error;
use crate::lanes::{Dual, Lanes};
use crate::parameter;
use crate::term::{About, Arguments, ClassWeights, Parameter, WithTerm};

/// What a class term is written over: the true class's probability in three forms, each formed
/// without cancellation (see [`softmax`]).
#[derive(Clone, Copy, Debug)]
pub struct ClassPixel<L> {
    /// `ln p_t`.
    pub log_p: L,
    /// `p_t`, the probability of the true class.
    pub p: L,
    /// `1 - p_t`, exact to rounding where `p_t` is near 1.
    pub q: L,
}

impl<L: Lanes> ClassPixel<L> {
    /// Returns all quantities with their derivatives in `ln p_t`.
    #[inline(always)]
    pub fn dual(self) -> ClassPixel<Dual<L>> {
        ClassPixel {
            log_p: Dual::new(self.log_p, L::splat(1.0)),
            p: Dual::new(self.p, self.p),
            q: Dual::new(self.q, -self.p),
        }
    }
}

/// A loss of one pixel's true class, as its author writes it: the value alone.
pub trait ClassTerm: Copy + Send + Sync + 'static {
    /// Its name in the text form.
    const NAME: &'static str;
    /// What lists say of it.
    const ABOUT: About = About::NOTHING;
    /// Its parameters, in the order of [`Arguments`].
    const PARAMETERS: &'static [Parameter];
    /// The list of one weight a class that it takes, which multiplies the loss.
    const CLASS_WEIGHTS: Option<ClassWeights> = None;
    /// What is added to the number of pixels that a mean is divided by.
    const DENOMINATOR_OFFSET: f64 = 0.0;

    /// Whether a loss from text that is this term, or has it as its only class term, is computed in
    /// one loop in `f32`, if [`ClassTerm::is_common`]: 5 to 30 % faster, for 10 to 60 KB of code.
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
    fn loss<L: Lanes>(&self, pixel: &ClassPixel<L>) -> L;

    /// The loss and its derivative in `ln p_t`, from which the gradient in every logit follows.
    #[inline(always)]
    fn value_and_slope<L: Lanes>(&self, pixel: &ClassPixel<L>) -> (L, L) {
        let dual = self.loss(&pixel.dual());
        (dual.value, dual.derivative)
    }

    /// Whether its slope is made of `p` and `q`, and not of `log_p`: then a gradient that follows the sums of region terms
    /// needs no exponential, the probabilities being kept.
    fn slope_is_of_shares(&self) -> bool {
        false
    }

    /// Whether its parameters are ones that most callers choose, for which alone there are [`ClassTerm::FUSED`] loops.
    fn is_common(&self) -> bool {
        true
    }

    /// Hands itself to `work` with those parameters as constants, if [`ClassTerm::is_common`].
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
