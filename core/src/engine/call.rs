use crate::ignore::Ignore;
pub use crate::link::Link;
use crate::maps::edt::Spacing;
use crate::view::{Mask, Weights, Write};

/// The gradient of whatever follows in the loss: multiplied into the gradient, not the value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scale<'a> {
    /// One number, for the loss of the batch.
    Batch(f64),
    /// One number a sample: the gradient is that of the sum of each number times its sample's loss, as
    /// [`super::Problem::sample_values`] gives it.
    Samples(&'a [f64]),
}

impl From<f64> for Scale<'_> {
    fn from(scale: f64) -> Self {
        Scale::Batch(scale)
    }
}

/// The options of a call, and what it reads besides logits and targets.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// How logits become probabilities.
    pub link: Link,
    /// The targets of pixels that do not count.
    pub ignore_index: Ignore<'a>,
    /// Which other pixels do not count.
    pub mask: Option<Mask<'a>>,
    /// What each pixel's loss is multiplied by in pixel and class terms, and in sums of region terms
    /// that are weighted. Finite; not negative where they are part of what a mean is divided by.
    pub weights: Option<Weights<'a>>,
    /// The maps that terms refer to by place. Finite and signed as `weights`.
    pub maps: &'a [Weights<'a>],
    /// Distances between neighbouring pixels, for maps that measure them.
    pub spacing: Spacing,
    /// The gradient of whatever follows in the loss.
    pub scale: Scale<'a>,
    /// Whether the gradient replaces what its buffer holds or is added to it.
    pub write: Write,
}

impl Call<'_> {
    /// [`Call::sigmoid`] or [`Call::softmax`].
    #[inline]
    pub fn of(link: Link) -> Self {
        match link {
            Link::Sigmoid => Call::sigmoid(),
            Link::Softmax => Call::softmax(),
        }
    }

    /// Sigmoid link, no weights, scale 1, overwrite; nothing is said of what is ignored.
    #[inline]
    pub fn sigmoid() -> Self {
        Call {
            link: Link::Sigmoid,
            ignore_index: Ignore::Default,
            mask: None,
            weights: None,
            maps: &[],
            spacing: Spacing::UNIT,
            scale: Scale::Batch(1.0),
            write: Write::Overwrite,
        }
    }

    /// Softmax link, no weights, scale 1, overwrite; nothing is said of what is ignored.
    #[inline]
    pub fn softmax() -> Self {
        Call { link: Link::Softmax, ..Call::sigmoid() }
    }

    /// The call for a loss of so many classes: it says what it ignores. Maps of a loss are computed with it, so
    /// that they leave out what the loss leaves out.
    #[inline]
    #[must_use]
    pub fn for_classes(self, classes: usize) -> Self {
        let ignored = self.ignore_index.of_classes(self.link, classes);
        Call { ignore_index: Ignore::Labels(ignored), ..self }
    }
}
