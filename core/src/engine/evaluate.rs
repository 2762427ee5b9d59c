use super::call::Scale;
use super::problem::Problem;
use super::sweep::{Gradient, Sweep};
use super::workspace::{Own, Shared, Workspace, cut, part};
use crate::compose::Program;
use crate::error::Error;
use crate::lanes::Real;
use crate::level::Level;
use crate::summation::{Accumulator, SEGMENT, TILE};
use crate::view::{GradientSink, LogitSource, NoGradient, TargetSource};

/// What an evaluation gives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Report<R> {
    /// The loss, before [`super::Call::scale`].
    pub value: R,
    /// Pixels that counted, over all samples (and channels, under the sigmoid link); 0 too where all
    /// weights are 0.
    pub valid: u64,
}

impl<T, A, P, Z, Y> Problem<'_, T, A, P, Z, Y>
where
    T: Real,
    A: Accumulator,
    P: Program<T, A>,
    Z: LogitSource<T>,
    Y: TargetSource,
{
    /// Adds the loss sums and region sums of every sample to its row of `sums`.
    ///
    /// Going on with the sums of an earlier tile of the same samples gives the bits of one call on
    /// the whole, if each tile before the last is a whole number of [`SEGMENT`]s.
    ///
    /// # Errors
    /// [`Error::Workspace`] if it is too short.
    pub fn reduce<Lv: Level>(
        &self,
        level: Lv,
        workspace: &mut Workspace<'_, T, A>,
    ) -> Result<(), Error> {
        let mut workspace = workspace.cut(&self.sizes())?;
        self.load_class_weights(workspace.class_weights);
        self.sweep_all(level, &mut workspace, true, None::<&mut NoGradient>)
    }

    /// Writes the gradient, from the factors and slopes of [`Problem::finish`].
    ///
    /// # Errors
    /// [`Error::Workspace`] if it is too short, [`Error::Shape`] if the sink's shape is not the
    /// logits'.
    pub fn gradient<Lv, G>(
        &self,
        level: Lv,
        workspace: &mut Workspace<'_, T, A>,
        sink: &mut G,
    ) -> Result<(), Error>
    where
        Lv: Level,
        G: GradientSink<T>,
    {
        self.check_gradient(sink)?;
        let mut workspace = workspace.cut(&self.sizes())?;
        self.load_class_weights(workspace.class_weights);
        self.sweep_all(level, &mut workspace, false, Some(sink))
    }

    /// The gradient where no term is evaluated: not even a NaN logit counts.
    fn write_zeros<G: GradientSink<T>>(&self, sink: &mut G) {
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

    /// The part of a sweep that is `unit < units()`: adds its sums to `sums`, where given (one row, as
    /// [`super::Sizes::segment`] says), and writes its gradient to `sink`, where given, from the factors and
    /// slopes of [`Problem::finish`] in `shared`.
    ///
    /// Sums of all units of a sample, added to its row in ascending order, are those of
    /// [`Problem::reduce`] in every bit. `shared` is to have been through [`Problem::check`].
    ///
    /// # Errors
    /// [`Error::Workspace`] for storage that is too short, [`Error::Shape`] if the sink's shape is not
    /// the logits'.
    pub fn sweep_unit<Lv: Level, G: GradientSink<T>>(
        &self,
        level: Lv,
        unit: usize,
        shared: &Shared<'_, T>,
        own: &mut Own<'_, T>,
        sums: Option<&mut [A]>,
        sink: Option<&mut G>,
    ) -> Result<(), Error> {
        let sizes = self.sizes();
        let sums = match sums {
            Some(sums) => Some(cut("sums", sums, sizes.segment)?),
            None => None,
        };
        let partials = cut("partials", own.partials, sizes.partials)?;
        let weights = cut("weights", own.weights, sizes.weights)?;
        let class_weights = part("class_weights", shared.class_weights, sizes.class_weights)?;
        let (sample, start) = (unit / self.segments(), unit % self.segments() * SEGMENT);
        if sample >= self.shape().batch {
            return Ok(());
        }
        let gradient = match sink {
            None => None,
            Some(sink) => {
                self.check_gradient(sink)?;
                let factors = part("factors", shared.factors, sizes.factors)?;
                let slopes = part("slopes", shared.slopes, sizes.slopes)?;
                let (terms, regions) = (self.rows.terms, self.rows.regions);
                let first = match self.call.scale {
                    Scale::Batch(_) => 0,
                    Scale::Samples(_) => sample * terms,
                };
                let factors = &factors[first..first + terms];
                let slopes = &slopes[sample * regions..(sample + 1) * regions];
                Some(Gradient { sink, factors, slopes })
            }
        };
        level.enter(Sweep {
            call: self.call,
            rows: self.rows,
            program: self.program,
            logits: self.logits,
            targets: self.targets,
            sample,
            pixels: start..self.shape().pixels().min(start + SEGMENT),
            partials,
            weights,
            class_weights,
            region_is_weighted: self.region_is_weighted,
            sums,
            gradient,
        });
        Ok(())
    }

    /// All units in turn.
    fn sweep_all<Lv, G>(
        &self,
        level: Lv,
        workspace: &mut Workspace<'_, T, A>,
        sum: bool,
        mut sink: Option<&mut G>,
    ) -> Result<(), Error>
    where
        Lv: Level,
        G: GradientSink<T>,
    {
        if !self.is_active {
            if let Some(sink) = sink {
                self.write_zeros(sink);
            }
            return Ok(());
        }
        let Workspace { partials, sums, segment, factors, slopes, weights, class_weights, .. } =
            workspace;
        let shared = Shared { factors, slopes, class_weights };
        let mut own = Own { partials, weights };
        for (sample, row) in self.rows.split_mut(sums).enumerate() {
            for of_sample in 0..self.segments() {
                let unit = sample * self.segments() + of_sample;
                segment.fill(A::default());
                let into = sum.then_some(&mut **segment);
                self.sweep_unit(level, unit, &shared, &mut own, into, sink.as_deref_mut())?;
                if sum {
                    row.iter_mut().zip(&**segment).for_each(|(row, sum)| row.merge(sum));
                }
            }
        }
        Ok(())
    }
}

/// How the sweeps of an evaluation are run: all units in turn ([`evaluate`]), or several at a time.
pub trait Sweeps<T: Real, A: Accumulator, P, Z, Y> {
    /// Whether there is a gradient to write.
    fn has_gradient(&self) -> bool;

    /// Runs [`Problem::check`].
    ///
    /// # Errors
    /// As it.
    fn check(
        &mut self,
        problem: &Problem<'_, T, A, P, Z, Y>,
        workspace: &mut Workspace<'_, T, A>,
    ) -> Result<u64, Error>;

    /// Runs [`Problem::sweep_unit`] on all units, adding sums to the rows of the workspace if `sum` and
    /// writing the gradient if `gradient`.
    ///
    /// # Errors
    /// What a unit gives, or no memory.
    fn run(
        &mut self,
        problem: &Problem<'_, T, A, P, Z, Y>,
        workspace: &mut Workspace<'_, T, A>,
        sum: bool,
        gradient: bool,
    ) -> Result<(), Error>;
}

/// One unit after the other.
#[derive(Debug)]
pub struct InTurn<'g, Lv, G> {
    /// With these vectors.
    pub level: Lv,
    /// Where the gradient goes, if it is asked for.
    pub sink: Option<&'g mut G>,
}

