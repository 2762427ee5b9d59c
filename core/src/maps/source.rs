//! The labels that maps are computed from.

use crate::link::Link;
use crate::maps::edt::Spacing;
use crate::view::Shape;

/// The label of a pixel that does not count.
pub const IGNORED: u32 = u32::MAX;

/// The labels of one plane of targets, whatever they are stored as: classes under softmax; under the
/// sigmoid link 1 where the target is above one half, else 0.
pub trait LabelSource: Sync {
    /// Batch and channels of 1, and the extents of space.
    fn shape(&self) -> Shape;

    /// Distances between neighbouring pixels along depth, height and width.
    fn spacing(&self) -> Spacing;

    /// Reads the labels of consecutive pixels in row-major order from `first` on, [`IGNORED`] where a
    /// pixel does not count. Reads past the last are [`IGNORED`].
    fn read(&self, first: usize, labels: &mut [u32]);

    /// Reads the labels of a mask, that is under the sigmoid link, as bytes, [`u8::MAX`] where a pixel does
    /// not count. Tells whether it is a mask, `labels` being untouched if not.
    fn read_mask(&self, first: usize, labels: &mut [u8]) -> bool;

    /// Whether any pixel may not count.
    fn may_ignore(&self) -> bool;

    /// The labels in memory, where they are stored as bytes and no mask leaves any out.
    fn bytes(&self) -> Option<LabelBytes<'_>>;
}

impl dyn LabelSource + '_ {
    /// The link under which labels are read so.
    pub(crate) fn link(&self) -> Link {
        if self.read_mask(0, &mut []) { Link::Sigmoid } else { Link::Softmax }
    }
}

/// Labels stored as bytes.
#[derive(Clone, Copy, Debug)]
pub struct LabelBytes<'a> {
    /// The bytes, from the first pixel on.
    pub data: &'a [u8],
    /// Strides along depth, height and width.
    pub strides: [usize; 3],
    /// Whether all that is not 0 is one label.
    pub is_binary: bool,
    /// What pixels hold that do not count.
    pub ignored: Option<u8>,
}
