use super::call::Scale;
use super::problem::Problem;
use super::requirements::check_per_sample;
use super::workspace::{take, take_mut};
use crate::error::Error;
use crate::lanes::{Lanes, Real};
use crate::region::{Occurring, Pool, SUMS, SeededSums};
use crate::summation::Accumulator;
use crate::term::{Missing, Options, Reduction};
use crate::tile::{Kind, Spec};

/// Adds the sums of more pixels of the *same* samples, from another tile of a large image.
///
/// To about 1e-12 what one call on the whole gives. For the same bits let [`Problem::reduce`]
/// go on adding to one array, tile after tile, each a whole number of segments.
///
/// # Errors
/// [`Error::Workspace`] if the lengths differ.
pub fn merge_tiles<A: Accumulator>(sums: &mut [A], tile: &[A]) -> Result<(), Error> {
    merge_equals("tile", sums, tile)
}

/// Adds the totals of *other* samples, from another worker.
///
/// # Errors
/// [`Error::Workspace`] if the lengths differ.
pub fn merge_ranks<A: Accumulator>(totals: &mut [A], rank: &[A]) -> Result<(), Error> {
    merge_equals("rank", totals, rank)
}

fn merge_equals<A: Accumulator>(
    argument: &'static str,
    into: &mut [A],
    from: &[A],
) -> Result<(), Error> {
    if from.len() != into.len() {
        return Err(Error::Workspace { argument, length: from.len(), expected: into.len() });
    }
    merge(into, from);
    Ok(())
}

fn merge<A: Accumulator>(into: &mut [A], from: &[A]) {
    into.iter_mut().zip(from).for_each(|(into, from)| into.merge(from));
}

