use super::call::{Link, Scale};
use super::problem::Problem;
use super::sigmoid::{self, Unfit};
use super::softmax;
use super::sweep::{Purpose, Sweep, Swept};
use super::workspace::{SharedStorage, UnitStorage, Workspace, take, take_mut};
use crate::error::Error;
use crate::lanes::Real;
use crate::summation::{Accumulator, SEGMENT, TILE};
use crate::view::GradientSink;

/// What an evaluation gives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Report<R> {
    /// The loss, before [`super::Call::scale`].
    pub value: R,
    /// Pixels that counted, over all samples (and channels, under the sigmoid link); 0 too where all
    /// weights are 0.
    pub valid: u64,
}

impl<T: Real, A: Accumulator> Problem<'_, T, A> {
    /// Adds the loss sums and region sums of every sample to its row of `sums`.
    ///
    /// Going on with the sums of an earlier tile of the same samples gives the bits of one call on
    /// the whole, if each tile before the last is a whole number of [`SEGMENT`]s.
    ///
    /// # Errors
    /// [`Error::Workspace`] if it is too short.
    pub fn reduce(&self, workspace: &mut Workspace<'_, T, A>) -> Result<(), Error> {
        let mut workspace = workspace.take_mut(&self.sizes())?;
        self.load_class_weights(workspace.class_weights);
        self.sweep_all(&mut workspace, Purpose::Sums, None).map(|_| ())
    }

    /// Writes the gradient, from the factors and slopes of [`Problem::finish`].
    ///
    /// # Errors
    /// [`Error::Workspace`] if it is too short, [`Error::Shape`] if the sink's shape is not the
    /// logits'.
    pub fn gradient(
        &self,
        workspace: &mut Workspace<'_, T, A>,
        sink: &mut dyn GradientSink<T>,
    ) -> Result<(), Error> {
        self.check_gradient(sink)?;
        let mut workspace = workspace.take_mut(&self.sizes())?;
        self.load_class_weights(workspace.class_weights);
        self.sweep_all(&mut workspace, Purpose::Gradient, Some(sink)).map(|_| ())
    }

    /// The gradient where no term is evaluated: not even a NaN logit counts.
    fn write_zeros(&self, sink: &mut dyn GradientSink<T>) {
        let shape = self.shape();
        let zeros = [T::default(); TILE];
        for sample in 0..shape.batch {
            for channel in 0..shape.channels {
                for first in (0..shape.pixels()).step_by(TILE) {
                    let count = TILE.min(shape.pixels() - first);
                    sink.put((sample, channel, first), count, &zeros, self.call.write);
                }
            }
        }
    }

    /// The parts that a sweep can be divided into: segments of samples. Each writes its own places of
    /// the gradient and no others.
    pub fn units(&self) -> usize {
        self.shape().batch * self.segments()
    }

    /// The part of a sweep that is `unit < units()`: if `purpose` says so, adds its sums to `sums` (one row, as
    /// [`super::Sizes::segment`] says) and writes its gradient to `sink`, from the factors and slopes of
    /// [`Problem::finish`] in `shared`.
    ///
    /// Sums of all units of a sample, added to its row in ascending order, are those of
    /// [`Problem::reduce`] in every bit. `shared` is to have been through [`Problem::check`].
    ///
    /// # Errors
    /// [`Error::Workspace`] for storage that is too short, [`Error::Shape`] if the sink's shape is not
    /// the logits'.
    pub fn sweep_unit(
        &self,
        unit: usize,
        shared: &SharedStorage<'_, T>,
        own: &mut UnitStorage<'_, T>,
        purpose: Purpose,
        sums: Option<&mut [A]>,
        mut sink: Option<&mut dyn GradientSink<T>>,
    ) -> Result<Swept, Error> {
        let sizes = self.sizes();
        let sums = match sums.filter(|_| purpose.has_sums()) {
            Some(sums) => Some(take_mut("sums", sums, sizes.segment)?),
            None => None,
        };
        let partials = take_mut("partials", own.partials, sizes.partials)?;
        let weights = sizes.take_weights(own.weights)?;
        let class_weights = take("class_weights", shared.class_weights, sizes.class_weights)?;
        let (sample, start) = (unit / self.segments(), unit % self.segments() * SEGMENT);
        if sample >= self.shape().batch {
            return Ok(Swept::NOTHING);
        }
        let (mut factors, mut slopes) = (&[][..], &[][..]);
        if let Some(sink) = &sink {
            self.check_gradient(&**sink)?;
        }
        if purpose.has_gradient() {
            let (terms, regions) = (self.rows.terms, self.rows.regions);
            let first = match self.call.scale {
                Scale::Batch(_) => 0,
                Scale::Samples(_) => sample * terms,
            };
            factors = &take("factors", shared.factors, sizes.factors)?[first..first + terms];
            slopes = take("slopes", shared.slopes, sizes.slopes)?;
            slopes = &slopes[sample * regions..(sample + 1) * regions];
        }
        let sweep = Sweep {
            call: &self.call,
            rows: self.rows,
            program: self.program,
            logits: &self.logits,
            targets: &self.targets,
            sample,
            pixels: start..self.shape().pixels().min(start + SEGMENT),
            partials,
            weights,
            class_weights,
            region_is_weighted: self.region_is_weighted,
            purpose,
            checks: self.check_rides(),
            sums,
            sink: reborrow(&mut sink).filter(|_| purpose.writes()),
            factors,
            slopes,
        };
        match self.call.link {
            Link::Sigmoid => sigmoid::sweep(sweep).map_err(|Unfit| self.unfit()),
            Link::Softmax => {
                softmax::sweep(sweep);
                Ok(Swept { all_hard: false })
            }
        }
    }

    /// All units in turn.
    fn sweep_all(
        &self,
        workspace: &mut Workspace<'_, T, A>,
        purpose: Purpose,
        mut sink: Option<&mut dyn GradientSink<T>>,
    ) -> Result<Swept, Error> {
        let mut swept = Swept::NOTHING;
        if !self.is_active {
            if let Some(sink) = sink.filter(|_| purpose.has_gradient()) {
                self.write_zeros(sink);
            }
            return Ok(swept);
        }
        let sum = purpose.has_sums();
        let Workspace { partials, sums, segment, factors, slopes, weights, class_weights, .. } =
            workspace;
        let shared = SharedStorage { factors, slopes, class_weights };
        let mut own = UnitStorage { partials, weights };
        for (sample, row) in self.rows.split_mut(sums).enumerate() {
            for of_sample in 0..self.segments() {
                let unit = sample * self.segments() + of_sample;
                segment.fill(A::default());
                let into = sum.then_some(&mut **segment);
                let sink = reborrow(&mut sink);
                let own = self.sweep_unit(unit, &shared, &mut own, purpose, into, sink)?;
                swept = swept.and(own);
                if sum {
                    row.iter_mut().zip(&**segment).for_each(|(row, sum)| row.merge(sum));
                }
            }
        }
        Ok(swept)
    }
}

