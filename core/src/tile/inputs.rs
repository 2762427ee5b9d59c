//! What loops over a tile are given, and what they do to every number.

use crate::lanes::{Lanes, Real, Vector};
use crate::pixel::Pixel;
use crate::summation::{Partial, TILE};

/// Multiplies a term's slope by its factor: its share of the gradient. A factor of 0 is that of a term that is
/// not evaluated, which has none, whatever its slope.
#[inline(always)]
pub fn scaled<L: Lanes>(factor: L, slope: L) -> L {
    let zero = L::splat(0.0);
    L::select(factor.eq(zero), zero, factor * slope)
}

/// The weights of a tile's pixels.
#[derive(Clone, Copy, Debug)]
pub struct TileWeights<'t, T> {
    /// For each tile of pixels one a term, then one for all region terms; none at all if no term is weighted. Those
    /// of terms that are not weighted hold nothing of use.
    pub tiles: &'t [[T; TILE]],
    /// Whether the call has weights, so that every pixel and class term is weighted.
    pub by_call: bool,
}

/// The inputs of one to four tiles of a block under the sigmoid link.
#[derive(Clone, Copy, Debug)]
pub struct PixelTiles<'t, T> {
    /// Logits.
    pub z: &'t [[T; TILE]],
    /// Targets, 0 to 1.
    pub y: &'t [[T; TILE]],
    /// Whether all targets are known to be 0 or 1.
    pub is_hard: bool,
    /// Positive where a pixel counts; all do if there is none.
    pub valid: Option<&'t [[T; TILE]]>,
    /// What the losses of weighted terms are multiplied by.
    pub weights: TileWeights<'t, T>,
}

impl<'t, T> TileWeights<'t, T> {
    /// Returns those of tile `i` of `count`.
    #[inline(always)]
    pub(crate) fn of_tile(self, i: usize, count: usize) -> Self {
        let own = self.tiles.len() / count;
        TileWeights { tiles: &self.tiles[i * own..(i + 1) * own], by_call: self.by_call }
    }
}

impl<'t, T: Copy> PixelTiles<'t, T> {
    /// Returns one tile after the other.
    #[inline(always)]
    pub(crate) fn each(self) -> impl Iterator<Item = PixelTile<'t, T>> {
        let PixelTiles { z, y, is_hard, valid, weights } = self;
        z.iter().zip(y).enumerate().map(move |(i, (z, y))| PixelTile {
            z,
            y,
            is_hard,
            valid: valid.map(|valid| &valid[i]),
            weights: weights.of_tile(i, self.z.len()),
        })
    }
}

/// One of [`PixelTiles`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct PixelTile<'t, T> {
    pub z: &'t [T; TILE],
    pub y: &'t [T; TILE],
    pub is_hard: bool,
    pub valid: Option<&'t [T; TILE]>,
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
    /// `e = exp(-|z|)`.
    pub exp_neg_abs: &'s mut [T; TILE],
    /// `e / (1 + e)`, the smaller of `p` and `q`.
    pub smaller: &'s mut [T; TILE],
    /// `ln(1 + exp(-|z|))`.
    pub softplus_tail: &'s mut [T; TILE],
    /// A term's losses.
    pub value: &'s mut [T; TILE],
    /// A term's slopes.
    pub slope: &'s mut [T; TILE],
}

/// What tiles of pixels are asked for: the sums of their losses, their gradient, or, without region terms, both.
#[derive(Debug)]
pub struct PixelSweep<'t, T> {
    /// One a term, and the region sums behind them, to which losses are added.
    pub partials: Option<&'t mut [Partial<T>]>,
    /// Where the gradient goes.
    pub gradient: Option<PixelGradient<'t, T>>,
    /// Beside sums alone, where a program that [keeps shares](super::Program::keeps_shares) leaves them: the places of the
    /// gradient, of which the sweep that writes it makes the gradient.
    pub keep: Option<&'t mut [[T; TILE]]>,
}

