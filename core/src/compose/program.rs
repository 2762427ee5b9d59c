use crate::engine::Link;
use crate::error::Error;
use crate::lanes::{Dual, Lanes, Real};
use crate::level::Level;
use crate::region::{Pool, SeededSums};
use crate::summation::{Accumulator, Partial, TILE};
use crate::term::Reduction;

/// What a term sums over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Pixels of dense targets.
    Pixel(Reduction),
    /// Pixels of a label map.
    Class(Reduction),
    /// Regions. The pool is what the term chooses for the number of classes, unless overridden.
    Region(Pool, Reduction),
}

/// One term of a loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spec {
    /// The term's name.
    pub name: &'static str,
    /// Its weight in the sum.
    pub coefficient: f64,
    /// What it sums over.
    pub kind: Kind,
}

impl Spec {
    pub(crate) fn is_region(&self) -> bool {
        matches!(self.kind, Kind::Region(..))
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        let value = self.coefficient;
        if value.is_finite() && value >= 0.0 { Ok(()) } else { Err(Error::Coefficient { value }) }
    }
}

/// A term's part of the gradient. A factor of 0 is that of a term that is not evaluated: it has no
/// part, whatever its slope.
#[inline(always)]
pub(super) fn part<L: Lanes>(factor: L, slope: L) -> L {
    let zero = L::splat(0.0);
    L::select(factor.eq(zero), zero, factor * slope)
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
}

/// A loss as the engine sees it.
///
/// Tile methods are generic over the level, and `#[inline(always)]`, because they are the inner
/// loops. `partials` holds one [`Partial`] a term; under the sigmoid link the three region sums
/// follow if the loss has a region term.
pub trait Program<T: Real, A: Accumulator>: Sync {
    /// The one link that its terms have a meaning for, if that is known when the program is
    /// compiled: the other link's sweep is then left out.
    const LINK: Option<Link> = None;

    /// Number of terms.
    fn len(&self) -> usize;

    /// Whether there is no term.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Term `index < len`, on logits with `classes` channels.
    fn spec(&self, index: usize, classes: usize) -> Spec;

    /// The loss of region term `index` and its derivative in the seeded sum.
    fn region(&self, index: usize, sums: SeededSums<'_, A>) -> Dual<A::Real>;

    /// Adds the tile's losses to `partials`, where given, and writes its gradient, where given:
    /// the sum of each term's slope times its factor, and of `region`'s derivatives.
    fn pixel_tile<Lv: Level>(
        &self,
        tile: PixelTile<'_, T>,
        factors: &[T],
        region: Option<[T; 2]>,
        partials: Option<&mut [Partial<T>]>,
        gradient: Option<&mut [T; TILE]>,
    );

    /// Adds the tile's losses to `partials`, where given, and writes the sum of each term's slope
    /// in `ln p_t` times its factor, where given.
    fn class_tile<Lv: Level>(
        &self,
        tile: ClassTile<'_, T>,
        factors: &[T],
        partials: Option<&mut [Partial<T>]>,
        slope: Option<&mut [T; TILE]>,
    );
}
