//! The first axis: gaps, by a sweep there and a sweep back over whole slices.

use super::cost::Gap;
use super::rule::Rule;
use crate::level::{Kernel, Level};
use crate::maps::labels::Code;

/// Sweeps along columns, a row at a time.
pub(crate) trait ColumnKernels<E: Code, G: Gap>: Sync {
    fn next(&self, row: Next<'_, E, G>);
    fn advance(&self, row: Advance<'_, E, G>);
    fn back(&self, row: Back<'_, E, G>);
}

impl<Lv: Level, E: Code, G: Gap> ColumnKernels<E, G> for Lv {
    fn next(&self, row: Next<'_, E, G>) {
        self.enter(row);
    }

    fn advance(&self, row: Advance<'_, E, G>) {
        self.enter(row);
    }

    fn back(&self, row: Back<'_, E, G>) {
        self.enter(row);
    }
}

/// One row of a slice, given the neighbouring slice's: gaps in the direction of the sweep.
pub(crate) struct Next<'a, E, G> {
    pub(crate) rule: Rule<E>,
    pub(crate) codes: &'a [E],
    pub(crate) neighbours: &'a [E],
    pub(crate) from: &'a [G],
    pub(crate) to: &'a mut [G],
}

impl<E: Code, G: Gap> Kernel for Next<'_, E, G> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let n = self.to.len();
        let (from, to) = (&self.from[..n], self.to);
        self.rule.each(&self.codes[..n], self.neighbours, |x, ends, gap| {
            let farther = from[x].farther();
            to[x] = if ends { gap } else { farther };
        });
    }
}

/// [`Next`] in place.
pub(crate) struct Advance<'a, E, G> {
    pub(crate) rule: Rule<E>,
    pub(crate) codes: &'a [E],
    pub(crate) neighbours: &'a [E],
    pub(crate) gaps: &'a mut [G],
}

impl<E: Code, G: Gap> Kernel for Advance<'_, E, G> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let n = self.gaps.len();
        let gaps = self.gaps;
        self.rule.each(&self.codes[..n], self.neighbours, |x, ends, gap| {
            let farther = gaps[x].farther();
            gaps[x] = if ends { gap } else { farther };
        });
    }
}

/// The sweep back: gaps of the sweep there become gaps in both directions, and so do those kept of the
/// slice before.
pub(crate) struct Back<'a, E, G> {
    pub(crate) rule: Rule<E>,
    pub(crate) codes: &'a [E],
    pub(crate) neighbours: &'a [E],
    pub(crate) gaps: &'a mut [G],
    pub(crate) back: &'a mut [G],
}

impl<E: Code, G: Gap> Kernel for Back<'_, E, G> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let n = self.gaps.len();
        let (gaps, back) = (self.gaps, &mut self.back[..n]);
        self.rule.each(&self.codes[..n], self.neighbours, |x, ends, gap| {
            let farther = back[x].farther();
            let gap = if ends { gap } else { farther };
            let gap = gap.min(gaps[x]);
            gaps[x] = gap;
            back[x] = gap;
        });
    }
}

/// Gaps at the end of a part of the columns: those found within it, else those carried through it.
pub(crate) struct Carry<'a, E, G> {
    pub(crate) rule: Rule<E>,
    /// Codes of the part's slice that is met first.
    pub(crate) codes: &'a [E],
    /// Codes of the slice before that.
    pub(crate) neighbours: &'a [E],
    /// Gaps of that slice.
    pub(crate) from: &'a [G],
    /// Slices of the part.
    pub(crate) slices: usize,
    pub(crate) gaps: &'a mut [G],
}

impl<E: Code, G: Gap> Carry<'_, E, G> {
    /// Rare enough to need no level.
    pub(crate) fn run(self) {
        let Carry { rule, codes, neighbours, from, slices, gaps } = self;
        rule.each(codes, neighbours, |x, ends, gap: G| {
            if gaps[x] == G::NONE {
                let gap = if ends { gap } else { from[x].farther() };
                gaps[x] = gap.many_farther(slices - 1);
            }
        });
    }
}
