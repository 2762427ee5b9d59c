//! The fixed shape in which losses are summed, the same whatever the vectors and threads.
//!
//! The pixels of a sample, in row-major order, are cut into blocks of [`BLOCK`]. Within a block,
//! pixel `i` goes to accumulator `i mod 32`, in ascending order; the 32 are added up as a tree.
//! Block sums are promoted to an [`Accumulator`] and added in ascending order within a segment of
//! [`SEGMENT`] pixels, and the segments in ascending order within the sample. A segment is what a
//! thread or a work group sums by itself, so no schedule changes a bit.

use crate::lanes::{Real, Vector};

/// Accumulators of a block.
pub const ACCUMULATORS: usize = 32;
/// Pixels computed at a time, small enough for the first-level cache.
pub const TILE: usize = 256;
/// Pixels summed in the computing format.
pub const BLOCK: usize = 1024;
/// Pixels summed one block after the other; whole segments are the unit of work.
pub const SEGMENT: usize = 64 * BLOCK;

/// The accumulators of one sum over a block.
pub type Partial<T> = [T; ACCUMULATORS];

/// Adds a vector of pixels to their accumulators, the first of which is `lane`.
#[inline(always)]
pub(crate) fn accumulate<V: Vector>(partial: &mut Partial<V::Elem>, lane: usize, value: V) {
    let sums = &mut partial[lane..];
    (V::load(sums) + value).store(sums);
}

/// Adds up a block's accumulators as a tree of halves.
#[inline(always)]
pub fn tree<T: Real>(partial: &Partial<T>) -> T {
    take(&mut { *partial })
}

/// Adds up a block's accumulators in place: what is left in them means nothing.
#[inline(always)]
pub(crate) fn take<T: Real>(sums: &mut Partial<T>) -> T {
    let mut half = ACCUMULATORS / 2;
    while half > 0 {
        for k in 0..half {
            sums[k] += sums[(k + half) % ACCUMULATORS];
        }
        half /= 2;
    }
    sums[0]
}

/// What block sums are added up in.
pub trait Accumulator: Copy + Default + Send + Sync + core::fmt::Debug + 'static {
    /// The format that a region loss is computed in from its sums.
    type Real: Real;
    /// Adds the sum of a block.
    fn add<T: Real>(&mut self, block: T);
    /// Adds a count of pixels.
    fn count(&mut self, pixels: u64);
    /// Adds what another accumulator holds.
    fn merge(&mut self, other: &Self);
    /// What has been added so far.
    fn total(&self) -> Self::Real;
}

impl Accumulator for f64 {
    type Real = f64;

    #[inline(always)]
    fn add<T: Real>(&mut self, block: T) {
        *self += block.widen();
    }

    fn count(&mut self, pixels: u64) {
        *self += pixels as f64;
    }

    #[inline(always)]
    fn merge(&mut self, other: &Self) {
        *self += other;
    }

    #[inline(always)]
    fn total(&self) -> f64 {
        *self
    }
}

/// A sum in two `f32`, for machines without `f64`: about 44 bits until the end, where it is rounded
/// to `f32`. Values and gradients differ from those of the `f64` accumulator in their last bits.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Compensated {
    sum: f32,
    error: f32,
}

impl Compensated {
    /// Nothing, for storage that is set up when the program is compiled.
    pub const ZERO: Self = Compensated { sum: 0.0, error: 0.0 };

    /// Knuth's two-sum gives `sum + x` exactly, as a rounded sum and its error; the errors so far
    /// go back into the sum at once, before they grow too large to take in the next.
    #[inline(never)]
    fn push(&mut self, x: f32) {
        let sum = self.sum + x;
        let back = sum - self.sum;
        let error = self.error + ((self.sum - (sum - back)) + (x - back));
        if error.is_nan() {
            // Of an infinite sum, or one that is NaN itself: there is no error to keep.
            *self = Compensated { sum, error: 0.0 };
            return;
        }
        self.sum = sum + error;
        self.error = error - (self.sum - sum);
    }
}

impl Accumulator for Compensated {
    type Real = f32;

    #[inline(always)]
    fn add<T: Real>(&mut self, block: T) {
        self.push(block.narrow());
    }

    #[inline]
    fn count(&mut self, pixels: u64) {
        // In parts that f32 holds exactly; one without pixels would leave all as it is.
        const BITS: u64 = (1 << 24) - 1;
        let parts = [
            (pixels >> 48, 281_474_976_710_656.0),
            (pixels >> 24 & BITS, 16_777_216.0),
            (pixels & BITS, 1.0),
        ];
        for (part, of) in parts {
            if part != 0 {
                self.push(part as u32 as f32 * of);
            }
        }
    }

    #[inline(always)]
    fn merge(&mut self, other: &Self) {
        self.push(other.sum);
        self.push(other.error);
    }

    #[inline(always)]
    fn total(&self) -> f32 {
        self.sum + self.error
    }
}
