use super::call::Link;
use super::problem::Problem;
use super::workspace::{Workspace, cut};
use crate::compose::Program;
use crate::error::Error;
use crate::lanes::Real;
use crate::level::{Kernel, Level};
use crate::summation::Accumulator;
use crate::view::{LogitSource, TargetSource};

impl<T, A, P, Z, Y> Problem<'_, T, A, P, Z, Y>
where
    T: Real,
    A: Accumulator,
    P: Program<T, A>,
    Z: LogitSource<T>,
    Y: TargetSource,
{
    /// Validates every target and weight, adds the number of valid pixels, and whatever else means are
    /// divided by, to each sample's row of sums, and gives the number of valid pixels over all samples:
    /// 0 also where all of the call's weights are 0.
    ///
    /// # Errors
    /// The first target in logical order that does not fit, or the first weight, sums being of no use
    /// then; or [`Error::Workspace`] if it is too short.
    pub fn check<Lv: Level>(
        &self,
        level: Lv,
        workspace: &mut Workspace<'_, T, A>,
    ) -> Result<u64, Error> {
        let mut workspace = workspace.cut(&self.sizes())?;
        level.enter(Check { problem: self, workspace: &mut workspace })
    }

    /// The same of targets alone, for losses whose means are divided by valid pixels.
    ///
    /// # Errors
    /// As [`Problem::check`].
    #[inline(always)]
    pub(super) fn check_targets(&self, sums: &mut [A]) -> Result<u64, Error> {
        let sums = cut("sums", sums, self.sizes().sums)?;
        let classes = self.shape().channels;
        let (ignored, mask) = (self.call.ignore_index, self.call.mask.as_ref());
        let mut total = 0;
        for (sample, row) in self.rows.split_mut(sums).enumerate() {
            for channel in 0..self.planes() {
                let valid = match self.call.link {
                    Link::Sigmoid => self
                        .targets
                        .check_shares(sample, channel, ignored, mask)
                        .map_err(|bad| bad.share(sample, channel))?,
                    Link::Softmax => self
                        .targets
                        .check_labels(sample, classes as u32, ignored, mask)
                        .map_err(|bad| bad.label(sample, classes))?,
                };
                row[self.rows.valid()].count(valid);
                total += valid;
            }
        }
        Ok(total)
    }
}

struct Check<'c, 'p, 'w, T, A, P, Z, Y> {
    problem: &'c Problem<'p, T, A, P, Z, Y>,
    workspace: &'c mut Workspace<'w, T, A>,
}

impl<T, A, P, Z, Y> Kernel for Check<'_, '_, '_, T, A, P, Z, Y>
where
    T: Real,
    A: Accumulator,
    P: Program<T, A>,
    Z: LogitSource<T>,
    Y: TargetSource,
{
    type Output = Result<u64, Error>;

    #[inline(always)]
    fn run<Lv: Level>(self) -> Result<u64, Error> {
        let Check { problem, workspace } = self;
        let valid = problem.check_targets(workspace.sums)?;
        if !P::WEIGHABLE {
            return Ok(valid);
        }
        problem.load_class_weights(workspace.class_weights);
        let weightless = problem.weigh(workspace)?;
        Ok(if weightless { 0 } else { valid })
    }
}
