//! Parameters of terms and weight maps: what is declared of them, and the values that they are given.

use crate::error::Error;
use crate::range::Range;

/// The word whose value is [`Range::OFF`].
pub(crate) const OFF: &str = "off";

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
    /// The parameter before it whose value it has instead, unless given, and may not exceed.
    pub like: Option<&'static str>,
    /// The values that it can have.
    pub range: Range,
    /// If it is one of some words: these. Its value is the word's place among them.
    pub choices: &'static [&'static str],
}

impl Parameter {
    /// A number: any finite one.
    pub const fn number(name: &'static str, default: f64) -> Self {
        Parameter { name, also: None, default, like: None, range: Range::FINITE, choices: &[] }
    }

    /// One of `choices`, the first unless given.
    pub const fn choice(name: &'static str, choices: &'static [&'static str]) -> Self {
        let range = Range::Place(choices.len());
        Parameter { name, also: None, default: 0.0, like: None, range, choices }
    }

    /// `true` or `false`, which it is unless given: 1 or 0.
    pub const fn flag(name: &'static str) -> Self {
        Parameter::choice(name, &["false", "true"])
    }

    /// Takes numbers from `smallest` on alone.
    #[must_use]
    pub const fn at_least(self, smallest: f64) -> Self {
        Parameter { range: Range::at_least(smallest), ..self }
    }

    /// Takes numbers from `smallest` to `largest` alone.
    #[must_use]
    pub const fn within(self, smallest: f64, largest: f64) -> Self {
        Parameter { range: Range::within(smallest, largest), ..self }
    }

    /// Takes integers from `smallest` to `largest` alone.
    #[must_use]
    pub const fn integers(self, smallest: i32, largest: i32) -> Self {
        Parameter { range: Range::Integers { smallest, largest }, ..self }
    }

    /// Takes the word `off` too, whose value is [`Range::OFF`].
    #[must_use]
    pub const fn or_off(self) -> Self {
        let range = match self.range {
            Range::Numbers { smallest, largest } => Range::NumbersOrOff { smallest, largest },
            range => range,
        };
        Parameter { range, ..self }
    }

    /// Gives it another name that is read too.
    #[must_use]
    pub const fn or(self, also: &'static str) -> Self {
        Parameter { also: Some(also), ..self }
    }

    /// Gives it the value of `other`, a parameter before it, unless it is given one itself, which may not be larger.
    #[must_use]
    pub const fn like(self, other: &Parameter) -> Self {
        Parameter { default: other.default, like: Some(other.name), ..self }
    }

    /// Its names.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        [Some(self.name), self.also].into_iter().flatten()
    }

    /// Whether this is what `name` refers to.
    pub fn is_called(&self, name: &str) -> bool {
        self.names().any(|own| own == name)
    }

    /// Returns the word that `value` stands for, if it is none that is written as a number.
    pub fn word(&self, value: f64) -> Option<&'static str> {
        if self.range.has_off() && value == Range::OFF {
            return Some(OFF);
        }
        self.choices.get(value as usize).copied()
    }

    /// Gives `value` back if it is in the range.
    ///
    /// # Errors
    /// [`Error::Parameter`] of `term` if not.
    pub fn check(&self, term: &'static str, value: f64) -> Result<f64, Error> {
        if self.range.contains(value) {
            return Ok(value);
        }
        Err(Error::Parameter { term, name: self.name, value, expected: self.range })
    }
}

/// Returns the value of a parameter that is given none: that of the one it is like, of those with `values` before it, or its default.
pub(crate) fn unless_given(parameter: &Parameter, parameters: &[Parameter], values: &[f64]) -> f64 {
    let of = |other: &str| parameters.iter().position(|before| before.name == other);
    let like = parameter.like.and_then(of).and_then(|place| values.get(place).copied());
    like.unwrap_or(parameter.default)
}

/// Gives each of the parameters of `term` a value: one of those `given`, or its default.
///
/// Nothing is checked after this: a term is made of what it returns as often as there are tiles.
///
/// # Errors
/// [`Error::Arguments`] for more values than parameters, [`Error::Parameter`] for one out of its
/// range.
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
    for (index, parameter) in parameters.iter().enumerate() {
        let before = all.get(..index).unwrap_or_default();
        let otherwise = || unless_given(parameter, parameters, before);
        let value = given.get(index).copied().unwrap_or_else(otherwise);
        let value = parameter.check(term, value)?;
        let most = if parameter.like.is_some() { otherwise() } else { value };
        if value > most {
            let expected = Range::within(0.0, most);
            return Err(Error::Parameter { term, name: parameter.name, value, expected });
        }
        all.get_mut(index).into_iter().for_each(|place| *place = value);
    }
    Ok(all)
}

/// Makes a term called `term` of values that are checked first.
pub(crate) fn make<P>(
    term: &'static str,
    parameters: &'static [Parameter],
    given: &[f64],
    new: impl FnOnce(Arguments<'_>) -> P,
) -> Result<P, Error> {
    let values = complete(term, parameters, given)?;
    Ok(new(Arguments::new(&values, parameters)))
}

/// The values of a term's parameters, in the order the term declares them.
#[derive(Clone, Copy, Debug)]
pub struct Arguments<'a> {
    values: &'a [f64],
    parameters: &'static [Parameter],
}

impl<'a> Arguments<'a> {
    /// Values for the first of `parameters`, each in its range; the rest take their defaults.
    #[inline]
    pub fn new(values: &'a [f64], parameters: &'static [Parameter]) -> Self {
        Arguments { values, parameters }
    }

    /// The defaults of `parameters`.
    #[inline]
    pub fn defaults(parameters: &'static [Parameter]) -> Self {
        Arguments { values: &[], parameters }
    }

    /// The value of parameter `index`; NaN if it is not declared.
    #[inline]
    pub fn get(&self, index: usize) -> f64 {
        match (self.values.get(index), self.parameters.get(index)) {
            (Some(&value), _) => value,
            (None, None) => f64::NAN,
            // By itself, so that a default that the compiler knows stays one.
            (None, Some(parameter)) if parameter.like.is_none() => parameter.default,
            (None, Some(parameter)) => unless_given(parameter, self.parameters, self.values),
        }
    }
}
