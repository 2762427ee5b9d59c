use super::map::{MapCall, MapDefinition};
use super::plan::{Plan, Term};
use super::presets::{NAMES, Preset};
use super::registry::Registry;
use super::shorthands::{SHORTHANDS, Shorthand};
use crate::error::Error;
use crate::lanes::Real;
use crate::link::Link;
use crate::parameter::{OFF, unless_given};
use crate::summation::Accumulator;
use crate::term::{CLASSES, ClassesInUse, Maps, Options, PARAMETERS, Parameter, Range};
use crate::text::{
    ArgumentText, CallText, Mistake, Named, Place, Syntax, TermText, Terms, TextError, Value, Word,
};
use crate::tile::{CallOption, Definition};

/// The loss that `text` describes ([`crate::text`]) under `link`, with the terms and maps of `registry`.
///
/// `terms` and `maps` are storage: one place a term, and one a distinct map. Maps are numbered in the
/// order in which they appear; [`Plan::map_calls`] says what to pass as
/// [`Call::maps`](crate::engine::Call::maps).
///
/// # Errors
/// The first mistake in the text, where it is and what was expected there.
pub fn parse<'t, 'a, 's, T: Real, A: Accumulator>(
    text: &'t str,
    link: Link,
    registry: Registry<'a, T, A>,
    terms: &'s mut [Term<'a, T, A>],
    maps: &'s mut [MapCall<'a, T>],
) -> Result<Plan<'s, T, A>, TextError<'t>>
where
    't: 'a,
    'a: 's,
{
    let mut reader = Reader { link, registry, maps, used: 0 };
    let count = match Syntax::parse(text)? {
        Syntax::Sum(sum) => reader.sum(sum, terms)?,
        Syntax::Preset(word) => reader.preset(word, terms)?,
    };
    let Reader { maps, used, .. } = reader;
    let terms = terms.get(..count).unwrap_or_default();
    Ok(Plan::new(terms, registry.kernels()).maps(maps.get(..used).unwrap_or_default()))
}

/// The map that `text` describes as it would stand after `@`: `band(theta=3, weight=5)`.
///
/// ```
/// use segloss_core::compose::{Registry, parse_map};
/// use segloss_core::level::Scalar;
///
/// let registry = Registry::<f32>::builtin::<Scalar>();
/// assert_eq!(parse_map("band(theta=2)", registry)?.values(), [2.0, 5.0, 0.0, 0.0]);
/// let error = |text| parse_map(text, registry).unwrap_err().to_string();
/// assert_eq!(error("band + decay"), "at 8: expected one map by itself, found `decay`");
/// assert_eq!(error("2*band"), "at 3: expected one map by itself, found `band`");
/// assert_eq!(error("preset:medical"), "at 8: expected one map by itself, found `medical`");
/// # Ok::<(), segloss_core::text::TextError<'static>>(())
/// ```
///
/// # Errors
/// The first mistake in the text, where it is and what was expected there.
pub fn parse_map<'t: 'a, 'a, T: Real, A: Accumulator>(
    text: &'t str,
    registry: Registry<'a, T, A>,
) -> Result<MapCall<'a, T>, TextError<'t>> {
    const EXPECTED: &str = "one map by itself";
    let unexpected = |word: Word<'t>| {
        let mistake = Mistake::Unexpected { found: word.text, expected: EXPECTED };
        TextError::new(word.place, mistake)
    };
    let mut sum = match Syntax::parse(text)? {
        Syntax::Sum(sum) => sum,
        Syntax::Preset(word) => return Err(unexpected(word)),
    };
    let Some(term) = sum.next() else {
        return Err(TextError::new(Place::start(text), Mistake::Empty));
    };
    let others = term.maps().map(|map| map.name).chain(sum.map(|other| other.call.name)).next();
    if let Some(other) = others {
        return Err(unexpected(other));
    }
    if term.coefficient != 1.0 {
        return Err(unexpected(term.call.name));
    }
    // The link is that of terms, which there are none of.
    Reader { link: Link::Sigmoid, registry, maps: &mut [], used: 0 }.map(&term.call)
}

