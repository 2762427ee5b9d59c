//! One loop from logits to sums and gradient: terms fused, generic over them.
//!
//! Losses composed at compile time are fused in full. A loss from text is, if it is one pixel or class term
//! beside any region terms, whose formulas only see sums: the loop does not depend on them. Every other
//! sum is computed term by term, in [`Plan`](crate::compose::Plan), with the same bits.

use super::inputs::{ClassTile, PixelTile, TileGradient, weigh};
use crate::aligned::Aligned;
use crate::class::ClassPixel;
use crate::lanes::{Lanes, Real, Vector};
use crate::pixel::Pixel;
use crate::region::{self, SUMS};
use crate::summation::{ACCUMULATORS, Partial, TILE, accumulate};

/// Terms that one loop computes together.
///
/// The methods serve one pixel, or one vector of pixels; what a kind of term has no use for stays as it
/// is.
pub trait Fused: Copy + Sync {
    /// Number of terms.
    const LEN: usize;
    /// Whether there are region terms.
    const REGION: bool;
    /// Whether a pixel or class term is weighted.
    const WEIGHTED: bool;
    /// Whether region terms are weighted.
    const REGION_WEIGHTED: bool;
    /// One `X` a term.
    type Each<X: Copy>: Copy;

    /// Gets one value a term.
    fn each<X: Copy>(get: impl FnMut(usize) -> X + Copy, first: usize) -> Self::Each<X>;
    /// Calls `put(index, value)` for each term.
    fn visit<X: Copy>(each: &Self::Each<X>, put: &mut impl FnMut(usize, X), first: usize);

    /// Adds each pixel term's loss where `add` does and its slope times its factor to `gradient`,
    /// which is none before the first. Both are multiplied by the weights of terms that have some.
    fn pixel<L: Lanes, X: Copy>(
        &self,
        pixel: &Pixel<L>,
        factors: &Self::Each<L>,
        weights: &Self::Each<L>,
        sums: &mut Self::Each<X>,
        add: impl Fn(&mut X, L) + Copy,
        gradient: Option<L>,
    ) -> Option<L>;

    /// Adds each class term's loss where `add` does and its slope in `ln p_t` times its factor to `slope`.
    fn class<L: Lanes, X: Copy>(
        &self,
        pixel: &ClassPixel<L>,
        factors: &Self::Each<L>,
        weights: &Self::Each<L>,
        sums: &mut Self::Each<X>,
        add: impl Fn(&mut X, L) + Copy,
        slope: Option<L>,
    ) -> Option<L>;
}

/// Region terms of any kind and number: what a loop does for them depends on none.
#[derive(Clone, Copy)]
pub(super) struct Regions;

impl Fused for Regions {
    const LEN: usize = 0;
    const REGION: bool = true;
    const WEIGHTED: bool = false;
    const REGION_WEIGHTED: bool = false;
    type Each<X: Copy> = ();

    #[inline(always)]
    fn each<X: Copy>(_: impl FnMut(usize) -> X + Copy, _: usize) {}

    #[inline(always)]
    fn visit<X: Copy>(_: &(), _: &mut impl FnMut(usize, X), _: usize) {}

    #[inline(always)]
    fn pixel<L: Lanes, X: Copy>(
        &self,
        _: &Pixel<L>,
        _: &(),
        _: &(),
        _: &mut (),
        _: impl Fn(&mut X, L) + Copy,
        gradient: Option<L>,
    ) -> Option<L> {
        gradient
    }

    #[inline(always)]
    fn class<L: Lanes, X: Copy>(
        &self,
        _: &ClassPixel<L>,
        _: &(),
        _: &(),
        _: &mut (),
        _: impl Fn(&mut X, L) + Copy,
        slope: Option<L>,
    ) -> Option<L> {
        slope
    }
}

/// Adds one more part to the sum so far. Not from 0 on, which would be one addition a pixel.
#[inline(always)]
pub(crate) fn plus<L: Lanes>(sum: Option<L>, part: L) -> L {
    match sum {
        None => part,
        Some(sum) => sum + part,
    }
}

