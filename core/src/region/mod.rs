//! Losses of whole regions: of sums over the pixels of a sample or of the batch.

mod dice;
mod focal_tversky;
pub mod softmax;
mod tversky;

pub use dice::Dice;
pub use focal_tversky::FocalTversky;
pub use tversky::Tversky;

pub use crate::term::Pool;

use crate::error::Error;
use crate::lanes::{Dual, Lanes};
use crate::parameter;
use crate::pixel::Pixel;
use crate::summation::Accumulator;
use crate::term::{About, Arguments, Missing, Parameter};

/// Sums held for each class: true positives, false positives, false negatives.
pub const SUMS: usize = 3;

/// The sums of one class, over valid pixels, of probabilities `p` and targets `g`.
///
/// Each is a sum of products that are not negative, and what a loss needs besides is added up of them:
/// a difference such as `sum g - FN` would lose the digits of `TP` where a target is missed.
#[derive(Clone, Copy, Debug)]
pub struct ClassSums<L> {
    /// `TP = sum p g`: true positives.
    pub true_positive: L,
    /// `FP = sum p (1 - g)`: false positives.
    pub false_positive: L,
    /// `FN = sum (1 - p) g`: false negatives.
    pub false_negative: L,
}

impl<L> From<[L; SUMS]> for ClassSums<L> {
    /// Reads sums in the order of [`SUMS`].
    fn from([true_positive, false_positive, false_negative]: [L; SUMS]) -> Self {
        ClassSums { true_positive, false_positive, false_negative }
    }
}

impl<L: Lanes> ClassSums<L> {
    /// Returns the target's mass, `sum g = TP + FN`.
    ///
    /// 0 only where every target is 0, in floating point too: of `p` and `1 - p` one is at least 1/2, so
    /// of `p g` and `(1 - p) g` one is not 0 for any weighted target `g` above the smallest denormal
    /// number.
    #[inline(always)]
    pub fn target(&self) -> L {
        self.true_positive + self.false_negative
    }

    /// Returns the predicted mass, `sum p = TP + FP`.
    #[inline(always)]
    pub fn predicted(&self) -> L {
        self.true_positive + self.false_positive
    }

    /// Returns the sums of class `class` as dual numbers that are differentiated in `seed`.
    #[inline(always)]
    pub fn seeded(self, class: usize, seed: Option<Seed>) -> ClassSums<Dual<L>> {
        let mut sums = ClassSums {
            true_positive: Dual::constant(self.true_positive),
            false_positive: Dual::constant(self.false_positive),
            false_negative: Dual::constant(self.false_negative),
        };
        if seed == Some(Seed::FalsePositive(class)) {
            sums.false_positive = Dual::new(self.false_positive, L::splat(1.0));
        } else if seed == Some(Seed::FalseNegative(class)) {
            sums.true_positive = Dual::new(self.true_positive, L::splat(-1.0));
            sums.false_negative = Dual::new(self.false_negative, L::splat(1.0));
        }
        sums
    }
}

/// The sums of all classes.
pub trait Classes<L: Lanes> {
    /// How many classes there are; 1 for a binary mask.
    fn len(&self) -> usize;
    /// The sums of class `class < len`.
    fn get(&self, class: usize) -> ClassSums<L>;
    /// Whether there is none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The mean of `loss` over the classes that can occur ([`SeededSums::can_occur`]), of those with a target alone if absent
    /// ones are skipped ([`Missing::Skip`]). 0 if none is left.
    #[inline(always)]
    fn mean(&self, loss: impl Fn(&ClassSums<L>) -> L) -> L {
        let mut sum = L::splat(0.0);
        for class in 0..self.len() {
            sum = sum + loss(&self.get(class));
        }
        sum / L::splat(self.len() as f64)
    }
}

/// A loss of region sums, as its author writes it: the value alone.
pub trait RegionTerm: Copy + Send + Sync + 'static {
    /// Its name in the text form.
    const NAME: &'static str;
    /// What lists say of it.
    const ABOUT: About = About::NOTHING;
    /// Its parameters, in the order of [`Arguments`].
    const PARAMETERS: &'static [Parameter];

    /// Makes the term of values that are in the ranges of its parameters.
    fn new(arguments: Arguments<'_>) -> Self;

    /// Makes the term of values for the first of its parameters; the rest take their defaults.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a value out of its range, [`Error::Arguments`] for more values than
    /// parameters.
    fn from_values(values: &[f64]) -> Result<Self, Error> {
        parameter::make(Self::NAME, Self::PARAMETERS, values, Self::new)
    }

    /// How it pools unless told otherwise.
    fn pool(&self, classes: usize) -> Pool {
        let _ = classes;
        Pool::Batch
    }

    /// The loss of all classes together.
    fn loss<L: Lanes, C: Classes<L>>(&self, classes: &C) -> L;
}

/// In which mass of a class a region loss is differentiated: the prediction's where there is no target,
/// or the target's that it misses.
///
/// These two are all that a probability moves. A loss that grows with false positives and negatives and
/// falls with true positives has contributions of one sign in each, so that nothing cancels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seed {
    /// False positives of a class: `d/dFP`.
    FalsePositive(usize),
    /// Mass that moves from the true positives of a class to its false negatives, the target's mass
    /// being given: `d/dFN - d/dTP`.
    FalseNegative(usize),
}

