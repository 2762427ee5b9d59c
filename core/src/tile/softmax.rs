//! Leaves under the softmax link: one loop over the pixels of a tile at a time, all classes in a call, so
//! that any number of classes vectorises over pixels.

use super::inputs::weigh;
use super::true_class::{Read, TrueClass};
use crate::class::softmax::{class_gradient, probability};
use crate::lanes::{Real, Vector};
use crate::level::{Kernel, Level, enter};
use crate::region::{self, SUMS};
use crate::summation::{ACCUMULATORS, Partial, TILE, accumulate};
use crate::tile::Tile;
use crate::view::Planes;

/// The leaves.
pub(crate) struct SoftmaxKernels<T> {
    /// Computes the true class's probability and each class's exponentials, a tile a class.
    pub read: fn(Planes<'_, T>, exps: &mut [Tile<T>], class: &mut TrueClass<T>),
    /// Adds what the pixels have of each class's region sums.
    pub region_sums: fn(RegionTile<'_, T>, sums: &mut [[Partial<T>; SUMS]]),
    /// Computes the largest class's region slope, and the probability-weighted slopes of the others less
    /// that, from the slopes of all classes.
    pub region_slopes: fn(RegionTile<'_, T>, slopes: &[[T; 2]], RegionSlopes<'_, T>),
    /// Writes the gradient of one class: of class terms alone, or with region terms.
    pub gradient: fn(ClassGradient<'_, T>, region: Option<RegionGradient<'_, T>>, &mut Tile<T>),
}

/// What region terms read of a tile.
#[derive(Clone, Copy)]
pub(crate) struct RegionTile<'t, T> {
    /// A tile of exponentials a class.
    pub exps: &'t [Tile<T>],
    pub class: &'t TrueClass<T>,
    /// Positive where a pixel counts; all do if there is none.
    pub valid: Option<&'t Tile<T>>,
    /// What sums are multiplied by.
    pub weight: Option<&'t Tile<T>>,
}

/// What the gradients of all classes share.
pub(crate) struct RegionSlopes<'t, T> {
    /// The largest class's slope.
    pub shift: &'t mut Tile<T>,
    /// The others' mean, less that.
    pub mean: &'t mut Tile<T>,
}

/// What one class's gradient comes from.
#[derive(Clone, Copy)]
pub(crate) struct ClassGradient<'t, T> {
    pub class_index: usize,
    pub exps: &'t Tile<T>,
    pub class: &'t TrueClass<T>,
    /// The derivative of all class terms in `ln p_t`.
    pub slope: &'t Tile<T>,
    /// Positive where a pixel counts; all do if there is none.
    pub valid: Option<&'t Tile<T>>,
}

/// What region terms add to one class's gradient.
#[derive(Clone, Copy)]
pub(crate) struct RegionGradient<'t, T> {
    /// The class's own slopes.
    pub slopes: [T; 2],
    pub shift: &'t Tile<T>,
    pub mean: &'t Tile<T>,
    pub weight: Option<&'t Tile<T>>,
}

impl<T: Real> SoftmaxKernels<T> {
    pub const fn new<Lv: Level>() -> Self {
        SoftmaxKernels {
            read: |planes, exps, class| enter::<Lv, _>(Read { planes, exps, class }),
            region_sums: |tile, sums| enter::<Lv, _>(RegionSums { tile, sums }),
            region_slopes: |tile, slopes, into| {
                enter::<Lv, _>(ShiftAndMean { tile, slopes, into });
            },
            gradient: |class, region, into| enter::<Lv, _>(Gradient { class, region, into }),
        }
    }
}

struct RegionSums<'t, T> {
    tile: RegionTile<'t, T>,
    sums: &'t mut [[Partial<T>; SUMS]],
}

impl<T: Real> Kernel for RegionSums<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let RegionTile { exps, class, valid, weight } = self.tile;
        let (inverse, labels, q) = (&class.inverse.0, &class.labels.0, &class.q.0);
        let all = [T::round_from(1.0); TILE];
        for ((k, sums), exps) in self.sums.iter_mut().enumerate().zip(exps) {
            match (valid, weight) {
                (None, None) => {
                    region_sums::<T::In<Lv>, false, false>(k, exps, inverse, labels, q, q, q, sums);
                }
                (Some(valid), None) => {
                    region_sums::<T::In<Lv>, true, false>(
                        k, exps, inverse, labels, q, valid, q, sums,
                    );
                }
                (_, Some(weight)) => {
                    let valid = valid.unwrap_or(&all);
                    region_sums::<T::In<Lv>, true, true>(
                        k, exps, inverse, labels, q, valid, weight, sums,
                    );
                }
            }
        }
    }
}

