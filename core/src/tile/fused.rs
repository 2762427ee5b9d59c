//! One loop from logits to sums and gradient: terms fused, generic over them.
//!
//! Losses composed at compile time are fused in full. A loss from text is, if it is one pixel or class term
//! beside any region terms, whose formulas only see sums: the loop does not depend on them. Every other
//! sum is computed term by term, in [`Plan`](crate::compose::Plan), with the same bits.

use super::inputs::{ClassTile, MadeOf, PixelGradient, PixelSweep, PixelTiles, TileGradient};
use crate::aligned::Aligned;
use crate::class::ClassPixel;
use crate::lanes::{Lanes, Real, Vector, weigh};
use crate::pixel::{Pixel, side, target_of_side};
use crate::region::{self, PixelSlopes};
use crate::summation::{ACCUMULATORS, Partial, TILE, accumulate};
use crate::tile::Tile;

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
    /// Whether slopes of pixel terms are made of shares alone
    /// ([`PixelTerm::SLOPE_OF_SHARES`](crate::pixel::PixelTerm)).
    const SLOPE_OF_SHARES: bool;
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
    const SLOPE_OF_SHARES: bool = true;
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

/// The places of terms' sums and of region sums.
pub(crate) struct PixelSums<'t, T> {
    pub terms: &'t mut [Partial<T>],
    pub regions: &'t mut [Partial<T>],
}

/// What a sweep over tiles of pixels is for.
pub(crate) enum PixelPass<'t, T> {
    /// Sums; of each pixel, what its slope is made of is left in `keep`, if there are places.
    Sums { sums: PixelSums<'t, T>, keep: Option<&'t mut [Tile<T>]> },
    /// Sums and gradient, of terms whose slopes need no sums.
    Both { sums: PixelSums<'t, T>, gradient: PixelGradient<'t, T> },
    /// The gradient, of what is kept in its place or anew.
    Gradient(PixelGradient<'t, T>),
}

impl<'t, T: Real> PixelPass<'t, T> {
    /// Reads what tiles of a loss with so many terms are asked for.
    pub(crate) fn of(sweep: PixelSweep<'t, T>, terms: usize) -> Option<Self> {
        let PixelSweep { partials, gradient, keep } = sweep;
        let sums = partials.map(|all| {
            let (terms, regions) = all.split_at_mut(terms);
            PixelSums { terms, regions }
        });
        match (sums, gradient) {
            (Some(sums), None) => Some(PixelPass::Sums { sums, keep }),
            (Some(sums), Some(gradient)) => Some(PixelPass::Both { sums, gradient }),
            (None, Some(gradient)) => Some(PixelPass::Gradient(gradient)),
            (None, None) => None,
        }
    }

    /// Leaves of the terms number `index` alone, and regions.
    pub(crate) fn of_term(self, index: usize) -> Self {
        let only = |PixelSums { terms, regions }: PixelSums<'t, T>| PixelSums {
            terms: &mut terms[index..=index],
            regions,
        };
        match self {
            PixelPass::Sums { sums, keep } => PixelPass::Sums { sums: only(sums), keep },
            PixelPass::Both { sums, gradient } => {
                PixelPass::Both { sums: only(sums), gradient: gradient.of_term(index) }
            }
            PixelPass::Gradient(gradient) => PixelPass::Gradient(gradient.of_term(index)),
        }
    }
}

/// Which targets a loop takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    /// Those that are all 0 or 1.
    Hard,
    /// Any.
    Any,
}

/// Chooses the loop whose flags fit what there is.
macro_rules! with_flags {
    ($tiles:expr, $takes:expr, |$masked:ident, $hard:ident| $run:expr) => {
        match ($tiles.valid.is_some(), $tiles.is_hard || $takes == Takes::Hard) {
            (false, true) => {
                const $masked: bool = false;
                const $hard: bool = true;
                $run
            }
            (true, true) => {
                const $masked: bool = true;
                const $hard: bool = true;
                $run
            }
            (false, false) => {
                const $masked: bool = false;
                const $hard: bool = false;
                $run
            }
            (true, false) => {
                const $masked: bool = true;
                const $hard: bool = false;
                $run
            }
        }
    };
}

/// Adds up sums; of each pixel, what its slope is made of is left in `keep`, if there are places.
#[inline(always)]
pub(super) fn pixel_sums<V: Vector, P: Fused>(
    fused: &P,
    tiles: PixelTiles<'_, V::Elem>,
    sums: PixelSums<'_, V::Elem>,
    keep: Option<&mut [Tile<V::Elem>]>,
    takes: Takes,
) {
    let with = (&[][..], [V::Elem::default(); 2]);
    with_flags!(tiles, takes, |MASKED, HARD| {
        each_tile::<V, P, MASKED, HARD, false, true, false>(fused, tiles, sums, with, keep);
    });
}