impl<T, A, P, Z, Y, Lv, G> Sweeps<T, A, P, Z, Y> for InTurn<'_, Lv, G>
where
    T: Real,
    A: Accumulator,
    P: Program<T, A>,
    Z: LogitSource<T>,
    Y: TargetSource,
    Lv: Level,
    G: GradientSink<T>,
{
    fn has_gradient(&self) -> bool {
        self.sink.is_some()
    }

    fn check(
        &mut self,
        problem: &Problem<'_, T, A, P, Z, Y>,
        workspace: &mut Workspace<'_, T, A>,
    ) -> Result<u64, Error> {
        problem.check(self.level, workspace)
    }

    fn run(
        &mut self,
        problem: &Problem<'_, T, A, P, Z, Y>,
        workspace: &mut Workspace<'_, T, A>,
        sum: bool,
        gradient: bool,
    ) -> Result<(), Error> {
        let sink = self.sink.as_deref_mut().filter(|_| gradient);
        problem.sweep_all(self.level, workspace, sum, sink)
    }
}

/// The loss, and its gradient if `gradient` is given. All targets are checked before anything is
/// written there.
///
/// # Errors
/// Targets, shapes or a workspace that do not fit. The gradient is then untouched.
pub fn evaluate<Lv, T, A, P, Z, Y, G>(
    level: Lv,
    problem: &Problem<'_, T, A, P, Z, Y>,
    gradient: Option<&mut G>,
    workspace: &mut Workspace<'_, T, A>,
) -> Result<Report<A::Real>, Error>
where
    Lv: Level,
    T: Real,
    A: Accumulator,
    P: Program<T, A>,
    Z: LogitSource<T>,
    Y: TargetSource,
    G: GradientSink<T>,
{
    if let Some(gradient) = &gradient {
        problem.check_gradient(&**gradient)?;
    }
    evaluate_with(&mut InTurn { level, sink: gradient }, problem, workspace)
}

/// The same with the sweeps run as `sweeps` does.
///
/// # Errors
/// As [`evaluate`].
pub fn evaluate_with<S, T, A, P, Z, Y>(
    sweeps: &mut S,
    problem: &Problem<'_, T, A, P, Z, Y>,
    workspace: &mut Workspace<'_, T, A>,
) -> Result<Report<A::Real>, Error>
where
    S: Sweeps<T, A, P, Z, Y>,
    T: Real,
    A: Accumulator,
    P: Program<T, A>,
    Z: LogitSource<T>,
    Y: TargetSource,
{
    let mut workspace = workspace.cut(&problem.sizes())?;
    workspace.sums.fill(A::default());
    let valid = sweeps.check(problem, &mut workspace)?;
    let fused = problem.rows.regions == 0;
    let value = match (sweeps.has_gradient(), fused) {
        (false, _) => {
            sweeps.run(problem, &mut workspace, true, false)?;
            finish_all(problem, &mut workspace)?
        }
        (true, true) => {
            // The factors need only the counts, so sums and gradient take one sweep.
            finish_all(problem, &mut workspace)?;
            sweeps.run(problem, &mut workspace, true, true)?;
            finish_all(problem, &mut workspace)?
        }
        (true, false) => {
            sweeps.run(problem, &mut workspace, true, false)?;
            let value = finish_all(problem, &mut workspace)?;
            sweeps.run(problem, &mut workspace, false, true)?;
            value
        }
    };
    let valid = if problem.is_void(workspace.totals) { 0 } else { valid };
    Ok(Report { value, valid })
}

/// The loss of the workspace's sums, with factors and slopes.
fn finish_all<T, A, P, Z, Y>(
    problem: &Problem<'_, T, A, P, Z, Y>,
    workspace: &mut Workspace<'_, T, A>,
) -> Result<A::Real, Error>
where
    T: Real,
    A: Accumulator,
    P: Program<T, A>,
    Z: LogitSource<T>,
    Y: TargetSource,
{
    let Workspace { sums, totals, factors, slopes, .. } = workspace;
    problem.close(sums, totals)?;
    problem.finish(totals, sums, factors, slopes)
}