/// The values of parameters that were given.
struct Values {
    given: [Option<f64>; PARAMETERS],
}

impl Values {
    const NONE: Self = Values { given: [None; PARAMETERS] };

    /// Writes one for each of `parameters` to `values`, and returns those.
    fn of<'v>(&self, parameters: &[Parameter], values: &'v mut [f64; PARAMETERS]) -> &'v [f64] {
        for (index, (given, parameter)) in self.given.iter().zip(parameters).enumerate() {
            let otherwise = || unless_given(parameter, parameters, &values[..index]);
            values[index] = given.unwrap_or_else(otherwise);
        }
        values.get(..parameters.len()).unwrap_or_default()
    }

    /// Reads `argument` if it is one of `parameters`.
    fn read<'t>(
        &mut self,
        parameters: &'static [Parameter],
        argument: &ArgumentText<'t>,
    ) -> Result<bool, TextError<'t>> {
        let places = self.given.iter_mut().zip(parameters);
        let own = |(_, parameter): &(_, &Parameter)| parameter.is_called(argument.name.text);
        let Some((given, parameter)) = { places }.find(own) else { return Ok(false) };
        if given.is_some() {
            let mistake = Mistake::Repeated { argument: parameter.name };
            return Err(TextError::new(argument.name.place, mistake));
        }
        *given = Some(match argument.value {
            Value::Number(number) if parameter.choices.is_empty() => number,
            Value::Word(word) if parameter.range.has_off() && word.text == OFF => Range::OFF,
            _ if parameter.range.has_off() => {
                return Err(TextError::value(argument, "a number, or `off`"));
            }
            _ if parameter.choices.is_empty() => {
                return Err(TextError::value(argument, "a number"));
            }
            _ => choice(argument, parameter.choices)? as f64,
        });
        Ok(true)
    }
}

/// The place of a word among those that may stand there.
fn choice<'t>(
    argument: &ArgumentText<'t>,
    choices: &'static [&'static str],
) -> Result<usize, TextError<'t>> {
    let ArgumentText { name, value, place } = *argument;
    let Value::Word(word) = value else {
        let mistake = Mistake::Word { argument: name.text, value, choices };
        return Err(TextError::new(place, mistake));
    };
    choices
        .iter()
        .position(|choice| *choice == word.text)
        .ok_or_else(|| TextError::unknown_of(Named::Choice(name.text), word, choices))
}

struct Reader<'a, 'm, T: Real, A: Accumulator> {
    link: Link,
    registry: Registry<'a, T, A>,
    maps: &'m mut [MapCall<'a, T>],
    used: usize,
}

