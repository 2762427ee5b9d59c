//! Class weights by inverse frequency.
//!
//! With `total` the pixels counted, `n` the number of classes that are weighted and `count_k` the pixels of
//! class `k`:
//!
//! ```text
//! r_k = total / (n count_k + 1e-6)        w_k = n r_k / sum_j r_j
//! ```
//!
//! so that the weights of these `n` add up to `n`. They are the classes that occur; [`Absent`] says what
//! becomes of the others. Pixels that hold an ignored label are not counted, be it one of the classes or not.
//!
//! ```
//! use segloss_core::class_weights::{Absent, ClassCounts};
//! use segloss_core::engine::Ignore;
//! use segloss_core::view::{Layout, Shape, View};
//!
//! let layout = Layout::channels_first(Shape::new(1, 1, &[2, 2])?)?;
//! let (mut counts, mut weights) = ([0; 2], [0.0; 2]);
//! let mut counter = ClassCounts::new(&mut counts)?;
//! counter.add(&View::new(&[0u8, 0, 0, 1], layout)?, Ignore::Default)?;
//! counter.add(&View::new(&[255u8, 0, 0, 1], layout)?, Ignore::Default)?;
//! assert_eq!(counter.counts(), [5, 2]);
//! counter.weights(Absent::default(), &mut weights)?;
//! assert!((weights[1] / weights[0] - 2.5).abs() < 1e-6);
//! # Ok::<(), segloss_core::Error>(())
//! ```

use crate::error::Error;
use crate::ignore::Ignore;
use crate::link::Link;
use crate::pixelwise::{self, MOST_CLASSES};
use crate::view::Targets;

/// What weight a class gets that never occurs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Absent {
    /// One. The classes that occur have the weights that they have without it, so that all weights add
    /// up to the number of classes.
    #[default]
    One,
    /// Nothing. The classes that occur are weighted as by [`Absent::One`].
    Zero,
    /// What the formula gives for all classes: the 1e-6 alone decides, so absent classes share nearly
    /// all of the sum and the others are left with about 1e-8 each, at which a loss stands still. An
    /// `ignore_index` that is one of the classes makes that class such a one. The reference's rule.
    Source,
}

/// Pixels of each class over any number of masks, in storage of the caller's.
#[derive(Debug, PartialEq, Eq)]
pub struct ClassCounts<'c> {
    counts: &'c mut [u64],
}

impl<'c> ClassCounts<'c> {
    /// A counter with one class an entry, counting on from what `counts` holds: zeros at first,
    /// or an earlier count, or the sum of several workers' counts.
    ///
    /// # Errors
    /// [`Error::Classes`] unless there are 1 to 2^24.
    pub fn new(counts: &'c mut [u64]) -> Result<Self, Error> {
        let classes = counts.len();
        if !(1..=MOST_CLASSES).contains(&classes) {
            return Err(Error::Classes { argument: "counts", classes, expected: "1 to 2^24" });
        }
        Ok(ClassCounts { counts })
    }

    /// Pixels of each class so far.
    pub fn counts(&self) -> &[u64] {
        self.counts
    }

