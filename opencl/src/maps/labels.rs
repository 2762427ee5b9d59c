//! Labels on the device: what targets stand for.

use ocl_core::Mem;
use segloss_core::maps::edt::{Spacing, scratch_words};
use segloss_core::maps::{Labels, Serial};
use segloss_core::view::Shape;

use super::launch::Launch;
use super::source::{self, Stored};
use crate::commands::{Argument, Buffer};
use crate::error::Error;
use crate::ignored::Ignored;
use crate::target::Element;

/// Targets on the device, packed, channels first.
#[derive(Debug)]
pub(crate) struct Targets<'a> {
    /// How they are stored.
    pub(crate) element: Element,
    pub(crate) memory: &'a Mem,
    /// The first element of `memory` that is theirs.
    pub(crate) first: usize,
    /// Their own: one channel for a label map.
    pub(crate) shape: Shape,
    /// Whether each channel is a mask (what is above one half is foreground), else a map of labels.
    pub(crate) are_masks: bool,
    /// Labels of a label map that there may be: 0 to this less 1.
    pub(crate) labels: u32,
    /// The targets of pixels that do not count.
    pub(crate) ignored: Ignored,
    /// More pixels that do not count.
    pub(crate) mask: Option<Validity<'a>>,
}

/// Bytes that are 0 where a pixel does not count, for each channel or one for all of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Validity<'a> {
    pub(crate) memory: &'a Mem,
    /// The first element of `memory` that is theirs.
    pub(crate) first: usize,
    pub(crate) channels: usize,
}

/// Planes of labels on the device, which lie one after the other.
#[derive(Debug)]
pub(super) struct Planes {
    pub(super) memory: Mem,
    pub(super) stored: Stored,
    /// How many planes.
    pub(super) count: usize,
    pub(super) extents: Extents,
    /// Whether pixels may be ignored, and which labels others may have then: 0 to this less 1.
    pub(super) ignoring: Option<u32>,
}

/// The extents of an image.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extents {
    pub(super) spatial: [usize; 3],
    pub(super) axes: usize,
}

impl Extents {
    pub(super) fn of(shape: Shape) -> Self {
        Extents { spatial: shape.spatial, axes: shape.axes }
    }

    pub(super) fn pixels(&self) -> usize {
        self.spatial.iter().product()
    }

    /// Checks what core checks: that a spacing fits the image, and sides its numbers.
    pub(super) fn check(&self, spacing: Spacing) -> Result<(), Error> {
        scratch_words(self, spacing, Serial)?;
        Ok(())
    }
}

/// Extents alone, for the checks of core, which read no label.
impl Labels for Extents {
    type Code = u8;

    fn spatial(&self) -> [usize; 3] {
        self.spatial
    }

    fn axes(&self) -> usize {
        self.axes
    }

    fn read<'s>(&'s self, _: usize, stage: &'s mut [u8]) -> &'s [u8] {
        stage
    }

    fn is_mask(&self) -> bool {
        false
    }

    fn ignored(&self) -> Option<u8> {
        None
    }
}

impl Targets<'_> {
    /// Planes of targets.
    pub(super) fn planes(&self) -> usize {
        self.shape.batch * self.shape.channels
    }

    /// The labels of `count` planes from `first_plane` on.
    pub(super) fn read(
        &self,
        launch: &mut Launch<'_, '_>,
        first_plane: usize,
        count: usize,
    ) -> Result<Planes, Error> {
        let stored = if self.are_masks { Stored::Mask } else { Stored::Map };
        let extents = Extents::of(self.shape);
        let pixels = extents.pixels();
        let context = launch.context();
        let memory = match stored {
            Stored::Mask => Buffer::<u8>::new(context, count * pixels)?.memory().clone(),
            Stored::Map => Buffer::<u32>::new(context, count * pixels)?.memory().clone(),
        };
        let program = launch.program(&source::labels(stored, self.element))?;
        // Where there is no mask, memory that is not read.
        let none = Validity { memory: &memory, first: 0, channels: 1 };
        let mask = self.mask.unwrap_or(none);
        let [first, size, plane, channels] =
            [self.first, pixels, first_plane, self.shape.channels].map(|n| n as u64);
        let [mask_first, mask_channels] = [mask.first, mask.channels].map(|n| n as u64);
        let masking = i32::from(self.mask.is_some());
        let ignored = self.ignored.list(context)?;
        let arguments = [
            Argument::memory(self.memory),
            Argument::number(&first),
            Argument::number(&size),
            Argument::number(&plane),
            Argument::number(&channels),
            Argument::number(&self.ignored.count),
            Argument::buffer(&ignored),
            Argument::number(&masking),
            Argument::memory(mask.memory),
            Argument::number(&mask_first),
            Argument::number(&mask_channels),
            Argument::memory(&memory),
        ];
        launch.run(&program, "read_labels", [pixels, count], &arguments)?;
        let may_ignore = self.ignored.count > 0 || self.mask.is_some();
        let labels = if self.are_masks { 2 } else { self.labels };
        Ok(Planes { memory, stored, count, extents, ignoring: may_ignore.then_some(labels) })
    }
}
