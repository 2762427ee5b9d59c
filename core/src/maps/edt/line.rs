//! One line of pixels: the lower envelope of their costs.

use super::cost::{Cost, Gap};
use crate::level::{Kernel, Level};
use crate::maps::Labels;
use crate::maps::level::{AFTER, BEFORE, Clipped, MapLevel, Segment};
use crate::maps::scratch::{Scratch, Words};

const BLOCK: usize = Clipped::BLOCK;
const MARGIN: usize = Clipped::MARGIN;
/// A pixel beside a segment has a distance below 16, so that what lies farther from the segment than
/// this is not nearest to any of its pixels.
const REACH: usize = 17;
/// Beyond what `nearness` looks at in one step.
const BESIDE: usize = 8;

/// What the pixels of a line cost.
pub(crate) enum Costs<'a, C: Cost> {
    /// After the first axis.
    Gaps { gaps: &'a [C::Gap], weight: C },
    /// After further ones.
    Squares(&'a [C]),
}

impl<C: Cost> Costs<'_, C> {
    fn len(&self) -> usize {
        match self {
            Costs::Gaps { gaps, .. } => gaps.len(),
            Costs::Squares(costs) => costs.len(),
        }
    }

    /// Those from `first` on.
    fn write<Lv: Level>(&self, level: Lv, first: usize, to: &mut [C]) {
        let range = first..first + to.len();
        match *self {
            Costs::Gaps { gaps, weight } => {
                level.enter(Square { gaps: &gaps[range], weight, costs: to });
            }
            Costs::Squares(costs) => to.copy_from_slice(&costs[range]),
        }
    }
}

/// Storage for lines of up to a number of pixels, and which of its blocks were deep on the line before:
/// they are likely to be on the next, where looking for short distances is then left out.
pub(crate) struct Line<'a, C> {
    clipped: &'a mut [u8],
    bounds: &'a mut [u8],
    near: [&'a mut [u8]; 2],
    padded: &'a mut [C],
    deep: &'a mut [u8],
    costs: &'a mut [C],
    places: &'a mut [i32],
    values: &'a mut [C],
    starts: &'a mut [u32],
    keep: &'a mut [u8],
    out: &'a mut [C],
}

impl<'a, C: Cost> Line<'a, C> {
    pub(crate) fn words(words: Words, length: usize) -> Words {
        let blocks = length.checked_next_multiple_of(BLOCK);
        let room = blocks.and_then(|n| n.checked_add(BLOCK));
        let (bytes, padded) = if C::BYTES { (room, Some(0)) } else { (Some(0), room) };
        words
            .and::<u8>(bytes)
            .and::<u8>(bytes)
            .and::<u8>(room)
            .and::<u8>(room)
            .and::<C>(padded)
            .and::<u8>(room.map(|n| n / BLOCK))
            .and::<C>(room)
            .and::<i32>(room)
            .and::<C>(room)
            .and::<u32>(room)
            .and::<u8>(room)
            .and::<C>(blocks)
    }

    pub(crate) fn new(scratch: &mut Scratch<'a>, length: usize) -> Self {
        let blocks = length.next_multiple_of(BLOCK);
        let room = blocks + BLOCK;
        let (bytes, padded) = if C::BYTES { (room, 0) } else { (0, room) };
        let mut line = Line {
            clipped: scratch.take(bytes),
            bounds: scratch.take(bytes),
            near: [scratch.take(room), scratch.take(room)],
            padded: scratch.take(padded),
            deep: scratch.take(room / BLOCK),
            costs: scratch.take(room),
            places: scratch.take(room),
            values: scratch.take(room),
            starts: scratch.take(room),
            keep: scratch.take(room),
            out: scratch.take(blocks),
        };
        line.clipped.fill(255);
        line.bounds.fill(0);
        line.near.iter_mut().for_each(|near| near.fill(255));
        line.padded.fill(C::NONE);
        line.deep.fill(0);
        line
    }

    /// The least of `costs[i] + weight (x - i)^2` and, given labels, of `weight (x - i)^2` for pixels
    /// `i` of another label. All lines of one storage have the same length.
    ///
    /// By label, costs are squared distances to other labels than each pixel's own, and still the
    /// minimum may be taken over all of the line: a pixel beyond the end of one's run is no nearer
    /// than that end, which the second part has.
    pub(crate) fn run<S: Labels, Lv: MapLevel>(
        &mut self,
        level: Lv,
        costs: &Costs<'_, C>,
        labels: Option<&[S::Label]>,
        weight: C,
    ) -> &[C] {
        let length = costs.len();
        let blocks = length.div_ceil(BLOCK);
        self.short(level, costs, labels.map(Nearness::<S>), weight);
        let mut block = 0;
        while block < blocks {
            if self.deep[block] == 0 {
                block += 1;
                continue;
            }
            let from = block;
            while block < blocks && self.deep[block] != 0 {
                block += 1;
            }
            self.long(level, costs, from, block, weight);
            let (start, end) = (from * BLOCK, (block * BLOCK).min(length));
            let out = &mut self.out[start..end];
            if let Some(labels) = labels {
                let (first, last) = around(start, end, length);
                let labels = &labels[first..last];
                level.enter(Runs::<S, C> { labels, first, start, weight, out });
            }
            level.enter(Mark { out, deep: &mut self.deep[from..block], weight });
        }
        &self.out[..length]
    }

