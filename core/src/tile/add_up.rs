//! Leaves that add up the terms of any sum.

use super::inputs::scaled;
use crate::lanes::{Real, Vector, weigh};
use crate::level::{Kernel, Level};
use crate::summation::{ACCUMULATORS, Partial, TILE, accumulate};
use crate::tile::Tile;

/// Multiplies a term's losses and slopes by weights and adds them up.
pub(crate) struct AddUp<'t, T> {
    /// Losses.
    pub value: &'t Tile<T>,
    /// Slopes.
    pub slope: &'t Tile<T>,
    /// What both are multiplied by.
    pub weight: Option<&'t Tile<T>>,
    /// Positive where a pixel counts; all do if there is none.
    pub valid: Option<&'t Tile<T>>,
    /// Where they go.
    pub sums: Sums<'t, T>,
}

impl<T: Real> Kernel for AddUp<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let AddUp { value, slope, weight, valid, sums } = self;
        add_up::<T::In<Lv>>(value, slope, weight, valid, sums);
    }
}

/// Adds a term's losses times its weights and coefficient to the pixels' own.
pub(crate) struct AddValues<'t, T> {
    pub coefficient: f64,
    pub value: &'t Tile<T>,
    pub weight: Option<&'t Tile<T>>,
    /// Whether this is the first term.
    pub first: bool,
    pub values: &'t mut Tile<T>,
}

impl<T: Real> Kernel for AddValues<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let AddValues { coefficient, value, weight, first, values } = self;
        weighted_values::<T::In<Lv>>(coefficient, value, weight, first, values);
    }
}

#[inline(always)]
fn weighted_values<V: Vector>(
    coefficient: f64,
    value: &Tile<V::Elem>,
    weight: Option<&Tile<V::Elem>>,
    first: bool,
    values: &mut Tile<V::Elem>,
) {
    let coefficient = V::splat(coefficient);
    for at in (0..TILE).step_by(V::LANES) {
        let value = V::load(&value[at..]);
        let value = match weight {
            None => value,
            Some(weight) => weigh(V::load(&weight[at..]), value),
        };
        let (value, places) = (scaled(coefficient, value), &mut values[at..]);
        let value = if first { value } else { V::load(places) + value };
        value.store(places);
    }
}

/// What becomes of the losses and slopes of a tile.
pub(crate) struct Sums<'t, T> {
    /// What slopes are multiplied by.
    pub factor: T,
    /// Whether `slope` is still to be written: this is the first term.
    pub first: bool,
    /// The term's sum, to which losses are added, where given.
    pub partial: Option<&'t mut Partial<T>>,
    /// The sum of all terms' slopes, where given.
    pub slope: Option<&'t mut [T; TILE]>,
}

/// Multiplies a term's losses and slopes by weights and adds them up. Those that `sums` has no place for
/// are not read.
#[inline(always)]
fn add_up<V: Vector>(
    value: &[V::Elem; TILE],
    slope: &[V::Elem; TILE],
    weight: Option<&[V::Elem; TILE]>,
    valid: Option<&[V::Elem; TILE]>,
    sums: Sums<'_, V::Elem>,
) {
    let Sums { factor, first, partial, slope: sum } = sums;
    if let Some(partial) = partial {
        match (weight, valid) {
            (None, None) => add_values::<V, false, false>(value, value, value, partial),
            (None, Some(valid)) => add_values::<V, false, true>(value, value, valid, partial),
            (Some(weight), None) => add_values::<V, true, false>(value, weight, value, partial),
            (Some(weight), Some(valid)) => {
                add_values::<V, true, true>(value, weight, valid, partial)
            }
        }
    }
    if let Some(sum) = sum {
        let factor = V::splat(factor.widen());
        match (weight, first) {
            (None, true) => add_slopes::<V, false, true>(factor, slope, slope, sum),
            (None, false) => add_slopes::<V, false, false>(factor, slope, slope, sum),
            (Some(weight), true) => add_slopes::<V, true, true>(factor, slope, weight, sum),
            (Some(weight), false) => add_slopes::<V, true, false>(factor, slope, weight, sum),
        }
    }
}

#[inline(always)]
fn add_values<V: Vector, const WEIGHTED: bool, const MASKED: bool>(
    value: &[V::Elem; TILE],
    weight: &[V::Elem; TILE],
    valid: &[V::Elem; TILE],
    sum: &mut Partial<V::Elem>,
) {
    let zero = V::splat(0.0);
    let mut total = *sum;
    for row in (0..TILE).step_by(ACCUMULATORS) {
        for lane in (0..ACCUMULATORS).step_by(V::LANES) {
            let at = row + lane;
            let mut value = V::load(&value[at..]);
            if WEIGHTED {
                value = weigh(V::load(&weight[at..]), value);
            }
            if MASKED {
                value = V::select(zero.lt(V::load(&valid[at..])), value, zero);
            }
            accumulate(&mut total, lane, value);
        }
    }
    *sum = total;
}

/// The gradient of masked pixels is set to 0 once, after the last term, so no mask is needed here.
#[inline(always)]
fn add_slopes<V: Vector, const WEIGHTED: bool, const FIRST: bool>(
    factor: V,
    slope: &[V::Elem; TILE],
    weight: &[V::Elem; TILE],
    sum: &mut [V::Elem; TILE],
) {
    for at in (0..TILE).step_by(V::LANES) {
        let mut slope = V::load(&slope[at..]);
        if WEIGHTED {
            slope = weigh(V::load(&weight[at..]), slope);
        }
        let (slope, places) = (scaled(factor, slope), &mut sum[at..]);
        let slope = if FIRST { slope } else { V::load(places) + slope };
        slope.store(places);
    }
}
