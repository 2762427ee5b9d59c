use super::Fault;
use crate::compose::Parts;
use crate::lanes::Real;
use crate::region::SUMS;
use crate::summation::{ACCUMULATORS, Accumulator, BLOCK, Partial, SEGMENT, take};

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
    pub fn add(&mut self, index: usize, pixel: usize, value: T) {
        if let Some(partial) = self.partials.get_mut(index) {
            partial[pixel % ACCUMULATORS] += value;
        }
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

    /// The sums of the whole sample: one a term, then those of regions.
    #[inline(always)]
    pub fn of_terms(&self, terms: usize) -> (&[A], &[A]) {
        self.sample.split_at_checked(terms).unwrap_or_default()
    }
}
