//! A plane of targets narrowed to bytes, once for a map that looks at each label several times.

use super::map::LabelPlane;
use crate::engine::read_targets;
use crate::link::Link;
use crate::maps::edt::Spacing;
use crate::maps::{LabelBytes, LabelSource};
use crate::summation::TILE;
use crate::tile::LabelKernels;
use crate::view::Shape;

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
