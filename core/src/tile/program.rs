use super::kernels::Kernels;
use crate::compose::foreign;
use crate::error::Error;
use crate::lanes::{Dual, Lanes, Real};
use crate::region::{Pool, SeededSums};
use crate::summation::{Accumulator, Partial, TILE};
use crate::term::{ClassWeights, Maps, Normalise, Options};

/// What a term sums over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Pixels of dense targets.
    Pixel,
    /// Pixels of a label map.
    Class,
    /// Regions. The pool is what the term chooses for the number of classes, unless overridden.
    Region(Pool),
}

/// One term of a loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spec<'a> {
    /// The term's name.
    pub name: &'static str,
    /// Its weight in the sum.
    pub coefficient: f64,
    /// What it sums over.
    pub kind: Kind,
    /// What the loss says of it.
    pub options: Options<'a>,
    /// The list of class weights that it takes.
    pub class_weights: Option<ClassWeights>,
    /// What is added to the number that a mean is divided by.
    pub denominator_offset: f64,
    /// Whether its loop multiplies by weights, if there are any.
    pub is_weighable: bool,
}

impl Spec<'_> {
    /// Whether it is evaluated: its coefficient is not 0.
    pub fn is_active(&self) -> bool {
        self.coefficient != 0.0
    }

    /// Whether it sums over regions.
    pub fn is_region(&self) -> bool {
        matches!(self.kind, Kind::Region(_))
    }

    /// Whether something multiplies the loss of its pixels, given whether the call has weights.
    pub(crate) fn is_weighted(&self, by_call: bool) -> bool {
        Weighting::of(&self.options, self.is_region(), by_call).is_some()
    }

    /// What it is multiplied by, if it is evaluated and by anything.
    pub fn weighting(&self, by_call: bool) -> Option<Weighting> {
        let weighting = Weighting::of(&self.options, self.is_region(), by_call);
        weighting.filter(|_| self.is_active())
    }

    /// Whether its mean is divided by a sum of class weights.
    pub fn divides_by_class_weights(&self) -> bool {
        let normalised = self.class_weights.is_some_and(|weights| weights.normalised);
        !self.is_region() && normalised && self.options.class_weights.is_some()
    }

    /// Whether its mean is divided by a sum of weights of pixels and maps.
    pub fn divides_by_weights(&self) -> bool {
        !self.is_region() && self.options.normalise == Normalise::Weights
    }

    /// Whether its mean is divided by something other than the number of valid pixels.
    pub fn has_denominator(&self) -> bool {
        self.divides_by_class_weights() || self.divides_by_weights()
    }

    /// The term by itself: its coefficient, options and class weights.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let value = self.coefficient;
        if !(value.is_finite() && value >= 0.0) {
            return Err(Error::Coefficient { value });
        }
        if let Some(option) = foreign(self.kind, &self.options) {
            return Err(Error::NoOption { term: self.name, option });
        }
        let Some(list) = self.options.class_weights else { return Ok(()) };
        let Some(declared) = self.class_weights else {
            return Err(Error::NoClassWeights { term: self.name });
        };
        for (class, value) in list.iter().enumerate() {
            if !(value.is_finite() && value >= 0.0) {
                let (term, name) = (self.name, declared.name);
                return Err(Error::ClassWeight { term, name, class, value });
            }
        }
        Ok(())
    }
}

/// Multiplies a term's slope by its factor: its share of the gradient. A factor of 0 is that of a term that is
/// not evaluated, which has none, whatever its slope.
#[inline(always)]
pub fn scaled<L: Lanes>(factor: L, slope: L) -> L {
    let zero = L::splat(0.0);
    L::select(factor.eq(zero), zero, factor * slope)
}

/// Multiplies a loss or slope by a weight; 0 where the weight is 0, be the loss infinite.
#[inline(always)]
pub fn weigh<L: Lanes>(weight: L, x: L) -> L {
    let zero = L::splat(0.0);
    L::select(weight.eq(zero), zero, weight * x)
}

/// What the losses of a term are multiplied by.
#[derive(Clone, Copy, Debug)]
pub struct Weighting {
    /// Whether it is a region term, of which all take the same weights.
    pub is_region: bool,
    /// Maps of the call.
    pub maps: Maps,
    /// Whether by the weight of each pixel's class.
    pub by_class: bool,
}

impl Weighting {
    /// Nothing multiplies the term, hence 1 does.
    pub(super) const NONE: Self = Weighting { is_region: false, maps: Maps::NONE, by_class: false };

    /// Tells what multiplies a term with these options, if anything does.
    pub(super) fn of(options: &Options<'_>, is_region: bool, by_call: bool) -> Option<Self> {
        let by_class = options.class_weights.is_some();
        let is_weighted = match is_region {
            true => options.weighted,
            false => by_call || !options.maps.is_empty() || by_class,
        };
        is_weighted.then_some(Weighting { is_region, maps: options.maps, by_class })
    }
}

/// The weights of a tile's pixels.
#[derive(Clone, Copy, Debug)]
pub struct TileWeights<'t, T> {
    /// One tile a term, then one for all region terms; none at all if no term is weighted. Those of
    /// terms that are not weighted hold nothing of use.
    pub tiles: &'t [[T; TILE]],
    /// Whether the call has weights, so that every pixel and class term is weighted.
    pub by_call: bool,
}

