//! Rows of costs: made from gaps, as bytes, as short distances, and as segments of long ones.

use super::cost::{Cost, Gap};
use super::near::{BESIDE, nearness};
use super::{hull, spaced};
use crate::level::{Kernel, Level};
use crate::maps::level::MapLevel;
use crate::maps::segment::{Clipped, Segment};

const BLOCK: usize = Clipped::BLOCK;
const MARGIN: usize = Clipped::MARGIN;

/// Rows of one kind of cost. Those of bytes are for where [`Cost::BYTES`] holds, [`Direct`] for where not.
pub(crate) trait CostKernels<C: Cost>: Sync {
    fn clip_gaps(&self, line: ClipGaps<'_, C::Gap>);
    fn clip_costs(&self, line: ClipCosts<'_, C>);
    fn square(&self, line: Square<'_, C>);
    fn direct(&self, line: Direct<'_, C>);
    fn mark(&self, line: Mark<'_, C>);
}

impl<Lv: MapLevel, C: Cost> CostKernels<C> for Lv {
    fn clip_gaps(&self, line: ClipGaps<'_, C::Gap>) {
        if C::BYTES {
            self.enter(line);
        }
    }

    fn clip_costs(&self, line: ClipCosts<'_, C>) {
        if C::BYTES {
            self.enter(line);
        }
    }

    fn square(&self, line: Square<'_, C>) {
        self.enter(line);
    }

    fn direct(&self, line: Direct<'_, C>) {
        if !C::BYTES {
            self.enter(line);
        }
    }

    fn mark(&self, line: Mark<'_, C>) {
        self.enter(line);
    }
}

/// The lower envelope of a segment, by what a level has for its kind of cost.
pub(crate) trait Envelope<C: Cost>: Sync {
    fn solve(&self, segment: Segment<'_, C>, weight: C);
}

impl<Lv: MapLevel> Envelope<i32> for Lv {
    fn solve(&self, segment: Segment<'_, i32>, _: i32) {
        MapLevel::solve(*self, segment);
    }
}

impl<Lv: MapLevel> Envelope<i64> for Lv {
    fn solve(&self, segment: Segment<'_, i64>, _: i64) {
        hull::solve(*self, segment, 1);
    }
}

impl<Lv: MapLevel> Envelope<f64> for Lv {
    fn solve(&self, segment: Segment<'_, f64>, weight: f64) {
        spaced::solve(*self, segment, weight);
    }
}

/// Costs of gaps in bytes, twice.
pub(crate) struct ClipGaps<'a, G> {
    pub(crate) gaps: &'a [G],
    pub(crate) clipped: &'a mut [u8],
    pub(crate) bounds: &'a mut [u8],
}

impl<G: Gap> Kernel for ClipGaps<'_, G> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let n = self.gaps.len();
        let (clipped, bounds) = (&mut self.clipped[..n], &mut self.bounds[..n]);
        for x in 0..n {
            let square = self.gaps[x].clipped_square();
            clipped[x] = square;
            bounds[x] = square;
        }
    }
}

/// Costs in bytes, twice.
pub(crate) struct ClipCosts<'a, C> {
    pub(crate) costs: &'a [C],
    pub(crate) clipped: &'a mut [u8],
    pub(crate) bounds: &'a mut [u8],
}

impl<C: Cost> Kernel for ClipCosts<'_, C> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let n = self.costs.len();
        let (clipped, bounds) = (&mut self.clipped[..n], &mut self.bounds[..n]);
        for x in 0..n {
            let square = self.costs[x].clipped();
            clipped[x] = square;
            bounds[x] = square;
        }
    }
}

/// Costs of gaps.
pub(crate) struct Square<'a, C: Cost> {
    pub(crate) gaps: &'a [C::Gap],
    pub(crate) weight: C,
    pub(crate) costs: &'a mut [C],
}

impl<C: Cost> Kernel for Square<'_, C> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        for (cost, &gap) in self.costs.iter_mut().zip(self.gaps) {
            *cost = C::of_gap(gap, self.weight);
        }
    }
}

/// Remembers which blocks hold a distance too long for the window.
pub(crate) struct Mark<'a, C> {
    pub(crate) out: &'a [C],
    pub(crate) weight: C,
    pub(crate) deep: &'a mut [u8],
}

impl<C: Cost> Kernel for Mark<'_, C> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        for (deep, block) in self.deep.iter_mut().zip(self.out.chunks(BLOCK)) {
            let long = |cost: &C| cost.is_long(self.weight);
            *deep = u8::from(block.iter().fold(false, |any, cost| any | long(cost)));
        }
    }
}

/// Short distances from the costs themselves, in blocks of which all pixels have one; the others become
/// deep.
pub(crate) struct Direct<'a, C> {
    /// `MARGIN` places, the line in whole blocks, `MARGIN` places.
    pub(crate) costs: &'a [C],
    /// Steps to another label, by label.
    pub(crate) near: Option<&'a [u8]>,
    pub(crate) weight: C,
    pub(crate) deep: &'a mut [u8],
    pub(crate) out: &'a mut [C],
}

impl<C: Cost> Kernel for Direct<'_, C> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let out = self.out.as_chunks_mut::<BLOCK>().0;
        for (block, (deep, out)) in self.deep.iter_mut().zip(out).enumerate() {
            if *deep != 0 {
                continue;
            }
            for (part, out) in out.as_chunks_mut::<PART>().0.iter_mut().enumerate() {
                let x = block * BLOCK + part * PART;
                let around = &self.costs[x..x + PART + 2 * MARGIN];
                let mut best = *out;
                best.copy_from_slice(&around[MARGIN..MARGIN + PART]);
                if let Some(near) = self.near {
                    let near = &near[x..x + PART + 2 * BESIDE];
                    for lane in 0..PART {
                        let (before, after) = (near[lane], near[lane + 2 * BESIDE]);
                        let steps = nearness(before, near[lane + BESIDE], after);
                        let bound = C::of_gap(C::Gap::ZERO, self.weight);
                        let bound = bound.seen_from(i32::from(steps), self.weight);
                        let bound = if steps < 16 { bound } else { C::NONE };
                        best[lane] = best[lane].least(bound);
                    }
                }
                *deep |= u8::from(!nearest(&mut best, around, self.weight));
                *out = best;
            }
        }
    }
}

/// Pixels whose distances are found together.
const PART: usize = 8;

/// Lowers costs to squared distances within reach. Gives whether there can be no nearer pixels.
#[inline(always)]
fn nearest<C: Cost>(best: &mut [C; PART], around: &[C], weight: C) -> bool {
    let zero = C::of_gap(C::Gap::ZERO, weight);
    for k in 1..MARGIN {
        let farther = zero.seen_from(k as i32, weight);
        if best.iter().fold(true, |all, &best| all & (best <= farther)) {
            return true;
        }
        let (before, after) = (&around[MARGIN - k..][..PART], &around[MARGIN + k..][..PART]);
        for ((best, &before), &after) in best.iter_mut().zip(before).zip(after) {
            *best = before.least(after).seen_from(k as i32, weight).least(*best);
        }
    }
    best.iter().fold(true, |all, &best| all & !best.is_long(weight))
}
