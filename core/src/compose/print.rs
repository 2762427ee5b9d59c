use core::fmt;

use super::map::MapCall;
use super::plan::{Plan, Term};
use crate::lanes::Real;
use crate::parameter::unless_given;
use crate::summation::Accumulator;
use crate::term::{CLASSES, ClassesInUse, Parameter};
use crate::text::Number;

/// The text that [`super::parse`] reads back as the same loss: what is at its default is left out. (Maps
/// are then numbered in the order in which they appear; one that [`Plan::maps`] was not told has no
/// name, and is shown by its place.)
impl<T: Real, A: Accumulator> fmt::Display for Plan<'_, T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, term) in self.terms().iter().enumerate() {
            if i > 0 {
                f.write_str(" + ")?;
            }
            write!(f, "{term}")?;
            for place in term.options().maps.iter() {
                match self.map_calls().get(place) {
                    Some(map) => write!(f, " @ {map}")?,
                    None => write!(f, " @ map {place} of the call")?,
                }
            }
        }
        Ok(())
    }
}

/// The text of the term without its maps.
impl<T: Real, A: Accumulator> fmt::Display for Term<'_, T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(definition) = self.definition() else { return Ok(()) };
        if self.coefficient() != 1.0 {
            write!(f, "{}*", Number(self.coefficient()))?;
        }
        f.write_str(definition.name)?;
        let mut list = ArgumentList { is_open: false };
        let options = self.options();
        if let (Some(declared), Some(weights)) = (definition.class_weights, options.class_weights) {
            list.put(f, declared.name, &weights)?;
        }
        list.put_values(f, definition.parameters, self.values())?;
        match options.classes {
            ClassesInUse::All => {}
            ClassesInUse::Foreground => list.put(f, CLASSES, &ClassesInUse::WORDS[1])?,
            ClassesInUse::Listed(classes) => list.put(f, CLASSES, &classes)?,
        }
        for option in definition.options() {
            if let Some(word) = (option.get)(&options).and_then(|place| option.words.get(place)) {
                list.put(f, option.name, word)?;
            }
        }
        list.close(f)
    }
}

impl<T: Real> fmt::Display for MapCall<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(definition) = self.definition() else { return Ok(()) };
        f.write_str(definition.name)?;
        let mut list = ArgumentList { is_open: false };
        list.put_values(f, definition.parameters, self.values())?;
        list.close(f)
    }
}

/// `(name=value, name=value)`, or nothing if there is none.
struct ArgumentList {
    is_open: bool,
}

impl ArgumentList {
    fn put(
        &mut self,
        f: &mut fmt::Formatter<'_>,
        name: &str,
        value: &dyn fmt::Display,
    ) -> fmt::Result {
        f.write_str(if self.is_open { ", " } else { "(" })?;
        self.is_open = true;
        write!(f, "{name}={value}")
    }

    fn put_values(
        &mut self,
        f: &mut fmt::Formatter<'_>,
        parameters: &[Parameter],
        values: &[f64],
    ) -> fmt::Result {
        for (index, (parameter, &value)) in parameters.iter().zip(values).enumerate() {
            let otherwise = unless_given(parameter, parameters, &values[..index]);
            if value.to_bits() == otherwise.to_bits() {
                continue;
            }
            match parameter.word(value) {
                Some(word) => self.put(f, parameter.name, &word)?,
                None => self.put(f, parameter.name, &Number(value))?,
            }
        }
        Ok(())
    }

    fn close(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_open { f.write_str(")") } else { Ok(()) }
    }
}
