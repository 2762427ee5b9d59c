use super::call::Link;
use super::problem::Problem;
use super::workspace::Workspace;
use crate::error::Error;
use crate::lanes::Real;
use crate::summation::Accumulator;

impl<T: Real, A: Accumulator> Problem<'_, T, A> {
    /// Validates every target and weight, adds the number of valid pixels, and whatever else means are
    /// divided by, to each sample's row of sums, and gives the number of valid pixels over all samples:
    /// 0 also where all of the call's weights are 0.
    ///
    /// # Errors
    /// The first target in logical order that does not fit, or the first weight, sums being of no use
    /// then; or [`Error::Workspace`] if it is too short.
    pub fn check(&self, workspace: &mut Workspace<'_, T, A>) -> Result<u64, Error> {
        self.check_all(&mut workspace.take_mut(&self.sizes())?)
    }

    /// Checks a problem, in a workspace as large as [`Problem::sizes`] says.
    pub(super) fn check_all(&self, workspace: &mut Workspace<'_, T, A>) -> Result<u64, Error> {
        let valid = self.check_targets(workspace.sums)?;
        self.load_class_weights(workspace.class_weights);
        let weightless = self.weigh(workspace)?;
        Ok(if weightless { 0 } else { valid })
    }

    /// Validates targets alone, for losses whose means are divided by valid pixels.
    ///
    /// # Errors
    /// The first target in logical order that does not fit.
    fn check_targets(&self, sums: &mut [A]) -> Result<u64, Error> {
        let classes = self.shape().channels;
        let (ignored, mask) = (self.call.ignore_index, self.call.mask.as_ref());
        let kernels = &self.kernels().targets;
        let mut total = 0;
        for (sample, row) in self.rows.split_mut(sums).enumerate() {
            for channel in 0..self.planes() {
                let valid = match self.call.link {
                    Link::Sigmoid => self
                        .targets
                        .check_shares(kernels, sample, channel, ignored, mask)
                        .map_err(|bad| bad.share(sample, channel))?,
                    Link::Softmax => self
                        .targets
                        .check_labels(kernels, sample, classes as u32, ignored, mask)
                        .map_err(|bad| bad.label(sample, classes))?,
                };
                row[self.rows.valid()].count(valid);
                total += valid;
            }
        }
        Ok(total)
    }
}
