//! Leaves for tiles of weights.

use crate::lanes::Real;
use crate::level::{Kernel, Level, enter};
use crate::maps::bits::{Choose, WORD};
use crate::summation::{ACCUMULATORS, Partial, TILE};

/// Reads a tile of weights, as they are stored: written to a tile, or multiplied into it.
pub(crate) type ReadWeights<E, T> = fn(&[E; TILE], &mut [T; TILE]);

/// Chooses one of two weights for each pixel of a tile, the first where its bit is 1, lowest bit first: written to a
/// tile, or multiplied into it.
pub(crate) type ReadBits<T> = fn(&[u64; TILE / WORD], [T; 2], &mut [T; TILE]);

/// The leaves.
pub(crate) struct WeightKernels<T> {
    pub copy_f32: ReadWeights<f32, T>,
    pub multiply_f32: ReadWeights<f32, T>,
    pub copy_f64: ReadWeights<f64, T>,
    pub multiply_f64: ReadWeights<f64, T>,
    pub copy_bits: ReadBits<T>,
    pub multiply_bits: ReadBits<T>,
    /// Multiplies the weight of each label's class into a tile.
    pub multiply_classes: fn(labels: &[T; TILE], class_weights: &[T], tile: &mut [T; TILE]),
    /// Whether all weights that count are finite and, if the last argument says so, at least 0; and whether
    /// all of them are 0.
    pub check: fn(weights: &[T], valid: &[T; TILE], positive: bool) -> (bool, bool),
    /// Adds those that count to their accumulators.
    pub add: fn(weights: &[T; TILE], valid: &[T; TILE], total: &mut Partial<T>),
}

impl<T: Real> WeightKernels<T> {
    pub const fn new<Lv: Level>() -> Self {
        WeightKernels {
            copy_f32: |stored, tile| enter::<Lv, _>(Copy::<f32, T, false> { stored, tile }),
            multiply_f32: |stored, tile| enter::<Lv, _>(Copy::<f32, T, true> { stored, tile }),
            copy_f64: |stored, tile| enter::<Lv, _>(Copy::<f64, T, false> { stored, tile }),
            multiply_f64: |stored, tile| enter::<Lv, _>(Copy::<f64, T, true> { stored, tile }),
            copy_bits: |bits, [set, clear], out| enter::<Lv, _>(Choose { bits, set, clear, out }),
            multiply_bits: |bits, of, tile| enter::<Lv, _>(MultiplyBits { bits, of, tile }),
            multiply_classes: |labels, class_weights, tile| {
                enter::<Lv, _>(Classes { labels, class_weights, tile });
            },
            check: |weights, valid, positive| enter::<Lv, _>(Check { weights, valid, positive }),
            add: |weights, valid, total| enter::<Lv, _>(Add { weights, valid, total }),
        }
    }
}

struct Copy<'t, E, T, const MULTIPLY: bool> {
    stored: &'t [E; TILE],
    tile: &'t mut [T; TILE],
}

impl<E: core::marker::Copy + Into<f64>, T: Real, const MULTIPLY: bool> Kernel
    for Copy<'_, E, T, MULTIPLY>
{
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        copy::<E, T, MULTIPLY>(self.stored, self.tile);
    }
}

#[inline(always)]
fn copy<E: core::marker::Copy + Into<f64>, T: Real, const MULTIPLY: bool>(
    stored: &[E; TILE],
    tile: &mut [T; TILE],
) {
    for (place, &weight) in tile.iter_mut().zip(stored) {
        let weight = T::round_from(weight.into());
        *place = if MULTIPLY { *place * weight } else { weight };
    }
}

struct MultiplyBits<'t, T> {
    bits: &'t [u64; TILE / WORD],
    of: [T; 2],
    tile: &'t mut [T; TILE],
}

impl<T: Real> Kernel for MultiplyBits<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let MultiplyBits { bits, of: [set, clear], tile } = self;
        let mut own = [T::default(); TILE];
        Choose { bits, set, clear, out: &mut own }.run::<Lv>();
        tile.iter_mut().zip(own).for_each(|(weight, own)| *weight = *weight * own);
    }
}

struct Classes<'t, T> {
    labels: &'t [T; TILE],
    class_weights: &'t [T],
    tile: &'t mut [T; TILE],
}

impl<T: Real> Kernel for Classes<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        multiply_classes(self.labels, self.class_weights, self.tile);
    }
}

/// Chooses by every class in turn, which has vectors, unlike reading from the list. What is no class is not
/// valid either.
#[inline(always)]
fn multiply_classes<T: Real>(labels: &[T; TILE], class_weights: &[T], tile: &mut [T; TILE]) {
    let mut own = [T::default(); TILE];
    for (class, &weight) in class_weights.iter().enumerate() {
        let class = T::splat(class as f64);
        for (own, &label) in own.iter_mut().zip(labels) {
            *own = if label == class { weight } else { *own };
        }
    }
    tile.iter_mut().zip(own).for_each(|(weight, own)| *weight = *weight * own);
}

struct Check<'t, T> {
    weights: &'t [T],
    valid: &'t [T; TILE],
    positive: bool,
}

impl<T: Real> Kernel for Check<'_, T> {
    type Output = (bool, bool);

    #[inline(always)]
    fn run<Lv: Level>(self) -> (bool, bool) {
        let zero = T::default();
        let (mut all_fit, mut all_zero) = (true, true);
        for (&weight, &valid) in self.weights.iter().zip(self.valid) {
            let counts = valid != zero;
            all_fit &= !counts | fits(weight, self.positive);
            all_zero &= !counts | (weight == zero);
        }
        (all_fit, all_zero)
    }
}

/// Whether a weight is finite and, if it is to be `positive`, at least 0.
#[inline(always)]
pub(crate) fn fits<T: Real>(weight: T, positive: bool) -> bool {
    let (zero, infinity) = (T::default(), T::splat(f64::INFINITY));
    let lowest = if positive { zero } else { T::splat(f64::NEG_INFINITY) };
    // 0 itself is to be allowed where nothing below it is.
    (lowest < weight) | (positive & (weight == zero)) && weight < infinity
}

struct Add<'t, T> {
    weights: &'t [T; TILE],
    valid: &'t [T; TILE],
    total: &'t mut Partial<T>,
}

impl<T: Real> Kernel for Add<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let zero = T::default();
        let mut total = *self.total;
        let rows = self.weights.as_chunks::<ACCUMULATORS>().0.iter();
        for (weights, valid) in rows.zip(self.valid.as_chunks::<ACCUMULATORS>().0) {
            for ((sum, &weight), &valid) in total.iter_mut().zip(weights).zip(valid) {
                *sum += if valid == zero { zero } else { weight };
            }
        }
        *self.total = total;
    }
}
