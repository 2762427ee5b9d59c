//! One line of pixels: from what each of them costs to how far each of them is.
//!
//! # The question
//!
//! After the first axis each pixel has a *gap*: the steps along its column to the nearest pixel that
//! distances are measured to. Along a line across the columns:
//!
//! ```text
//!   column        0  1  2  3  4  5  6
//!
//!                 .  .  .  #  .  .  .        # is measured to
//!                 .  #  .  .  .  .  .
//!   the line  ->  .  .  .  .  .  .  .
//!                 .  .  .  .  .  .  .
//!                 .  .  .  .  .  .  #
//!
//!   gaps          -  1  -  2  -  -  2        - is none
//!   costs         -  1  -  4  -  -  4        their squares
//! ```
//!
//! From pixel `x` of the line it is `x - i` steps to column `i` and as many as its gap along it, at a right
//! angle. So the squared distance is the least of `cost[i] + (x - i)^2` over all pixels `i` of the line. A
//! further axis asks the same again, with these squared distances as costs, and so an image of any number
//! of axes takes one line at a time.
//!
//! # Lower envelopes
//!
//! Over `x`, each pixel `i` with a cost is a parabola: all of one shape, pixel `i`'s moved `i` to the right
//! and `cost[i]` up. The least of them is what is seen from below. Of the three above:
//!
//! ```text
//!     8 |        3           6   3
//!       |
//!       |
//!     5 |            3   1   3   6
//!     4 |                3           6
//!       |
//!     2 |    1       1
//!     1 |        1
//!       +--------------------------------
//!   x        0   1   2   3   4   5   6
//!   nearest  1   1   1   3   3   6   6
//!   least    2   1   2   4   5   5   4
//! ```
//!
//! Two parabolas of one shape meet once. So each is the lowest over one stretch of the line or nowhere, and
//! the stretches are in the order of the pixels they belong to: *going along the line, the nearest pixel
//! never moves back*. Taking the pixels in order gives the stretches in linear time, one pixel after the
//! other ([`hull`](super::hull), after Felzenszwalb and Huttenlocher). What follows avoids that where it
//! can: for many pixels at once, short distances need no envelope, and long ones can be divided.
//!
//! # Short distances: a window of bytes
//!
//! Most distances of most masks are short, and 15 steps to both sides are enough for those below 16: what
//! is farther away costs 256 or more. A squared distance up to 254 fits into a byte, with 255 for anything
//! above, and additions that stop at 255 keep it so. For a block of 64 pixels:
//!
//! ```text
//!   best  =      cost[x]
//!   best  = min( best,  min(cost[x - 1], cost[x + 1]) +  1 )
//!   best  = min( best,  min(cost[x - 2], cost[x + 2]) +  4 )
//!   best  = min( best,  min(cost[x - 3], cost[x + 3]) +  9 )      until no pixel of the block
//!     ...                                                         has more than k^2 left
//! ```
//!
//! A block is one or two registers, and each step a few instructions. If no pixel of the block ends at 255
//! the block is done; else it is *deep*, and its distances are found again, whole. A block that was deep on
//! one line is taken to be deep on the next, so that nobody looks through a window that shows nothing.
//!
//! # Long distances: divide and conquer
//!
//! Neighbouring deep blocks are a segment, of which the nearest pixels lie within it or a few steps beside
//! it: beside it is a block of short distances. Of those pixels, the ones that a pair of others hides (the
//! pixels one, two or four to both sides) are dropped by vectors; few *candidates* are left. Then, with
//! vectors again ([`grid`](super::grid)):
//!
//! ```text
//!   pixels      0        32        64        96       128
//!   1st         a . . . . . . . . . . . . . . . . . . . z     the nearest of the ends: among all
//!   2nd         a . . . . . . . . k . . . . . . . . . . z     of the middle: among a to z
//!   3rd         a . . . d . . . . k . . . . r . . . . . z     among a to k, among k to z
//!               aaaabbccddddeefghikkkkllmmnoqrrrrstuvxxzz     of each pixel: among its interval's
//! ```
//!
//! No nearest pixel moves back, so each round looks at each candidate about once. The last one compares the
//! pixels of an interval, in registers, with the few candidates between the nearest of its ends.
//!
//! # Labels: runs are enough
//!
//! Distances to *another label than one's own* look different for each label, yet take one transform. A
//! pixel's gap is then to the nearest pixel in its column that is of another label than the pixel. On the
//! line, `x` must take care which costs it uses: of a pixel `i` of its own label they are right, of one of
//! another label they are wrong, for they may end at a pixel of the label of `x`.
//!
//! ```text
//!   labels    A  A  A  A  A  B  B  B  C  A  A
//!                   x        |-- wrong costs --
//!                   <-----3->|
//! ```
//!
//! But wrong costs do no harm. Before the first of them the run of `x` ends, and the pixel after its end is
//! itself of another label: 3 steps, squared 9. A pixel beyond would be no nearer if it cost nothing. So
//! the least over *all* pixels of the line and over the two ends of one's run is right, and labels are
//! compared with their neighbours alone. In bytes, the steps to the ends of runs are found by doubling:
//! from 1, 2, 4 and 8 pixels to both sides.

