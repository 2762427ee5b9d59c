//! What all kinds of terms have in common: parameters, options, and their values.

use crate::error::Error;
use crate::text::NumberList;

pub use crate::parameter::{Arguments, PARAMETERS, Parameter};
pub use crate::range::Range;

/// What lists and tables say of a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct About {
    /// Its name in words.
    pub title: &'static str,
    /// Its formula, in plain text.
    pub formula: &'static str,
    /// The article or book that it is from.
    pub source: &'static str,
}

impl About {
    /// Nothing.
    pub const NOTHING: Self = About { title: "", formula: "", source: "" };
}

/// How the losses of pixels, or of samples, become one number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reduction {
    /// Divided by what [`Normalise`] says (pixel and class terms), or by the number of samples
    /// (region terms).
    #[default]
    Mean,
    /// Added up.
    Sum,
}

/// What the mean of a pixel or class term is divided by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Normalise {
    /// The number of valid pixels, or the sum of their class weights where the term says so
    /// ([`ClassWeights::normalised`]). Weights of pixels and maps are in the numerator only.
    #[default]
    Valid,
    /// The sum of those times weights of pixels and maps. These may not be negative then.
    Weights,
}

/// Over which pixels a region loss is formed.
///
/// Unless a call says so, the term does: `dice` of one channel takes each sample, `dice` of several channels,
/// `tversky` and `focal_tversky` take the batch ([`RegionTerm::pool`](crate::region::RegionTerm::pool)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pool {
    /// Per sample, then averaged or added over samples.
    Sample,
    /// Once, over all samples.
    Batch,
}

/// What becomes of a region that the targets do not hold at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Missing {
    /// It counts as any other: its loss is near 1 until next to nothing is predicted there.
    #[default]
    Keep,
    /// It is left out, of what is averaged too.
    Skip,
}

/// A list of one weight a class that a class term takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClassWeights {
    /// Its name in the text form.
    pub name: &'static str,
    /// Whether a mean is divided by the sum of the valid pixels' weights instead of their number.
    pub normalised: bool,
}

/// Which of a call's maps a term is multiplied by, by their places in [`crate::engine::Call::maps`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Maps(u32);

impl Maps {
    /// Places there are.
    pub const PLACES: usize = 32;

    /// No map.
    pub const NONE: Self = Maps(0);

    /// Adds a place.
    ///
    /// # Errors
    /// [`Error::Map`] from place 32 on.
    pub fn and(self, place: usize) -> Result<Self, Error> {
        if place >= Self::PLACES {
            return Err(Error::Map { place, maps: Self::PLACES });
        }
        Ok(Maps(self.0 | 1 << place))
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether `place` is one of them.
    pub fn contains(self, place: usize) -> bool {
        place < Self::PLACES && self.0 >> place & 1 == 1
    }

    /// Returns their places, ascending.
    #[inline]
    pub fn iter(self) -> impl Iterator<Item = usize> {
        let mut left = self.0;
        core::iter::from_fn(move || {
            let place = left.trailing_zeros() as usize;
            left &= left.wrapping_sub(1);
            (place < Self::PLACES).then_some(place)
        })
    }
}

/// What a loss may say of a term besides the term's own parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Options<'a> {
    /// How pixels or samples become one number.
    pub reduction: Reduction,
    /// What a mean of pixels is divided by.
    pub normalise: Normalise,
    /// Over which pixels a region term is formed; as the term says if none.
    pub pool: Option<Pool>,
    /// Samples (of the batch, if it is pooled) whose targets hold no mass in any class.
    pub empty: Missing,
    /// Classes whose targets hold no mass, in terms that average over classes.
    pub absent: Missing,
    /// Whether region sums take the call's weights.
    pub weighted: bool,
    /// One weight a class.
    pub class_weights: Option<NumberList<'a>>,
    /// Maps that are multiplied in.
    pub maps: Maps,
}

/// Work with a term, which may come with parameters that the compiler knows.
///
/// `run` must be `#[inline(always)]`, so that it is compiled anew for those.
pub trait WithTerm<P> {
    /// Does the work.
    fn run(self, term: P);
}