    /// Blocks whose distances are all short.
    fn short<S: Labels, Lv: MapLevel>(
        &mut self,
        level: Lv,
        costs: &Costs<'_, C>,
        labels: Option<Nearness<'_, S>>,
        weight: C,
    ) {
        if let Some(labels) = &labels {
            labels.spread(level, &mut self.near);
        }
        let length = costs.len();
        let blocks = length.next_multiple_of(BLOCK);
        let deep = &mut self.deep[..blocks / BLOCK];
        if !C::BYTES {
            let padded = &mut self.padded[MARGIN..MARGIN + length];
            costs.write(level, 0, padded);
            let near = labels.map(|_| &self.near[0][..]);
            let out = &mut self.out[..blocks];
            return level.enter(Direct { costs: self.padded, near, weight, deep, out });
        }
        let clipped = &mut self.clipped[MARGIN..MARGIN + length];
        let bounds = &mut self.bounds[..length];
        match costs {
            Costs::Gaps { gaps, .. } => level.enter(ClipGaps { gaps, clipped, bounds }),
            Costs::Squares(costs) => level.enter(ClipSquares { costs, clipped, bounds }),
        }
        if labels.is_some() {
            level.enter(Bound { near: self.near[0], bounds });
        }
        let line =
            Clipped { costs: &self.clipped[..blocks + 2 * MARGIN], bounds: &self.bounds[..blocks] };
        level.window(line, deep, bytemuck::cast_slice_mut(&mut self.out[..blocks]));
    }

    /// A segment of deep blocks.
    fn long<Lv: MapLevel>(
        &mut self,
        level: Lv,
        costs: &Costs<'_, C>,
        from: usize,
        to: usize,
        weight: C,
    ) {
        let length = costs.len();
        let (start, end) = (from * BLOCK, (to * BLOCK).min(length));
        let (first, last) = around(start, end, length);
        // Places of the line that fall into the buffer, whose first is `first - BEFORE`.
        let low = first.saturating_sub(BEFORE);
        let high = (last + AFTER).min(length);
        let buffer = &mut self.costs[..last - first + BEFORE + AFTER];
        let (head, rest) = buffer.split_at_mut(BEFORE + low - first);
        let (body, tail) = rest.split_at_mut(high - low);
        head.fill(C::NONE);
        tail.fill(C::NONE);
        costs.write(level, low, body);
        let segment = Segment {
            costs: buffer,
            first,
            start,
            end,
            places: self.places,
            values: self.values,
            starts: self.starts,
            keep: self.keep,
            out: &mut self.out[start..to * BLOCK],
        };
        C::solve(level, segment, weight);
    }
}

/// The pixels that may be nearest to those of a segment.
fn around(start: usize, end: usize, length: usize) -> (usize, usize) {
    (start.saturating_sub(REACH), (end + REACH).min(length))
}

struct ClipGaps<'a, G> {
    gaps: &'a [G],
    clipped: &'a mut [u8],
    bounds: &'a mut [u8],
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

struct ClipSquares<'a, C> {
    costs: &'a [C],
    clipped: &'a mut [u8],
    bounds: &'a mut [u8],
}

impl<C: Cost> Kernel for ClipSquares<'_, C> {
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

struct Square<'a, C: Cost> {
    gaps: &'a [C::Gap],
    weight: C,
    costs: &'a mut [C],
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
struct Mark<'a, C> {
    out: &'a [C],
    deep: &'a mut [u8],
    weight: C,
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

/// The labels of a line, for the steps to the nearest pixel of another one on it.
struct Nearness<'a, S: Labels>(&'a [S::Label]);

impl<S: Labels> Nearness<'_, S> {
    /// Those steps from `BESIDE` on in `near`'s first half, exact up to 8; [`nearness`] looks farther.
    fn spread<Lv: Level>(&self, level: Lv, near: &mut [&mut [u8]; 2]) {
        let n = self.0.len();
        let [a, b] = near;
        level.enter(Ends::<S> { labels: self.0, near: &mut a[BESIDE..BESIDE + n] });
        for steps in [1, 2, 4] {
            level.enter(Spread { from: a, to: &mut b[BESIDE..BESIDE + n], steps });
            core::mem::swap(a, b);
        }
    }
}

