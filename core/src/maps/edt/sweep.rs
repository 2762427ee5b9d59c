//! A whole transform: gaps along the first axis, kept for a band of slices at a time, and envelopes
//! along the others as soon as a slice has its gaps.
//!
//! # Why a band of slices
//!
//! A gap needs a sweep there, from the first slice to the last, and a sweep back. Done one after the
//! other over an image, each passes all gaps through memory: written there, read and written back, read by
//! the next axis. An image of 4096 x 4096 has 32 MB of them, and memory takes longer than the arithmetic.
//!
//! So the sweep there is made twice. First over all of the image, keeping nothing but the gaps that each
//! band of slices starts from (`s`). Then the bands, from the last to the first: the sweep there over a band
//! whose gaps stay in the cache (`=`), and the sweep back, which is now at the slice that follows (`-`).
//! Each slice that it passes has its gaps in both directions: it goes through the other axes at once, and
//! to the output.
//!
//! ```text
//!   slices     0 ......  8 ...... 16 ...... 24 ...... 32
//!   first      --------->s--------->s--------->s
//!   band 3                                      =========>
//!                                              <---------     out: slices 31 to 24
//!   band 2                           =========>
//!                                   <---------                out: slices 23 to 16
//!   ...
//! ```
//!
//! Labels are read three times instead of twice, gaps never leave the cache, and the storage is a slice
//! for each band, instead of one for each slice.
//!
//! # Threads
//!
//! Each takes a part of the slices. What a part must know of the others is the gaps at its two ends: each
//! part finds those that it has by itself, which are then carried through from part to part.

use core::ops::Range;

use super::columns::{Advance, Back, Carry, Next};
use super::cost::{Cost, Gap};
use super::finish::{FinishRow, Row, Written};
use super::kernels::TransformKernels;
use super::line::{Costs, Line};
use super::rule::Rule;
use super::runs::LineCodes;
use super::squeezed::Squeezed;
use crate::maps::fork::Join;
use crate::maps::labels::Code;
use crate::maps::scratch::{Scratch, Words};

/// Lines across the rows of a slice that are taken at a time: as many as fill what memory gives at once.
const TILE: usize = 16;
/// Gaps kept in a band, few enough for the second-level cache.
const BAND: usize = 1 << 16;
/// Up to so many pixels half of the gaps are kept at a time: a microcontroller has little memory.
const SMALL: usize = 64 * 64;

/// Slices x rows x pixels, and what to do with them.
pub(crate) struct Sweep<'s, E: Code, C: Cost> {
    pub(crate) kernels: &'s dyn TransformKernels<E, C>,
    pub(crate) labels: &'s Squeezed<'s, E>,
    pub(crate) rule: Rule<E>,
    pub(crate) finish: &'s dyn FinishRow<E, C>,
    /// Bytes of an element that the finish writes.
    pub(crate) size: usize,
    pub(crate) written: Written<E>,
    /// Squares of the spacing along slices, rows and pixels.
    pub(crate) weights: [C; 3],
}

/// How a sweep is divided up.
#[derive(Clone, Copy)]
struct Parts {
    slices: usize,
    rows: usize,
    pixels: usize,
    /// Slices of a part.
    part: usize,
}

impl Parts {
    fn new([slices, rows, pixels]: [usize; 3], workers: usize) -> Self {
        // Parts of a few slices would spend their time on what is done for each part.
        let parts = workers.clamp(1, slices.div_ceil(64));
        Parts { slices, rows, pixels, part: slices.div_ceil(parts) }
    }

    fn slice(&self) -> usize {
        self.rows * self.pixels
    }

    fn count(&self) -> usize {
        self.slices.div_ceil(self.part)
    }

    fn slices_of(&self, part: usize) -> Range<usize> {
        let from = part * self.part;
        from..(from + self.part).min(self.slices)
    }

    /// Slices of gaps kept at the edges of parts: before, at the end, after and at the start of each.
    fn edges(&self) -> usize {
        if self.count() > 1 { 4 * self.count() } else { 0 }
    }