impl<T: Real, A: Accumulator> Problem<'_, T, A> {
    /// Applies per-sample terms to each sample's sums and leaves what adds up over samples: for each
    /// term its loss and what that is divided by, the pooled region sums, and the valid pixels.
    ///
    /// # Errors
    /// [`Error::Workspace`] for a slice shorter than [`Problem::sizes`] says.
    pub fn close(&self, sums: &[A], totals: &mut [A]) -> Result<(), Error> {
        let sizes = self.sizes();
        let sums = take("sums", sums, sizes.sums)?;
        self.close_all(sums, take_mut("totals", totals, sizes.totals)?);
        Ok(())
    }

    /// Closes sums, of slices as long as [`Problem::sizes`] says.
    pub(super) fn close_all(&self, sums: &[A], totals: &mut [A]) {
        let rows = self.rows;
        totals.fill(A::default());
        for row in rows.split(sums) {
            let (terms, pooled) = totals.split_at_mut(2 * rows.terms);
            for index in self.active() {
                let spec = self.spec(index);
                let (of_sample, of_batch) = (self.of_sample(index, &spec, row), 2 * index);
                terms[of_batch].merge(&of_sample.loss);
                terms[of_batch + 1].merge(&of_sample.count);
            }
            merge(pooled, &row[rows.region()..]);
        }
    }

    /// The loss of these totals, and what the gradient needs of them: `factors`, one a term, and
    /// `slopes`, one pair a sample and class, from this worker's own `sums`.
    ///
    /// # Errors
    /// [`Error::Workspace`] for a slice shorter than [`Problem::sizes`] says; [`Error::Scale`] if a
    /// term's factor overflows the computing format.
    pub fn finish(
        &self,
        totals: &[A],
        sums: &[A],
        factors: &mut [T],
        slopes: &mut [[T; 2]],
    ) -> Result<A::Real, Error> {
        let sizes = self.sizes();
        let totals = take("totals", totals, sizes.totals)?;
        let sums = take("sums", sums, sizes.sums)?;
        let factors = take_mut("factors", factors, sizes.factors)?;
        let slopes = take_mut("slopes", slopes, sizes.slopes)?;
        self.set_gradient(totals, sums, factors, slopes)?;
        Ok(self.value(totals))
    }

    /// Computes what the gradient needs: the first half of [`Problem::finish`], of slices as long as
    /// [`Problem::sizes`] says.
    pub(super) fn set_gradient(
        &self,
        totals: &[A],
        sums: &[A],
        factors: &mut [T],
        slopes: &mut [[T; 2]],
    ) -> Result<(), Error> {
        match self.call.scale {
            Scale::Batch(scale) => self.of_batch(totals, sums, scale, factors, slopes),
            Scale::Samples(scales) => self.of_samples(sums, scales, factors, slopes),
        }
    }

    /// Computes the loss: the second half of [`Problem::finish`].
    pub(super) fn value(&self, totals: &[A]) -> A::Real {
        let pooled = &totals[2 * self.rows.terms..];
        let mut value = A::Real::default();
        for index in self.active() {
            let spec = self.spec(index);
            let loss = match spec.kind {
                Kind::Region(Pool::Batch) => self.region_loss(index, &spec, pooled),
                _ => Some(totals[2 * index].total()),
            };
            value += share(&spec, &totals[2 * index + 1]) * loss.unwrap_or_default();
        }
        value
    }

    /// The loss of each sample by itself, as if it were the whole batch, from sums after
    /// [`Problem::reduce`].
    ///
    /// # Errors
    /// [`Error::Pooled`] for a region term that pools the batch, [`Error::Samples`] unless there is
    /// one place a sample, [`Error::Workspace`] if `sums` is too short.
    pub fn sample_values(&self, sums: &[A], values: &mut [A::Real]) -> Result<(), Error> {
        self.check_sample_values(values)?;
        let sums = take("sums", sums, self.sizes().sums)?;
        for (row, place) in self.rows.split(sums).zip(values) {
            *place = A::Real::default();
            for index in self.active() {
                let spec = self.spec(index);
                let OfSample { loss, count } = self.of_sample(index, &spec, row);
                *place += share(&spec, &count) * loss.total();
            }
        }
        Ok(())
    }

    /// What [`Problem::sample_values`] asks for, before anything is computed.
    ///
    /// # Errors
    /// [`Error::Pooled`], [`Error::Samples`].
    pub fn check_sample_values(&self, values: &[A::Real]) -> Result<(), Error> {
        self.active().try_for_each(|index| check_per_sample(&self.spec(index)))?;
        let (length, expected) = (values.len(), self.shape().batch);
        if length == expected {
            return Ok(());
        }
        Err(Error::Samples { argument: "values", length, expected })
    }

    /// The valid pixels behind these totals, whatever their weights; 0 where every term that is evaluated
    /// is divided by 0.
    ///
    /// # Errors
    /// [`Error::Workspace`] if `totals` is shorter than [`Problem::sizes`] says.
    pub fn valid(&self, totals: &[A]) -> Result<u64, Error> {
        let totals = take("totals", totals, self.sizes().totals)?;
        let rows = self.rows;
        // After each term's two come those of a row from its region sums on.
        let valid = totals[2 * rows.terms + rows.valid() - rows.region()].total();
        Ok(if self.is_void(totals) { 0 } else { valid.widen() as u64 })
    }

    /// Whether every term that is evaluated is divided by 0.
    pub(super) fn is_void(&self, totals: &[A]) -> bool {
        let counts = |index: usize| {
            totals[2 * index + 1].total() != A::Real::default() || self.spec(index).is_region()
        };
        self.is_active && !self.active().any(counts)
    }

    /// A term in one sample. Terms that pool the batch have nothing there.
    pub(super) fn of_sample(&self, index: usize, spec: &Spec<'_>, row: &[A]) -> OfSample<A> {
        let mut own = OfSample { loss: A::default(), count: A::default() };
        match spec.kind {
            Kind::Pixel | Kind::Class => {
                own.loss = row[index];
                let denominator = self.rows.terms + index;
                own.count =
                    row[if spec.has_denominator() { denominator } else { self.rows.valid() }];
            }
            Kind::Region(Pool::Sample) => {
                if let Some(value) = self.region_loss(index, spec, &row[self.rows.region()..]) {
                    own.loss.add(value);
                    own.count.count(1);
                }
            }
            Kind::Region(Pool::Batch) => {}
        }
        own
    }

    /// The loss of region term `index`, from region sums and the number of valid pixels behind them: 0
    /// of no valid pixel, none where there is no target and such regions are skipped.
    fn region_loss(&self, index: usize, spec: &Spec<'_>, sums: &[A]) -> Option<A::Real> {
        let (regions, counts) = sums.split_at(SUMS * self.rows.regions);
        if is_skipped(&spec.options, regions) {
            return None;
        }
        let (counts, valid) = counts.split_at(self.rows.regions);
        if valid[0].total() == A::Real::default() {
            return Some(A::Real::default());
        }
        let sums = SeededSums::new(regions, Occurring::Counts(counts), None, &spec.options);
        Some(self.program.region(index, sums).value)
    }
}

/// Whether a region term with these options has no target in its classes and such samples are skipped.
#[inline(always)]
pub(super) fn is_skipped<A: Accumulator>(options: &Options<'_>, regions: &[A]) -> bool {
    let sums = || SeededSums::new(regions, Occurring::AllBut(None), None, options);
    options.empty == Missing::Skip && sums().is_untargeted()
}

/// A term's loss in a sample and what a mean divides it by.
pub(super) struct OfSample<A> {
    pub loss: A,
    pub count: A,
}

/// What a term's loss is multiplied by: its coefficient, divided by `count` if it is a mean.
#[inline(always)]
pub(crate) fn share<A: Accumulator>(spec: &Spec<'_>, count: &A) -> A::Real {
    let coefficient = A::Real::splat(spec.coefficient);
    let count = count.total();
    match (spec.kind, spec.options.reduction) {
        (Kind::Region(Pool::Batch), _) | (_, Reduction::Sum) => coefficient,
        (_, Reduction::Mean) => {
            mean_share(coefficient, A::Real::splat(spec.denominator_offset), count)
        }
    }
}

/// `coefficient / (count + offset)`, and 0 of nothing: what the sum of a mean is multiplied by.
#[inline(always)]
pub fn mean_share<L: Lanes>(coefficient: L, offset: L, count: L) -> L {
    let zero = L::splat(0.0);
    L::select(count.eq(zero), zero, coefficient / (count + offset))
}
