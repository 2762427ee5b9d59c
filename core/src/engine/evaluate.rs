use super::call::Scale;
use super::problem::Problem;
use super::sweep::{Gradient, Sweep};
use super::workspace::Workspace;
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
        self.sweep_all(level, &mut workspace, true, None::<&mut NoGradient>);
        Ok(())
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
        self.sweep_all(level, &mut workspace, false, Some(sink));
        Ok(())
    }

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

    fn sweep_all<Lv, G>(
        &self,
        level: Lv,
        workspace: &mut Workspace<'_, T, A>,
        sum: bool,
        mut sink: Option<&mut G>,
    ) where
        Lv: Level,
        G: GradientSink<T>,
    {
        if !self.is_active {
            // Not even a NaN logit counts where no term is evaluated.
            if let Some(sink) = sink {
                self.write_zeros(sink);
            }
            return;
        }
        let pixels = self.shape().pixels();
        let Workspace { partials, sums, segment, factors, slopes, weights, class_weights, .. } =
            workspace;
        let terms = self.rows.terms;
        for (sample, row) in self.rows.split_mut(sums).enumerate() {
            for start in (0..pixels).step_by(SEGMENT) {
                segment.fill(A::default());
                let own = sample * self.rows.regions..(sample + 1) * self.rows.regions;
                let first_factor = match self.call.scale {
                    Scale::Batch(_) => 0,
                    Scale::Samples(_) => sample * terms,
                };
                level.enter(Sweep {
                    call: self.call,
                    rows: self.rows,
                    program: self.program,
                    logits: self.logits,
                    targets: self.targets,
                    sample,
                    pixels: start..pixels.min(start + SEGMENT),
                    partials,
                    weights,
                    class_weights,
                    region_is_weighted: self.region_is_weighted,
                    sums: sum.then_some(&mut **segment),
                    gradient: sink.as_deref_mut().map(|sink| Gradient {
                        sink,
                        factors: &factors[first_factor..first_factor + terms],
                        slopes: &slopes[own],
                    }),
                });
                if sum {
                    row.iter_mut().zip(&**segment).for_each(|(row, sum)| row.merge(sum));
                }
            }
        }
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
    let mut workspace = workspace.cut(&problem.sizes())?;
    workspace.sums.fill(A::default());
    let valid = problem.check(&mut workspace)?;
    let fused = problem.rows.regions == 0;
    let none = None::<&mut NoGradient>;
    let value = match gradient {
        None => {
            problem.sweep_all(level, &mut workspace, true, none);
            finish_all(problem, &mut workspace)?
        }
        Some(sink) if fused => {
            // The factors need only the counts, so sums and gradient take one sweep.
            finish_all(problem, &mut workspace)?;
            problem.sweep_all(level, &mut workspace, true, Some(sink));
            finish_all(problem, &mut workspace)?
        }
        Some(sink) => {
            problem.sweep_all(level, &mut workspace, true, none);
            let value = finish_all(problem, &mut workspace)?;
            problem.sweep_all(level, &mut workspace, false, Some(sink));
            value
        }
    };
    let valid = if problem.is_void(workspace.totals) { 0 } else { valid };
    Ok(Report { value, valid })
}

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