    /// Slices of a band.
    fn band(&self) -> usize {
        let band = (BAND / self.slice().max(1)).clamp(8, 64);
        let is_small = self.slice().saturating_mul(self.part) <= SMALL;
        let half = if is_small { self.part.div_ceil(2).max(8) } else { self.part };
        band.min(half).min(self.part)
    }
}

/// Words of storage for a sweep.
pub(crate) fn words<E: Code, C: Cost>(
    spatial: [usize; 3],
    by_label: bool,
    workers: usize,
) -> Words {
    let parts = Parts::new(spatial, workers);
    let slice = parts.rows.checked_mul(parts.pixels);
    let edges = slice.and_then(|slice| slice.checked_mul(parts.edges()));
    part_words::<E, C>(&parts, by_label).times(parts.count()).and::<C::Gap>(edges)
}

fn part_words<E: Code, C: Cost>(parts: &Parts, by_label: bool) -> Words {
    let slice = parts.rows.checked_mul(parts.pixels);
    let slices = |n: usize| slice.and_then(|slice| slice.checked_mul(n));
    let bands = parts.part.div_ceil(parts.band());
    let mut words = Words::NONE
        .and::<C::Gap>(slices(bands))
        .and::<C::Gap>(slices(parts.band()))
        .and::<C::Gap>(slices(1))
        .and::<u64>(Some(parts.pixels))
        .and::<E>(Some(parts.pixels))
        .and::<E>(Some(parts.pixels));
    words = Line::<C>::words(words, parts.pixels);
    if parts.rows > 1 {
        let tile = parts.rows.checked_mul(TILE);
        words = Line::<C>::words(words, parts.rows)
            .and::<C>(slices(1))
            .and::<C::Gap>(tile)
            .and::<C>(tile)
            .and::<E>(if by_label { slices(1) } else { Some(0) })
            .and::<E>(if by_label { tile } else { Some(0) });
    }
    words
}

/// Storage of one part.
struct Store<'a, E, C: Cost> {
    /// Gaps of the sweep there at the slice before each band.
    states: &'a mut [C::Gap],
    band: &'a mut [C::Gap],
    /// Gaps of the sweep back at the slice after.
    back: &'a mut [C::Gap],
    row: &'a mut [u64],
    stages: [&'a mut [E]; 2],
    line: Line<'a, C>,
    across: Option<Across<'a, E, C>>,
}

/// Storage for lines across the rows of a slice.
struct Across<'a, E, C: Cost> {
    line: Line<'a, C>,
    slice: &'a mut [C],
    gaps: &'a mut [C::Gap],
    costs: &'a mut [C],
    slice_codes: &'a mut [E],
    codes: &'a mut [E],
}

impl<'a, E: Code, C: Cost> Store<'a, E, C> {
    fn new(scratch: &'a mut [u64], parts: &Parts, by_label: bool, size: usize) -> Self {
        let (slice, mut scratch) = (parts.slice(), Scratch::of(scratch));
        Store {
            states: scratch.take(parts.part.div_ceil(parts.band()) * slice),
            band: scratch.take(parts.band() * slice),
            back: scratch.take(slice),
            row: scratch.take((parts.pixels * size).div_ceil(size_of::<u64>())),
            stages: [scratch.take(parts.pixels), scratch.take(parts.pixels)],
            line: Line::new(&mut scratch, parts.pixels),
            across: (parts.rows > 1).then(|| {
                let tile = TILE * parts.rows;
                Across {
                    line: Line::new(&mut scratch, parts.rows),
                    slice: scratch.take(slice),
                    gaps: scratch.take(tile),
                    costs: scratch.take(tile),
                    slice_codes: scratch.take(if by_label { slice } else { 0 }),
                    codes: scratch.take(if by_label { tile } else { 0 }),
                }
            }),
        }
    }
}