impl<'t: 'a, 'a, T: Real, A: Accumulator> Reader<'a, '_, T, A> {
    /// Reads a sum into `terms`, and says how many there are.
    fn sum(
        &mut self,
        sum: Terms<'t>,
        terms: &mut [Term<'a, T, A>],
    ) -> Result<usize, TextError<'t>> {
        let (limit, mut count) = (terms.len(), 0);
        for text in sum {
            let Some(term) = terms.get_mut(count) else {
                let mistake = Mistake::Many { what: "terms", count: count + 1, limit };
                return Err(TextError::new(text.place, mistake));
            };
            *term = self.term(&text)?;
            count += 1;
        }
        Ok(count)
    }

    /// Reads the sum that the preset `word` stands for. Every mistake is at the word.
    fn preset(
        &mut self,
        word: Word<'t>,
        terms: &mut [Term<'a, T, A>],
    ) -> Result<usize, TextError<'t>> {
        let unknown = || {
            let (named, name, choices) = (Named::Preset, word.text, &NAMES);
            let mistake = Mistake::Unknown { named, name, suggestion: None, choices };
            TextError::new(word.place, mistake)
        };
        let preset = Preset::by_name(word.text).ok_or_else(unknown)?;
        let Syntax::Sum(sum) = Syntax::parse(preset.text(self.link))? else {
            return Err(unknown());
        };
        self.sum(sum, terms).map_err(|error| TextError::new(word.place, error.mistake))
    }

    fn term(&mut self, text: &TermText<'t>) -> Result<Term<'a, T, A>, TextError<'t>> {
        let call = &text.call;
        let shorthand = SHORTHANDS.iter().find(|shorthand| shorthand.name == call.name.text);
        let definition = self.definition(call, shorthand)?;
        let map = match shorthand {
            Some(shorthand) => Some(self.map_definition(shorthand.map, call)?),
            None => None,
        };
        let map_parameters = map.map_or(&[][..], |map| map.parameters);
        let is_region = definition.link().is_none();
        if is_region && text.maps().next().is_some() {
            let expected = "a pixel or class term before `@`";
            let mistake = Mistake::Unexpected { found: call.name.text, expected };
            return Err(TextError::new(call.name.place, mistake));
        }
        let (mut values, mut map_values) = (Values::NONE, Values::NONE);
        let mut options = Options::default();
        for argument in call.arguments() {
            let is_read = map_values.read(map_parameters, &argument)?
                || values.read(definition.parameters, &argument)?
                || class_weights(definition, &argument, &mut options)?
                || classes(definition, &argument, &mut options)?
                || option(definition, &argument, &mut options)?;
            if !is_read {
                let parameters = map_parameters.iter().chain(definition.parameters);
                let of_classes = definition.class_weights.iter().map(|weights| weights.name);
                let candidates = parameters
                    .flat_map(Parameter::names)
                    .chain(of_classes)
                    .chain(definition.chooses_classes().then_some(CLASSES))
                    .chain(definition.options().map(|option| option.name));
                let named = Named::Argument(call.name.text);
                return Err(TextError::unknown(named, argument.name, candidates));
            }
        }
        if let Some(map) = map {
            let made = MapCall::new(map, map_values.of(map_parameters, &mut [0.0; PARAMETERS]))
                .map_err(|error| refused(call, map_parameters, error))?;
            self.add_map(call, made, &mut options)?;
        }
        for map in text.maps() {
            let made = self.map(&map)?;
            self.add_map(&map, made, &mut options)?;
        }
        let mut storage = [0.0; PARAMETERS];
        let given = values.of(definition.parameters, &mut storage);
        Term::new(text.coefficient, definition, given, options).map_err(|error| match error {
            Error::Coefficient { value } => {
                let (name, expected) = ("coefficient", Range::at_least(0.0));
                TextError::new(text.place, Mistake::Refused { name, value, expected })
            }
            error => refused(call, definition.parameters, error),
        })
    }

    fn definition(
        &self,
        call: &CallText<'t>,
        shorthand: Option<&Shorthand>,
    ) -> Result<&'a Definition<'a, T, A>, TextError<'t>> {
        let name = shorthand.map_or(call.name.text, |shorthand| shorthand.term(self.link));
        if let Some(definition) = self.registry.term(name, self.link) {
            return Ok(definition);
        }
        let other = self.link.other();
        if self.registry.term(name, other).is_some() {
            let mistake = Mistake::Link { term: call.name.text, expected: other };
            return Err(TextError::new(call.name.place, mistake));
        }
        let has_meaning =
            |term: &&Definition<'_, T, A>| term.link().is_none_or(|own| own == self.link);
        let terms = self.registry.terms().filter(has_meaning);
        let terms = terms.flat_map(|term| [Some(term.name), term.also]).flatten();
        let candidates = terms.chain(SHORTHANDS.iter().map(|shorthand| shorthand.name));
        Err(TextError::unknown(Named::Term, call.name, candidates))
    }

    fn map_definition(
        &self,
        name: &str,
        call: &CallText<'t>,
    ) -> Result<&'a MapDefinition<'a, T>, TextError<'t>> {
        let unknown = || {
            let candidates = self.registry.maps().map(|map| map.name);
            TextError::unknown(Named::Map, call.name, candidates)
        };
        self.registry.map(name).ok_or_else(unknown)
    }

    fn map(&self, call: &CallText<'t>) -> Result<MapCall<'a, T>, TextError<'t>> {
        let definition = self.map_definition(call.name.text, call)?;
        let mut values = Values::NONE;
        for argument in call.arguments() {
            if !values.read(definition.parameters, &argument)? {
                let candidates = definition.parameters.iter().flat_map(Parameter::names);
                let named = Named::Argument(call.name.text);
                return Err(TextError::unknown(named, argument.name, candidates));
            }
        }
        MapCall::new(definition, values.of(definition.parameters, &mut [0.0; PARAMETERS]))
            .map_err(|error| refused(call, definition.parameters, error))
    }

    /// The place of a map, new or as one before it.
    fn add_map(
        &mut self,
        call: &CallText<'t>,
        map: MapCall<'a, T>,
        options: &mut Options<'a>,
    ) -> Result<(), TextError<'t>> {
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