/// Stands for a gradient in loops that write none: what is never written is never cleared either.
macro_rules! no_gradient {
    ($vector:ty) => {
        TileGradient {
            factors: &[],
            region: None,
            into: &mut [<$vector as Vector>::Elem::default(); TILE],
        }
    };
}

/// Sweeps a tile of pixel and region terms with the loop whose flags fit what there is. `sums` are those
/// of terms, and of regions.
#[inline(always)]
pub(super) fn pixel_sweep<V: Vector, P: Fused>(
    fused: &P,
    tile: PixelTile<'_, V::Elem>,
    sums: Option<Sums<'_, V::Elem>>,
    gradient: Option<TileGradient<'_, V::Elem>>,
) {
    match (tile.valid.is_some(), sums, gradient) {
        (false, Some(sums), Some(gradient)) => {
            pixel_loop::<V, P, false, true, true>(fused, tile, sums, gradient);
        }
        (true, Some(sums), Some(gradient)) => {
            pixel_loop::<V, P, true, true, true>(fused, tile, sums, gradient);
        }
        (false, Some(sums), None) => {
            pixel_loop::<V, P, false, true, false>(fused, tile, sums, no_gradient!(V));
        }
        (true, Some(sums), None) => {
            pixel_loop::<V, P, true, true, false>(fused, tile, sums, no_gradient!(V));
        }
        (false, None, Some(gradient)) => {
            pixel_loop::<V, P, false, false, true>(fused, tile, (&mut [], &mut []), gradient);
        }
        (true, None, Some(gradient)) => {
            pixel_loop::<V, P, true, false, true>(fused, tile, (&mut [], &mut []), gradient);
        }
        (_, None, None) => {}
    }
}

/// The places of terms' sums and of region sums.
type Sums<'t, T> = (&'t mut [Partial<T>], &'t mut [Partial<T>]);

/// One loop over a tile. The flags are constants, so each use has the loop it needs and no more.
#[inline(always)]
fn pixel_loop<V: Vector, P: Fused, const MASKED: bool, const SUM: bool, const GRADIENT: bool>(
    fused: &P,
    tile: PixelTile<'_, V::Elem>,
    (terms, regions): Sums<'_, V::Elem>,
    TileGradient { factors, region, into }: TileGradient<'_, V::Elem>,
) {
    let zero = V::splat(0.0);
    let factor = |i: usize| if GRADIENT { V::splat(factors[i].widen()) } else { zero };
    let factors = P::each::<V>(factor, 0);
    let slopes = region.unwrap_or_default().map(|x| V::splat(x.widen()));
    let weights = tile.weights.tiles;
    let mut sums = P::each(|i| if SUM { terms[i] } else { Default::default() }, 0);
    let mut region_sums = [Partial::default(); SUMS];
    if SUM && P::REGION {
        region_sums.copy_from_slice(&regions[..SUMS]);
    }
    let (z, y) = (tile.z, tile.y);
    let valid = tile.valid.unwrap_or(tile.z);
    // In a loop of its own: one chain of operations as long as both loops leaves a processor waiting.
    let mut exp_neg_abs = Aligned([V::Elem::default(); TILE]);
    let exp_neg_abs = &mut exp_neg_abs.0;
    for at in (0..TILE).step_by(V::LANES) {
        Pixel::exp_neg_abs(V::load(&z[at..])).store(&mut exp_neg_abs[at..]);
    }
    for row in (0..TILE).step_by(ACCUMULATORS) {
        for lane in (0..ACCUMULATORS).step_by(V::LANES) {
            let at = row + lane;
            let (z, y) = (V::load(&z[at..]), V::load(&y[at..]));
            let pixel = Pixel::from_exp_neg_abs(z, y, V::load(&exp_neg_abs[at..]));
            let keep = zero.lt(V::load(&valid[at..]));
            let kept = |x: V| if MASKED { V::select(keep, x, zero) } else { x };
            let add = |sum: &mut Partial<V::Elem>, value: V| {
                if SUM {
                    accumulate(sum, lane, kept(value));
                }
            };
            let weight = |i: usize| if P::WEIGHTED { V::load(&weights[i][at..]) } else { zero };
            let weight = P::each::<V>(weight, 0);
            let slope = fused.pixel(&pixel, &factors, &weight, &mut sums, add, None);
            let in_region = |x: V| {
                if P::REGION_WEIGHTED { weigh(V::load(&weights[P::LEN][at..]), x) } else { x }
            };
            if SUM && P::REGION {
                let values = region::pixel_sums(&pixel).map(in_region);
                region_sums.iter_mut().zip(values).for_each(|(sum, value)| add(sum, value));
            }
            if GRADIENT {
                let slope = if P::REGION {
                    plus(slope, in_region(region::pixel_gradient(&pixel, slopes)))
                } else {
                    slope.unwrap_or(zero)
                };
                kept(slope).store(&mut into[at..]);
            }
        }
    }
    if SUM {
        P::visit(&sums, &mut |i, sum| terms[i] = sum, 0);
        if P::REGION {
            regions[..SUMS].copy_from_slice(&region_sums);
        }
    }
}