/// Which classes can occur in the pixels behind region sums.
#[derive(Clone, Copy, Debug)]
pub enum Occurring<'a, A> {
    /// Those with valid pixels: the number of them for each class.
    Counts(&'a [A]),
    /// All but one, if any, whose label is ignored.
    AllBut(Option<usize>),
}

/// Accumulated sums, read as numbers that know their derivative.
#[derive(Clone, Copy, Debug)]
pub struct SeededSums<'a, A> {
    sums: &'a [A],
    occurring: Occurring<'a, A>,
    seed: Option<Seed>,
    absent: Missing,
}

impl<'a, A: Accumulator> SeededSums<'a, A> {
    /// [`SUMS`] accumulators a class, and which classes can occur.
    pub fn new(
        sums: &'a [A],
        occurring: Occurring<'a, A>,
        seed: Option<Seed>,
        absent: Missing,
    ) -> Self {
        SeededSums { sums, occurring, seed, absent }
    }

    /// The accumulators themselves, a class after the other in the order of [`SUMS`].
    pub fn accumulators(&self) -> &'a [A] {
        self.sums
    }

    /// Which classes can occur.
    pub fn occurring(&self) -> Occurring<'a, A> {
        self.occurring
    }

    /// Whether class `class` can occur. One that cannot (a channel that is ignored as a whole, a label that is ignored)
    /// has no part in a mean over classes.
    #[inline]
    pub fn can_occur(&self, class: usize) -> bool {
        match self.occurring {
            Occurring::Counts(counts) => {
                counts.get(class).is_some_and(|count| count.total() != A::Real::default())
            }
            Occurring::AllBut(ignored) => ignored != Some(class),
        }
    }

    /// What the loss is to be differentiated in.
    pub fn seed(&self) -> Option<Seed> {
        self.seed
    }

    /// Whether classes without a target are to be averaged in, as [`Classes::mean`] does by itself.
    pub fn absent(&self) -> Missing {
        self.absent
    }

    /// The sums of class `class` as plain numbers; 0 past the last.
    #[inline]
    pub fn total(&self, class: usize) -> ClassSums<A::Real> {
        let (classes, _) = self.sums.as_chunks::<SUMS>();
        let own = classes.get(class);
        ClassSums::from(own.map_or([A::Real::default(); SUMS], |own| own.each_ref().map(A::total)))
    }

    /// Whether no class has a target.
    #[inline]
    pub fn is_untargeted(&self) -> bool {
        (0..Classes::len(self)).all(|class| self.total(class).target() == A::Real::default())
    }
}

impl<A: Accumulator> Classes<Dual<A::Real>> for SeededSums<'_, A> {
    fn len(&self) -> usize {
        self.sums.len() / SUMS
    }

    fn get(&self, class: usize) -> ClassSums<Dual<A::Real>> {
        self.total(class).seeded(class, self.seed)
    }

    #[inline(always)]
    fn mean(&self, loss: impl Fn(&ClassSums<Dual<A::Real>>) -> Dual<A::Real>) -> Dual<A::Real> {
        // Counted in the format itself, which holds every number of classes.
        let (mut sum, mut count) = (Dual::splat(0.0), A::Real::default());
        for class in 0..Classes::len(self) {
            let sums = self.get(class);
            let is_absent = sums.target().value == A::Real::default();
            if self.can_occur(class) && (self.absent == Missing::Keep || !is_absent) {
                sum = sum + loss(&sums);
                count += A::Real::splat(1.0);
            }
        }
        if count == A::Real::default() { sum } else { sum / Dual::constant(count) }
    }
}

/// What a pixel adds to the sums of its channel under the sigmoid link, in the order of [`SUMS`].
#[inline(always)]
pub fn pixel_sums<L: Lanes>(pixel: &Pixel<L>) -> [L; SUMS] {
    let zero = L::splat(0.0);
    if pixel.is_hard() {
        return [
            pixel.by_target(pixel.right, zero),
            pixel.by_target(zero, pixel.wrong),
            pixel.by_target(pixel.wrong, zero),
        ];
    }
    [pixel.p * pixel.y, pixel.p * (L::splat(1.0) - pixel.y), pixel.q * pixel.y]
}

/// A loss's derivatives in the [`Seed`]s of a channel, and what they come to in the share of a pixel that is background or
/// foreground.
#[derive(Clone, Copy, Debug)]
pub struct PixelSlopes<L> {
    derivatives: [L; 2],
    of_background: L,
    of_foreground: L,
}

impl<L: Lanes> PixelSlopes<L> {
    /// Computes them from the derivatives.
    #[inline(always)]
    pub fn new([a, b]: [L; 2]) -> Self {
        // What `pixel_gradient` makes of targets 0 and 1 as numbers, the sign of a zero included.
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        PixelSlopes {
            derivatives: [a, b],
            of_background: a * one - b * zero,
            of_foreground: a * zero - b * one,
        }
    }
}

/// The gradient in a logit under the sigmoid link, from a loss's derivatives `a` and `b` in the [`Seed`]s of its
/// channel: `(a (1 - y) - b y) p q`.
#[inline(always)]
pub fn pixel_gradient<L: Lanes>(pixel: &Pixel<L>, slopes: &PixelSlopes<L>) -> L {
    let slope = if pixel.is_hard() {
        pixel.by_target(slopes.of_foreground, slopes.of_background)
    } else {
        let [a, b] = slopes.derivatives;
        a * (L::splat(1.0) - pixel.y) - b * pixel.y
    };
    slope * pixel.spread
}