/// True positives and false negatives where `k` is the label, false positives where it is not.
#[inline(always)]
#[allow(
    clippy::too_many_arguments,
    reason = "separate arrays vectorise, a struct of them does not"
)]
fn region_sums<V: Vector, const MASKED: bool, const WEIGHTED: bool>(
    k: usize,
    exps: &Tile<V::Elem>,
    inverse: &Tile<V::Elem>,
    labels: &Tile<V::Elem>,
    q: &Tile<V::Elem>,
    valid: &Tile<V::Elem>,
    weight: &Tile<V::Elem>,
    sums: &mut [Partial<V::Elem>; SUMS],
) {
    let (zero, class) = (V::splat(0.0), V::splat(k as f64));
    let mut totals = *sums;
    for row in (0..TILE).step_by(ACCUMULATORS) {
        for lane in (0..ACCUMULATORS).step_by(V::LANES) {
            let at = row + lane;
            let is_label = V::load(&labels[at..]).eq(class);
            let p = probability(V::load(&exps[at..]), V::load(&inverse[at..]));
            let keep = zero.lt(V::load(&valid[at..]));
            let values = region::softmax::class_sums(is_label, p, V::load(&q[at..]));
            let weight = V::load(&weight[at..]);
            for (total, value) in totals.iter_mut().zip(values) {
                let value = if WEIGHTED { weigh(weight, value) } else { value };
                let value = if MASKED { V::select(keep, value, zero) } else { value };
                accumulate(total, lane, value);
            }
        }
    }
    *sums = totals;
}

struct ShiftAndMean<'t, T> {
    tile: RegionTile<'t, T>,
    slopes: &'t [[T; 2]],
    into: RegionSlopes<'t, T>,
}

impl<T: Real> Kernel for ShiftAndMean<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let RegionTile { exps, class, .. } = self.tile;
        let RegionSlopes { shift, mean } = self.into;
        let (labels, largest) = (&class.labels.0, &class.largest_class.0);
        for (k, &slopes) in self.slopes.iter().enumerate() {
            region_shift::<T::In<Lv>>(k, slopes, largest, labels, shift);
        }
        mean.fill(T::default());
        for ((k, &slopes), exps) in self.slopes.iter().enumerate().zip(exps) {
            let inverse = &class.inverse.0;
            region_mean::<T::In<Lv>>(k, slopes, exps, inverse, largest, labels, shift, mean);
        }
    }
}

/// The derivative of the loss in `p_k`.
#[inline(always)]
fn region_slope<V: Vector>(is_label: V::Mask, slopes: [V::Elem; 2]) -> V {
    region::softmax::class_slope(is_label, slopes.map(|x| V::splat(x.widen())))
}

#[inline(always)]
fn region_shift<V: Vector>(
    k: usize,
    slopes: [V::Elem; 2],
    largest_class: &Tile<V::Elem>,
    labels: &Tile<V::Elem>,
    shift: &mut Tile<V::Elem>,
) {
    let class = V::splat(k as f64);
    for at in (0..TILE).step_by(V::LANES) {
        let slope = region_slope::<V>(V::load(&labels[at..]).eq(class), slopes);
        let is_largest = V::load(&largest_class[at..]).eq(class);
        let found = region::softmax::shift(V::load(&shift[at..]), is_largest, slope);
        found.store(&mut shift[at..]);
    }
}