impl<E: Code, C: Cost> Sweep<'_, E, C> {
    /// The transform of all slices. `scratch` is as long as [`words`] says.
    pub(crate) fn run(&self, fork: &dyn Join, out: &mut [u8], mut scratch: Scratch<'_>) {
        let parts = Parts::new(self.labels.spatial(), fork.workers());
        let slice = parts.slice();
        let edges: &mut [C::Gap] = scratch.take(parts.edges() * slice);
        edges.fill(C::Gap::NONE);
        let words = scratch.rest();
        if fork.workers() < 2 {
            return self.part(&parts, parts.slices_of(0), edges, out, words);
        }
        let lengths = [parts.edges() / parts.count() * slice, parts.part * slice * self.size];
        let each = Each { parts: &parts, lengths, words: words.len() / parts.count() };
        let all = 0..parts.count();
        if parts.count() > 1 {
            each.part(fork, all.clone(), edges, &mut [], words, &|slices, edges, _, words| {
                self.find_edges(&parts, slices, edges, words);
            });
            self.join_edges(&parts, edges, words);
        }
        each.part(fork, all, edges, out, words, &|slices, edges, out, words| {
            self.part(&parts, slices, edges, out, words);
        });
    }

    /// Gaps that a part by itself has at its last slice there and its first slice back.
    fn find_edges(
        &self,
        parts: &Parts,
        slices: Range<usize>,
        edges: &mut [C::Gap],
        words: &mut [u64],
    ) {
        let mut scratch = Scratch::of(words);
        let mut stages = [scratch.take(parts.pixels), scratch.take(parts.pixels)];
        let [_, end, _, start] = quarters(edges);
        for z in slices.clone() {
            let before = if z == slices.start { z } else { z - 1 };
            self.advance(parts, z, before, end, &mut stages);
        }
        for z in slices.clone().rev() {
            let after = if z + 1 == slices.end { z } else { z + 1 };
            self.advance(parts, z, after, start, &mut stages);
        }
    }

    /// Gives each part the gaps outside it, and carries them through parts that end none.
    fn join_edges(&self, parts: &Parts, edges: &mut [C::Gap], words: &mut [u64]) {
        let mut scratch = Scratch::of(words);
        let mut stages = [scratch.take(parts.pixels), scratch.take(parts.pixels)];
        let (slice, count) = (parts.slice(), parts.count());
        for p in 1..count {
            let (before, here) = edges.split_at_mut(4 * p * slice);
            let from = &before[before.len() - 3 * slice..][..slice];
            let [outside, end, ..] = quarters(&mut here[..4 * slice]);
            outside.copy_from_slice(from);
            let slices = parts.slices_of(p);
            self.carry(
                parts,
                slices.start,
                slices.start - 1,
                slices.len(),
                outside,
                end,
                &mut stages,
            );
        }
        for p in (0..count - 1).rev() {
            let (here, after) = edges.split_at_mut(4 * (p + 1) * slice);
            let from = &after[3 * slice..4 * slice];
            let first = here.len() - 4 * slice;
            let [_, _, outside, start] = quarters(&mut here[first..]);
            outside.copy_from_slice(from);
            let slices = parts.slices_of(p);
            self.carry(
                parts,
                slices.end - 1,
                slices.end,
                slices.len(),
                outside,
                start,
                &mut stages,
            );
        }
    }

    #[allow(clippy::too_many_arguments, reason = "a part's slices, its gaps and two buffers")]
    fn carry(
        &self,
        parts: &Parts,
        first: usize,
        outside: usize,
        slices: usize,
        from: &[C::Gap],
        gaps: &mut [C::Gap],
        [here, there]: &mut [&mut [E]; 2],
    ) {
        let n = parts.pixels;
        let rows = from.chunks(n).zip(gaps.chunks_mut(n));
        for (y, (from, gaps)) in rows.enumerate() {
            let codes = self.labels.row(first, y, here);
            let neighbours = self.labels.row(outside, y, there);
            Carry { rule: self.rule, codes, neighbours, from, slices, gaps }.run();
        }
    }

    /// Gaps of slice `z` from those of `neighbour`, in place.
    fn advance(
        &self,
        parts: &Parts,
        z: usize,
        neighbour: usize,
        gaps: &mut [C::Gap],
        [here, there]: &mut [&mut [E]; 2],
    ) {
        for (y, gaps) in gaps.chunks_mut(parts.pixels).enumerate() {
            let codes = self.labels.row(z, y, here);
            let neighbours = self.labels.row(neighbour, y, there);
            self.kernels.advance(Advance { rule: self.rule, codes, neighbours, gaps });
        }
    }

    /// The transform of a part. Its slices are finished from the last to the first.
    fn part(
        &self,
        parts: &Parts,
        slices: Range<usize>,
        edges: &mut [C::Gap],
        out: &mut [u8],
        words: &mut [u64],
    ) {
        let (slice, height) = (parts.slice(), parts.band());
        let mut store = Store::<E, C>::new(words, parts, self.rule.is_by_label(), self.size);
        if edges.is_empty() {
            store.states[..slice].fill(C::Gap::NONE);
            store.back.fill(C::Gap::NONE);
        } else {
            store.states[..slice].copy_from_slice(&edges[..slice]);
            store.back.copy_from_slice(&edges[2 * slice..3 * slice]);
        }
        let bands = slices.len().div_ceil(height);
        let band = |i: usize| {
            let from = slices.start + i * height;
            from..(from + height).min(slices.end)
        };
        for i in 1..bands {
            let (done, state) = store.states.split_at_mut(i * slice);
            let state = &mut state[..slice];
            state.copy_from_slice(&done[(i - 1) * slice..]);
            for z in band(i - 1) {
                self.advance(parts, z, z.saturating_sub(1), state, &mut store.stages);
            }
        }
        for i in (0..bands).rev() {
            let zs = band(i);
            for (j, z) in zs.clone().enumerate() {
                let (done, gaps) = store.band.split_at_mut(j * slice);
                let from = match j {
                    0 => &store.states[i * slice..],
                    _ => &done[(j - 1) * slice..],
                };
                self.there(parts, z, from, &mut gaps[..slice], &mut store.stages);
            }
            for z in zs.clone().rev() {
                let first = (z - zs.start) * slice;
                self.back(parts, z, first, &mut store);
                let length = slice * self.size;
                let out = &mut out[(z - slices.start) * length..][..length];
                self.slice(parts, z, first, out, &mut store);
            }
        }
    }

    fn there(
        &self,
        parts: &Parts,
        z: usize,
        from: &[C::Gap],
        to: &mut [C::Gap],
        [here, there]: &mut [&mut [E]; 2],
    ) {
        let n = parts.pixels;
        for (y, (from, to)) in from.chunks(n).zip(to.chunks_mut(n)).enumerate() {
            let codes = self.labels.row(z, y, here);
            let neighbours = self.labels.row(z.saturating_sub(1), y, there);
            self.kernels.next(Next { rule: self.rule, codes, neighbours, from, to });
        }
    }

    fn back(&self, parts: &Parts, z: usize, first: usize, store: &mut Store<'_, E, C>) {
        let n = parts.pixels;
        let after = (z + 1).min(parts.slices - 1);
        let [here, there] = &mut store.stages;
        let gaps = store.band[first..][..parts.slice()].chunks_mut(n);
        for (y, (gaps, back)) in gaps.zip(store.back.chunks_mut(n)).enumerate() {
            let codes = self.labels.row(z, y, here);
            let neighbours = self.labels.row(after, y, there);
            self.kernels.back(Back { rule: self.rule, codes, neighbours, gaps, back });
        }
    }

    /// Envelopes along the rows of a slice, after those across them.
    fn slice(
        &self,
        parts: &Parts,
        z: usize,
        first: usize,
        out: &mut [u8],
        store: &mut Store<'_, E, C>,
    ) {
        let Store { band, line, across, stages: [stage, _], row, .. } = store;
        let gaps = &band[first..][..parts.slice()];
        let weight = self.weights[0];
        if let Some(across) = across {
            self.across(parts, z, gaps, stage, across);
        }
        for (y, out) in out.chunks_mut(parts.pixels * self.size).enumerate() {
            let codes = self.labels.row(z, y, stage);
            let costs = match across {
                None => Costs::Gaps { gaps, weight },
                Some(across) => Costs::Squares(&across.slice[y * parts.pixels..][..parts.pixels]),
            };
            let by_label = self.by_label(codes);
            let costs = line.run(self.kernels, &costs, by_label, self.weights[2]);
            self.finish.row(Row { costs, codes, written: self.written, stage: row, out });
        }
    }

    /// The codes of a line, if they decide.
    fn by_label<'c>(&self, codes: &'c [E]) -> Option<LineCodes<'c, E>> {
        let is_mask = matches!(self.rule, Rule::OtherSide);
        self.rule.is_by_label().then_some(LineCodes { codes, is_mask })
    }

    fn across(
        &self,
        parts: &Parts,
        z: usize,
        gaps: &[C::Gap],
        stage: &mut [E],
        store: &mut Across<'_, E, C>,
    ) {
        let (rows, pixels) = (parts.rows, parts.pixels);
        let by_label = self.rule.is_by_label();
        if by_label {
            for (y, to) in store.slice_codes.chunks_mut(pixels).enumerate() {
                to.copy_from_slice(self.labels.row(z, y, stage));
            }
        }
        for x in (0..pixels).step_by(TILE) {
            let wide = TILE.min(pixels - x);
            turn(gaps, pixels, x, wide, store.gaps, rows);
            if by_label {
                turn(store.slice_codes, pixels, x, wide, store.codes, rows);
            }
            for column in 0..wide {
                let line = column * rows..(column + 1) * rows;
                let gaps = &store.gaps[line.clone()];
                let costs = Costs::Gaps { gaps, weight: self.weights[0] };
                let codes = if by_label { &store.codes[line.clone()] } else { &[][..] };
                let codes = self.by_label(codes);
                let run = store.line.run(self.kernels, &costs, codes, self.weights[1]);
                store.costs[line].copy_from_slice(run);
            }
            for (y, row) in store.slice.chunks_mut(pixels).enumerate() {
                for (column, cost) in row[x..x + wide].iter_mut().enumerate() {
                    *cost = store.costs[column * rows + y];
                }
            }
        }
    }
}