/// Lends a sink for a while. (An `Option` of an object that is borrowed for longer does not do so by itself.)
fn reborrow<'s, T: Real>(
    sink: &'s mut Option<&mut dyn GradientSink<T>>,
) -> Option<&'s mut dyn GradientSink<T>> {
    match sink {
        Some(sink) => Some(&mut **sink),
        None => None,
    }
}

/// How the sweeps of an evaluation are run: all units in turn ([`evaluate`]), or several at a time.
pub trait Sweeps<T: Real, A: Accumulator> {
    /// Whether there is a gradient to write.
    fn has_gradient(&self) -> bool;

    /// Runs [`Problem::sweep_unit`] on all units, adding sums to the rows of the workspace.
    ///
    /// # Errors
    /// What a unit gives, or no memory.
    fn run(
        &mut self,
        problem: &Problem<'_, T, A>,
        workspace: &mut Workspace<'_, T, A>,
        purpose: Purpose,
    ) -> Result<Swept, Error>;
}

/// Runs one unit after the other.
pub struct SerialSweeps<'g, T> {
    /// Where the gradient goes, if it is asked for.
    pub sink: Option<&'g mut dyn GradientSink<T>>,
}

impl<T> core::fmt::Debug for SerialSweeps<'_, T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("SerialSweeps").finish_non_exhaustive()
    }
}