#[inline(always)]
#[allow(
    clippy::too_many_arguments,
    reason = "separate arrays vectorise, a struct of them does not"
)]
fn region_mean<V: Vector>(
    k: usize,
    slopes: [V::Elem; 2],
    exps: &Tile<V::Elem>,
    inverse: &Tile<V::Elem>,
    largest_class: &Tile<V::Elem>,
    labels: &Tile<V::Elem>,
    shift: &Tile<V::Elem>,
    mean: &mut Tile<V::Elem>,
) {
    let class = V::splat(k as f64);
    for at in (0..TILE).step_by(V::LANES) {
        let slope = region_slope::<V>(V::load(&labels[at..]).eq(class), slopes);
        let is_largest = V::load(&largest_class[at..]).eq(class);
        let p = probability(V::load(&exps[at..]), V::load(&inverse[at..]));
        let (shift, so_far) = (V::load(&shift[at..]), V::load(&mean[at..]));
        let sum = region::softmax::add_to_mean(so_far, is_largest, p, slope, shift);
        sum.store(&mut mean[at..]);
    }
}

struct Gradient<'t, T> {
    class: ClassGradient<'t, T>,
    region: Option<RegionGradient<'t, T>>,
    into: &'t mut Tile<T>,
}

impl<T: Real> Kernel for Gradient<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let ClassGradient { class_index: k, exps, class, slope, valid } = self.class;
        let (inverse, labels, q) = (&class.inverse.0, &class.labels.0, &class.q.0);
        let into = self.into;
        match self.region {
            None => {
                of_class::<T::In<Lv>>(k, exps, inverse, labels, q, slope, valid, into);
            }
            Some(RegionGradient { slopes, shift, mean, weight }) => {
                of_class_and_region::<T::In<Lv>>(
                    k, exps, inverse, labels, q, slope, slopes, shift, mean, weight, valid, into,
                );
            }
        }
    }
}

#[inline(always)]
#[allow(
    clippy::too_many_arguments,
    reason = "separate arrays vectorise, a struct of them does not"
)]
fn of_class<V: Vector>(
    k: usize,
    exps: &Tile<V::Elem>,
    inverse: &Tile<V::Elem>,
    labels: &Tile<V::Elem>,
    q: &Tile<V::Elem>,
    slope: &Tile<V::Elem>,
    valid: Option<&Tile<V::Elem>>,
    gradient: &mut Tile<V::Elem>,
) {
    let (zero, class) = (V::splat(0.0), V::splat(k as f64));
    for at in (0..TILE).step_by(V::LANES) {
        let is_label = V::load(&labels[at..]).eq(class);
        let p = probability(V::load(&exps[at..]), V::load(&inverse[at..]));
        let slope = V::load(&slope[at..]);
        let g = class_gradient(is_label, slope, V::load(&q[at..]), p);
        let g = match valid {
            None => g,
            Some(valid) => V::select(zero.lt(V::load(&valid[at..])), g, zero),
        };
        g.store(&mut gradient[at..]);
    }
}

#[inline(always)]
#[allow(
    clippy::too_many_arguments,
    reason = "separate arrays vectorise, a struct of them does not"
)]
fn of_class_and_region<V: Vector>(
    k: usize,
    exps: &Tile<V::Elem>,
    inverse: &Tile<V::Elem>,
    labels: &Tile<V::Elem>,
    q: &Tile<V::Elem>,
    slope: &Tile<V::Elem>,
    slopes: [V::Elem; 2],
    shift: &Tile<V::Elem>,
    mean: &Tile<V::Elem>,
    weight: Option<&Tile<V::Elem>>,
    valid: Option<&Tile<V::Elem>>,
    gradient: &mut Tile<V::Elem>,
) {
    let (zero, class) = (V::splat(0.0), V::splat(k as f64));
    for at in (0..TILE).step_by(V::LANES) {
        let is_label = V::load(&labels[at..]).eq(class);
        let p = probability(V::load(&exps[at..]), V::load(&inverse[at..]));
        let g = class_gradient(is_label, V::load(&slope[at..]), V::load(&q[at..]), p);
        let (shift, mean) = (V::load(&shift[at..]), V::load(&mean[at..]));
        let region_slope = region_slope::<V>(is_label, slopes);
        let of_region = region::softmax::class_gradient(p, region_slope, shift, mean);
        let of_region = match weight {
            None => of_region,
            Some(weight) => weigh(V::load(&weight[at..]), of_region),
        };
        let g = g + of_region;
        let g = match valid {
            None => g,
            Some(valid) => V::select(zero.lt(V::load(&valid[at..])), g, zero),
        };
        g.store(&mut gradient[at..]);
    }
}
