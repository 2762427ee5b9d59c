use super::call::Link;
use crate::error::Error;
use crate::region::SUMS;
use crate::summation::{ACCUMULATORS, BLOCK, Partial, TILE};
use crate::view::Shape;

/// The layout of sums: a row a sample, holding one sum a term, one denominator a term if one has its
/// own, the region sums of each class, the number of valid pixels of each class in which it can occur, and the number of
/// valid pixels; and of totals, which come after [`super::Problem::close`]: two numbers a term (its loss and what that
/// is divided by), then region sums and valid pixels as in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rows {
    pub terms: usize,
    /// `terms`, or 0 if every mean is divided by the number of valid pixels.
    pub denominators: usize,
    /// Classes with region sums; 0 if no term asks for them.
    pub regions: usize,
}

impl Rows {
    /// Where the region sums of a row start.
    pub fn region(self) -> usize {
        self.terms + self.denominators
    }

    /// Where the region sums of a row end, and the valid pixels of each of their classes are.
    pub fn counts(self) -> core::ops::Range<usize> {
        let first = self.region() + SUMS * self.regions;
        first..first + self.regions
    }

    pub fn len(self) -> usize {
        self.counts().end + 1
    }

    pub fn valid(self) -> usize {
        self.len() - 1
    }

    pub fn split<A>(self, sums: &[A]) -> impl Iterator<Item = &[A]> {
        sums.chunks_exact(self.len())
    }

    pub fn split_mut<A>(self, sums: &mut [A]) -> impl Iterator<Item = &mut [A]> {
        sums.chunks_exact_mut(self.len())
    }
}

/// Lengths of the storage that an evaluation borrows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Length of [`Workspace::partials`].
    pub partials: usize,
    /// Length of [`Workspace::sums`].
    pub sums: usize,
    /// Length of [`Workspace::segment`].
    pub segment: usize,
    /// Length of [`Workspace::totals`].
    pub totals: usize,
    /// Length of [`Workspace::factors`].
    pub factors: usize,
    /// Length of [`Workspace::slopes`].
    pub slopes: usize,
    /// Length of [`Workspace::weights`] at least.
    pub weights: usize,
    /// Length of [`Workspace::class_weights`].
    pub class_weights: usize,
}

/// What the storage depends on besides shape and rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Needs {
    /// Whether a term is weighted.
    pub weights: bool,
    /// Whether a term has class weights.
    pub class_weights: bool,
    /// Whether samples have factors of their own.
    pub sample_factors: bool,
}

/// Tiles of a block.
pub(super) const TILES: usize = BLOCK / TILE;

impl Sizes {
    /// Returns the length of [`Workspace::weights`] above which more is of no use: under the sigmoid link, weights of
    /// several tiles, which are then computed together.
    pub fn most_weights(&self) -> usize {
        self.weights.saturating_mul(TILES)
    }

    /// Returns whole sets of [`Sizes::weights`], as many as were lent and are of use.
    pub(super) fn take_weights<'p, T>(
        &self,
        lent: &'p mut [[T; TILE]],
    ) -> Result<&'p mut [[T; TILE]], Error> {
        let sets = lent.len().checked_div(self.weights).unwrap_or_default().clamp(1, TILES);
        take_mut("weights", lent, self.weights * sets)
    }

    /// None if one of them overflows.
    pub(super) fn of(link: Link, rows: Rows, shape: Shape, needs: Needs) -> Option<Self> {
        let Shape { batch, channels, .. } = shape;
        let any_region = usize::from(rows.regions > 0);
        let regions = rows.regions.checked_mul(SUMS)?;
        let beside_terms = match link {
            Link::Sigmoid => SUMS * any_region,
            Link::Softmax => channels.checked_mul(2 * TILE / ACCUMULATORS)?.checked_add(regions)?,
        };
        let row = rows.region().checked_add(regions)?.checked_add(rows.regions)?.checked_add(1)?;
        let factors =
            if needs.sample_factors { batch.checked_mul(rows.terms)? } else { rows.terms };
        let class_weights =
            if needs.class_weights { rows.terms.checked_mul(channels)? } else { 0 };
        Some(Sizes {
            partials: rows.terms.checked_add(beside_terms)?,
            sums: batch.checked_mul(row)?,
            segment: row,
            totals: row.checked_add(rows.terms)?,
            factors,
            slopes: batch.checked_mul(rows.regions)?,
            weights: if needs.weights { rows.terms.checked_add(1)? } else { 0 },
            class_weights,
        })
    }
}

