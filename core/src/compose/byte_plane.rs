//! A plane of targets narrowed to bytes, once for a map that looks at each label several times.

use super::map::LabelPlane;
use crate::engine::read_targets;
use crate::link::Link;
use crate::maps::edt::Spacing;
use crate::maps::{LabelBytes, LabelSource};
use crate::summation::TILE;
use crate::tile::LabelKernels;
use crate::view::{IgnoredAs, Shape, Targets};

/// The labels of a plane, and the same in bytes.
pub(super) struct BytePlane<'a> {
    labels: LabelPlane<'a>,
    bytes: &'a [u8],
    /// Whether a pixel does not count.
    has_void: bool,
}

impl<'a> BytePlane<'a> {
    /// Writes the labels of a plane to `bytes`, of which there is one a pixel; returns none if one that counts is above
    /// 254.
    pub(super) fn narrow(
        kernels: &LabelKernels,
        labels: LabelPlane<'a>,
        bytes: &'a mut [u8],
    ) -> Option<Self> {
        if let Some((stored, ignored)) = floats(&labels) {
            let has_void = (kernels.sides_of_floats)(stored, ignored, bytes);
            return Some(BytePlane { labels, bytes, has_void });
        }
        let LabelPlane { call, targets, sample, channel } = labels;
        let to_bytes = match call.link {
            Link::Sigmoid => kernels.sides,
            Link::Softmax => kernels.labels,
        };
        let mut has_void = false;
        let (mut y, mut valid) = ([0.0; TILE], [1.0; TILE]);
        for (i, part) in bytes.chunks_mut(TILE).enumerate() {
            let (at, count) = ((sample, channel, i * TILE), part.len());
            let found =
                read_targets(&kernels.targets, call, targets, at, count, &mut y, &mut valid);
            let valid = (!found.all_count).then_some(&valid);
            has_void |= valid.is_some_and(|valid| valid[..count].contains(&0.0));
            let fit = match <&mut [u8; TILE]>::try_from(&mut *part) {
                Ok(whole) => to_bytes(&y, valid, whole),
                Err(_) => {
                    let mut whole = [0; TILE];
                    let fit = to_bytes(&y, valid, &mut whole);
                    part.copy_from_slice(&whole[..count]);
                    fit
                }
            };
            if !fit {
                return None;
            }
        }
        Some(BytePlane { labels, bytes, has_void })
    }
}

/// Returns the shares of a plane and the one that is ignored, if they are adjacent, stored as `f32`, and no mask leaves
/// any out.
fn floats<'a>(labels: &LabelPlane<'a>) -> Option<(&'a [f32], Option<f32>)> {
    let LabelPlane { call, targets, sample, channel } = *labels;
    let Targets::F32(view) = targets else { return None };
    let ignored = IgnoredAs::of(call.ignore_index.labels());
    let layout = view.layout();
    let is_run = layout.pixel_stride() == Some(1) && !ignored.several();
    if call.link != Link::Sigmoid || call.mask.is_some() || !is_run {
        return None;
    }
    let first = layout.index(sample, channel, 0);
    let stored = view.data().get(first..first + layout.shape().pixels())?;
    Some((stored, ignored.first()))
}

impl LabelSource for BytePlane<'_> {
    fn shape(&self) -> Shape {
        self.labels.shape()
    }

    fn spacing(&self) -> Spacing {
        self.labels.spacing()
    }

    fn read(&self, first: usize, labels: &mut [u32]) {
        self.labels.read(first, labels);
    }

    fn read_mask(&self, first: usize, labels: &mut [u8]) -> bool {
        self.labels.read_mask(first, labels)
    }

    fn may_ignore(&self) -> bool {
        self.has_void
    }

    fn bytes(&self) -> Option<LabelBytes<'_>> {
        let [_, h, w] = self.shape().spatial;
        Some(LabelBytes {
            data: self.bytes,
            strides: [h * w, w, 1],
            // The bytes of a mask are 0 and 1.
            is_binary: false,
            ignored: self.has_void.then_some(u8::MAX),
        })
    }
}
