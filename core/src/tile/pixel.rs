//! Leaves for any sum of terms under the sigmoid link: what the terms share, and region terms.

use super::fused::exponentials;
use super::fusion::RegionsAlone;
use crate::lanes::{Lanes, Real, Vector, weigh};
use crate::level::{Kernel, Level, enter};
use crate::pixel::Pixel;
use crate::region::{self, PixelSlopes, SUMS};
use crate::summation::{ACCUMULATORS, Partial, TILE, accumulate};
use crate::tile::{PixelInputs, Tile};

/// The leaves.
pub(crate) struct PixelKernels<T> {
    /// Computes `exp(-|z|)`.
    pub exponentials: fn(z: &Tile<T>, exp_neg_abs: &mut Tile<T>),
    /// Computes the smaller shares of exponentials.
    pub smaller_shares: fn(exp_neg_abs: &Tile<T>, smaller: &mut Tile<T>),
    /// Computes what terms of tiles read besides.
    pub arrays:
        fn(PixelInputs<'_, T>, p: &mut Tile<T>, q: &mut Tile<T>, softplus_tail: &mut Tile<T>),
    /// Adds what the pixels have of the region sums.
    pub region_sums: fn(RegionTile<'_, T>, sums: &mut [Partial<T>; SUMS]),
    /// Writes the gradient of region terms from their slopes, or adds it.
    pub region_gradient: fn(RegionTile<'_, T>, slopes: [T; 2], add: bool, gradient: &mut Tile<T>),
    /// Computes a tile of region terms alone.
    pub regions: fn(RegionsAlone<'_, T>),
    /// Writes 0 where a pixel does not count.
    pub keep_valid: fn(valid: &Tile<T>, gradient: &mut Tile<T>),
}

/// What region sums and their gradient are made of.
#[derive(Clone, Copy)]
pub(crate) struct RegionTile<'t, T> {
    pub z: &'t Tile<T>,
    pub y: &'t Tile<T>,
    pub smaller: &'t Tile<T>,
    /// Positive where a pixel counts; all do if there is none.
    pub valid: Option<&'t Tile<T>>,
    /// What sums are multiplied by.
    pub weight: Option<&'t Tile<T>>,
}

impl<T: Real> PixelKernels<T> {
    pub const fn new<Lv: Level>() -> Self {
        PixelKernels {
            exponentials: |z, exp_neg_abs| enter::<Lv, _>(Exponentials { z, exp_neg_abs }),
            smaller_shares: |exp_neg_abs, smaller| {
                enter::<Lv, _>(SmallerShares { exp_neg_abs, smaller });
            },
            arrays: |inputs, p, q, softplus_tail| {
                enter::<Lv, _>(Arrays { inputs, p, q, softplus_tail });
            },
            region_sums: |tile, sums| enter::<Lv, _>(RegionSums { tile, sums }),
            region_gradient: |tile, slopes, add, gradient| {
                enter::<Lv, _>(RegionGradient { tile, slopes, add, gradient });
            },
            regions: |work| enter::<Lv, _>(work),
            keep_valid: |valid, gradient| enter::<Lv, _>(KeepValid { valid, gradient }),
        }
    }
}

struct Exponentials<'t, T> {
    z: &'t Tile<T>,
    exp_neg_abs: &'t mut Tile<T>,
}

impl<T: Real> Kernel for Exponentials<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        exponentials::<T::In<Lv>>(self.z, self.exp_neg_abs);
    }
}

struct SmallerShares<'t, T> {
    exp_neg_abs: &'t Tile<T>,
    smaller: &'t mut Tile<T>,
}

impl<T: Real> Kernel for SmallerShares<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let SmallerShares { exp_neg_abs, smaller } = self;
        for at in (0..TILE).step_by(<T::In<Lv>>::LANES) {
            let e = <T::In<Lv>>::load(&exp_neg_abs[at..]);
            e.smaller_share().store(&mut smaller[at..]);
        }
    }
}

struct Arrays<'t, T> {
    inputs: PixelInputs<'t, T>,
    p: &'t mut Tile<T>,
    q: &'t mut Tile<T>,
    softplus_tail: &'t mut Tile<T>,
}

impl<T: Real> Kernel for Arrays<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let Arrays { inputs, p, q, softplus_tail } = self;
        for at in (0..TILE).step_by(<T::In<Lv>>::LANES) {
            let pixel: Pixel<T::In<Lv>> = inputs.pixel(at, false);
            pixel.p.store(&mut p[at..]);
            pixel.q.store(&mut q[at..]);
            pixel.softplus_tail.store(&mut softplus_tail[at..]);
        }
    }
}

