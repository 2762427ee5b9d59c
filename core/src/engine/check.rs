use super::call::Link;
use super::problem::Problem;
use super::workspace::Workspace;
use crate::error::Error;
use crate::lanes::Real;
use crate::summation::Accumulator;
use crate::tile::Foreground;
use crate::view::Shape;

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
        let (ignored, mask) = (self.call.ignore_index.labels(), self.call.mask.as_ref());
        let kernels = &self.kernels().checks;
        let mut total = 0;
        let mut foreground = Foreground::default();
        for (sample, row) in self.rows.split_mut(sums).enumerate() {
            for channel in 0..self.planes() {
                let valid = match self.call.link {
                    Link::Sigmoid => self
                        .targets
                        .check_shares(kernels, (sample, channel), ignored, mask, &mut foreground)
                        .map_err(|bad| bad.share(sample, channel))?,
                    Link::Softmax => self
                        .targets
                        .check_labels(kernels, sample, classes as u32, ignored, mask)
                        .map_err(|bad| bad.label(sample, classes))?,
                };
                self.count_classes(row, channel, valid);
                row[self.rows.valid()].count(valid);
                total += valid;
            }
        }
        Ok(total)
    }

    /// Counts the valid pixels of a plane for each class that can occur in it: its channel under the sigmoid link, and
    /// all classes that are not ignored under softmax.
    fn count_classes(&self, row: &mut [A], channel: usize, valid: u64) {
        let counts = &mut row[self.rows.counts()];
        match self.call.link {
            Link::Sigmoid => {
                counts.iter_mut().skip(channel).take(1).for_each(|count| count.count(valid));
            }
            Link::Softmax => {
                let ignored = self.call.ignore_index.labels();
                for (class, count) in counts.iter_mut().enumerate() {
                    if !ignored.contains(&(class as i64)) {
                        count.count(valid);
                    }
                }
            }
        }
    }

    /// Refuses labels of two classes that look like a mask of 0 and 255, where nothing was said of 255.
    ///
    /// # Errors
    /// [`Error::Unclear`].
    pub(super) fn check_clear(&self, valid: u64) -> Result<(), Error> {
        let Shape { batch, channels, .. } = self.shape();
        let pixels = self.shape().pixels();
        let may_be_mask = self.call.link == Link::Softmax && channels == 2 && !self.says_ignored;
        if !may_be_mask || valid == (batch * pixels) as u64 {
            return Ok(());
        }
        match self.targets.first_255_beside_0(self.call.mask.as_ref()) {
            Some((sample, pixel)) => Err(Error::Unclear { sample, pixel }),
            None => Ok(()),
        }
    }
}
