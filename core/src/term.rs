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
    /// Libraries that have it too, if any; `docs/peers.md` has what they call it.
    pub peers: &'static str,
}

impl About {
    /// Nothing.
    pub const NOTHING: Self = About { title: "", formula: "", source: "", peers: "" };
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

/// What becomes of a sample whose targets hold none of a region term's classes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Missing {
    /// It counts as any other: its loss is near 1 until next to nothing is predicted there.
    #[default]
    Keep,
    /// It is left out, of the mean over samples too.
    Skip,
}

/// What becomes of a class that the targets do not hold, in region terms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Absent {
    /// It counts as any other: its loss is near 1 until next to nothing is predicted there.
    #[default]
    Keep,
    /// Its loss is 0, and counts in the mean over classes.
    Zero,
    /// It is left out, of the mean too.
    Skip,
}

/// How the classes of a region term become one number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Average {
    /// The mean of the classes' losses, each times its class weight.
    #[default]
    Macro,
    /// The loss of the sums of all classes, each times its class weight.
    Micro,
}

/// What [`Average::Macro`] divides by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClassNorm {
    /// The sum of the class weights: the number of classes where there are none.
    #[default]
    Weights,
    /// The number of classes, whatever their weights.
    Classes,
}

/// The option of region terms that says which classes they see.
pub const CLASSES: &str = "classes";

/// Which classes a region term sees. A pixel of another class counts as none of these; it is not ignored.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum ClassesInUse<'a> {
    /// All.
    #[default]
    All,
    /// All but class 0, the background.
    Foreground,
    /// These: whole numbers in ascending order.
    Listed(NumberList<'a>),
}

impl<'a> ClassesInUse<'a> {
    /// What a text may say in place of a list.
    pub const WORDS: &'static [&'static str] = &["all", "foreground"];

    /// Returns how many of `classes` they are, if the list fits.
    pub fn count(&self, classes: usize) -> usize {
        match self {
            ClassesInUse::All => classes,
            ClassesInUse::Foreground => classes.saturating_sub(1),
            ClassesInUse::Listed(list) => list.len(),
        }
    }

    /// Returns them in ascending order, of `classes` that there are.
    #[inline]
    pub fn iter(&self, classes: usize) -> impl Iterator<Item = usize> + use<'a> {
        let (range, list) = match *self {
            ClassesInUse::All => (0..classes, None),
            ClassesInUse::Foreground => (1..classes, None),
            ClassesInUse::Listed(list) => (0..0, Some(list)),
        };
        range.chain(list.into_iter().flatten().map(|class| class as usize))
    }

    /// Checks that the list ascends, and that its classes are some of `classes`.
    ///
    /// # Errors
    /// [`Error::Parameter`] of `term` for the first that does not fit, [`Error::NoClasses`] where none is left.
    pub(crate) fn check(&self, term: &'static str, classes: usize) -> Result<(), Error> {
        if self.count(classes) == 0 {
            return Err(Error::NoClasses { term, classes });
        }
        let ClassesInUse::Listed(list) = *self else { return Ok(()) };
        let (mut smallest, largest) = (0, i32::try_from(classes - 1).unwrap_or(i32::MAX));
        for value in list {
            // After the last class there is none: then it is the number of classes that the list does not fit.
            let from = if smallest > largest { 0 } else { smallest };
            let expected = Range::Integers { smallest: from, largest };
            if value < f64::from(smallest) || !expected.contains(value) {
                return Err(Error::Parameter { term, name: CLASSES, value, expected });
            }
            smallest = (value as i32).saturating_add(1);
        }
        Ok(())
    }
}

/// A list of one weight a class that a term takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClassWeights {
    /// Its name in the text form.
    pub name: &'static str,
    /// Whether a mean is divided by the sum of the valid pixels' weights instead of their number. (Region terms divide
    /// as [`ClassNorm`] says.)
    pub normalised: bool,
}

impl ClassWeights {
    /// Those of region terms: one for each class in use.
    pub const OF_REGIONS: Self = ClassWeights { name: "weights", normalised: true };
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
    /// Classes whose targets hold no mass, in region terms.
    pub absent: Absent,
    /// The classes that a region term sees.
    pub classes: ClassesInUse<'a>,
    /// How these become one number.
    pub average: Average,
    /// What the mean over them is divided by.
    pub class_norm: ClassNorm,
    /// Whether region sums take the call's weights.
    pub weighted: bool,
    /// One weight a class; in a region term one for each class in use.
    pub class_weights: Option<NumberList<'a>>,
    /// Maps that are multiplied in.
    pub maps: Maps,
}

/// Work with a term, which may come with parameters that the compiler knows.
///
/// `run` must be `#[inline(always)]`, so that it is compiled anew for those.
pub trait WithTerm<P>: Sized {
    /// Does the work, in a loop for each combination of what may be asked of it.
    fn run(self, term: P);

    /// Does the work in one loop for all of them: a third (class terms) to a sixth (pixel terms) of the code, and some time
    /// for what is not asked.
    #[inline(always)]
    fn run_compact(self, term: P) {
        self.run(term);
    }
}