/// Storage lent to an evaluation. What it holds before does not matter to [`super::evaluate`]; of the
/// stages by themselves, [`super::Problem::check`] and [`super::Problem::reduce`] add to `sums`, which
/// is to be filled with zeros before the first tile.
#[derive(Debug)]
pub struct Workspace<'w, T, A> {
    /// Accumulators of a block, and under softmax a tile of exponentials and one of logits a class.
    pub partials: &'w mut [Partial<T>],
    /// Sums of each sample.
    pub sums: &'w mut [A],
    /// Sums of one segment.
    pub segment: &'w mut [A],
    /// Totals over samples.
    pub totals: &'w mut [A],
    /// What each pixel or class term's slope is multiplied by; for each sample, if the call's scale is
    /// one number a sample.
    pub factors: &'w mut [T],
    /// The derivatives of the loss in each sample's and class's false positives and negatives.
    pub slopes: &'w mut [[T; 2]],
    /// A tile of weights a term, and one for region terms; the same for more tiles, up to
    /// [`Sizes::most_weights`].
    pub weights: &'w mut [[T; TILE]],
    /// The weights of each class in each term.
    pub class_weights: &'w mut [T],
}

/// The storage of a workspace that units of a sweep read alike.
#[derive(Clone, Copy, Debug)]
pub struct SharedStorage<'w, T> {
    /// [`Workspace::factors`].
    pub factors: &'w [T],
    /// [`Workspace::slopes`].
    pub slopes: &'w [[T; 2]],
    /// [`Workspace::class_weights`].
    pub class_weights: &'w [T],
}

/// The storage that each unit of a sweep needs for itself while it runs. What it holds before does not
/// matter.
#[derive(Debug)]
pub struct UnitStorage<'w, T> {
    /// Accumulators of a block: [`Sizes::partials`] of them.
    pub partials: &'w mut [Partial<T>],
    /// Tiles of weights: [`Sizes::weights`] of them, or more up to [`Sizes::most_weights`].
    pub weights: &'w mut [[T; TILE]],
}

impl<T, A> Workspace<'_, T, A> {
    /// The first elements of each part, as many as `sizes` says.
    pub(super) fn take_mut(&mut self, sizes: &Sizes) -> Result<Workspace<'_, T, A>, Error> {
        Ok(Workspace {
            partials: take_mut("partials", self.partials, sizes.partials)?,
            sums: take_mut("sums", self.sums, sizes.sums)?,
            segment: take_mut("segment", self.segment, sizes.segment)?,
            totals: take_mut("totals", self.totals, sizes.totals)?,
            factors: take_mut("factors", self.factors, sizes.factors)?,
            slopes: take_mut("slopes", self.slopes, sizes.slopes)?,
            weights: sizes.take_weights(self.weights)?,
            class_weights: take_mut("class_weights", self.class_weights, sizes.class_weights)?,
        })
    }
}

/// Returns the first `expected` elements of what the caller lent to be written.
pub(super) fn take_mut<'p, X>(
    argument: &'static str,
    part: &'p mut [X],
    expected: usize,
) -> Result<&'p mut [X], Error> {
    let length = part.len();
    part.get_mut(..expected).ok_or(Error::Workspace { argument, length, expected })
}

/// Returns the first `expected` elements of what the caller lent to be read.
pub(super) fn take<'p, X>(
    argument: &'static str,
    part: &'p [X],
    expected: usize,
) -> Result<&'p [X], Error> {
    part.get(..expected).ok_or(Error::Workspace { argument, length: part.len(), expected })
}
