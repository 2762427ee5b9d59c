use super::problem::Problem;
use super::workspace::{Rows, cut, part};
use crate::compose::{Kind, Program, Spec};
use crate::error::Error;
use crate::lanes::{Lanes, Real};
use crate::region::{Pool, SUMS, Seed, SeededSums};
use crate::summation::Accumulator;
use crate::term::Reduction;
use crate::view::{LogitSource, TargetSource};

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

impl<T, A, P, Z, Y> Problem<'_, T, A, P, Z, Y>
where
    T: Real,
    A: Accumulator,
    P: Program<T, A>,
    Z: LogitSource<T>,
    Y: TargetSource,
{
    /// Applies per-sample terms to each sample's sums and leaves what adds up over samples: for each
    /// term its loss and what that is divided by, the pooled region sums, and the valid pixels.
    ///
    /// # Errors
    /// [`Error::Workspace`] for a slice shorter than [`Problem::sizes`] says.
    pub fn close(&self, sums: &[A], totals: &mut [A]) -> Result<(), Error> {
        let rows = self.rows;
        let sizes = self.sizes();
        let sums = part("sums", sums, sizes.sums)?;
        let totals = cut("totals", totals, sizes.totals)?;
        totals.fill(A::default());
        for row in rows.split(sums) {
            let (terms, pooled) = totals.split_at_mut(2 * rows.terms);
            for (index, spec) in active(self) {
                let (loss, count) = (2 * index, 2 * index + 1);
                match spec.kind {
                    Kind::Pixel(_) | Kind::Class(_) => {
                        terms[loss].merge(&row[index]);
                        terms[count].merge(&row[rows.valid()]);
                    }
                    Kind::Region(Pool::Sample, _) => {
                        terms[loss].add(region_loss(self.program, rows, index, &row[rows.terms..]));
                        terms[count].count(1);
                    }
                    Kind::Region(Pool::Batch, _) => {}
                }
            }
            merge(pooled, &row[rows.terms..]);
        }
        Ok(())
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
        let rows = self.rows;
        let sizes = self.sizes();
        let totals = part("totals", totals, sizes.totals)?;
        let sums = part("sums", sums, sizes.sums)?;
        let factors = cut("factors", factors, sizes.factors)?;
        let slopes = cut("slopes", slopes, sizes.slopes)?;
        let program = self.program;
        let pooled = &totals[2 * rows.terms..];
        let scale = A::Real::splat(self.call.scale);
        let mut value = A::Real::default();
        factors.fill(T::default());
        slopes.fill([T::default(); 2]);
        for (index, spec) in active(self) {
            let share = share(&spec, &totals[2 * index + 1]);
            value += match spec.kind {
                Kind::Region(Pool::Batch, _) => share * region_loss(program, rows, index, pooled),
                Kind::Region(Pool::Sample, _) => share * totals[2 * index].total(),
                Kind::Pixel(_) | Kind::Class(_) => {
                    let factor = T::round_from((share * scale).widen());
                    if !factor.widen().is_finite() {
                        return Err(Error::Scale { value: self.call.scale });
                    }
                    factors[index] = factor;
                    share * totals[2 * index].total()
                }
            };
        }
        if rows.regions == 0 {
            return Ok(value);
        }
        // Pooled terms have the same derivatives for every sample: found once, then copied.
        let (first, others) = slopes.split_at_mut(rows.regions);
        for (index, spec) in active(self) {
            if matches!(spec.kind, Kind::Region(Pool::Batch, _)) {
                let share = share(&spec, &totals[2 * index + 1]);
                add_slopes(program, rows, index, pooled, share * scale, first);
            }
        }
        others.chunks_exact_mut(rows.regions).for_each(|other| other.copy_from_slice(first));
        for (index, spec) in active(self) {
            if matches!(spec.kind, Kind::Region(Pool::Sample, _)) {
                let share = share(&spec, &totals[2 * index + 1]);
                let samples = rows.split(sums).zip(slopes.chunks_exact_mut(rows.regions));
                for (row, slopes) in samples {
                    add_slopes(program, rows, index, &row[rows.terms..], share * scale, slopes);
                }
            }
        }
        Ok(value)
    }
}

/// The terms that are evaluated: those whose coefficient is not 0.
fn active<T, A, P, Z, Y>(
    problem: &Problem<'_, T, A, P, Z, Y>,
) -> impl Iterator<Item = (usize, Spec)>
where
    T: Real,
    A: Accumulator,
    P: Program<T, A>,
    Z: LogitSource<T>,
    Y: TargetSource,
{
    let channels = problem.shape().channels;
    let spec = move |index| (index, problem.program.spec(index, channels));
    (0..problem.program.len()).map(spec).filter(|(_, spec)| spec.coefficient != 0.0)
}

/// What a term's loss is multiplied by: its coefficient, divided by `count` if it is a mean. The
/// mean of nothing is 0.
fn share<A: Accumulator>(spec: &Spec, count: &A) -> A::Real {
    let zero = A::Real::default();
    let coefficient = A::Real::splat(spec.coefficient);
    let (Kind::Pixel(reduction) | Kind::Class(reduction) | Kind::Region(_, reduction)) = spec.kind;
    match (spec.kind, reduction) {
        (Kind::Region(Pool::Batch, _), _) | (_, Reduction::Sum) => coefficient,
        (_, Reduction::Mean) if count.total() == zero => zero,
        (_, Reduction::Mean) => coefficient / count.total(),
    }
}

/// The loss of region term `index`, from region sums and the number of valid pixels behind them.
/// Of no valid pixel it is 0.
fn region_loss<T, A, P>(program: &P, rows: Rows, index: usize, sums: &[A]) -> A::Real
where
    T: Real,
    A: Accumulator,
    P: Program<T, A>,
{
    let (regions, valid) = sums.split_at(SUMS * rows.regions);
    if valid[0].total() == A::Real::default() {
        return A::Real::default();
    }
    program.region(index, SeededSums::new(regions, None)).value
}

/// Adds `share` times the derivatives of region term `index` to `slopes`, one pair a class.
fn add_slopes<T, A, P>(
    program: &P,
    rows: Rows,
    index: usize,
    sums: &[A],
    share: A::Real,
    slopes: &mut [[T; 2]],
) where
    T: Real,
    A: Accumulator,
    P: Program<T, A>,
{
    let (regions, valid) = sums.split_at(SUMS * rows.regions);
    if valid[0].total() == A::Real::default() {
        return;
    }
    for (class, slopes) in slopes.iter_mut().enumerate() {
        let seeds = [Seed::FalsePositive(class), Seed::FalseNegative(class)];
        for (slope, seed) in slopes.iter_mut().zip(seeds) {
            let derivative = program.region(index, SeededSums::new(regions, Some(seed))).derivative;
            *slope += T::round_from((share * derivative).widen());
        }
    }
}
