use super::definition::Definition;
use super::listed::{Listed, Term};
use super::map::{MapCall, MapDefinition};
use super::options::CallOption;
use super::presets::{NAMES, Preset};
use super::registry::Registry;
use super::shorthands::{SHORTHANDS, Shorthand};
use crate::engine::Link;
use crate::error::Error;
use crate::lanes::Real;
use crate::summation::Accumulator;
use crate::term::{Maps, Options, PARAMETERS, Parameter};
use crate::text::{
    ArgumentText, CallText, Mistake, Named, NumberList, Syntax, TermText, TextError, Value,
};

/// The loss that `text` describes ([`crate::text`]) under `link`, with the terms and maps of `registry`.
///
/// `terms` and `maps` are storage: one place a term, and one a distinct map. Maps are numbered in the
/// order in which they appear; [`Listed::map_calls`] says what to pass as
/// [`Call::maps`](crate::engine::Call::maps).
///
/// # Errors
/// The first mistake in the text, where it is and what was expected there.
pub fn parse<'a, 's, T: Real, A: Accumulator>(
    text: &'a str,
    link: Link,
    registry: Registry<'a, T, A>,
    terms: &'s mut [Term<'a, T, A>],
    maps: &'s mut [MapCall<'a, T>],
) -> Result<Listed<'s, T, A>, TextError<'a>>
where
    'a: 's,
{
    let sum = match Syntax::parse(text)? {
        Syntax::Sum(sum) => sum,
        Syntax::Preset(word) => {
            let Some(preset) = Preset::by_name(word.text) else {
                let (named, name, choices) = (Named::Preset, word.text, &NAMES);
                let mistake = Mistake::Unknown { named, name, suggestion: None, choices };
                return Err(TextError::new(word.place, mistake));
            };
            match Syntax::parse(preset.text(link))? {
                Syntax::Sum(sum) => sum,
                Syntax::Preset(word) => {
                    return Err(TextError::unknown(Named::Preset, word, []));
                }
            }
        }
    };
    let mut reader = Reader { link, registry, maps, used: 0 };
    let mut count = 0;
    for term in sum {
        let limit = terms.len();
        let Some(place) = terms.get_mut(count) else {
            let mistake = Mistake::Many { what: "terms", count: count + 1, limit };
            return Err(TextError::new(term.place, mistake));
        };
        *place = reader.term(&term)?;
        count += 1;
    }
    let Reader { maps, used, .. } = reader;
    Ok(Listed::new(terms.get(..count).unwrap_or_default())
        .maps(maps.get(..used).unwrap_or_default()))
}

/// The values of parameters, given or not.
struct Values {
    values: [f64; PARAMETERS],
    given: [bool; PARAMETERS],
}

impl Values {
    fn new(parameters: &[Parameter]) -> Self {
        let mut values = [0.0; PARAMETERS];
        values.iter_mut().zip(parameters).for_each(|(value, p)| *value = p.default);
        Values { values, given: [false; PARAMETERS] }
    }

    /// Reads `argument` if it is one of `parameters`.
    fn read<'a>(
        &mut self,
        parameters: &'static [Parameter],
        argument: &ArgumentText<'a>,
    ) -> Result<bool, TextError<'a>> {
        let own = parameters.iter().position(|p| p.is_called(argument.name.text));
        let Some((index, parameter)) = own.and_then(|i| Some((i, parameters.get(i)?))) else {
            return Ok(false);
        };
        let (Some(value), Some(given)) = (self.values.get_mut(index), self.given.get_mut(index))
        else {
            return Ok(false);
        };
        if *given {
            let mistake = Mistake::Repeated { argument: parameter.name };
            return Err(TextError::new(argument.name.place, mistake));
        }
        *given = true;
        *value = match argument.value {
            Value::Number(number) if parameter.choices.is_empty() => number,
            _ if parameter.choices.is_empty() => {
                return Err(TextError::value(argument, "a number"));
            }
            _ => choice(argument, parameter.choices)? as f64,
        };
        Ok(true)
    }
}