/// The inputs of a tile under the sigmoid link.
#[derive(Clone, Copy, Debug)]
pub struct PixelTile<'t, T> {
    /// Logits.
    pub z: &'t [T; TILE],
    /// Targets, 0 to 1.
    pub y: &'t [T; TILE],
    /// Positive where a pixel counts; all do if there is none.
    pub valid: Option<&'t [T; TILE]>,
    /// What the losses of weighted terms are multiplied by.
    pub weights: TileWeights<'t, T>,
}

/// The inputs of a tile under the softmax link: the true class's probability.
#[derive(Clone, Copy, Debug)]
pub struct ClassTile<'t, T> {
    /// `ln p_t`.
    pub log_p: &'t [T; TILE],
    /// `p_t`.
    pub p: &'t [T; TILE],
    /// `1 - p_t`.
    pub q: &'t [T; TILE],
    /// Positive where a pixel counts; all do if there is none.
    pub valid: Option<&'t [T; TILE]>,
    /// What the losses of weighted terms are multiplied by.
    pub weights: TileWeights<'t, T>,
}

/// Tiles that a program may leave numbers in while it works on another. What they hold before and after
/// means nothing; they are lent because clearing them for every tile takes a tenth of its time.
#[derive(Debug)]
pub struct Scratch<'s, T> {
    /// `sigmoid(z)`.
    pub p: &'s mut [T; TILE],
    /// `1 - p`.
    pub q: &'s mut [T; TILE],
    /// `exp(-|z|)`.
    pub exp_neg_abs: &'s mut [T; TILE],
    /// `ln(1 + exp(-|z|))`.
    pub softplus_tail: &'s mut [T; TILE],
    /// A term's losses.
    pub value: &'s mut [T; TILE],
    /// A term's slopes.
    pub slope: &'s mut [T; TILE],
}

/// What a tile of a loss's terms is asked for: the sums of its losses, its gradient, or both.
///
/// Under the softmax link the gradient is that of class terms in `ln p_t`, and regions are left to the
/// engine.
#[derive(Debug)]
pub struct TileSweep<'t, T> {
    /// One a term, and under the sigmoid link the region sums behind them, to which losses are added.
    pub partials: Option<&'t mut [Partial<T>]>,
    /// Where the gradient goes.
    pub gradient: Option<TileGradient<'t, T>>,
}

/// The gradient of a tile, and what it is made with.
#[derive(Debug)]
pub struct TileGradient<'t, T> {
    /// What each term's slope is multiplied by.
    pub factors: &'t [T],
    /// The derivatives of region terms in false positives and false negatives, under the sigmoid link.
    pub region: Option<[T; 2]>,
    /// Where it is written.
    pub into: &'t mut [T; TILE],
}

impl<T> TileGradient<'_, T> {
    /// The gradient where term `index` is the only one that has a factor.
    pub(super) fn of_term(self, index: usize) -> Self {
        TileGradient { factors: &self.factors[index..=index], ..self }
    }
}

/// A loss as the engine sees it: an object, compiled for one format and bound to one level.
///
/// `partials` holds one [`Partial`] a term; under the sigmoid link the three region sums follow if the
/// loss has a region term.
pub trait Program<T: Real, A: Accumulator>: Sync {
    /// Returns the number of terms.
    fn len(&self) -> usize;

    /// Whether there is no term.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the leaves of the level that the loss runs at.
    fn kernels(&self) -> &'static Kernels<T>;

    /// Describes term `index < len`, on logits with `classes` channels.
    fn spec(&self, index: usize, classes: usize) -> Spec<'_>;

    /// Tells what term `index < len` is multiplied by, if by anything: of [`Program::spec`], what is asked
    /// for at every tile.
    fn weighting(&self, index: usize, by_call: bool) -> Option<Weighting> {
        self.spec(index, 1).weighting(by_call)
    }

    /// Computes the loss of region term `index` and its derivative in the seeded sum.
    fn region(&self, index: usize, sums: SeededSums<'_, A>) -> Dual<A::Real>;

    /// Adds up the tile's losses and writes its gradient: the sum of each term's slope times its factor,
    /// and of the regions' derivatives.
    fn pixel_tile(
        &self,
        tile: PixelTile<'_, T>,
        sweep: TileSweep<'_, T>,
        scratch: &mut Scratch<'_, T>,
    );

    /// Adds up the tile's losses and writes the sum of each term's slope in `ln p_t` times its factor.
    fn class_tile(
        &self,
        tile: ClassTile<'_, T>,
        sweep: TileSweep<'_, T>,
        scratch: &mut Scratch<'_, T>,
    );

    /// Writes each pixel's loss: the sum of each pixel term's times its coefficient.
    fn pixel_values(
        &self,
        tile: PixelTile<'_, T>,
        values: &mut [T; TILE],
        scratch: &mut Scratch<'_, T>,
    );

    /// Writes each pixel's loss: the sum of each class term's times its coefficient.
    fn class_values(
        &self,
        tile: ClassTile<'_, T>,
        values: &mut [T; TILE],
        scratch: &mut Scratch<'_, T>,
    );
}
