//! What the gradient needs of the sums: a factor a pixel or class term, and the derivatives of region
//! terms in each class's false positives and false negatives.

use super::finish::{is_skipped, share};
use super::problem::Problem;
use crate::error::Error;
use crate::lanes::{Lanes, Real, bounded};
use crate::region::{Occurring, Pool, SUMS, Seed, SeededSums};
use crate::summation::Accumulator;
use crate::tile::{Kind, Spec};

impl<T: Real, A: Accumulator> Problem<'_, T, A> {
    /// Finds factors and slopes of the loss of the batch times `scale`.
    pub(super) fn of_batch(
        &self,
        totals: &[A],
        sums: &[A],
        scale: f64,
        factors: &mut [T],
        slopes: &mut [[T; 2]],
    ) -> Result<(), Error> {
        let rows = self.rows;
        let share = |index: usize, spec: &Spec<'_>| share(spec, &totals[2 * index + 1]);
        self.set_factors(scale, factors, share)?;
        if rows.regions == 0 {
            return Ok(());
        }
        // Pooled terms have the same derivatives for every sample: found once, then copied.
        let Some((first, others)) = slopes.split_at_mut_checked(rows.regions) else {
            return Ok(()); // No samples.
        };
        first.fill([T::default(); 2]);
        self.add_slopes(Pool::Batch, &totals[2 * rows.terms..], scale, first, share);
        others.chunks_exact_mut(rows.regions).for_each(|other| other.copy_from_slice(first));
        for (row, own) in rows.split(sums).zip(slopes.chunks_exact_mut(rows.regions)) {
            self.add_slopes(Pool::Sample, &row[rows.region()..], scale, own, share);
            saturate(own);
        }
        Ok(())
    }

    /// Finds factors and slopes of the sum of each sample's own loss times its scale.
    pub(super) fn of_samples(
        &self,
        sums: &[A],
        scales: &[f64],
        factors: &mut [T],
        slopes: &mut [[T; 2]],
    ) -> Result<(), Error> {
        let rows = self.rows;
        for (sample, (row, &scale)) in rows.split(sums).zip(scales).enumerate() {
            let share = |index: usize, spec: &Spec<'_>| {
                share(spec, &self.of_sample(index, spec, row).count)
            };
            let own = &mut factors[sample * rows.terms..(sample + 1) * rows.terms];
            self.set_factors(scale, own, share)?;
            let own = &mut slopes[sample * rows.regions..(sample + 1) * rows.regions];
            own.fill([T::default(); 2]);
            self.add_slopes(Pool::Sample, &row[rows.region()..], scale, own, share);
            saturate(own);
        }
        Ok(())
    }

    fn set_factors(
        &self,
        scale: f64,
        factors: &mut [T],
        share: impl Fn(usize, &Spec<'_>) -> A::Real,
    ) -> Result<(), Error> {
        factors.fill(T::default());
        for index in self.active() {
            let spec = self.spec(index);
            if !spec.is_region() {
                let factor = factor(share(index, &spec), scale);
                factors[index] = factor.ok_or(Error::Scale { value: scale })?;
            }
        }
        Ok(())
    }

    /// Adds the derivatives of the region terms that are pooled as `pool` says, one pair a class, from
    /// the region sums and the number of valid pixels behind them.
    fn add_slopes(
        &self,
        pool: Pool,
        sums: &[A],
        scale: f64,
        slopes: &mut [[T; 2]],
        share: impl Fn(usize, &Spec<'_>) -> A::Real,
    ) {
        let (regions, counts) = sums.split_at(SUMS * self.rows.regions);
        let (counts, valid) = counts.split_at(self.rows.regions);
        if valid[0].total() == A::Real::default() {
            return;
        }
        for index in self.active() {
            let spec = self.spec(index);
            if spec.kind != Kind::Region(pool) || is_skipped(&spec.options, regions) {
                continue;
            }
            let occurring = Occurring::Counts(counts);
            let seeded = |seed| SeededSums::new(regions, occurring, seed, &spec.options);
            let share = share(index, &spec) * A::Real::splat(scale);
            let mut note = |class: usize, derivatives: [A::Real; 2]| {
                let own = slopes.get_mut(class).into_iter().flatten();
                own.zip(derivatives).for_each(|(slope, own)| *slope += of_slope(share, own));
            };
            if self.program.region_slopes(index, seeded(None), &mut note) {
                continue;
            }
            for (class, slopes) in slopes.iter_mut().enumerate() {
                let seeds = [Seed::FalsePositive(class), Seed::FalseNegative(class)];
                for (slope, seed) in slopes.iter_mut().zip(seeds) {
                    let derivative = self.program.region(index, seeded(Some(seed))).derivative;
                    *slope += of_slope(share, derivative);
                }
            }
        }
    }
}

/// What a pixel or class term's slope is multiplied by, if it is finite in the computing format.
#[inline(always)]
pub(crate) fn factor<T: Real, R: Real>(share: R, scale: f64) -> Option<T> {
    let factor = T::round_from((share * R::splat(scale)).widen());
    factor.widen().is_finite().then_some(factor)
}

/// A region term's part of a slope.
#[inline(always)]
pub(crate) fn of_slope<T: Real, R: Real>(share: R, derivative: R) -> T {
    T::round_from((share * derivative).widen())
}

/// Bounds slopes.
#[inline(always)]
pub(crate) fn saturate<T: Real>(slopes: &mut [[T; 2]]) {
    slopes.as_flattened_mut().iter_mut().for_each(|slope| *slope = bounded(*slope));
}