/// The place of a word among those that may stand there.
fn choice<'a>(
    argument: &ArgumentText<'a>,
    choices: &'static [&'static str],
) -> Result<usize, TextError<'a>> {
    let Value::Word(word) = argument.value else {
        return Err(TextError::value(argument, "a word"));
    };
    choices
        .iter()
        .position(|choice| *choice == word.text)
        .ok_or_else(|| TextError::unknown_of(Named::Choice(argument.name.text), word, choices))
}

struct Reader<'a, 'm, T: Real, A: Accumulator> {
    link: Link,
    registry: Registry<'a, T, A>,
    maps: &'m mut [MapCall<'a, T>],
    used: usize,
}

impl<'a, T: Real, A: Accumulator> Reader<'a, '_, T, A> {
    fn term(&mut self, text: &TermText<'a>) -> Result<Term<'a, T, A>, TextError<'a>> {
        let call = &text.call;
        let shorthand = SHORTHANDS.iter().find(|shorthand| shorthand.name == call.name.text);
        let definition = self.definition(call, shorthand)?;
        let map = match shorthand {
            Some(shorthand) => Some(self.map_definition(shorthand.map, call)?),
            None => None,
        };
        let map_parameters = map.map_or(&[][..], |map| map.parameters);
        let mut values = Values::new(definition.parameters);
        let mut map_values = Values::new(map_parameters);
        let mut options = Options::default();
        for argument in call.arguments() {
            let is_read = map_values.read(map_parameters, &argument)?
                || values.read(definition.parameters, &argument)?
                || class_weights(definition, &argument, &mut options)?
                || option(definition, &argument, &mut options)?;
            if !is_read {
                let parameters = definition.parameters.iter().chain(map_parameters);
                let of_classes = definition.class_weights.iter().map(|weights| weights.name);
                let candidates = parameters
                    .map(|p| p.name)
                    .chain(of_classes)
                    .chain(definition.options().map(|option| option.name));
                let named = Named::Argument(call.name.text);
                return Err(TextError::unknown(named, argument.name, candidates));
            }
        }
        if let Some(map) = map {
            let values = map_values.values.get(..map.parameters.len()).unwrap_or_default();
            let made = MapCall::new(map, values).map_err(|error| refused(call, error))?;
            self.add_map(call, made, &mut options)?;
        }
        for map in text.maps() {
            let made = self.map(&map)?;
            if definition.link().is_none() {
                let expected = "a pixel or class term before `@`";
                let mistake = Mistake::Unexpected { found: call.name.text, expected };
                return Err(TextError::new(call.name.place, mistake));
            }
            self.add_map(&map, made, &mut options)?;
        }
        let given = values.values.get(..definition.parameters.len()).unwrap_or_default();
        Term::new(text.coefficient, definition, given, options).map_err(|error| match error {
            Error::Coefficient { value } => {
                let expected = "a finite number, 0 or larger";
                TextError::new(
                    text.place,
                    Mistake::Refused { name: "coefficient", value, expected },
                )
            }
            error => refused(call, error),
        })
    }

    fn definition(
        &self,
        call: &CallText<'a>,
        shorthand: Option<&Shorthand>,
    ) -> Result<&'a Definition<'a, T, A>, TextError<'a>> {
        let name = shorthand.map_or(call.name.text, |shorthand| shorthand.term(self.link));
        if let Some(definition) = self.registry.term(name, self.link) {
            return Ok(definition);
        }
        let other = match self.link {
            Link::Sigmoid => Link::Softmax,
            Link::Softmax => Link::Sigmoid,
        };
        if self.registry.term(name, other).is_some() {
            let mistake = Mistake::Link { term: call.name.text, expected: other };
            return Err(TextError::new(call.name.place, mistake));
        }
        let has_meaning =
            |term: &&Definition<'_, T, A>| term.link().is_none_or(|own| own == self.link);
        let terms = self.registry.terms().filter(has_meaning).map(|term| term.name);
        let candidates = terms.chain(SHORTHANDS.iter().map(|shorthand| shorthand.name));
        Err(TextError::unknown(Named::Term, call.name, candidates))
    }

    fn map_definition(
        &self,
        name: &str,
        call: &CallText<'a>,
    ) -> Result<&'a MapDefinition<'a, T>, TextError<'a>> {
        let unknown = || {
            let candidates = self.registry.maps().map(|map| map.name);
            TextError::unknown(Named::Map, call.name, candidates)
        };
        self.registry.map(name).ok_or_else(unknown)
    }

    fn map(&self, call: &CallText<'a>) -> Result<MapCall<'a, T>, TextError<'a>> {
        let definition = self.map_definition(call.name.text, call)?;
        let mut values = Values::new(definition.parameters);
        for argument in call.arguments() {
            if !values.read(definition.parameters, &argument)? {
                let candidates = definition.parameters.iter().map(|p| p.name);
                let named = Named::Argument(call.name.text);
                return Err(TextError::unknown(named, argument.name, candidates));
            }
        }
        let given = values.values.get(..definition.parameters.len()).unwrap_or_default();
        MapCall::new(definition, given).map_err(|error| refused(call, error))
    }

    /// The place of a map, new or as one before it.
    fn add_map(
        &mut self,
        call: &CallText<'a>,
        map: MapCall<'a, T>,
        options: &mut Options<'a>,
    ) -> Result<(), TextError<'a>> {
        let known = self.maps.iter().take(self.used).position(|other| *other == map);
        let limit = self.maps.len().min(Maps::PLACES);
        let many = Mistake::Many { what: "maps", count: self.used + 1, limit };
        let place = known.unwrap_or(self.used);
        if known.is_none() {
            match self.maps.get_mut(place).filter(|_| place < limit) {
                Some(free) => *free = map,
                None => return Err(TextError::new(call.name.place, many)),
            }
            self.used += 1;
        } else if options.maps.iter().any(|own| own == place) {
            // A map's square is another map.
            let mistake = Mistake::Repeated { argument: call.name.text };
            return Err(TextError::new(call.name.place, mistake));
        }
        options.maps =
            options.maps.and(place).map_err(|_| TextError::new(call.name.place, many))?;
        Ok(())
    }
}

