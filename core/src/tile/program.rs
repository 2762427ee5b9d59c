use super::inputs::{ClassTile, PixelSweep, PixelTiles, Scratch, TileSweep};
use super::kernels::Kernels;
use super::spec::{Spec, Weighting};
use crate::lanes::{Dual, Real};
use crate::link::Link;
use crate::region::{Note, SeededSums};
use crate::summation::{Accumulator, TILE};

/// A loss as the engine sees it: an object, compiled for one format and bound to one level.
///
/// `partials` holds one [`Partial`](crate::summation::Partial) a term; under the sigmoid link the three region sums follow if the
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

    /// Whether term `index < len` is evaluated: of [`Program::spec`], what is asked for first.
    fn is_active(&self, index: usize) -> bool {
        self.spec(index, 1).is_active()
    }

    /// Tells what term `index < len` is multiplied by, if by anything: of [`Program::spec`], what is asked
    /// for at every tile.
    fn weighting(&self, index: usize, by_call: bool) -> Option<Weighting> {
        self.spec(index, 1).weighting(by_call)
    }

    /// Whether a sweep for sums leaves for the next what the gradient is made of: under the sigmoid link in
    /// [`PixelSweep::keep`], under softmax the probabilities of classes, which are all that the slopes of class terms need.
    fn keeps_shares(&self, link: Link) -> bool;

    /// Whether, of a loss without weights, what is left under the sigmoid link tells targets that are 0 or 1 by its signs
    /// ([`MadeOf::Signed`](super::MadeOf)).
    fn keeps_signs(&self) -> bool;

    /// Computes the loss of region term `index` and its derivative in the seeded sum.
    fn region(&self, index: usize, sums: SeededSums<'_, A>) -> Dual<A::Real>;

    /// Hands the derivatives of region term `index` in the seeds of each class in use to `note`, if they can be found in
    /// time that grows with the number of classes; says whether they could.
    fn region_slopes(&self, index: usize, sums: SeededSums<'_, A>, note: Note<'_, A::Real>)
    -> bool;

    /// Adds up the tiles' losses and writes their gradient: the sum of each term's slope times its factor,
    /// and of the regions' derivatives.
    fn pixel_tiles(
        &self,
        tiles: PixelTiles<'_, T>,
        sweep: PixelSweep<'_, T>,
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
        tiles: PixelTiles<'_, T>,
        values: &mut [[T; TILE]],
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
