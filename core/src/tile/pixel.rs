//! Leaves for any sum of terms under the sigmoid link: what the terms share, and region terms.

use super::inputs::weigh;
use crate::lanes::{Real, Vector};
use crate::level::{Kernel, Level, enter};
use crate::pixel::Pixel;
use crate::region::{self, SUMS};
use crate::summation::{ACCUMULATORS, Partial, TILE, accumulate};
use crate::tile::Tile;

/// The leaves.
pub(crate) struct PixelKernels<T> {
    /// Computes `exp(-|z|)`, `sigmoid(z)` and `1 - sigmoid(z)`.
    pub shared: fn(z: &Tile<T>, exp_neg_abs: &mut Tile<T>, p: &mut Tile<T>, q: &mut Tile<T>),
    /// Computes `ln(1 + exp(-|z|))` from `exp(-|z|)`.
    pub softplus_tails: fn(exp_neg_abs: &Tile<T>, softplus_tail: &mut Tile<T>),
    /// Adds what the pixels have of the region sums.
    pub region_sums: fn(RegionTile<'_, T>, sums: &mut [Partial<T>; SUMS]),
    /// Writes the gradient of region terms from their slopes, or adds it.
    pub region_gradient: fn(RegionTile<'_, T>, slopes: [T; 2], add: bool, gradient: &mut Tile<T>),
    /// Adds up the sums of region terms alone, or writes their gradient.
    pub regions: fn(RegionsAlone<'_, T>),
    /// Writes 0 where a pixel does not count.
    pub keep_valid: fn(valid: &Tile<T>, gradient: &mut Tile<T>),
}

/// What region sums and their gradient are made of.
#[derive(Clone, Copy)]
pub(crate) struct RegionTile<'t, T> {
    pub y: &'t Tile<T>,
    pub p: &'t Tile<T>,
    pub q: &'t Tile<T>,
    /// Positive where a pixel counts; all do if there is none.
    pub valid: Option<&'t Tile<T>>,
    /// What sums are multiplied by.
    pub weight: Option<&'t Tile<T>>,
}

impl<T: Real> PixelKernels<T> {
    pub const fn new<Lv: Level>() -> Self {
        PixelKernels {
            shared: |z, exp_neg_abs, p, q| enter::<Lv, _>(Shared { z, exp_neg_abs, p, q }),
            softplus_tails: |exp_neg_abs, softplus_tail| {
                enter::<Lv, _>(SoftplusTails { exp_neg_abs, softplus_tail })
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

struct Shared<'t, T> {
    z: &'t Tile<T>,
    exp_neg_abs: &'t mut Tile<T>,
    p: &'t mut Tile<T>,
    q: &'t mut Tile<T>,
}

impl<T: Real> Kernel for Shared<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        shared::<T::In<Lv>>(self.z, self.exp_neg_abs, self.p, self.q);
    }
}

/// Computes what terms share, in two loops: one chain of operations as long as both leaves a processor waiting.
#[inline(always)]
fn shared<V: Vector>(
    z: &Tile<V::Elem>,
    exp_neg_abs: &mut Tile<V::Elem>,
    p: &mut Tile<V::Elem>,
    q: &mut Tile<V::Elem>,
) {
    for at in (0..TILE).step_by(V::LANES) {
        Pixel::exp_neg_abs(V::load(&z[at..])).store(&mut exp_neg_abs[at..]);
    }
    for at in (0..TILE).step_by(V::LANES) {
        let zero = V::splat(0.0);
        let pixel = Pixel::from_exp_neg_abs(V::load(&z[at..]), zero, V::load(&exp_neg_abs[at..]));
        pixel.p.store(&mut p[at..]);
        pixel.q.store(&mut q[at..]);
    }
}

struct SoftplusTails<'t, T> {
    exp_neg_abs: &'t Tile<T>,
    softplus_tail: &'t mut Tile<T>,
}

impl<T: Real> Kernel for SoftplusTails<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        softplus_tails::<T::In<Lv>>(self.exp_neg_abs, self.softplus_tail);
    }
}

#[inline(always)]
fn softplus_tails<V: Vector>(exp_neg_abs: &Tile<V::Elem>, softplus_tail: &mut Tile<V::Elem>) {
    for at in (0..TILE).step_by(V::LANES) {
        Pixel::softplus_tail_of(V::load(&exp_neg_abs[at..])).store(&mut softplus_tail[at..]);
    }
}

