use super::registry::Registry;
use super::shorthands::SHORTHANDS;
use crate::lanes::Real;
use crate::link::Link;
use crate::summation::Accumulator;
use crate::text::{Mistake, Syntax, TextError};

/// Returns the link that the terms of `text` need: none where each has a meaning under both, as in a preset.
///
/// ```
/// use segloss_core::compose::{Registry, link_of};
/// use segloss_core::{engine::Link, level::Scalar};
///
/// let registry = Registry::<f32>::builtin::<Scalar>();
/// assert_eq!(link_of("bce + dice", registry)?, Some(Link::Sigmoid));
/// assert_eq!(link_of("dice + 0*ce", registry)?, Some(Link::Softmax));
/// assert_eq!(link_of("focal + boundary", registry)?, None);
/// let error = link_of("bce + ce", registry).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "at 7: `ce` needs the softmax link, and `bce` needs the sigmoid link, expected terms of one link"
/// );
/// # Ok::<(), segloss_core::text::TextError<'static>>(())
/// ```
///
/// Names that stand for no term ask for no link: [`parse`](super::parse) tells of them.
///
/// # Errors
/// The first mistake in the syntax, or [`Mistake::Links`] at the first term that needs another link than one
/// before it.
pub fn link_of<'t, T: Real, A: Accumulator>(
    text: &'t str,
    registry: Registry<'_, T, A>,
) -> Result<Option<Link>, TextError<'t>> {
    let Syntax::Sum(terms) = Syntax::parse(text)? else { return Ok(None) };
    let mut first: Option<(&'t str, Link)> = None;
    for term in terms {
        let name = term.call.name;
        if SHORTHANDS.iter().any(|shorthand| shorthand.name == name.text) {
            continue;
        }
        let has = |link| registry.term(name.text, link).is_some();
        let link = match (has(Link::Sigmoid), has(Link::Softmax)) {
            (true, false) => Link::Sigmoid,
            (false, true) => Link::Softmax,
            _ => continue,
        };
        match first {
            None => first = Some((name.text, link)),
            Some((other, before)) if before != link => {
                let mistake = Mistake::Links { term: name.text, expected: link, other };
                return Err(TextError::new(name.place, mistake));
            }
            Some(_) => {}
        }
    }
    Ok(first.map(|(_, link)| link))
}
