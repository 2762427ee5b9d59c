use ocl_core::Mem;
use segloss_core::engine::{Ignore, Link, Scale};
use segloss_core::maps::edt::Spacing;
use segloss_core::view::{Layout, Shape, Write};

use crate::error::Error;
use crate::storage::Storage;
use crate::target::Element;

/// An array in device memory: packed, channels first.
#[derive(Clone, Copy, Debug)]
pub struct Array<'a> {
    /// The buffer.
    pub memory: &'a Mem,
    /// Its first element, counted in elements from the start of the buffer.
    pub first: usize,
}

impl<'a> Array<'a> {
    /// From the start of a buffer.
    pub fn new(memory: &'a Mem) -> Self {
        Array { memory, first: 0 }
    }
}

/// One number for each pixel of the targets' shape, or of one channel for all.
#[derive(Clone, Copy, Debug)]
pub struct Plane<'a> {
    /// Where it lies.
    pub array: Array<'a>,
    /// Whether all channels share it.
    pub is_shared: bool,
}

/// What of a call's inputs a program is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The logits' shape, of which only the number of channels matters to the program.
    pub shape: Shape,
    /// How logits and gradient are stored.
    pub storage: Storage,
    /// How targets are stored.
    pub element: Element,
    /// Whether there is a mask of pixels that count.
    pub has_mask: bool,
    /// Whether there are weights of pixels.
    pub has_weights: bool,
    /// Whether the scale is one number a sample.
    pub by_sample: bool,
    /// How many labels are ignored; none if nothing is said of it ([`Ignore::Default`]).
    pub ignored: Option<usize>,
}

impl Signature {
    /// Without a mask or weights, one scale for the batch, and nothing said of what is ignored.
    pub fn new(shape: Shape, storage: Storage, element: Element) -> Self {
        let (has_mask, has_weights, by_sample) = (false, false, false);
        Signature { shape, storage, element, has_mask, has_weights, by_sample, ignored: None }
    }

    pub(crate) fn of(options: &Options<'_>, tensors: &Tensors<'_>) -> Self {
        Signature {
            shape: tensors.shape,
            storage: tensors.storage,
            element: tensors.element,
            has_mask: tensors.mask.is_some(),
            has_weights: tensors.weights.is_some(),
            by_sample: matches!(options.scale, Scale::Samples(_)),
            ignored: match options.ignore_index {
                Ignore::Default => None,
                Ignore::Labels(labels) => Some(labels.len()),
            },
        }
    }
}

/// What a call reads and writes on the device.
#[derive(Clone, Copy, Debug)]
pub struct Tensors<'a> {
    /// The logits' shape. Targets have the same, or one channel under the softmax link.
    pub shape: Shape,
    /// How logits and gradient are stored.
    pub storage: Storage,
    /// Logits.
    pub logits: Array<'a>,
    /// How targets are stored.
    pub element: Element,
    /// Targets.
    pub targets: Array<'a>,
    /// Bytes, 0 where a pixel does not count.
    pub mask: Option<Plane<'a>>,
    /// Weights of pixels, in the format that the loss is computed in: `f64` for `f64` logits, else `f32`.
    pub weights: Option<Plane<'a>>,
    /// Maps by name, in the same format: those that are not computed, and any that is to be used again.
    pub maps: &'a [(&'a str, Plane<'a>)],
    /// Where the gradient goes, if it is asked for.
    pub gradient: Option<Array<'a>>,
}

/// The options of a call.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// The targets of pixels that do not count, compared before they are read as anything else.
    pub ignore_index: Ignore<'a>,
    /// Distances between neighbouring pixels, for maps that measure them.
    pub spacing: Spacing,
    /// The gradient of whatever follows in the loss.
    pub scale: Scale<'a>,
    /// Whether the gradient replaces what its buffer holds or is added to it.
    pub write: Write,
}

impl Default for Options<'_> {
    /// Spacing 1, scale 1, overwrite; nothing is said of what is ignored.
    fn default() -> Self {
        Options {
            ignore_index: Ignore::Default,
            spacing: Spacing::UNIT,
            scale: Scale::Batch(1.0),
            write: Write::Overwrite,
        }
    }
}

impl<'a> Options<'a> {
    /// The labels that a loss of so many classes ignores.
    pub(crate) fn ignored(&self, link: Link, classes: usize) -> &'a [i64] {
        self.ignore_index.of_classes(link, classes)
    }
}

/// Returns the number of elements of a shape.
pub(crate) fn elements(shape: Shape) -> Result<usize, Error> {
    Ok(Layout::channels_first(shape)?.span())
}
