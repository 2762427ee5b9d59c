//! A loss that was read once, with what its terms refer to.

use std::sync::Arc;

use segloss_core::compose::{MapCall, Plan, Term, parse};
use segloss_core::engine::Link;
use segloss_core::lanes::Real;
use segloss_core::summation::Accumulator;
use segloss_core::text::TextError;

use crate::Library;

/// The most terms of a loss.
const TERMS: usize = 32;
/// The most distinct maps of a loss.
pub(crate) const MAPS: usize = 16;

/// A library that somebody else owns, or a share of one.
#[derive(Clone, Debug)]
pub(crate) enum LibraryRef<'l, T: Real, A: Accumulator> {
    Borrowed(&'l Library<T, A>),
    Shared(Arc<Library<T, A>>),
}

impl<T: Real, A: Accumulator> LibraryRef<'_, T, A> {
    pub(crate) fn get(&self) -> &Library<T, A> {
        match self {
            LibraryRef::Borrowed(library) => library,
            LibraryRef::Shared(library) => library,
        }
    }
}

/// Terms and maps beside the library and the text that they refer to: reading them anew in each call took
/// longer than all else of a call does on a tile of 16 x 16.
#[derive(Clone, Debug)]
pub(crate) struct ParsedLoss<'l, T: Real, A: Accumulator> {
    /// `'static` stands for as long as what follows lives: lent for no longer than `self`.
    plan: Plan<'static, T, A>,
    _terms: Arc<[Term<'static, T, A>]>,
    _maps: Arc<[MapCall<'static, T>]>,
    _library: LibraryRef<'l, T, A>,
    /// Never read, but referred to: lists of class weights stay text.
    _text: Arc<str>,
}

impl<'l, T: Real, A: Accumulator> ParsedLoss<'l, T, A> {
    /// The loss that `text` describes under `link`.
    pub(crate) fn read<'t>(
        library: LibraryRef<'l, T, A>,
        text: &'t str,
        link: Link,
    ) -> Result<Self, TextError<'t>> {
        // Once for mistakes, which are places in the caller's text.
        let (mut terms, mut maps) = ([Term::default(); TERMS], [MapCall::default(); MAPS]);
        let registry = library.get().registry();
        let kernels = registry.kernels();
        parse::<T, A>(text, link, registry, &mut terms, &mut maps)?;

        let own: Arc<str> = text.into();
        // SAFETY: both stay where they are, unchanged, while this or a clone of it lives: the text in
        // an `Arc` of its own, the library behind a reference or in an `Arc` that is shared.
        let (kept, kept_text) = unsafe { (lengthen(library.get()), lengthen(&*own)) };
        let (mut terms, mut maps) = ([Term::default(); TERMS], [MapCall::default(); MAPS]);
        let plan = parse(kept_text, link, kept.registry(), &mut terms, &mut maps);
        // There was no mistake in the same text.
        let counts = plan.map_or((0, 0), |plan| (plan.terms().len(), plan.map_calls().len()));
        let terms: Arc<[Term<'static, T, A>]> = terms[..counts.0].into();
        let maps: Arc<[MapCall<'static, T>]> = maps[..counts.1].into();
        // SAFETY: likewise, each in an `Arc` of its own.
        let plan = unsafe { Plan::new(lengthen(&*terms), kernels).maps(lengthen(&*maps)) };
        Ok(ParsedLoss { plan, _terms: terms, _maps: maps, _library: library, _text: own })
    }

    /// Terms and maps, for as long as what they refer to is kept.
    pub(crate) fn plan(&self) -> &Plan<'_, T, A> {
        &self.plan
    }
}

/// A reference for as long as the caller sees to it that `place` is there.
///
/// # Safety
/// The result is not used after `place` is moved out of, changed or freed.
unsafe fn lengthen<X: ?Sized>(place: &X) -> &'static X {
    // SAFETY: the caller's word.
    unsafe { &*core::ptr::from_ref(place) }
}
