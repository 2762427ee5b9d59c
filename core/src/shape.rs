//! Shapes and strides of tensors.

use core::fmt;

/// Extents of a tensor: batch x channels x spatial axes, outermost first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Samples.
    pub batch: usize,
    /// Channels: 1 for a mask or a label map.
    pub channels: usize,
    /// Depth, height and width; leading axes that a tensor does not have are 1.
    pub spatial: [usize; 3],
    /// How many of those there are, from 1 to 3. A row of an image is not the same as a line: it has an
    /// outside above and below.
    pub axes: usize,
}

impl Shape {
    /// Pixels of one sample.
    #[inline]
    pub fn pixels(&self) -> usize {
        self.spatial.iter().fold(1, |n, &extent| n.saturating_mul(extent))
    }

    /// Gives the shape another number of channels.
    #[inline]
    #[must_use]
    pub fn with_channels(self, channels: usize) -> Self {
        Shape { channels, ..self }
    }

    /// Gives the shape another number of samples.
    #[inline]
    #[must_use]
    pub(crate) fn with_batch(self, batch: usize) -> Self {
        Shape { batch, ..self }
    }

    /// Whether there is no element.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.extents().contains(&0)
    }

    /// All extents, outermost first.
    #[inline]
    pub(crate) fn extents(&self) -> [usize; 5] {
        let [d, h, w] = self.spatial;
        [self.batch, self.channels, d, h, w]
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.batch, self.channels)?;
        let absent = 3 - self.axes.clamp(1, 3);
        self.spatial.iter().skip(absent).try_for_each(|extent| write!(f, "x{extent}"))
    }
}

/// Distances between neighbours along each axis, in elements.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Strides {
    /// From a sample to the next.
    pub batch: usize,
    /// From a channel to the next.
    pub channel: usize,
    /// Along depth, height and width.
    pub spatial: [usize; 3],
}

impl Strides {
    /// All of them, outermost first.
    #[inline]
    pub(crate) fn all(&self) -> [usize; 5] {
        let [d, h, w] = self.spatial;
        [self.batch, self.channel, d, h, w]
    }
}

impl fmt::Display for Strides {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [b, c, d, h, w] = self.all();
        write!(f, "({b}, {c}, {d}, {h}, {w})")
    }
}
