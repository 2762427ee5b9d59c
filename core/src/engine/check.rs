use super::call::Link;
use super::problem::Problem;
use super::workspace::Workspace;
use crate::error::Error;
use crate::lanes::Real;
use crate::summation::Accumulator;
use crate::tile::Foreground;
use crate::view::{Number, Shape, Write};

impl<T: Real, A: Accumulator> Problem<'_, T, A> {
    /// Validates every target and weight, adds the number of valid pixels, and whatever else means are
    /// divided by, to each sample's row of sums, and gives the number of valid pixels over all samples:
    /// 0 also where all of the call's weights are 0.
    ///
    /// # Errors
    /// The first target in logical order that does not fit, or the first weight, sums being of no use
    /// then; or [`Error::Workspace`] if it is too short.
    pub fn check(&self, workspace: &mut Workspace<'_, T, A>) -> Result<u64, Error> {
        self.check_all(&mut workspace.take_mut(&self.sizes())?, false)
    }

    /// Checks a problem, in a workspace as large as [`Problem::sizes`] says; if `rides`, but for what
    /// [rides along](Problem::check_rides).
    pub(super) fn check_all(
        &self,
        workspace: &mut Workspace<'_, T, A>,
        rides: bool,
    ) -> Result<u64, Error> {
        let valid = self.check_targets(workspace.sums, rides)?;
        self.load_class_weights(workspace.class_weights);
        let weightless = self.weigh(workspace)?;
        Ok(if weightless { 0 } else { valid })
    }

    /// Whether the sweep itself finds targets that do not fit, so that none before it has to look at them: shares that are
    /// floats, where all pixels count. A gradient may be written before one is found, so it is not one that is added to.
    pub(super) fn check_rides(&self) -> bool {
        let ignored = self.call.ignore_index.labels();
        self.call.link == Link::Sigmoid
            && self.is_active
            && self.call.write == Write::Overwrite
            && self.call.mask.is_none()
            && self.targets.are_floats()
            && !self.targets.can_ignore(ignored)
    }

    /// Validates targets alone, for losses whose means are divided by valid pixels.
    ///
    /// # Errors
    /// The first target in logical order that does not fit.
    fn check_targets(&self, sums: &mut [A], rides: bool) -> Result<u64, Error> {
        let mut total = 0;
        let mut foreground = Foreground::default();
        for (sample, row) in self.rows.split_mut(sums).enumerate() {
            for channel in 0..self.planes() {
                let valid = match rides {
                    true => self.shape().pixels() as u64,
                    false => self.check_plane((sample, channel), &mut foreground)?,
                };
                self.count_classes(row, channel, valid);
                row[self.rows.valid()].count(valid);
                total += valid;
            }
        }
        Ok(total)
    }

    /// Counts the valid pixels of one plane of targets.
    fn check_plane(
        &self,
        (sample, channel): (usize, usize),
        foreground: &mut Foreground,
    ) -> Result<u64, Error> {
        let classes = self.shape().channels;
        let (ignored, mask) = (self.call.ignore_index.labels(), self.call.mask.as_ref());
        let kernels = &self.kernels().checks;
        match self.call.link {
            Link::Sigmoid => self
                .targets
                .check_shares(kernels, (sample, channel), ignored, mask, foreground)
                .map_err(|bad| bad.share(sample, channel)),
            Link::Softmax => self
                .targets
                .check_labels(kernels, sample, classes as u32, ignored, mask)
                .map_err(|bad| bad.label(sample, classes)),
        }
    }

    /// Returns the error of the first target in logical order that does not fit, after a sweep met one.
    #[cold]
    pub(super) fn unfit(&self) -> Error {
        let mut foreground = Foreground::default();
        let planes = self.planes();
        let all = (0..self.shape().batch).flat_map(|s| (0..planes).map(move |c| (s, c)));
        let bad = all.map(|at| self.check_plane(at, &mut foreground)).find_map(Result::err);
        // None is left only if targets were written meanwhile.
        bad.unwrap_or(Error::Share {
            target: Number::Float(f64::NAN),
            sample: 0,
            channel: 0,
            pixel: 0,
        })
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