/// Adds up sums and writes the gradient, of terms whose slopes need no sums.
#[inline(always)]
pub(super) fn pixel_both<V: Vector, P: Fused>(
    fused: &P,
    tiles: PixelTiles<'_, V::Elem>,
    sums: PixelSums<'_, V::Elem>,
    PixelGradient { factors, into, .. }: PixelGradient<'_, V::Elem>,
    takes: Takes,
) {
    let (with, into) = ((factors, [V::Elem::default(); 2]), Some(into));
    with_flags!(tiles, takes, |MASKED, HARD| {
        each_tile::<V, P, MASKED, HARD, false, true, true>(fused, tiles, sums, with, into);
    });
}

/// Writes the gradient, of what is kept in its place or anew.
#[inline(always)]
pub(super) fn pixel_gradient<V: Vector, P: Fused>(
    fused: &P,
    tiles: PixelTiles<'_, V::Elem>,
    PixelGradient { factors, region, into, made_of }: PixelGradient<'_, V::Elem>,
    takes: Takes,
) {
    if made_of == MadeOf::Logits {
        for (z, into) in tiles.z.iter().zip(&mut *into) {
            exponentials::<V>(z, into);
            if P::SLOPE_OF_SHARES {
                smaller_shares::<V>(into);
            }
        }
    }
    let sums = PixelSums { terms: &mut [], regions: &mut [] };
    let (with, into) = ((factors, region.unwrap_or_default()), Some(into));
    if made_of == MadeOf::Signed {
        return each_tile::<V, P, false, true, true, false, true>(fused, tiles, sums, with, into);
    }
    with_flags!(tiles, takes, |MASKED, HARD| {
        each_tile::<V, P, MASKED, HARD, false, false, true>(fused, tiles, sums, with, into);
    });
}

/// Writes `exp(-|z|)`, in a loop of its own: one chain of operations as long as all of a term leaves a processor waiting.
#[inline(always)]
pub(super) fn exponentials<V: Vector>(z: &Tile<V::Elem>, into: &mut Tile<V::Elem>) {
    for at in (0..TILE).step_by(V::LANES) {
        Pixel::exp_neg_abs(V::load(&z[at..])).store(&mut into[at..]);
    }
}

/// Makes `e / (1 + e)` of exponentials.
#[inline(always)]
fn smaller_shares<V: Vector>(exps: &mut Tile<V::Elem>) {
    for at in (0..TILE).step_by(V::LANES) {
        let e = &mut exps[at..];
        V::load(e).smaller_share().store(e);
    }
}

/// Runs [`one_tile`] on all tiles, with sums in variables; what nobody has places for is left in one tile.
#[inline(always)]
fn each_tile<
    V: Vector,
    P: Fused,
    const MASKED: bool,
    const HARD: bool,
    const SIGNED: bool,
    const SUM: bool,
    const GRADIENT: bool,
>(
    fused: &P,
    tiles: PixelTiles<'_, V::Elem>,
    PixelSums { terms, regions }: PixelSums<'_, V::Elem>,
    (factors, slopes): (&[V::Elem], [V::Elem; 2]),
    mut places: Option<&mut [Tile<V::Elem>]>,
) {
    let factor = |i: usize| if GRADIENT { V::splat(factors[i].widen()) } else { V::splat(0.0) };
    let factors = P::each::<V>(factor, 0);
    let slopes = PixelSlopes::new(slopes.map(|x| V::splat(x.widen())));
    let mut sums = P::each(|i| if SUM { terms[i] } else { Default::default() }, 0);
    // Variables, not an array of them, which would stay in memory.
    let mut right = Partial::<V::Elem>::default();
    let mut wrong = Partial::<V::Elem>::default();
    let mut missed = Partial::<V::Elem>::default();
    if SUM && P::REGION {
        (right, wrong, missed) = (regions[0], regions[1], regions[2]);
    }
    let mut exps = Aligned([V::Elem::default(); TILE]);
    let mut spare = Aligned([V::Elem::default(); TILE]);
    let valid = tiles.valid.unwrap_or(tiles.z);
    for (i, ((z, y), valid)) in tiles.z.iter().zip(tiles.y).zip(valid).enumerate() {
        if SUM {
            exponentials::<V>(z, &mut exps.0);
        }
        // Where none is read, none is looked up.
        let weights = match P::WEIGHTED || P::REGION_WEIGHTED {
            true => tiles.weights.of_tile(i, tiles.z.len()),
            false => tiles.weights,
        };
        let place = match &mut places {
            Some(places) => &mut places[i],
            None => &mut spare.0,
        };
        one_tile::<V, P, MASKED, HARD, SIGNED, SUM, GRADIENT>(
            fused,
            z,
            y,
            valid,
            weights.tiles,
            &exps.0,
            place,
            &factors,
            &slopes,
            &mut sums,
            &mut right,
            &mut wrong,
            &mut missed,
        );
    }
    if SUM {
        P::visit(&sums, &mut |i, sum| terms[i] = sum, 0);
        if P::REGION {
            (regions[0], regions[1], regions[2]) = (right, wrong, missed);
        }
    }
}

