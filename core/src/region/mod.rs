//! Losses of whole regions: of sums over the pixels of a sample or of the batch.

mod dice;
mod fbeta;
mod focal_tversky;
mod generalized_dice;
mod jaccard;
mod log_cosh_dice;
mod pixel;
mod ratio;
mod recall;
mod slopes;
pub mod softmax;
mod sums;
mod tversky;

pub use dice::Dice;
pub use fbeta::Fbeta;
pub use focal_tversky::FocalTversky;
pub use generalized_dice::GeneralizedDice;
pub use jaccard::Jaccard;
pub use log_cosh_dice::LogCoshDice;
pub use pixel::{PixelSlopes, pixel_gradient, pixel_sums};
pub use recall::Recall;
pub use slopes::Note;
pub(crate) use slopes::slopes;
pub(crate) use sums::PlainSums;
pub use sums::{ClassInUse, ClassSums, Classes, Occurring, SUMS, Seed, SeededSums};
pub use tversky::Tversky;

pub use crate::term::Pool;

use crate::error::Error;
use crate::lanes::Lanes;
use crate::parameter;
use crate::term::{About, Arguments, Parameter};

/// How a region term makes one number of its classes, which says what options it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClassUse {
    /// By [`Classes::mean`]: classes are chosen, weighed and averaged as the loss says.
    Averaged,
    /// In a way of its own, of what [`Classes::each`] gives: classes are chosen and weighed.
    Joined,
    /// Of all sums at once: the loss has no say but in `absent=skip`.
    Whole,
}

impl ClassUse {
    /// Whether the loss chooses and weighs classes.
    pub(crate) fn is_chosen(self) -> bool {
        self != ClassUse::Whole
    }
}

/// A loss of region sums, as its author writes it: the value alone.
pub trait RegionTerm: Copy + Send + Sync + 'static {
    /// Its name in the text form.
    const NAME: &'static str;
    /// Another name that is read too.
    const ALSO: Option<&'static str> = None;
    /// What lists say of it.
    const ABOUT: About = About::NOTHING;
    /// Its parameters, in the order of [`Arguments`].
    const PARAMETERS: &'static [Parameter];

    /// How it makes one number of its classes.
    const CLASSES: ClassUse = ClassUse::Averaged;

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

    /// How it pools unless told otherwise.
    fn pool(&self, classes: usize) -> Pool {
        let _ = classes;
        Pool::Batch
    }

    /// The loss of all classes together.
    fn loss<L: Lanes, C: Classes<L>>(&self, classes: &C) -> L;
}
