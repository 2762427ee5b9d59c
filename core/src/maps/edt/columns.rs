//! The first axis: gaps, by a sweep there and a sweep back over whole slices.

use super::cost::Gap;
use super::rule::Rule;
use crate::level::{Kernel, Level};
use crate::maps::labels::Code;

/// Sweeps along columns, a row at a time.
pub(crate) trait ColumnKernels<E: Code, G: Gap>: Sync {
    /// One row of a slice, given the neighbouring slice's: gaps in the direction of the sweep.
    fn next(&self, rule: Rule<E>, codes: &[E], neighbours: &[E], from: &[G], to: &mut [G]);

    /// [`ColumnKernels::next`] in place.
    fn advance(&self, rule: Rule<E>, codes: &[E], neighbours: &[E], gaps: &mut [G]);

    /// The sweep back: gaps of the sweep there become gaps in both directions, and so do those kept of
    /// the slice before.
    fn back(&self, rule: Rule<E>, codes: &[E], neighbours: &[E], gaps: &mut [G], back: &mut [G]);
}

impl<Lv: Level, E: Code, G: Gap> ColumnKernels<E, G> for Lv {
    fn next(&self, rule: Rule<E>, codes: &[E], neighbours: &[E], from: &[G], to: &mut [G]) {
        self.enter(Next { rule, codes, neighbours, from, to });
    }

    fn advance(&self, rule: Rule<E>, codes: &[E], neighbours: &[E], gaps: &mut [G]) {
        self.enter(Advance { rule, codes, neighbours, gaps });
    }

    fn back(&self, rule: Rule<E>, codes: &[E], neighbours: &[E], gaps: &mut [G], back: &mut [G]) {
        self.enter(Back { rule, codes, neighbours, gaps, back });
    }
}

struct Next<'a, E, G> {
    rule: Rule<E>,
    codes: &'a [E],
    neighbours: &'a [E],
    from: &'a [G],
    to: &'a mut [G],
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

struct Advance<'a, E, G> {
    rule: Rule<E>,
    codes: &'a [E],
    neighbours: &'a [E],
    gaps: &'a mut [G],
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

struct Back<'a, E, G> {
    rule: Rule<E>,
    codes: &'a [E],
    neighbours: &'a [E],
    gaps: &'a mut [G],
    back: &'a mut [G],
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
    /// Of the part's slice that is met first.
    pub(crate) codes: &'a [E],
    /// Of the slice before that.
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