use super::cost::Cost;
use super::costs::{ClipCosts, ClipGaps, CostKernels, Direct, Envelope, Mark, Square};
use super::kernels::TransformKernels;
use super::near::Bound;
use super::runs::{Around, LineCodes, spread};
use crate::maps::labels::Code;
use crate::maps::scratch::{Scratch, Words};
use crate::maps::segment::{AFTER, BEFORE, Clipped, Segment};

const BLOCK: usize = Clipped::BLOCK;
const MARGIN: usize = Clipped::MARGIN;
/// A pixel beside a segment has a distance below 16, so that what lies farther from the segment than
/// this is not nearest to any of its pixels.
const REACH: usize = 17;

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
    fn write(&self, kernels: &(impl CostKernels<C> + ?Sized), first: usize, to: &mut [C]) {
        let range = first..first + to.len();
        match *self {
            Costs::Gaps { gaps, weight } => {
                kernels.square(Square { gaps: &gaps[range], weight, costs: to });
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

    /// The least of `costs[i] + weight (x - i)^2` and, by label, of `weight (x - i)^2` for pixels
    /// `i` of another label. All lines of one storage have the same length.
    ///
    /// By label, costs are squared distances to other labels than each pixel's own, and still the
    /// minimum may be taken over all of the line: a pixel beyond the end of one's run is no nearer
    /// than that end, which the second part has.
    pub(crate) fn run<E: Code>(
        &mut self,
        kernels: &dyn TransformKernels<E, C>,
        costs: &Costs<'_, C>,
        by_label: Option<LineCodes<'_, E>>,
        weight: C,
    ) -> &[C] {
        let length = costs.len();
        let blocks = length.div_ceil(BLOCK);
        self.short(kernels, costs, by_label, weight);
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
            self.long(kernels, costs, from, block, weight);
            let (start, end) = (from * BLOCK, (block * BLOCK).min(length));
            let out = &mut self.out[start..end];
            if let Some(LineCodes { codes, is_mask }) = by_label {
                let (first, last) = around(start, end, length);
                let line = LineCodes { codes: &codes[first..last], is_mask };
                kernels.runs(Around { line, first, start, weight }, out);
            }
            kernels.mark(Mark { out, weight, deep: &mut self.deep[from..block] });
        }
        &self.out[..length]
    }

    /// Blocks whose distances are all short.
    fn short<E: Code>(
        &mut self,
        kernels: &dyn TransformKernels<E, C>,
        costs: &Costs<'_, C>,
        by_label: Option<LineCodes<'_, E>>,
        weight: C,
    ) {
        if let Some(line) = by_label {
            spread(kernels, line, &mut self.near);
        }
        let length = costs.len();
        let blocks = length.next_multiple_of(BLOCK);
        let deep = &mut self.deep[..blocks / BLOCK];
        if !C::BYTES {
            let padded = &mut self.padded[MARGIN..MARGIN + length];
            costs.write(kernels, 0, padded);
            let near = by_label.map(|_| &self.near[0][..]);
            let (costs, out) = (&*self.padded, &mut self.out[..blocks]);
            return kernels.direct(Direct { costs, near, weight, deep, out });
        }
        let clipped = &mut self.clipped[MARGIN..MARGIN + length];
        let bounds = &mut self.bounds[..length];
        match costs {
            Costs::Gaps { gaps, .. } => kernels.clip_gaps(ClipGaps { gaps, clipped, bounds }),
            Costs::Squares(costs) => kernels.clip_costs(ClipCosts { costs, clipped, bounds }),
        }
        if by_label.is_some() {
            kernels.bound(Bound { near: self.near[0], bounds });
        }
        let line =
            Clipped { costs: &self.clipped[..blocks + 2 * MARGIN], bounds: &self.bounds[..blocks] };
        kernels.window(line, deep, bytemuck::cast_slice_mut(&mut self.out[..blocks]));
    }

    /// A segment of deep blocks.
    fn long(
        &mut self,
        kernels: &(impl Envelope<C> + CostKernels<C> + ?Sized),
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
        costs.write(kernels, low, body);
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
        kernels.solve(segment, weight);
    }
}

/// The pixels that may be nearest to those of a segment.
fn around(start: usize, end: usize, length: usize) -> (usize, usize) {
    (start.saturating_sub(REACH), (end + REACH).min(length))
}