/// `wide` columns from `x` on, each one after the other.
fn turn<T: Copy>(from: &[T], pixels: usize, x: usize, wide: usize, to: &mut [T], rows: usize) {
    for (y, row) in from.chunks(pixels).enumerate() {
        for (column, &value) in row[x..x + wide].iter().enumerate() {
            to[column * rows + y] = value;
        }
    }
}

fn quarters<T>(all: &mut [T]) -> [&mut [T]; 4] {
    let quarter = all.len() / 4;
    let (low, high) = all.split_at_mut(2 * quarter);
    let ((a, b), (c, d)) = (low.split_at_mut(quarter), high.split_at_mut(quarter));
    [a, b, c, d]
}

/// Calls for each part with its share of edges, output and storage.
struct Each<'p> {
    parts: &'p Parts,
    /// Lengths of a slice's edges, and of its output in bytes.
    lengths: [usize; 2],
    words: usize,
}

/// What is done for a part: its slices, edges, output and storage.
type EachPart<'c, G> = dyn Fn(Range<usize>, &mut [G], &mut [u8], &mut [u64]) + Sync + 'c;

impl Each<'_> {
    fn part<G: Send>(
        &self,
        fork: &dyn Join,
        which: Range<usize>,
        edges: &mut [G],
        out: &mut [u8],
        words: &mut [u64],
        call: &EachPart<'_, G>,
    ) {
        if which.len() <= 1 {
            return call(self.parts.slices_of(which.start), edges, out, words);
        }
        let half = which.len() / 2;
        let middle = which.start + half;
        let (edges, later_edges) = edges.split_at_mut(half * self.lengths[0]);
        let (out, later_out) = out.split_at_mut((half * self.lengths[1]).min(out.len()));
        let (words, later_words) = words.split_at_mut(half * self.words);
        fork.join(
            &mut || self.part(fork, which.start..middle, edges, out, words, call),
            &mut || {
                self.part(fork, middle..which.end, later_edges, later_out, later_words, call);
            },
        );
    }
}