/// The quantities a region sum needs; those of losses mean nothing.
#[inline(always)]
fn load_region<V: Vector>(
    z: &Tile<V::Elem>,
    y: &Tile<V::Elem>,
    smaller: &Tile<V::Elem>,
    at: usize,
) -> Pixel<V> {
    let (z, y, smaller) = (V::load(&z[at..]), V::load(&y[at..]), V::load(&smaller[at..]));
    Pixel::from_shares(z, y, V::splat(0.0), smaller, false)
}

struct RegionSums<'t, T> {
    tile: RegionTile<'t, T>,
    sums: &'t mut [Partial<T>; SUMS],
}

impl<T: Real> Kernel for RegionSums<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let RegionTile { z, y, smaller, valid, weight } = self.tile;
        let sums = self.sums;
        match (valid, weight) {
            (None, None) => region_sums::<T::In<Lv>, false, false>(z, y, smaller, y, y, sums),
            (Some(valid), None) => {
                region_sums::<T::In<Lv>, true, false>(z, y, smaller, valid, y, sums);
            }
            (_, Some(weight)) => {
                let all = [T::round_from(1.0); TILE];
                let valid = valid.unwrap_or(&all);
                region_sums::<T::In<Lv>, true, true>(z, y, smaller, valid, weight, sums);
            }
        }
    }
}

#[inline(always)]
fn region_sums<V: Vector, const MASKED: bool, const WEIGHTED: bool>(
    z: &Tile<V::Elem>,
    y: &Tile<V::Elem>,
    smaller: &Tile<V::Elem>,
    valid: &Tile<V::Elem>,
    weight: &Tile<V::Elem>,
    sums: &mut [Partial<V::Elem>; SUMS],
) {
    let zero = V::splat(0.0);
    let mut totals = *sums;
    for row in (0..TILE).step_by(ACCUMULATORS) {
        for lane in (0..ACCUMULATORS).step_by(V::LANES) {
            let at = row + lane;
            let keep = zero.lt(V::load(&valid[at..]));
            let weight = V::load(&weight[at..]);
            let values = region::pixel_sums(&load_region::<V>(z, y, smaller, at));
            for (total, value) in totals.iter_mut().zip(values) {
                let value = if WEIGHTED { weigh(weight, value) } else { value };
                let value = if MASKED { V::select(keep, value, zero) } else { value };
                accumulate(total, lane, value);
            }
        }
    }
    *sums = totals;
}

struct RegionGradient<'t, T> {
    tile: RegionTile<'t, T>,
    slopes: [T; 2],
    add: bool,
    gradient: &'t mut Tile<T>,
}

impl<T: Real> Kernel for RegionGradient<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let RegionTile { z, y, smaller, weight, .. } = self.tile;
        let (slopes, add, gradient) = (self.slopes, self.add, self.gradient);
        let slopes = PixelSlopes::new(slopes.map(|x| <T::In<Lv>>::splat(x.widen())));
        for at in (0..TILE).step_by(<T::In<Lv>>::LANES) {
            let pixel = load_region::<T::In<Lv>>(z, y, smaller, at);
            let gradient = &mut gradient[at..];
            let slope = region::pixel_gradient(&pixel, &slopes);
            let slope = match weight {
                None => slope,
                Some(weight) => weigh(<T::In<Lv>>::load(&weight[at..]), slope),
            };
            let slope = if add { <T::In<Lv>>::load(gradient) + slope } else { slope };
            slope.store(gradient);
        }
    }
}

struct KeepValid<'t, T> {
    valid: &'t Tile<T>,
    gradient: &'t mut Tile<T>,
}

impl<T: Real> Kernel for KeepValid<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        keep_valid::<T::In<Lv>>(self.valid, self.gradient);
    }
}

#[inline(always)]
fn keep_valid<V: Vector>(valid: &Tile<V::Elem>, gradient: &mut Tile<V::Elem>) {
    let zero = V::splat(0.0);
    for at in (0..TILE).step_by(V::LANES) {
        let keep = zero.lt(V::load(&valid[at..]));
        let gradient = &mut gradient[at..];
        V::select(keep, V::load(gradient), zero).store(gradient);
    }
}
