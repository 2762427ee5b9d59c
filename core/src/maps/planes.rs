//! Labels of the targets of a call.

use super::source::{IGNORED, LabelBytes, LabelSource};
use super::{Classes, Labels, Mask};
use crate::error::Error;
use crate::link::Link;
use crate::view::Shape;

/// Labels of a source, read row by row.
#[derive(Clone, Copy)]
pub struct LabelRows<'a>(pub &'a dyn LabelSource);

/// A mask of a source, read row by row: its [`LabelSource::read_mask`] must not refuse.
#[derive(Clone, Copy)]
pub struct MaskRows<'a>(pub &'a dyn LabelSource);

impl Labels for LabelRows<'_> {
    type Code = u32;

    fn spatial(&self) -> [usize; 3] {
        self.0.shape().spatial
    }

    fn axes(&self) -> usize {
        self.0.shape().axes
    }

    fn read<'s>(&'s self, row: usize, stage: &'s mut [u32]) -> &'s [u32] {
        self.0.read(row * self.spatial()[2], stage);
        stage
    }

    fn is_mask(&self) -> bool {
        false
    }

    fn ignored(&self) -> Option<u32> {
        self.0.may_ignore().then_some(IGNORED)
    }
}

impl Labels for MaskRows<'_> {
    type Code = u8;

    fn spatial(&self) -> [usize; 3] {
        self.0.shape().spatial
    }

    fn axes(&self) -> usize {
        self.0.shape().axes
    }

    fn read<'s>(&'s self, row: usize, stage: &'s mut [u8]) -> &'s [u8] {
        self.0.read_mask(row * self.spatial()[2], stage);
        stage
    }

    /// Its codes are 0, 1 and the ignored one, so that none needs to be taken for another.
    fn is_mask(&self) -> bool {
        false
    }

    fn ignored(&self) -> Option<u8> {
        self.0.may_ignore().then_some(u8::MAX)
    }
}

impl core::fmt::Debug for LabelRows<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_tuple("LabelRows").field(&self.0.shape()).finish()
    }
}

impl core::fmt::Debug for MaskRows<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_tuple("MaskRows").field(&self.0.shape()).finish()
    }
}

/// A plane of targets: where it lies, if its labels are bytes, else row by row.
pub(super) enum Plane<'a> {
    Mask(Mask<'a>),
    Classes(Classes<'a, u8>),
    MaskRows(MaskRows<'a>),
    LabelRows(LabelRows<'a>),
}

/// The labels of a plane.
pub(super) enum PlaneLabels<'a> {
    Bytes(&'a dyn Labels<Code = u8>),
    Words(&'a dyn Labels<Code = u32>),
}

impl<'a> Plane<'a> {
    pub(super) fn of(source: &'a dyn LabelSource) -> Result<Self, Error> {
        let Some(LabelBytes { data, strides, is_binary, ignored }) = source.bytes() else {
            return Ok(match source.link() {
                Link::Sigmoid => Plane::MaskRows(MaskRows(source)),
                Link::Softmax => Plane::LabelRows(LabelRows(source)),
            });
        };
        let Shape { spatial, axes, .. } = source.shape();
        let first = 3usize.saturating_sub(axes);
        let (spatial, strides) = (&spatial[first..], &strides[first..]);
        Ok(if is_binary {
            let mask = Mask::strided(data, spatial, strides)?;
            Plane::Mask(ignored.map_or(mask, |ignored| mask.ignoring(ignored)))
        } else {
            let classes = Classes::strided(data, spatial, strides)?;
            Plane::Classes(ignored.map_or(classes, |ignored| classes.ignoring(ignored)))
        })
    }

    pub(super) fn labels(&self) -> PlaneLabels<'_> {
        match self {
            Plane::Mask(labels) => PlaneLabels::Bytes(labels),
            Plane::Classes(labels) => PlaneLabels::Bytes(labels),
            Plane::MaskRows(labels) => PlaneLabels::Bytes(labels),
            Plane::LabelRows(labels) => PlaneLabels::Words(labels),
        }
    }
}