/// The gradient of tiles of pixels, and what it is made with.
#[derive(Debug)]
pub struct PixelGradient<'t, T> {
    /// What each term's slope is multiplied by.
    pub factors: &'t [T],
    /// The derivatives of region terms in false positives and false negatives.
    pub region: Option<[T; 2]>,
    /// Where it is written.
    pub into: &'t mut [[T; TILE]],
    /// What it is made of.
    pub made_of: MadeOf,
}

/// What a gradient of pixels is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MadeOf {
    /// Logits and targets.
    Logits,
    /// Targets and what [`PixelSweep::keep`] was left with, which is where the gradient goes.
    Kept,
    /// That alone: its signs tell targets that are all 0 or 1 and count, and those of [`PixelTiles`] mean nothing.
    Signed,
}

/// What a tile of class terms is asked for: the sums of their losses, their gradient in `ln p_t`, or both.
#[derive(Debug)]
pub struct TileSweep<'t, T> {
    /// One a term, to which losses are added.
    pub partials: Option<&'t mut [Partial<T>]>,
    /// Where the gradient goes.
    pub gradient: Option<TileGradient<'t, T>>,
}

/// The gradient of a tile in `ln p_t`, and what it is made with.
#[derive(Debug)]
pub struct TileGradient<'t, T> {
    /// What each term's slope is multiplied by.
    pub factors: &'t [T],
    /// Where it is written.
    pub into: &'t mut [T; TILE],
}

impl<T> TileGradient<'_, T> {
    /// The gradient where term `index` is the only one that has a factor.
    pub(crate) fn of_term(self, index: usize) -> Self {
        TileGradient { factors: &self.factors[index..=index], ..self }
    }
}

impl<T> PixelGradient<'_, T> {
    /// The gradient where term `index` is the only one that has a factor.
    pub(crate) fn of_term(self, index: usize) -> Self {
        PixelGradient { factors: &self.factors[index..=index], ..self }
    }
}

/// [`Pixel`] as arrays, for terms of tiles.
#[derive(Clone, Copy, Debug)]
pub struct PixelArrays<'t, T> {
    /// Logits.
    pub z: &'t [T; TILE],
    /// Targets, 0 to 1.
    pub y: &'t [T; TILE],
    /// `sigmoid(z)`.
    pub p: &'t [T; TILE],
    /// `1 - p`.
    pub q: &'t [T; TILE],
    /// `ln(1 + exp(-|z|))`.
    pub softplus_tail: &'t [T; TILE],
    /// Positive where a pixel counts; all do if there is none.
    pub valid: Option<&'t [T; TILE]>,
}

/// What formulas are computed from, as arrays. The rest of a [`Pixel`] each makes itself, of which the compiler leaves out what it does not read.
#[derive(Clone, Copy, Debug)]
pub struct PixelInputs<'t, T> {
    /// Logits.
    pub z: &'t [T; TILE],
    /// Targets, 0 to 1.
    pub y: &'t [T; TILE],
    /// Whether all targets are known to be 0 or 1.
    pub is_hard: bool,
    /// `e = exp(-|z|)`.
    pub exp_neg_abs: &'t [T; TILE],
    /// `e / (1 + e)`, the smaller of `sigmoid(z)` and its complement.
    pub smaller: &'t [T; TILE],
}

impl<T: Real> PixelInputs<'_, T> {
    /// Returns the pixels from `at` on, whose targets are known to be 0 or 1 if `is_hard` says so.
    #[inline(always)]
    pub(crate) fn pixel<V: Vector<Elem = T>>(&self, at: usize, is_hard: bool) -> Pixel<V> {
        let (z, y) = (V::load(&self.z[at..]), V::load(&self.y[at..]));
        let (e, smaller) = (V::load(&self.exp_neg_abs[at..]), V::load(&self.smaller[at..]));
        Pixel::from_shares(z, y, e, smaller, is_hard)
    }
}

/// Where the losses and slopes of a tile go; what is none is not needed. What is written where a pixel
/// does not count is not read.
#[derive(Debug)]
pub struct TileOutput<'t, T> {
    /// Losses.
    pub value: Option<&'t mut [T; TILE]>,
    /// Their derivatives: in the logit, or in `ln p_t`.
    pub slope: Option<&'t mut [T; TILE]>,
}