/// The quantities a region sum needs, `z` and `softplus_tail` left at what is not read.
#[inline(always)]
fn load_region<V: Vector>(
    y: &Tile<V::Elem>,
    p: &Tile<V::Elem>,
    q: &Tile<V::Elem>,
    at: usize,
) -> Pixel<V> {
    let zero = V::splat(0.0);
    let (y, p, q) = (V::load(&y[at..]), V::load(&p[at..]), V::load(&q[at..]));
    Pixel { z: zero, y, p, q, softplus_tail: zero }
}

struct RegionSums<'t, T> {
    tile: RegionTile<'t, T>,
    sums: &'t mut [Partial<T>; SUMS],
}

impl<T: Real> Kernel for RegionSums<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let RegionTile { y, p, q, valid, weight } = self.tile;
        let sums = self.sums;
        match (valid, weight) {
            (None, None) => region_sums::<T::In<Lv>, false, false>(y, p, q, y, y, sums),
            (Some(valid), None) => region_sums::<T::In<Lv>, true, false>(y, p, q, valid, y, sums),
            (_, Some(weight)) => {
                let all = [T::round_from(1.0); TILE];
                let valid = valid.unwrap_or(&all);
                region_sums::<T::In<Lv>, true, true>(y, p, q, valid, weight, sums);
            }
        }
    }
}

#[inline(always)]
fn region_sums<V: Vector, const MASKED: bool, const WEIGHTED: bool>(
    y: &Tile<V::Elem>,
    p: &Tile<V::Elem>,
    q: &Tile<V::Elem>,
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
            let values = region::pixel_sums(&load_region::<V>(y, p, q, at));
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
        let RegionTile { y, p, q, weight, .. } = self.tile;
        region_gradient::<T::In<Lv>>(y, p, q, self.slopes, weight, self.add, self.gradient);
    }
}

#[inline(always)]
fn region_gradient<V: Vector>(
    y: &Tile<V::Elem>,
    p: &Tile<V::Elem>,
    q: &Tile<V::Elem>,
    slopes: [V::Elem; 2],
    weight: Option<&Tile<V::Elem>>,
    add: bool,
    gradient: &mut Tile<V::Elem>,
) {
    let slopes = slopes.map(|x| V::splat(x.widen()));
    for at in (0..TILE).step_by(V::LANES) {
        let pixel = load_region::<V>(y, p, q, at);
        let gradient = &mut gradient[at..];
        let slope = region::pixel_gradient(&pixel, slopes);
        let slope = match weight {
            None => slope,
            Some(weight) => weigh(V::load(&weight[at..]), slope),
        };
        if add { (V::load(gradient) + slope).store(gradient) } else { slope.store(gradient) }
    }
}

/// A tile of a loss that is region terms alone: all of its loops in one call. (In one loop it took 16 % fewer
/// operations with AVX2, but 14 % more time with AVX-512.)
pub(crate) struct RegionsAlone<'t, T> {
    pub z: &'t Tile<T>,
    pub y: &'t Tile<T>,
    /// Positive where a pixel counts; all do if there is none.
    pub valid: Option<&'t Tile<T>>,
    /// Room for what the loops leave for one another.
    pub exp_neg_abs: &'t mut Tile<T>,
    pub p: &'t mut Tile<T>,
    pub q: &'t mut Tile<T>,
    pub pass: RegionsPass<'t, T>,
}

/// What a sweep is for.
pub(crate) enum RegionsPass<'t, T> {
    Sums(&'t mut [Partial<T>; SUMS]),
    Gradient { slopes: [T; 2], into: &'t mut Tile<T> },
}

impl<T: Real> Kernel for RegionsAlone<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let RegionsAlone { z, y, valid, exp_neg_abs, p, q, pass } = self;
        shared::<T::In<Lv>>(z, exp_neg_abs, p, q);
        let tile = RegionTile { y, p, q, valid, weight: None };
        match pass {
            RegionsPass::Sums(sums) => RegionSums { tile, sums }.run::<Lv>(),
            RegionsPass::Gradient { slopes, into } => {
                let gradient = &mut *into;
                RegionGradient { tile, slopes, add: false, gradient }.run::<Lv>();
                if let Some(valid) = valid {
                    keep_valid::<T::In<Lv>>(valid, into);
                }
            }
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