impl<T: Real, A: Accumulator> Sweeps<T, A> for SerialSweeps<'_, T> {
    fn has_gradient(&self) -> bool {
        self.sink.is_some()
    }

    fn run(
        &mut self,
        problem: &Problem<'_, T, A>,
        workspace: &mut Workspace<'_, T, A>,
        purpose: Purpose,
    ) -> Result<Swept, Error> {
        problem.sweep_all(workspace, purpose, reborrow(&mut self.sink))
    }
}

/// Computes the loss, and its gradient if `gradient` is given.
///
/// # Errors
/// Targets, shapes or a workspace that do not fit. A gradient that is added to is then untouched; one that is overwritten
/// may hold anything, since checks of floats ride along with the sweep.
pub fn evaluate<T: Real, A: Accumulator>(
    problem: &Problem<'_, T, A>,
    gradient: Option<&mut dyn GradientSink<T>>,
    workspace: &mut Workspace<'_, T, A>,
) -> Result<Report<A::Real>, Error> {
    if let Some(gradient) = &gradient {
        problem.check_gradient(&**gradient)?;
    }
    evaluate_with(&mut SerialSweeps { sink: gradient }, problem, workspace)
}

/// Computes the loss, and its gradient if `sweeps` has one, with the sweeps run as `sweeps` does.
///
/// # Errors
/// Targets or a workspace that do not fit; what `sweeps` gives.
pub fn evaluate_with<T: Real, A: Accumulator>(
    sweeps: &mut dyn Sweeps<T, A>,
    problem: &Problem<'_, T, A>,
    workspace: &mut Workspace<'_, T, A>,
) -> Result<Report<A::Real>, Error> {
    let mut workspace = workspace.take_mut(&problem.sizes())?;
    workspace.sums.fill(A::default());
    let valid = problem.check_all(&mut workspace, problem.check_rides())?;
    problem.check_clear(valid)?;
    let needs_one_sweep = problem.rows.regions == 0;
    let value = match (sweeps.has_gradient(), needs_one_sweep) {
        (false, _) => {
            sweeps.run(problem, &mut workspace, Purpose::Sums)?;
            finish_all(problem, &mut workspace)?
        }
        (true, true) => {
            // The factors need only the counts, so sums and gradient take one sweep.
            set_gradient(problem, &mut workspace)?;
            sweeps.run(problem, &mut workspace, Purpose::Both)?;
            problem.close_all(workspace.sums, workspace.totals);
            problem.value(workspace.totals)
        }
        (true, false) => {
            let swept = sweeps.run(problem, &mut workspace, Purpose::SumsFirst)?;
            let value = finish_all(problem, &mut workspace)?;
            let of_hard = swept.all_hard;
            let next = if of_hard { Purpose::GradientOfHard } else { Purpose::GradientNext };
            sweeps.run(problem, &mut workspace, next)?;
            value
        }
    };
    let valid = if problem.is_void(workspace.totals) { 0 } else { valid };
    Ok(Report { value, valid })
}

/// Computes the loss of the workspace's sums, with factors and slopes.
fn finish_all<T: Real, A: Accumulator>(
    problem: &Problem<'_, T, A>,
    workspace: &mut Workspace<'_, T, A>,
) -> Result<A::Real, Error> {
    set_gradient(problem, workspace)?;
    Ok(problem.value(workspace.totals))
}

/// Computes totals from the workspace's sums, and what the gradient needs of them.
fn set_gradient<T: Real, A: Accumulator>(
    problem: &Problem<'_, T, A>,
    workspace: &mut Workspace<'_, T, A>,
) -> Result<(), Error> {
    let Workspace { sums, totals, factors, slopes, .. } = workspace;
    problem.close_all(sums, totals);
    problem.set_gradient(totals, sums, factors, slopes)
}
