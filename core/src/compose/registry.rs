use super::map::MapDefinition;
use super::shorthands::SHORTHANDS;
use crate::error::Error;
use crate::lanes::Real;
use crate::link::Link;
use crate::maps::MapLevel;
use crate::summation::Accumulator;
use crate::term::{CLASSES, PARAMETERS, Parameter};
use crate::text::{is_name, is_word};
use crate::tile::OPTIONS;
use crate::tile::{Definition, Kernels};

/// The terms and maps that a text can name: the built-in ones, and the caller's own in the caller's
/// storage.
///
/// ```
/// use segloss_core::compose::{Registry, Term, parse};
/// use segloss_core::{engine::Link, level::Scalar};
///
/// let registry = Registry::<f32>::builtin::<Scalar>();
/// let (mut terms, mut maps) = ([Term::default(); 4], []);
/// let loss = parse("bce + 0.5*dice", Link::Sigmoid, registry, &mut terms, &mut maps)?;
/// assert_eq!(loss.terms().len(), 2);
/// # Ok::<(), segloss_core::text::TextError<'static>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Registry<'d, T: Real, A: Accumulator = f64> {
    builtin_terms: &'d [Definition<'d, T, A>],
    builtin_maps: &'d [MapDefinition<'d, T>],
    own_terms: &'d [Definition<'d, T, A>],
    own_maps: &'d [MapDefinition<'d, T>],
    kernels: &'static Kernels<T>,
}

impl<T: Real, A: Accumulator> Registry<'static, T, A> {
    /// What this crate has, run at level `Lv`.
    pub fn builtin<Lv: MapLevel>() -> Self {
        macro_rules! definition {
            (pixel $term:ty) => {
                Definition::pixel::<$term, Lv>()
            };
            (class $term:ty) => {
                Definition::class::<$term, Lv>()
            };
            (region $term:ty) => {
                Definition::region::<$term>()
            };
        }
        macro_rules! definitions {
            ($($kind:ident $id:ident: $term:ty,)*) => {
                [$(definition!($kind $term)),*]
            };
        }
        Registry {
            builtin_terms: &const { crate::builtin_terms!(definitions) },
            builtin_maps: &const { [MapDefinition::band::<Lv>(), MapDefinition::decay::<Lv>()] },
            own_terms: &[],
            own_maps: &[],
            kernels: Kernels::at::<Lv>(),
        }
    }
}

impl<'d, T: Real, A: Accumulator> Registry<'d, T, A> {
    /// Adds the caller's own terms, in place of any given before.
    ///
    /// # Errors
    /// [`Error::Definition`] for a name that is taken or that no text can hold, or for parameters that
    /// are too many, called alike or as an option, or have a default that they cannot take.
    pub fn with_terms(self, own_terms: &'d [Definition<'d, T, A>]) -> Result<Self, Error> {
        let registry = Registry { own_terms, ..self };
        for (index, term) in own_terms.iter().enumerate() {
            let name = term.name;
            let clashes = |other: &Definition<'_, T, A>| {
                let both = other.link().is_none() || term.link().is_none();
                other.is_called(name) && (both || other.link() == term.link())
            };
            let mut others = self.builtin_terms.iter().chain(&own_terms[..index]);
            let stands_for_more = |name| {
                name == "preset" || SHORTHANDS.iter().any(|shorthand| shorthand.name == name)
            };
            let is_taken = others.any(clashes) || stands_for_more(name);
            let of_classes = term.class_weights.map(|weights| weights.name);
            check(name, is_taken, term.parameters, of_classes)?;
            let mut names = term.parameters.iter().flat_map(Parameter::names).chain(of_classes);
            let is_option =
                |name| name == CLASSES || OPTIONS.iter().any(|option| option.name == name);
            if names.any(is_option) {
                let reason = "a parameter is called as an option of terms";
                return Err(Error::Definition { name, reason });
            }
        }
        Ok(registry)
    }

    /// Adds the caller's own maps, in place of any given before.
    ///
    /// # Errors
    /// [`Error::Definition`] for a name that is taken or that no text can hold, or for parameters that
    /// are too many, called alike, or have a default that they cannot take.
    pub fn with_maps(self, own_maps: &'d [MapDefinition<'d, T>]) -> Result<Self, Error> {
        let registry = Registry { own_maps, ..self };
        for (index, map) in own_maps.iter().enumerate() {
            let mut others = self.builtin_maps.iter().chain(&own_maps[..index]);
            check(map.name, others.any(|other| other.name == map.name), map.parameters, None)?;
        }
        Ok(registry)
    }

    /// All terms.
    pub fn terms(&self) -> impl Iterator<Item = &'d Definition<'d, T, A>> + use<'d, T, A> {
        self.builtin_terms.iter().chain(self.own_terms)
    }

    /// All maps.
    pub fn maps(&self) -> impl Iterator<Item = &'d MapDefinition<'d, T>> + use<'d, T, A> {
        self.builtin_maps.iter().chain(self.own_maps)
    }

    /// The loops of the level that the built-in terms run at.
    pub fn kernels(&self) -> &'static Kernels<T> {
        self.kernels
    }

    /// The term called `name` that has a meaning for `link`.
    pub fn term(&self, name: &str, link: Link) -> Option<&'d Definition<'d, T, A>> {
        self.terms().find(|term| term.is_called(name) && term.link().is_none_or(|own| own == link))
    }

    /// The map called `name`.
    pub fn map(&self, name: &str) -> Option<&'d MapDefinition<'d, T>> {
        self.maps().find(|map| map.name == name)
    }
}

/// What terms and maps have in common: that a text can say all of it, and in one way.
fn check(
    name: &'static str,
    is_taken: bool,
    parameters: &[Parameter],
    of_classes: Option<&'static str>,
) -> Result<(), Error> {
    let fault = |reason| Err(Error::Definition { name, reason });
    if !is_name(name) {
        return fault("the name is not made of letters, digits and `_`, starting with no digit");
    }
    if is_taken {
        return fault("the name is taken");
    }
    if parameters.len() > PARAMETERS {
        return fault("there are more than 8 parameters");
    }
    let names = || parameters.iter().flat_map(Parameter::names).chain(of_classes);
    if !names().all(is_name) {
        return fault(
            "a parameter's name is not made of letters, digits and `_`, starting with no digit",
        );
    }
    if names().enumerate().any(|(i, name)| names().take(i).any(|other| other == name)) {
        return fault("two parameters have the same name");
    }
    for parameter in parameters {
        let words = parameter.choices;
        let is_taken = |(i, word): (usize, &&str)| words[..i].contains(word);
        if !words.iter().all(|word| is_word(word)) || words.iter().enumerate().any(is_taken) {
            return fault("a parameter's choices are not different words");
        }
        if !parameter.range.contains(parameter.default) {
            return fault("a parameter's default is out of its range, or none of its choices");
        }
    }
    Ok(())
}
