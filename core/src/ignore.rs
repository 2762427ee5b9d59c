//! Labels of pixels that do not count.

use crate::error::Error;
use crate::link::Link;

/// The most labels that a call can ignore.
pub const MOST_IGNORED: usize = 16;

/// Ignored under softmax unless a call says otherwise.
const BY_DEFAULT: i64 = 255;

/// Which targets stand for pixels that do not count, compared before a target is read as anything else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ignore<'a> {
    /// Nothing is said. Losses and counts of classes then ignore label 255 under softmax, as most data sets have it,
    /// if it is no class: of up to 255 classes. Everything else ignores nothing: the sigmoid link, distances,
    /// maps, morphology and statistics.
    ///
    /// Of two classes, targets that hold 255 and otherwise 0 alone are more likely a mask of 0 and 255, whose
    /// foreground would not count: [`Error::Unclear`], where targets are known to be whole (never in stages,
    /// where a part may well hold no 1).
    #[default]
    Default,
    /// These, up to [`MOST_IGNORED`]; none if it is empty.
    Labels(&'a [i64]),
}

impl<'a> Ignore<'a> {
    /// None.
    pub const NOTHING: Self = Ignore::Labels(&[]);

    /// The labels that are asked for.
    #[inline]
    pub fn labels(self) -> &'a [i64] {
        match self {
            Ignore::Default => &[],
            Ignore::Labels(labels) => labels,
        }
    }

    /// The labels that a loss of so many classes ignores.
    #[inline]
    pub fn of_classes(self, link: Link, classes: usize) -> &'a [i64] {
        match self {
            Ignore::Default if link == Link::Softmax && classes <= BY_DEFAULT as usize => {
                &[BY_DEFAULT]
            }
            Ignore::Default => &[],
            Ignore::Labels(labels) => labels,
        }
    }

    /// Refuses more labels than can be ignored.
    pub(crate) fn check(self) -> Result<(), Error> {
        let length = self.labels().len();
        if length > MOST_IGNORED {
            return Err(Error::Ignored { length });
        }
        Ok(())
    }
}
