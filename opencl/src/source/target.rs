use crate::storage::Storage;
use crate::target::Element;

/// What a program is written for besides the loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Target {
    pub(crate) storage: Storage,
    pub(crate) element: Element,
    /// Channels of the logits.
    pub(crate) channels: usize,
    /// Whether the call has a mask of valid pixels.
    pub(crate) has_mask: bool,
    /// Whether it has weights of pixels.
    pub(crate) has_weights: bool,
    /// Whether its scale is one number a sample.
    pub(crate) by_sample: bool,
    /// Whether more than one label is ignored.
    pub(crate) ignores_several: bool,
    /// Whether labels of 0 and 255 alone are refused.
    pub(crate) refuses_masks: bool,
    /// Whether sums are added up in `f64`.
    pub(crate) has_double: bool,
    /// Pixels that a work item computes at a time: 1, 2, 4, 8 or 16.
    pub(crate) width: usize,
    /// Work items that compute a block together: 1, or one an accumulator with width 1.
    pub(crate) items: usize,
    /// Blocks of a work group, if several items compute one.
    pub(crate) blocks_a_group: usize,
}
