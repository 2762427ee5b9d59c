use super::Fault;
use super::terms::Regions;
use crate::lanes::Real;
use crate::region::SUMS;
use crate::summation::{ACCUMULATORS, Accumulator, BLOCK, Partial, SEGMENT, take};
use crate::tile::Parts;

/// Storage lent to an evaluation, whatever it holds. [`accumulators`] says how long.
#[derive(Debug)]
pub struct Workspace<'w, T, A> {
    /// The accumulators of a block, one row for each sum.
    pub partials: &'w mut [Partial<T>],
    /// The sums of a segment and of the sample: two for each row of `partials`.
    pub sums: &'w mut [A],
}

/// Sums of a loss of this type: one a term, and if one is a region term three a class (of which there is 1
/// under the sigmoid link). [`Workspace::partials`] holds as many, [`Workspace::sums`] twice as many.
pub const fn accumulators<P: Parts>(classes: usize) -> usize {
    P::LEN + if P::REGION { SUMS * classes } else { 0 }
}

/// The sums of one sample, pixel by pixel in the shape that [`summation`](crate::summation) describes.
pub(super) struct Sums<'w, T, A> {
    partials: &'w mut [Partial<T>],
    segment: &'w mut [A],
    sample: &'w mut [A],
}

impl<'w, T: Real, A: Accumulator> Sums<'w, T, A> {
    /// `count` of them, all 0.
    #[inline(always)]
    pub fn new<E>(workspace: Workspace<'w, T, A>, count: usize) -> Result<Self, Fault<T, E>> {
        let Workspace { partials, sums } = workspace;
        let (length, twice) = (partials.len(), count.saturating_mul(2));
        let Some(partials) = partials.get_mut(..count) else {
            return Err(Fault::Workspace { argument: "partials", length, expected: count });
        };
        let length = sums.len();
        let Some((sample, segment)) =
            sums.get_mut(..twice).and_then(|s| s.split_at_mut_checked(count))
        else {
            return Err(Fault::Workspace { argument: "sums", length, expected: twice });
        };
        partials.as_flattened_mut().fill(T::default());
        sample.fill(A::default());
        segment.fill(A::default());
        Ok(Sums { partials, segment, sample })
    }

    /// Adds what pixel number `pixel` has of sum `index`.
    #[inline(always)]
    fn add(&mut self, index: usize, pixel: usize, value: T) {
        if let Some(partial) = self.partials.get_mut(index) {
            partial[pixel % ACCUMULATORS] += value;
        }
    }

    /// Adds what pixel number `pixel` has of each term that has a loss of it.
    #[inline(always)]
    pub fn add_terms<P: Parts>(&mut self, pixel: usize, values: &P::Each<Option<T>>) {
        let mut add = |term, value: Option<T>| {
            value.into_iter().for_each(|value| self.add(term, pixel, value));
        };
        P::visit(values, &mut add, 0);
    }

    /// Adds what pixel number `pixel` has of a class's region sums, the first of which is `first`.
    #[inline(always)]
    pub fn add_region(&mut self, first: usize, pixel: usize, values: [T; SUMS]) {
        (first..).zip(values).for_each(|(sum, value)| self.add(sum, pixel, value));
    }

    /// Ends a block or a segment where the first `pixels` of all make one.
    #[inline(always)]
    pub fn after(&mut self, pixels: usize, all: usize) {
        if !(pixels.is_multiple_of(BLOCK) || pixels == all) {
            return;
        }
        for (segment, partial) in self.segment.iter_mut().zip(&mut *self.partials) {
            segment.add(take(partial));
            partial.fill(T::default());
        }
        if pixels.is_multiple_of(SEGMENT) || pixels == all {
            for (sample, segment) in self.sample.iter_mut().zip(&mut *self.segment) {
                sample.merge(segment);
                *segment = A::default();
            }
        }
    }

    /// Ends the sample: what was kept for segments becomes the totals over samples, of which there is one.
    #[inline(always)]
    pub fn close(&mut self) {
        for (total, sample) in self.segment.iter_mut().zip(&*self.sample) {
            total.merge(sample);
        }
    }

    /// After [`Sums::close`]: the totals of all terms, and then those of regions.
    #[inline(always)]
    pub fn totals(&self) -> &[A] {
        self.segment
    }

    /// After [`Sums::close`]: what region terms are formed of, among so many terms.
    #[inline(always)]
    pub fn regions<'s>(&'s mut self, terms: usize, slopes: &'s mut [[T; 2]]) -> Regions<'s, A, T> {
        let sample = self.sample.get(terms..).unwrap_or_default();
        let (losses, pooled) = self.segment.split_at_mut_checked(terms).unwrap_or_default();
        Regions { sample, pooled, losses, slopes }
    }
}