/// Sweeps a tile of class terms with the loop whose flags fit what there is.
#[inline(always)]
pub(super) fn class_sweep<V: Vector, P: Fused>(
    fused: &P,
    tile: ClassTile<'_, V::Elem>,
    sums: Option<&mut [Partial<V::Elem>]>,
    gradient: Option<TileGradient<'_, V::Elem>>,
) {
    match (tile.valid.is_some(), sums, gradient) {
        (false, Some(sums), Some(gradient)) => {
            class_loop::<V, P, false, true, true>(fused, tile, sums, gradient);
        }
        (true, Some(sums), Some(gradient)) => {
            class_loop::<V, P, true, true, true>(fused, tile, sums, gradient);
        }
        (false, Some(sums), None) => {
            class_loop::<V, P, false, true, false>(fused, tile, sums, no_gradient!(V))
        }
        (true, Some(sums), None) => {
            class_loop::<V, P, true, true, false>(fused, tile, sums, no_gradient!(V))
        }
        (false, None, Some(gradient)) => {
            class_loop::<V, P, false, false, true>(fused, tile, &mut [], gradient);
        }
        (true, None, Some(gradient)) => {
            class_loop::<V, P, true, false, true>(fused, tile, &mut [], gradient);
        }
        (_, None, None) => {}
    }
}

/// One loop over a tile of class terms.
#[inline(always)]
fn class_loop<V: Vector, P: Fused, const MASKED: bool, const SUM: bool, const GRADIENT: bool>(
    fused: &P,
    tile: ClassTile<'_, V::Elem>,
    terms: &mut [Partial<V::Elem>],
    TileGradient { factors, into, .. }: TileGradient<'_, V::Elem>,
) {
    let zero = V::splat(0.0);
    let factor = |i: usize| if GRADIENT { V::splat(factors[i].widen()) } else { zero };
    let factors = P::each::<V>(factor, 0);
    let mut sums = P::each(|i| if SUM { terms[i] } else { Default::default() }, 0);
    let (log_p, p, q, weights) = (tile.log_p, tile.p, tile.q, tile.weights.tiles);
    let valid = tile.valid.unwrap_or(tile.p);
    for row in (0..TILE).step_by(ACCUMULATORS) {
        for lane in (0..ACCUMULATORS).step_by(V::LANES) {
            let at = row + lane;
            let (log_p, p, q) = (V::load(&log_p[at..]), V::load(&p[at..]), V::load(&q[at..]));
            let keep = zero.lt(V::load(&valid[at..]));
            let kept = |x: V| if MASKED { V::select(keep, x, zero) } else { x };
            let add = |sum: &mut Partial<V::Elem>, value: V| {
                if SUM {
                    accumulate(sum, lane, kept(value));
                }
            };
            let pixel = ClassPixel { log_p, p, q };
            let weight = |i: usize| if P::WEIGHTED { V::load(&weights[i][at..]) } else { zero };
            let weight = P::each::<V>(weight, 0);
            let slope = fused.class(&pixel, &factors, &weight, &mut sums, add, None);
            if GRADIENT {
                kept(slope.unwrap_or(zero)).store(&mut into[at..]);
            }
        }
    }
    if SUM {
        P::visit(&sums, &mut |i, sum| terms[i] = sum, 0);
    }
}
