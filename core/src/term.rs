//! What all kinds of terms have in common: parameters, options, and their values.

use crate::error::Error;
use crate::region::Pool;
use crate::text::NumberList;

/// The most parameters a term or map can have.
pub const PARAMETERS: usize = 8;

/// A parameter of a term or a weight map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parameter {
    /// Its name in the text form.
    pub name: &'static str,
    /// Another name that is read too: that of a paper.
    pub also: Option<&'static str>,
    /// Its value unless given.
    pub default: f64,
    /// If it is one of some words: these. Its value is the word's place among them.
    pub choices: &'static [&'static str],
}

impl Parameter {
    /// A number.
    pub const fn number(name: &'static str, default: f64) -> Self {
        Parameter { name, also: None, default, choices: &[] }
    }

    /// One of `choices`, the first unless given.
    pub const fn choice(name: &'static str, choices: &'static [&'static str]) -> Self {
        Parameter { name, also: None, default: 0.0, choices }
    }

    /// The same, read under another name too.
    #[must_use]
    pub const fn or(self, also: &'static str) -> Self {
        Parameter { also: Some(also), ..self }
    }

    /// Its names.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        [Some(self.name), self.also].into_iter().flatten()
    }

    /// Whether this is what `name` refers to.
    pub fn is_called(&self, name: &str) -> bool {
        self.names().any(|own| own == name)
    }

    /// Whether `value` can be its value: finite, and the place of a word if it is a choice.
    pub(crate) fn takes(&self, value: f64) -> bool {
        let place = value as usize;
        let is_place = place < self.choices.len() && (place as f64).to_bits() == value.to_bits();
        value.is_finite() && (self.choices.is_empty() || is_place)
    }
}

/// A value for each of the parameters of `term`: those `given`, and the defaults of the rest.
///
/// # Errors
/// [`Error::Arguments`] for more values than parameters, [`Error::Parameter`] for one that is not
/// finite, or of a choice not the place of a word.
pub(crate) fn complete(
    term: &'static str,
    parameters: &[Parameter],
    given: &[f64],
) -> Result<[f64; PARAMETERS], Error> {
    let expected = parameters.len().min(PARAMETERS);
    if given.len() > expected || parameters.len() > PARAMETERS {
        return Err(Error::Arguments { term, given: given.len(), expected });
    }
    let mut all = [0.0; PARAMETERS];
    for (index, (value, parameter)) in all.iter_mut().zip(parameters).enumerate() {
        *value = given.get(index).copied().unwrap_or(parameter.default);
        if !parameter.takes(*value) {
            let is_choice = !parameter.choices.is_empty();
            let expected = if is_choice { "the place of a word" } else { "a finite number" };
            return Err(Error::Parameter { term, name: parameter.name, value: *value, expected });
        }
    }
    Ok(all)
}

/// The values of a term's parameters, in the order the term declares them.
#[derive(Clone, Copy, Debug)]
pub struct Arguments<'a> {
    values: &'a [f64],
    parameters: &'static [Parameter],
}

impl<'a> Arguments<'a> {
    /// Values for the first of `parameters`; the rest take their defaults.
    pub fn new(values: &'a [f64], parameters: &'static [Parameter]) -> Self {
        Arguments { values, parameters }
    }

    /// The value of parameter `index`; NaN, which no term accepts, if it is not declared.
    pub fn get(&self, index: usize) -> f64 {
        let given = self.values.get(index).copied();
        given.or(self.parameters.get(index).map(|p| p.default)).unwrap_or(f64::NAN)
    }
}

/// `value`, if it is finite and `fits`.
///
/// # Errors
/// [`Error::Parameter`] of `term` if not, with what was `expected`.
pub fn checked(
    term: &'static str,
    name: &'static str,
    value: f64,
    fits: bool,
    expected: &'static str,
) -> Result<f64, Error> {
    if value.is_finite() && fits {
        return Ok(value);
    }
    Err(Error::Parameter { term, name, value, expected })
}

/// `value`, if it is finite and not negative.
///
/// # Errors
/// [`Error::Parameter`] of `term` if not.
pub fn not_negative(term: &'static str, name: &'static str, value: f64) -> Result<f64, Error> {
    checked(term, name, value, value >= 0.0, "a finite number, 0 or larger")
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

    /// None.
    pub const NONE: Self = Maps(0);

    /// With one more.
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

    /// Their places, ascending.
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
