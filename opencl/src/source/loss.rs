use segloss_core::compose::{MapCall, Plan, Program, Spec};
use segloss_core::engine::{Link, Requirements};
use segloss_core::region::SUMS;

use super::target::Target;
use crate::library::Library;

/// What is noted of a block, and of a segment or a sample: valid pixels, the first bad target and weight, flags.
pub(super) const BLOCK_NOTES: usize = 4;
pub(super) const NOTES: usize = 4;

/// A loss, as programs are written from it.
pub(crate) struct Loss<'l> {
    pub(crate) plan: &'l Plan<'l, f32>,
    pub(crate) library: &'l Library,
    pub(crate) link: Link,
    pub(crate) fit: Requirements,
    /// Whether the call has weights of pixels.
    pub(crate) by_call: bool,
}

impl<'l> Loss<'l> {
    pub(super) fn terms(&self) -> usize {
        self.plan.terms().len()
    }

    pub(super) fn spec(&self, index: usize, channels: usize) -> Spec<'_> {
        self.plan.spec(index, channels)
    }

    /// Whether region sums are needed.
    pub(super) fn has_region(&self) -> bool {
        self.fit.has_region
    }

    pub(super) fn denominators(&self) -> usize {
        if self.fit.has_denominator { self.terms() } else { 0 }
    }

    /// What the program reads and writes.
    pub(crate) fn sizes(&self, target: &Target) -> Sizes {
        let name =
            |map: &MapCall<'_, f32>| map.definition().map_or("", |definition| definition.name);
        Sizes {
            terms: self.terms(),
            row: self.terms()
                + self.denominators()
                + SUMS * self.regions(target)
                + self.row_counts(target)
                + 1,
            sums: self.sums(target),
            block_notes: BLOCK_NOTES + self.foreground_words(target),
            notes: NOTES + usize::from(self.foreground_words(target) > 0),
            regions: self.regions(target),
            planes: self.planes(target),
            maps: self.plan.map_calls().iter().map(name).collect(),
            has_region: self.has_region(),
            is_signed: !self.fit.needs_positive,
        }
    }

    /// Sums of a block.
    pub(super) fn sums(&self, target: &Target) -> usize {
        self.terms() + self.denominators() + SUMS * self.regions_a_plane(target)
    }

    /// Classes with region sums.
    pub(super) fn regions(&self, target: &Target) -> usize {
        if self.has_region() { target.channels } else { 0 }
    }

    pub(super) fn regions_a_plane(&self, target: &Target) -> usize {
        match (self.has_region(), self.link) {
            (false, _) => 0,
            (true, Link::Sigmoid) => 1,
            (true, Link::Softmax) => target.channels,
        }
    }

    /// Counts of valid pixels in a sample's row, besides that of all: one a channel, if each may have another.
    pub(super) fn row_counts(&self, target: &Target) -> usize {
        if self.link == Link::Sigmoid && target.channels > 1 { self.regions(target) } else { 0 }
    }

    /// Words of 32 bits for the number that stands for foreground, in masks of integers.
    pub(super) fn foreground_words(&self, target: &Target) -> usize {
        let is_mask = self.link == Link::Sigmoid && !target.element.is_float();
        if is_mask { target.element.size().div_ceil(4) } else { 0 }
    }

    /// What lies one after the other in a sample: channels under the sigmoid link, else all together.
    pub(super) fn planes(&self, target: &Target) -> usize {
        if self.link == Link::Sigmoid { target.channels } else { 1 }
    }

    pub(super) fn maps(&self) -> usize {
        self.plan.map_calls().len()
    }
}

/// What a program reads and writes, besides its inputs.
#[derive(Clone, Debug)]
pub(crate) struct Sizes {
    pub(crate) terms: usize,
    /// Numbers of a sample's row of sums.
    pub(crate) row: usize,
    /// Sums of a block.
    pub(crate) sums: usize,
    /// Words of 32 bits that say what is noted of a block.
    pub(crate) block_notes: usize,
    /// Numbers that say what is noted of a segment or a sample.
    pub(crate) notes: usize,
    /// Classes with region sums.
    pub(crate) regions: usize,
    /// Planes of a sample.
    pub(crate) planes: usize,
    /// The maps' names, by place.
    pub(crate) maps: Vec<&'static str>,
    /// Whether weights may be negative.
    pub(crate) is_signed: bool,
    /// Whether the gradient needs the sums of all pixels, and so a sweep of its own.
    pub(crate) has_region: bool,
}
