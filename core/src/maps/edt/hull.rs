use super::cost::Cost;
use crate::level::{Kernel, Level};
use crate::maps::segment::{AFTER, BEFORE, Segment};

/// Solves a segment: its lower envelope of parabolas, one for each pixel, after Felzenszwalb and
/// Huttenlocher (Distance Transforms of Sampled Functions, 2012). Pixels that two others hide are
/// dropped first, which leaves few to the part that takes one at a time.
pub(crate) fn solve<C: Cost, Lv: Level>(level: Lv, segment: Segment<'_, C>, weight: C) {
    let Segment { costs, first, start, end, places, values, starts, keep, out } = segment;
    let count = candidates(level, costs, first, keep, places, values, weight);
    let found = envelope(&mut Later { places, values, weight }, count, start, end, starts);
    if found == 0 {
        out[..end - start].fill(C::NONE);
        return;
    }
    let (places, starts) = (&places[..found], &starts[..found + 1]);
    level.enter(Fill { places, values: &values[..found], starts, start, weight, out });
}

/// Places and costs of the pixels that others do not hide, and their number.
pub(super) fn candidates<C: Cost, Lv: Level>(
    level: Lv,
    costs: &[C],
    first: usize,
    keep: &mut [u8],
    places: &mut [i32],
    values: &mut [C],
    weight: C,
) -> usize {
    let pixels = costs.len() - BEFORE - AFTER;
    let keep = &mut keep[..pixels.next_multiple_of(8)];
    keep[pixels..].fill(0);
    level.enter(Prune { costs, keep: &mut keep[..pixels], weight });
    compress(keep, &costs[BEFORE..], first, places, values)
}

/// Marks the pixels that none of three pairs around them hides.
struct Prune<'a, C> {
    costs: &'a [C],
    keep: &'a mut [u8],
    weight: C,
}

impl<C: Cost> Kernel for Prune<'_, C> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let n = self.keep.len();
        let at = |shift: usize| &self.costs[BEFORE + shift..][..n];
        let behind = |steps: usize| &self.costs[BEFORE - steps..][..n];
        let here = at(0);
        let pairs = [(behind(1), at(1)), (behind(2), at(2)), (behind(4), at(4))];
        for (x, &cost) in here.iter().enumerate() {
            let hidden = |pair: usize, steps| {
                cost.hidden(pairs[pair].0[x], pairs[pair].1[x], steps, self.weight)
            };
            let drop = (cost >= C::NONE) | hidden(0, 1) | hidden(1, 2) | hidden(2, 4);
            self.keep[x] = u8::from(!drop);
        }
    }
}

/// Places and costs of the marked pixels, and their number.
fn compress<C: Cost>(
    keep: &[u8],
    costs: &[C],
    first: usize,
    places: &mut [i32],
    values: &mut [C],
) -> usize {
    let mut n = 0;
    for (block, (keep, costs)) in keep.as_chunks::<8>().0.iter().zip(costs.chunks(8)).enumerate() {
        let mut marks = u64::from_le_bytes(*keep);
        while marks != 0 {
            let lane = marks.trailing_zeros() as usize / 8;
            places[n] = (first + 8 * block + lane) as i32;
            values[n] = costs[lane];
            n += 1;
            marks &= marks - 1;
        }
    }
    n
}

/// Pixels that may be nearest to others of their line, in the order of their places; the first of them
/// are the stack of an envelope.
pub(crate) trait Candidates {
    /// The first pixel to which candidate `other` is nearest of it and `below`, which lies before it.
    fn taken(&self, below: usize, other: usize) -> i64;

    /// Writes candidate `from` over candidate `to`.
    fn keep(&mut self, from: usize, to: usize);
}

/// Keeps the candidates that are nearest to some pixel of `start..end`, in place, each with the first
/// such pixel; `starts` ends with `end`. Gives their number.
#[inline(always)]
pub(crate) fn envelope(
    candidates: &mut impl Candidates,
    count: usize,
    start: usize,
    end: usize,
    starts: &mut [u32],
) -> usize {
    let (first, last) = (start as i64, end as i64);
    let mut top = 0;
    for candidate in 0..count {
        let mut from = first;
        while top > 0 {
            from = candidates.taken(top - 1, candidate);
            if from > i64::from(starts[top - 1]) {
                break;
            }
            top -= 1;
            from = first;
        }
        if from < last {
            candidates.keep(candidate, top);
            starts[top] = from as u32;
            top += 1;
        }
    }
    starts[top] = end as u32;
    top
}

/// Candidates of which the later one is nearest where two are equally near.
struct Later<'a, C> {
    places: &'a mut [i32],
    values: &'a mut [C],
    weight: C,
}

impl<C: Cost> Candidates for Later<'_, C> {
    #[inline(always)]
    fn taken(&self, below: usize, other: usize) -> i64 {
        let place = self.places[below];
        let ahead = self.places[other] - place;
        let overtaken = self.values[below].overtaken(self.values[other], ahead, self.weight);
        i64::from(place).saturating_add(overtaken)
    }

    #[inline(always)]
    fn keep(&mut self, from: usize, to: usize) {
        (self.places[to], self.values[to]) = (self.places[from], self.values[from]);
    }
}

/// Writes the distances to each candidate from the pixels it is nearest to.
struct Fill<'a, C> {
    places: &'a [i32],
    values: &'a [C],
    starts: &'a [u32],
    start: usize,
    weight: C,
    out: &'a mut [C],
}

impl<C: Cost> Kernel for Fill<'_, C> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let candidates = self.places.iter().zip(self.values).zip(self.starts.windows(2));
        for ((&place, &value), span) in candidates {
            let (from, to) = (span[0] as usize, span[1] as usize);
            let steps = from as i32 - place;
            let pixels = &mut self.out[from - self.start..to - self.start];
            for (ahead, out) in pixels.iter_mut().enumerate() {
                *out = value.seen_from(steps + ahead as i32, self.weight);
            }
        }
    }
}