    /// Counts the pixels of `targets`, label maps of shape batch x 1 x spatial axes.
    ///
    /// # Errors
    /// All before anything is counted:
    /// [`Error::Empty`] and [`Error::Shape`] for samples without a pixel or with several channels;
    /// [`Error::Label`] for the first label in row-major order that is neither a class nor
    /// ignored; [`Error::Unclear`] of two classes, of which the second has not been counted, for labels that are 0 and
    /// 255 alone where nothing is said of what is ignored; [`Error::Count`] if a count might overflow.
    pub fn add<'t>(
        &mut self,
        targets: impl Into<Targets<'t>>,
        ignore_index: Ignore<'_>,
    ) -> Result<(), Error> {
        self.add_labels(&targets.into(), ignore_index)
    }

    fn add_labels(&mut self, targets: &Targets<'_>, ignore_index: Ignore<'_>) -> Result<(), Error> {
        match self.unclear(targets, ignore_index) {
            Some((sample, pixel)) => Err(Error::Unclear { sample, pixel }),
            None => self.count(targets, ignore_index),
        }
    }

    /// Returns sample and pixel of the first 255, where it is not clear whether that is foreground: of two classes, of
    /// which the second has not been counted, and nothing is said.
    fn unclear(&self, targets: &Targets<'_>, ignore_index: Ignore<'_>) -> Option<(usize, usize)> {
        let may_be = ignore_index == Ignore::Default && matches!(*self.counts, [_, 0]);
        if may_be { targets.first_255_beside_0(None) } else { None }
    }

    fn count(&mut self, targets: &Targets<'_>, ignore_index: Ignore<'_>) -> Result<(), Error> {
        let classes = self.counts.len();
        ignore_index.check()?;
        let ignored = ignore_index.of_classes(Link::Softmax, classes);
        let more = pixelwise::check_label_map(targets, classes, ignored)?;
        for (class, &count) in self.counts.iter().enumerate() {
            if count.checked_add(more).is_none() {
                return Err(Error::Count { class, count, more });
            }
        }
        for sample in 0..targets.layout().shape().batch {
            pixelwise::each_label(targets, sample, ignored, |_, label| {
                if let Some(label) = label {
                    self.counts[label as usize] += 1;
                }
            });
        }
        Ok(())
    }

    /// Writes the weight of each class to `weights`.
    ///
    /// # Errors
    /// [`Error::Length`] unless there is one weight a class; [`Error::NothingCounted`] if all
    /// counts are 0. `weights` is untouched then.
    pub fn weights(&self, absent: Absent, weights: &mut [f64]) -> Result<(), Error> {
        let classes = self.counts.len();
        check_weights(weights, classes)?;
        // 2^24 counts at most, so far from overflowing.
        let total: u128 = self.counts.iter().map(|&count| u128::from(count)).sum();
        if total == 0 {
            return Err(Error::NothingCounted { classes });
        }
        let is_weighted = |count: u64| count > 0 || absent == Absent::Source;
        let weighted = || self.counts.iter().copied().filter(|&count| is_weighted(count));
        // 2^24 classes at most, which f64 holds.
        let n = weighted().count() as f64;
        let raw = |count: u64| total as f64 / (n * count as f64 + 1e-6);
        let sum: f64 = weighted().map(raw).sum();
        let fixed = if absent == Absent::One { 1.0 } else { 0.0 };
        for (weight, &count) in weights.iter_mut().zip(&*self.counts) {
            *weight = if is_weighted(count) { raw(count) / sum * n } else { fixed };
        }
        Ok(())
    }
}

fn check_weights(weights: &[f64], expected: usize) -> Result<(), Error> {
    let length = weights.len();
    if length == expected {
        return Ok(());
    }
    Err(Error::Length { argument: "weights", length, expected })
}

/// Weights of the classes of all `masks`, each batch x 1 x spatial axes of a size of its own.
/// `counts`, one entry a class, is set to the pixels of each class.
///
/// # Errors
/// Those of [`ClassCounts`], the sample of a label being counted over all masks. `weights` is
/// untouched then; `counts` holds what was counted before.
pub fn class_weights<'m>(
    masks: impl IntoIterator<Item = impl Into<Targets<'m>>>,
    ignore_index: Ignore<'_>,
    absent: Absent,
    counts: &mut [u64],
    weights: &mut [f64],
) -> Result<(), Error> {
    check_weights(weights, counts.len())?;
    let mut counter = ClassCounts::new(counts)?;
    counter.counts.fill(0);
    let (mut before, mut unclear) = (0usize, None);
    for mask in masks {
        let mask = mask.into();
        let own = counter.unclear(&mask, ignore_index);
        let own = own.map(|(sample, pixel)| (sample.saturating_add(before), pixel));
        unclear = unclear.or(own);
        counter.count(&mask, ignore_index).map_err(|error| match error {
            Error::Label { label, sample, pixel, classes } => {
                Error::Label { label, sample: sample.saturating_add(before), pixel, classes }
            }
            error => error,
        })?;
        before = before.saturating_add(mask.layout().shape().batch);
    }
    // A mask without a 1 is no mistake among others.
    if let (Some((sample, pixel)), [_, 0]) = (unclear, &*counter.counts) {
        return Err(Error::Unclear { sample, pixel });
    }
    counter.weights(absent, weights)
}
