//! What both links have in common: checks, passes and the end of a sample.

use super::sums::Sums;
use super::terms::{check, factors, value};
use super::{Fault, Workspace, accumulators};
use crate::engine::Report;
use crate::lanes::Real;
use crate::link::Link;
use crate::summation::Accumulator;
use crate::tile::Parts;
use crate::view::Target;

/// A sample under one link.
pub(super) trait Pass<T: Real> {
    /// Its link.
    const LINK: Link;
    /// What its targets are.
    type Target: Copy;

    /// The number of valid pixels.
    ///
    /// # Errors
    /// Whatever does not fit, before anything is written.
    fn check(&self) -> Result<u64, Fault<T, Self::Target>>;
    /// The class whose label is ignored, if one is.
    fn ignored_class(&self) -> Option<usize>;
    /// Whether there is a gradient to write.
    fn has_gradient(&self) -> bool;
    /// Writes zeros as the gradient, if there is one.
    fn write_zeros(&mut self);
    /// Goes through all pixels: adds up sums where given, and writes the gradient if `write`, from one
    /// factor a term and one pair of slopes a class.
    fn run<A: Accumulator, P: Parts>(
        &mut self,
        loss: &P,
        factors: &P::Each<T>,
        slopes: &[[T; 2]],
        sums: Option<&mut Sums<'_, T, A>>,
        write: bool,
    );
}

/// The loss, and its gradient if there is a place for it. There is one pair of `slopes` a class.
#[inline(always)]
pub(super) fn evaluate<T: Real, A: Accumulator, P: Parts, S: Pass<T>>(
    mut pass: S,
    loss: &P,
    maps: usize,
    slopes: &mut [[T; 2]],
    workspace: Workspace<'_, T, A>,
) -> Result<Report<A::Real>, Fault<T, S::Target>> {
    let is_active = check(loss, S::LINK, maps)?;
    let valid = pass.check()?;
    let classes = slopes.len();
    let mut sums = Sums::new(workspace, accumulators::<P>(classes))?;
    if !is_active {
        // Then not even a NaN logit counts.
        pass.write_zeros();
        return Ok(Report { value: A::Real::default(), valid });
    }
    let mut count = A::default();
    count.count(valid);
    let factors = factors(loss, &count)?;
    // The slopes of regions need all of their sums, so the gradient takes a second pass. One loop of both,
    // because a loop by itself would be compiled twice.
    let last = u32::from(P::REGION && pass.has_gradient());
    for number in 0..=last {
        let into = (number == 0).then_some(&mut sums);
        pass.run(loss, &factors, slopes, into, number == last);
        if number == 0 {
            sums.close();
            if P::REGION {
                sums.regions(P::LEN, slopes).finish(loss, &count, pass.ignored_class());
            }
        }
    }
    Ok(Report { value: value(loss, sums.totals(), &count, classes), valid })
}

/// A slice of `length` elements that is to have `expected`.
#[inline(always)]
pub(super) fn fits<T, E>(
    argument: &'static str,
    length: usize,
    expected: usize,
) -> Result<(), Fault<T, E>> {
    if length == expected { Ok(()) } else { Err(Fault::Length { argument, length, expected }) }
}

/// The number of pixels that count, whose targets must be as `target` says and whose weights finite.
#[inline(always)]
pub(super) fn check_pixels<T: Real, E: Target>(
    targets: &[E],
    ignored: Option<E>,
    maps: &[&[T]],
    mut target: impl FnMut(usize, E) -> Result<(), Fault<T, E>>,
) -> Result<u64, Fault<T, E>> {
    maps.iter().try_for_each(|map| fits("map", map.len(), targets.len()))?;
    let mut valid = 0usize;
    for (pixel, &own) in targets.iter().enumerate().filter(|&(_, &own)| Some(own) != ignored) {
        target(pixel, own)?;
        for (place, map) in maps.iter().enumerate() {
            let weight = map.get(pixel).copied().unwrap_or_default();
            if !weight.abs().lt(T::splat(f64::INFINITY)) {
                return Err(Fault::Weight { place, weight, pixel });
            }
        }
        valid += 1;
    }
    Ok(valid as u64)
}