/// Where a parameter or class weight that is out of its range was given, or else where its term is.
fn refused<'t>(call: &CallText<'t>, parameters: &[Parameter], error: Error) -> TextError<'t> {
    let given = |name: &str| {
        let own = parameters.iter().find(|parameter| parameter.name == name);
        let is_own = move |argument: &ArgumentText<'t>| match own {
            Some(parameter) => parameter.is_called(argument.name.text),
            None => argument.name.text == name,
        };
        call.arguments().find(is_own)
    };
    let (place, mistake) = match error {
        Error::Parameter { name, value, expected, .. } => {
            (given(name).map(|argument| argument.place), Mistake::Refused { name, value, expected })
        }
        Error::ClassWeight { name, class, value, .. } => {
            let expected = Range::at_least(0.0);
            let place = given(name).and_then(|argument| match argument.value {
                Value::Numbers(list) => list.place(class),
                _ => None,
            });
            (place, Mistake::Refused { name, value, expected })
        }
        _ => (None, Mistake::Parameters { term: call.name.text }),
    };
    TextError::new(place.unwrap_or(call.name.place), mistake)
}

/// Reads the list of class weights, if `argument` is it.
fn class_weights<'t: 'a, 'a, T: Real, A: Accumulator>(
    definition: &Definition<'a, T, A>,
    argument: &ArgumentText<'t>,
    options: &mut Options<'a>,
) -> Result<bool, TextError<'t>> {
    if definition.class_weights.is_none_or(|weights| weights.name != argument.name.text) {
        return Ok(false);
    }
    let Value::Numbers(list) = argument.value else {
        return Err(TextError::value(argument, "a list of one number a class"));
    };
    options.class_weights = Some(list);
    Ok(true)
}

/// Reads the classes of a region term, if `argument` says which.
fn classes<'t: 'a, 'a, T: Real, A: Accumulator>(
    definition: &Definition<'a, T, A>,
    argument: &ArgumentText<'t>,
    options: &mut Options<'a>,
) -> Result<bool, TextError<'t>> {
    if argument.name.text != CLASSES || !definition.chooses_classes() {
        return Ok(false);
    }
    options.classes = match argument.value {
        Value::Numbers(list) if list.is_empty() => {
            return Err(TextError::value(argument, "at least one class"));
        }
        Value::Numbers(list) => ClassesInUse::Listed(list),
        Value::Number(_) => {
            return Err(TextError::value(argument, "`all`, `foreground` or a list of classes"));
        }
        _ if choice(argument, ClassesInUse::WORDS)? == 0 => ClassesInUse::All,
        _ => ClassesInUse::Foreground,
    };
    Ok(true)
}

/// Reads an option of the term, if `argument` is one.
fn option<'t, 'a, T: Real, A: Accumulator>(
    definition: &Definition<'a, T, A>,
    argument: &ArgumentText<'t>,
    options: &mut Options<'a>,
) -> Result<bool, TextError<'t>> {
    let own = |option: &&CallOption| option.name == argument.name.text;
    let Some(option) = definition.options().find(own) else { return Ok(false) };
    (option.set)(options, choice(argument, option.words)?);
    Ok(true)
}
