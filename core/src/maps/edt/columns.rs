//! The first axis: gaps, by a sweep there and a sweep back over whole slices.

use super::cost::Gap;
use super::rule::Rule;
use crate::level::{Kernel, Level};
use crate::maps::Labels;

/// One row of a slice, given the neighbouring slice's: gaps in the direction of the sweep.
pub(crate) struct Next<'a, S: Labels, R, G> {
    pub(crate) rule: R,
    pub(crate) labels: &'a [S::Label],
    pub(crate) neighbours: &'a [S::Label],
    pub(crate) from: &'a [G],
    pub(crate) to: &'a mut [G],
}

impl<S: Labels, R: Rule<S::Label>, G: Gap> Kernel for Next<'_, S, R, G> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let n = self.to.len();
        let (labels, neighbours) = (&self.labels[..n], &self.neighbours[..n]);
        let from = &self.from[..n];
        for x in 0..n {
            self.to[x] = self.rule.next::<S, _>(labels[x], neighbours[x], from[x]);
        }
    }
}

/// The same in place.
pub(crate) struct Advance<'a, S: Labels, R, G> {
    pub(crate) rule: R,
    pub(crate) labels: &'a [S::Label],
    pub(crate) neighbours: &'a [S::Label],
    pub(crate) gaps: &'a mut [G],
}

impl<S: Labels, R: Rule<S::Label>, G: Gap> Kernel for Advance<'_, S, R, G> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let n = self.gaps.len();
        let (labels, neighbours) = (&self.labels[..n], &self.neighbours[..n]);
        for x in 0..n {
            self.gaps[x] = self.rule.next::<S, _>(labels[x], neighbours[x], self.gaps[x]);
        }
    }
}

/// The sweep back: gaps of the sweep there become gaps in both directions, and so do those kept of the
/// slice before.
pub(crate) struct Back<'a, S: Labels, R, G> {
    pub(crate) rule: R,
    pub(crate) labels: &'a [S::Label],
    pub(crate) neighbours: &'a [S::Label],
    pub(crate) gaps: &'a mut [G],
    pub(crate) back: &'a mut [G],
}

impl<S: Labels, R: Rule<S::Label>, G: Gap> Kernel for Back<'_, S, R, G> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let n = self.gaps.len();
        let (labels, neighbours) = (&self.labels[..n], &self.neighbours[..n]);
        let back = &mut self.back[..n];
        for x in 0..n {
            let gap = self.rule.next::<S, _>(labels[x], neighbours[x], back[x]).min(self.gaps[x]);
            self.gaps[x] = gap;
            back[x] = gap;
        }
    }
}

/// Gaps at the end of a part of the columns: those found within it, else those carried through it.
pub(crate) struct Carry<'a, S: Labels, R, G> {
    pub(crate) rule: R,
    /// Of the part's slice that is met first.
    pub(crate) labels: &'a [S::Label],
    /// Of the slice before that.
    pub(crate) neighbours: &'a [S::Label],
    /// Gaps of that slice.
    pub(crate) from: &'a [G],
    /// Slices of the part.
    pub(crate) slices: usize,
    pub(crate) gaps: &'a mut [G],
}

impl<S: Labels, R: Rule<S::Label>, G: Gap> Carry<'_, S, R, G> {
    /// Rare enough to need no level.
    pub(crate) fn run(self) {
        let seen = self.labels.iter().zip(self.neighbours).zip(self.from);
        for (gap, ((&label, &neighbour), &from)) in self.gaps.iter_mut().zip(seen) {
            if *gap == G::NONE {
                *gap = self.rule.next::<S, _>(label, neighbour, from).many_farther(self.slices - 1);
            }
        }
    }
}
