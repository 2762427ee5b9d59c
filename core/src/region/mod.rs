//! Losses of whole regions: of sums over the pixels of a sample or of the batch.

mod dice;
pub mod softmax;

pub use dice::Dice;

use crate::error::Error;
use crate::lanes::{Dual, Lanes};
use crate::pixel::Pixel;
use crate::summation::Accumulator;
use crate::term::{Arguments, Parameter};

/// The sums of one class, over valid pixels, of probabilities `p` and targets `g`.
///
/// True positives are `g - fn`, the predicted mass `g + fp - fn`.
#[derive(Clone, Copy, Debug)]
pub struct ClassSums<L> {
    /// `sum p (1 - g)`: false positives.
    pub false_positive: L,
    /// `sum (1 - p) g`: false negatives.
    pub false_negative: L,
    /// `sum g`: the target's mass.
    pub target: L,
}

/// Sums held for each class.
pub const SUMS: usize = 3;

/// The sums of all classes.
pub trait Classes<L> {
    /// How many classes there are; 1 for a binary mask.
    fn len(&self) -> usize;
    /// The sums of class `class < len`.
    fn get(&self, class: usize) -> ClassSums<L>;
    /// Whether there is none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Over which pixels a region loss is formed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pool {
    /// Per sample, then averaged or added over samples.
    Sample,
    /// Once, over all samples.
    Batch,
}

/// A loss of region sums, as its author writes it: the value alone.
pub trait RegionTerm: Copy + Send + Sync + 'static {
    /// Its name in the text form.
    const NAME: &'static str;
    /// Its parameters, in the order of [`Arguments`].
    const PARAMETERS: &'static [Parameter];

    /// The term with these parameters.
    ///
    /// # Errors
    /// [`Error::Parameter`] for one out of its range.
    fn new(arguments: Arguments<'_>) -> Result<Self, Error>;

    /// How it pools unless told otherwise.
    fn pool(&self, classes: usize) -> Pool {
        let _ = classes;
        Pool::Batch
    }

    /// The loss of all classes together.
    fn loss<L: Lanes, C: Classes<L>>(&self, classes: &C) -> L;
}

/// With respect to which sum a region loss is differentiated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seed {
    /// The false positives of a class.
    FalsePositive(usize),
    /// The false negatives of a class.
    FalseNegative(usize),
}

/// Accumulated sums, read as numbers that know their derivative.
#[derive(Clone, Copy, Debug)]
pub struct SeededSums<'a, A> {
    sums: &'a [A],
    seed: Option<Seed>,
}

impl<'a, A> SeededSums<'a, A> {
    /// [`SUMS`] accumulators a class.
    pub fn new(sums: &'a [A], seed: Option<Seed>) -> Self {
        SeededSums { sums, seed }
    }
}

impl<A: Accumulator> Classes<Dual<A::Real>> for SeededSums<'_, A> {
    fn len(&self) -> usize {
        self.sums.len() / SUMS
    }

    fn get(&self, class: usize) -> ClassSums<Dual<A::Real>> {
        let read = |sum: usize, seed: Option<Seed>| {
            let total = self.sums.get(class * SUMS + sum).map_or(A::Real::default(), A::total);
            if seed.is_some() && seed == self.seed {
                Dual::new(total, A::Real::splat(1.0))
            } else {
                Dual::constant(total)
            }
        };
        ClassSums {
            false_positive: read(0, Some(Seed::FalsePositive(class))),
            false_negative: read(1, Some(Seed::FalseNegative(class))),
            target: read(2, None),
        }
    }
}

/// What a pixel adds to the sums of its channel under the sigmoid link.
#[inline(always)]
pub fn pixel_sums<L: Lanes>(pixel: &Pixel<L>) -> [L; SUMS] {
    [pixel.p * (L::splat(1.0) - pixel.y), pixel.q * pixel.y, pixel.y]
}

/// The gradient in a logit under the sigmoid link, from a loss's derivatives in the false positives
/// and false negatives of its channel: `(a (1 - y) - b y) p q`.
#[inline(always)]
pub fn pixel_gradient<L: Lanes>(pixel: &Pixel<L>, [a, b]: [L; 2]) -> L {
    (a * (L::splat(1.0) - pixel.y) - b * pixel.y) * (pixel.p * pixel.q)
}
