use crate::level::{Kernel, Level};
use crate::maps::Clipped;

const BLOCK: usize = Clipped::BLOCK;
const MARGIN: usize = Clipped::MARGIN;

/// [`MapLevel::window`](crate::maps::MapLevel::window) by plain loops.
pub(crate) fn window<Lv: Level>(level: Lv, line: Clipped<'_>, deep: &mut [u8], out: &mut [i32]) {
    level.enter(Window { line, deep, out });
}

struct Window<'a> {
    line: Clipped<'a>,
    deep: &'a mut [u8],
    out: &'a mut [i32],
}

impl Kernel for Window<'_> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let bounds = self.line.bounds.as_chunks::<BLOCK>().0;
        let out = self.out.as_chunks_mut::<BLOCK>().0;
        for (block, ((bounds, out), deep)) in bounds.iter().zip(out).zip(self.deep).enumerate() {
            if *deep != 0 {
                continue;
            }
            let around = &self.line.costs[block * BLOCK..];
            match around.first_chunk().and_then(|around| nearest(bounds, around)) {
                Some(best) => {
                    for (out, best) in out.iter_mut().zip(best) {
                        *out = i32::from(best);
                    }
                }
                None => *deep = 1,
            }
        }
    }
}

/// The squared distances of a block, if none is above 254. A cost `k` pixels away adds at least
/// `k^2`, so that once no distance is longer there is nothing more to find.
#[inline(always)]
fn nearest(bounds: &[u8; BLOCK], around: &[u8; BLOCK + 2 * MARGIN]) -> Option<[u8; BLOCK]> {
    let mut best = *bounds;
    for k in 1..MARGIN {
        let square = (k * k) as u8;
        if largest(&best) <= square {
            return Some(best);
        }
        let (before, after) = (&around[MARGIN - k..][..BLOCK], &around[MARGIN + k..][..BLOCK]);
        lower(&mut best, before, after, square);
    }
    (largest(&best) < 255).then_some(best)
}

// Calls, because the loop over distances would be unrolled and its bytes taken one by one.

#[inline(never)]
fn largest(best: &[u8]) -> u8 {
    best.iter().fold(0, |largest: u8, &b| largest.max(b))
}

#[inline(never)]
fn lower(best: &mut [u8], before: &[u8], after: &[u8], square: u8) {
    for ((best, &a), &b) in best.iter_mut().zip(before).zip(after) {
        *best = (*best).min(a.min(b).saturating_add(square));
    }
}
