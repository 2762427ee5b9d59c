use core::fmt;
use std::sync::Arc;

use segloss_core::compose::{MapCall, Plan, Term, parse};
use segloss_core::engine::Link;
use segloss_core::text::TextError;

use crate::library::Library;

/// The most terms and maps that a text can hold.
const TERMS: usize = 32;
const MAPS: usize = 32;

/// A loss from text, to be evaluated on devices. Immutable; clones share what they hold.
#[derive(Clone, Debug)]
pub struct Loss {
    library: Arc<Library>,
    link: Link,
    text: Arc<str>,
    /// How many maps its terms refer to, which every call asks: the text is not read for it.
    maps: usize,
}

impl Loss {
    /// The loss that `text` describes under `link`, with the built-in terms and maps.
    ///
    /// # Errors
    /// The first mistake in the text: where it is, and what was expected there.
    pub fn new(text: &str, link: Link) -> Result<Self, TextError<'_>> {
        Loss::with_library(Arc::new(Library::new()), text, link)
    }

    /// The loss that `text` describes under `link`, with the terms and maps of `library`.
    ///
    /// # Errors
    /// The first mistake in the text: where it is, and what was expected there.
    pub fn with_library(
        library: Arc<Library>,
        text: &str,
        link: Link,
    ) -> Result<Self, TextError<'_>> {
        let (mut terms, mut maps) = ([Term::default(); TERMS], [MapCall::default(); MAPS]);
        let plan = parse::<f32, f64>(text, link, library.registry(), &mut terms, &mut maps)?;
        let maps = plan.map_calls().len();
        Ok(Loss { library, link, text: text.into(), maps })
    }

    /// The link that it was read for.
    pub fn link(&self) -> Link {
        self.link
    }

    /// The text that it was read from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it has a weight map of this name.
    pub fn refers_to(&self, map: &str) -> bool {
        self.with(|loss| {
            let mut own = loss.map_calls().iter().filter_map(MapCall::definition);
            own.any(|own| own.name == map)
        })
    }

    pub(crate) fn maps(&self) -> usize {
        self.maps
    }

    /// What it is known by: its library, text, and whether its link is softmax.
    pub(crate) fn key(&self) -> (usize, String, bool) {
        (Arc::as_ptr(&self.library).addr(), (*self.text).into(), self.link == Link::Softmax)
    }

    pub(crate) fn library(&self) -> &Library {
        &self.library
    }

    /// Calls `use_it` with the loss's terms.
    pub(crate) fn with<R>(&self, use_it: impl FnOnce(&Plan<'_, f32>) -> R) -> R {
        let (mut terms, mut maps) = ([Term::default(); TERMS], [MapCall::default(); MAPS]);
        match parse(&self.text, self.link, self.library.registry(), &mut terms, &mut maps) {
            Ok(loss) => use_it(&loss),
            // It was read before, from the same text.
            Err(_) => use_it(&Plan::new(&[], self.library.registry().kernels())),
        }
    }
}

/// The text that reads back as this loss.
impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with(|loss| loss.fmt(f))
    }
}