/// The steps to another label, if fewer than 16, from those known to pixels 8 before, here and 8 after.
#[inline(always)]
fn nearness(before: u8, here: u8, after: u8) -> u8 {
    here.min(before.min(after).saturating_add(BESIDE as u8)).min(16)
}

/// 1 beside a pixel of another label, 255 elsewhere.
struct Ends<'a, S: Labels> {
    labels: &'a [S::Label],
    near: &'a mut [u8],
}

impl<S: Labels> Kernel for Ends<'_, S> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let n = self.labels.len();
        let mark = |other: bool| if other { 1 } else { 255 };
        self.near[0] = mark(n > 1 && !S::same(self.labels[0], self.labels[1]));
        if n < 2 {
            return;
        }
        self.near[n - 1] = mark(!S::same(self.labels[n - 1], self.labels[n - 2]));
        let (before, here, after) =
            (&self.labels[..n - 2], &self.labels[1..n - 1], &self.labels[2..]);
        for (((near, &a), &b), &c) in
            self.near[1..n - 1].iter_mut().zip(before).zip(here).zip(after)
        {
            *near = mark(!(S::same(a, b) & S::same(b, c)));
        }
    }
}

/// Steps to the nearest mark: doubling what is known from so many pixels to both sides.
struct Spread<'a> {
    from: &'a [u8],
    to: &'a mut [u8],
    steps: usize,
}

impl Kernel for Spread<'_> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let n = self.to.len();
        let here = &self.from[BESIDE..][..n];
        let before = &self.from[BESIDE - self.steps..][..n];
        let after = &self.from[BESIDE + self.steps..][..n];
        for x in 0..n {
            let far = before[x].min(after[x]).saturating_add(self.steps as u8);
            self.to[x] = here[x].min(far);
        }
    }
}

/// The last doubling, by 8, and its square.
struct Bound<'a> {
    near: &'a [u8],
    bounds: &'a mut [u8],
}

impl Kernel for Bound<'_> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let n = self.bounds.len();
        let (before, here) = (&self.near[..n], &self.near[BESIDE..][..n]);
        let after = &self.near[2 * BESIDE..][..n];
        for x in 0..n {
            let steps = nearness(before[x], here[x], after[x]);
            let square = u16::from(steps) * u16::from(steps);
            self.bounds[x] = self.bounds[x].min(square.min(255) as u8);
        }
    }
}

/// Short distances from the costs themselves, in blocks of which all pixels have one.
struct Direct<'a, C> {
    /// `MARGIN` places, the line in whole blocks, `MARGIN` places.
    costs: &'a [C],
    near: Option<&'a [u8]>,
    weight: C,
    deep: &'a mut [u8],
    out: &'a mut [C],
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

/// Lowers the squared distances of a segment to those of the steps, within the line, to the nearest
/// pixel of another label among those around the segment.
struct Runs<'a, S: Labels, C> {
    labels: &'a [S::Label],
    first: usize,
    start: usize,
    weight: C,
    out: &'a mut [C],
}

impl<S: Labels, C: Cost> Kernel for Runs<'_, S, C> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let (labels, out) = (self.labels, self.out);
        // From here on, places count from the first pixel around the segment.
        let (start, end) = (self.start - self.first, self.start - self.first + out.len());
        let zero = C::of_gap(C::Gap::ZERO, self.weight);
        let mut from = 0;
        while from < end {
            let to = from + run::<S>(&labels[from..]);
            let (low, high) = (from.max(start), to.min(end));
            if low < high {
                let pixels = &mut out[low - start..high - start];
                if from > 0 {
                    lower(pixels, (low - from) as i32 + 1, 1, zero, self.weight);
                }
                if to < labels.len() {
                    lower(pixels, (to - low) as i32, -1, zero, self.weight);
                }
            }
            from = to;
        }
    }
}

#[inline(always)]
fn lower<C: Cost>(pixels: &mut [C], steps: i32, more: i32, zero: C, weight: C) {
    for (i, pixel) in pixels.iter_mut().enumerate() {
        let there = zero.seen_from(steps + more * i as i32, weight);
        *pixel = there.least(*pixel);
    }
}

/// How many labels are the same as the first.
#[inline(always)]
fn run<S: Labels>(labels: &[S::Label]) -> usize {
    let first = labels[0];
    let whole = labels.chunks_exact(BLOCK);
    // Without a way out of the inner loop, so that it is made of vectors.
    let same = |chunk: &[S::Label]| chunk.iter().fold(true, |all, &l| all & S::same(l, first));
    let known = whole.take_while(|chunk| same(chunk)).count() * BLOCK;
    known + labels[known..].iter().take_while(|&&label| S::same(label, first)).count()
}
