use super::definition::Definition;
use super::map::MapDefinition;
use super::options::OPTIONS;
use super::shorthands::SHORTHANDS;
use crate::class::{self, Ce};
use crate::engine::Link;
use crate::error::Error;
use crate::lanes::Real;
use crate::maps::{MapLevel, NamedBand, NamedDecay};
use crate::pixel::{self, Bce};
use crate::region::{Dice, FocalTversky, Tversky};
use crate::summation::Accumulator;
use crate::term::{PARAMETERS, Parameter};

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
}

impl<T: Real, A: Accumulator> Registry<'static, T, A> {
    /// What this crate has, run at level `Lv`.
    pub fn builtin<Lv: MapLevel>() -> Self {
        Registry {
            builtin_terms: &const {
                [
                    Definition::pixel::<Bce, Lv>(),
                    Definition::pixel::<pixel::Focal, Lv>(),
                    Definition::class::<Ce, Lv>(),
                    Definition::class::<class::Focal, Lv>(),
                    Definition::region::<Dice>(),
                    Definition::region::<Tversky>(),
                    Definition::region::<FocalTversky>(),
                ]
            },
            builtin_maps: &const {
                [
                    MapDefinition::computed::<NamedBand<Lv>>(),
                    MapDefinition::computed::<NamedDecay<Lv>>(),
                ]
            },
            own_terms: &[],
            own_maps: &[],
        }
    }
}

impl<'d, T: Real, A: Accumulator> Registry<'d, T, A> {
    /// With the caller's own terms, in place of any given before.
    ///
    /// # Errors
    /// [`Error::Definition`] for a name that is taken or that no text can hold, or for parameters that
    /// are too many, called alike or called as an option.
    pub fn with_terms(self, own_terms: &'d [Definition<'d, T, A>]) -> Result<Self, Error> {
        let registry = Registry { own_terms, ..self };
        for (index, term) in own_terms.iter().enumerate() {
            let name = term.name;
            let fault = |reason| Err(Error::Definition { name, reason });
            if !is_name(name) {
                return fault(NO_NAME);
            }
            let clashes = |other: &Definition<'_, T, A>| {
                let both = other.link().is_none() || term.link().is_none();
                other.name == name && (both || other.link() == term.link())
            };
            let is_reserved = name == "preset" || SHORTHANDS.iter().any(|other| other.name == name);
            let mut others = self.builtin_terms.iter().chain(&own_terms[..index]);
            if others.any(clashes) || is_reserved {
                return fault("the name is taken");
            }
            check_parameters(name, term.parameters)?;
            let mut names = term
                .parameters
                .iter()
                .flat_map(names)
                .chain(term.class_weights.iter().map(|w| w.name));
            if names.any(|name| OPTIONS.iter().any(|option| option.name == name)) {
                return fault("a parameter is called as an option of every term");
            }
        }
        Ok(registry)
    }

    /// With the caller's own maps, in place of any given before.
    ///
    /// # Errors
    /// As [`Registry::with_terms`].
    pub fn with_maps(self, own_maps: &'d [MapDefinition<'d, T>]) -> Result<Self, Error> {
        let registry = Registry { own_maps, ..self };
        for (index, map) in own_maps.iter().enumerate() {
            let name = map.name;
            if !is_name(name) {
                return Err(Error::Definition { name, reason: NO_NAME });
            }
            let mut others = self.builtin_maps.iter().chain(&own_maps[..index]);
            if others.any(|other| other.name == name) {
                return Err(Error::Definition { name, reason: "the name is taken" });
            }
            check_parameters(name, map.parameters)?;
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

    /// The term called `name` that has a meaning for `link`.
    pub fn term(&self, name: &str, link: Link) -> Option<&'d Definition<'d, T, A>> {
        self.terms().find(|term| term.name == name && term.link().is_none_or(|own| own == link))
    }

    /// The map called `name`.
    pub fn map(&self, name: &str) -> Option<&'d MapDefinition<'d, T>> {
        self.maps().find(|map| map.name == name)
    }
}

const NO_NAME: &str = "the name is not made of letters, digits and `_`, starting with no digit";

fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn names(parameter: &Parameter) -> impl Iterator<Item = &'static str> {
    [Some(parameter.name), parameter.also].into_iter().flatten()
}

fn check_parameters(name: &'static str, parameters: &[Parameter]) -> Result<(), Error> {
    if parameters.len() > PARAMETERS {
        return Err(Error::Definition { name, reason: "there are more than 8 parameters" });
    }
    for (index, parameter) in parameters.iter().enumerate() {
        let is_taken = |name| parameters[..index].iter().any(|other| other.is_called(name));
        if names(parameter).any(is_taken) {
            return Err(Error::Definition { name, reason: "two parameters have the same name" });
        }
    }
    Ok(())
}