/// The loop. Of sums alone, `place` takes what the gradient is made of, else the gradient; without sums that is made of what
/// is there. A target that is 0 or 1 is kept too, in the sign: `SIGNED` reads it from there. The flags are constants, so
/// each use has the loop it needs and no more.
#[inline(always)]
#[allow(
    clippy::too_many_arguments,
    reason = "of arguments the compiler knows that they do not overlap, of what a struct holds it does not"
)]
fn one_tile<
    V: Vector,
    P: Fused,
    const MASKED: bool,
    const HARD: bool,
    const SIGNED: bool,
    const SUM: bool,
    const GRADIENT: bool,
>(
    fused: &P,
    z: &Tile<V::Elem>,
    y: &Tile<V::Elem>,
    valid: &Tile<V::Elem>,
    weights: &[Tile<V::Elem>],
    exps: &Tile<V::Elem>,
    place: &mut Tile<V::Elem>,
    factors: &P::Each<V>,
    slopes: &PixelSlopes<V>,
    sums: &mut P::Each<Partial<V::Elem>>,
    right: &mut Partial<V::Elem>,
    wrong: &mut Partial<V::Elem>,
    missed: &mut Partial<V::Elem>,
) {
    let zero = V::splat(0.0);
    for row in (0..TILE).step_by(ACCUMULATORS) {
        for lane in (0..ACCUMULATORS).step_by(V::LANES) {
            let at = row + lane;
            let z = V::load(&z[at..]);
            let kept = if SUM { V::load(&exps[at..]) } else { V::load(&place[at..]) };
            let y = if SIGNED { target_of_side(kept) } else { V::load(&y[at..]) };
            let kept = if SUM { kept } else { kept.abs() };
            let (e, smaller) = if !SUM && P::SLOPE_OF_SHARES {
                (zero, kept)
            } else {
                (kept, kept.smaller_share())
            };
            let pixel = Pixel::from_shares(z, y, e, smaller, HARD);
            let counts = zero.lt(V::load(&valid[at..]));
            let valued = |x: V| if MASKED { V::select(counts, x, zero) } else { x };
            let add = |sum: &mut Partial<V::Elem>, value: V| {
                if SUM {
                    accumulate(sum, lane, valued(value));
                }
            };
            let weight = |i: usize| if P::WEIGHTED { V::load(&weights[i][at..]) } else { zero };
            let weight = P::each::<V>(weight, 0);
            let slope = fused.pixel(&pixel, factors, &weight, sums, add, None);
            let in_region = |x: V| {
                if P::REGION_WEIGHTED { weigh(V::load(&weights[P::LEN][at..]), x) } else { x }
            };
            if SUM && P::REGION {
                let [a, b, c] = region::pixel_sums(&pixel).map(in_region);
                add(right, a);
                add(wrong, b);
                add(missed, c);
            }
            if GRADIENT {
                let slope = if P::REGION {
                    plus(slope, in_region(region::pixel_gradient(&pixel, slopes)))
                } else {
                    slope.unwrap_or(zero)
                };
                valued(slope).store(&mut place[at..]);
            } else {
                let kept = if P::SLOPE_OF_SHARES { smaller } else { e };
                let kept = if HARD { kept.flip_by(side(y)) } else { kept };
                kept.store(&mut place[at..]);
            }
        }
    }
}

/// Stands for a gradient in loops that write none: what is never written is never cleared either.
macro_rules! no_gradient {
    ($vector:ty) => {
        TileGradient { factors: &[], into: &mut [<$vector as Vector>::Elem::default(); TILE] }
    };
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
