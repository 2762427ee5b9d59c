//! The sums of blocks, read back, added up in the fixed summation shape: in `f64`, within each
//! segment in ascending order, then segment by segment.

use segloss_core::compose::Parts;
use segloss_core::engine::Link;
use segloss_core::region::SUMS;
use segloss_core::summation::{BLOCK, SEGMENT};
use segloss_core::view::Shape;

use crate::trace::Format;

/// How block sums lie: batch x planes x blocks x sums, a plane being a channel under the sigmoid
/// link and all of them under softmax.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Folding {
    batch: usize,
    planes: usize,
    blocks: usize,
    /// Sums of a block, terms first.
    sums: usize,
    terms: usize,
    /// Sums of a sample, as the engine keeps them.
    row: usize,
}

impl Folding {
    pub(crate) fn new<P: Parts>(link: Link, shape: Shape) -> Self {
        let regions = if P::REGION { SUMS * shape.channels } else { 0 };
        let (planes, own_regions) = match link {
            Link::Sigmoid => (shape.channels, regions / shape.channels),
            Link::Softmax => (1, regions),
        };
        Folding {
            batch: shape.batch,
            planes,
            blocks: shape.pixels().div_ceil(BLOCK),
            sums: P::LEN + own_regions,
            terms: P::LEN,
            // The number of valid pixels comes last.
            row: P::LEN + regions + 1,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.batch * self.planes * self.blocks * self.sums
    }

    pub(crate) fn blocks(&self) -> usize {
        self.blocks
    }
}

/// Adds block sums to the rows of `sums`, one a sample.
pub(crate) fn fold<T: Format>(folding: &Folding, block_sums: &[T], sums: &mut [f64]) {
    let Folding { planes, blocks, terms, .. } = *folding;
    let own_regions = folding.sums - terms;
    let plane_length = blocks * folding.sums;
    let samples = block_sums.chunks_exact(planes * plane_length);
    for (row, sample) in sums.chunks_exact_mut(folding.row).zip(samples) {
        for first in (0..blocks).step_by(SEGMENT / BLOCK) {
            let last = blocks.min(first + SEGMENT / BLOCK);
            let mut segment = vec![0.0; folding.row];
            for (plane, of_plane) in sample.chunks_exact(plane_length).enumerate() {
                let of_segment = &of_plane[first * folding.sums..last * folding.sums];
                for of_block in of_segment.chunks_exact(folding.sums) {
                    let (of_terms, of_regions) = of_block.split_at(terms);
                    add(&mut segment, of_terms);
                    add(&mut segment[terms + plane * own_regions..], of_regions);
                }
            }
            row.iter_mut().zip(segment).for_each(|(row, sum)| *row += sum);
        }
    }
}

fn add<T: Format>(sums: &mut [f64], block: &[T]) {
    sums.iter_mut().zip(block).for_each(|(sum, block)| *sum += block.widen());
}