/// Where a parameter that is out of its range was given, or else where its term is.
fn refused<'a>(call: &CallText<'a>, error: Error) -> TextError<'a> {
    let (name, value, expected) = match error {
        Error::Parameter { name, value, expected, .. } => (name, value, expected),
        _ => {
            let mistake = Mistake::Parameters { term: call.name.text };
            return TextError::new(call.name.place, mistake);
        }
    };
    let given = call.arguments().find(|argument| match argument.value {
        Value::Number(number) => number.to_bits() == value.to_bits(),
        _ => argument.name.text == name,
    });
    let place = given.map_or(call.name.place, |argument| argument.place);
    TextError::new(place, Mistake::Refused { name, value, expected })
}

/// Reads the list of class weights, if `argument` is it.
fn class_weights<'a, T: Real, A: Accumulator>(
    definition: &Definition<'a, T, A>,
    argument: &ArgumentText<'a>,
    options: &mut Options<'a>,
) -> Result<bool, TextError<'a>> {
    let Some(weights) = definition.class_weights.filter(|w| w.name == argument.name.text) else {
        return Ok(false);
    };
    let Value::Numbers(list) = argument.value else {
        return Err(TextError::value(argument, "a list of one number a class"));
    };
    let bad = |list: &NumberList<'a>| list.iter().position(|weight| weight < 0.0);
    if let Some(index) = bad(&list) {
        let (name, expected) = (weights.name, "numbers of 0 or more");
        let value = list.iter().nth(index).unwrap_or_default();
        let place = list.place(index).unwrap_or(argument.place);
        return Err(TextError::new(place, Mistake::Refused { name, value, expected }));
    }
    options.class_weights = Some(list);
    Ok(true)
}

/// Reads an option of the term, if `argument` is one.
fn option<'a, T: Real, A: Accumulator>(
    definition: &Definition<'_, T, A>,
    argument: &ArgumentText<'a>,
    options: &mut Options<'a>,
) -> Result<bool, TextError<'a>> {
    let own = |option: &&CallOption| option.name == argument.name.text;
    let Some(option) = definition.options().find(own) else { return Ok(false) };
    (option.set)(options, choice(argument, option.choices)?);
    Ok(true)
}
