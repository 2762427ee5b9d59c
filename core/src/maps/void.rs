//! Void, the pixels that do not count, and the labels that it is given so that boundaries are found.
//!
//! # The question
//!
//! Pascal VOC draws a ring of void around every object, four or five pixels wide. Where it lies, no pixel
//! that counts has a neighbour of another label:
//!
//! ```text
//!   labels      0 0 0 ~ ~ ~ ~ 1 1 1       ~ is void
//!   filled      0 0 0 0 0 1 1 1 1 1       as the nearest pixel that counts
//! ```
//!
//! So void is filled: each of its pixels has the label of the nearest pixel that counts, the smallest of
//! several as near. The boundary then runs in the middle of a ring, which is where the annotator, who was
//! not sure of it, saw it; and void that reaches from an object to the edge of the image (a padded crop, a
//! part that nobody labelled) has none. Where no pixel counts at all, all of it is background.
//!
//! Filled labels serve to find boundaries and distances, and nothing else: what a loss ignores it ignores
//! still.
//!
//! # Two things to minimise
//!
//! A pixel is to have the label of the least `(squared distance, label)`, one compared after the other. As
//! one integer, `distance * labels + label`, that would need 61 + 24 bits on long lines. But nothing asks
//! for one integer. The squared distance is a sum over axes, and each part of the sum leaves the order of
//! pairs as it is:
//!
//! ```text
//!   least over (i, j) of ( (x - i)^2 + (y - j)^2,  label(i, j) )
//!     = least over i of ( (x - i)^2 + d(i),  l(i) )     where (d(i), l(i)) is the least of column i
//! ```
//!
//! so that one axis after the other can be taken, as for distances ([`edt`](super::edt)), with a pixel's
//! label beside its cost:
//!
//! 1. *Columns*: a sweep there and one back. A void pixel takes the label of its neighbour, one step
//!    farther. Of both directions the nearer one stays, of equals the smaller label.
//! 2. *Lines* across them: lower envelopes of parabolas. Two parabolas of one shape change places once, and
//!    where they are equally high, the label says which one is lower: so it is still once, a pixel earlier or
//!    later, and [the stack](super::edt::hull) is the one of distances with another rule for ties. With unit
//!    spacing all of it is in integers.
//!
//! # Runs of void
//!
//! A pixel that counts is its own nearest. On a line it is also what the void to its left is nearest to of
//! all that lies to its right: whatever else does is farther along the line and costs no less. Each run of
//! void on a line is a question of its own, with the pixels at its two ends as candidates of cost 0:
//!
//! ```text
//!   costs       0 0 0 9 4 1 4 0 0 0
//!                   | run       |
//!                   +-----------+         candidates
//! ```
//!
//! The work on lines is that of the void pixels, not of the image; the sweeps are copies of rows.
//!
//! With a spacing, costs are rounded: of two pixels whose distances differ by less than the rounding either
//! may be taken for the nearer one, the same at every level.

use core::ops::Range;

use super::edt::hull::{Candidates, envelope};
use super::edt::{self, Cost, Gap, Numbers, Spacing, Squeezed};
use super::fork::{Join, rows};
use super::labels::{Adjacent, Code, DynLabels, Labels, has_ignored};
use super::scratch::{Scratch, Words};
use crate::error::Error;
use crate::level::{Kernel, Level};
use crate::parameter::Parameter;

/// The parameter of this name.
pub(super) const VOID: Parameter = Parameter::choice("void", &["nearest", "cut"]);

/// What a map takes the labels of pixels for that do not count: the void.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Void {
    /// That of the nearest pixel that counts, by the spacing; of several as near the smallest, numbers below
    /// 0 coming after all others. If no pixel counts, background.
    #[default]
    Nearest,
    /// None: a void pixel is no boundary, none is made beside it, and no distance is measured to it.
    Cut,
}

impl Void {
    /// The one at this place of the parameter's words.
    pub(super) fn of(place: f64) -> Self {
        if place == 0.0 { Void::Nearest } else { Void::Cut }
    }

    /// Words for work on labels that takes `work` words, and for filling them before.
    pub(super) fn storage<E: Code>(
        self,
        labels: &DynLabels<'_, E>,
        spacing: Spacing,
        workers: usize,
        work: usize,
    ) -> Result<usize, Error> {
        if labels.ignored().is_none() || self == Void::Cut {
            return Ok(work);
        }
        edt::check(labels, spacing)?;
        let squeezed = Squeezed::new(labels);
        let extents = squeezed.spatial();
        let fill = match squeezed.numbers(spacing) {
            Numbers::Narrow => fill_words::<E, i32>(extents, workers),
            Numbers::Wide => fill_words::<E, i64>(extents, workers),
            Numbers::Spaced => fill_words::<E, f64>(extents, workers),
        };
        let fill = fill.count(labels.spatial())?;
        let image = Words::NONE.and::<E>(pixels(extents));
        image.and::<u64>(Some(fill.max(work))).count(labels.spatial())
    }

    /// Does `work` with labels, filled if that is asked for and any pixel is void. `scratch` is as long as
    /// [`Void::storage`] says, and what is left of it is handed on.
    pub(super) fn fill<E: Code>(
        self,
        kernels: &dyn FillKernels<E>,
        fork: &dyn Join,
        labels: &DynLabels<'_, E>,
        spacing: Spacing,
        scratch: &mut [u64],
        work: &mut dyn FnMut(&DynLabels<'_, E>, &mut [u64]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let Some(ignored) = labels.ignored().filter(|_| self == Void::Nearest) else {
            return work(labels, scratch);
        };
        if !has_ignored(labels, Scratch::of(scratch).take(labels.spatial()[2])) {
            return work(&Filled { labels, codes: None }, scratch);
        }
        let squeezed = Squeezed::new(labels);
        let extents = squeezed.spatial();
        let count = extents.iter().product();
        let mut scratch = Scratch::of(scratch);
        let codes: &mut [E] = scratch.take(count);
        let scratch = scratch.rest();
        let [.., w] = labels.spatial();
        for (row, place) in codes.chunks_exact_mut(w).enumerate() {
            place.copy_from_slice(labels.read(row, Scratch::of(scratch).take(w)));
        }
        let fill = Fill { fork, ignored, extents };
        match squeezed.numbers(spacing) {
            Numbers::Narrow => fill.within::<i32>(kernels, [1; 3], codes, scratch),
            Numbers::Wide => fill.within::<i64>(kernels, [1; 3], codes, scratch),
            Numbers::Spaced => {
                let weights = squeezed.along(spacing.along()).map(|spacing| spacing * spacing);
                fill.within::<f64>(kernels, weights, codes, scratch);
            }
        }
        work(&Filled { labels, codes: Some(codes) }, scratch)
    }
}

/// Labels of which every pixel counts: those of an image, or what they are filled to.
struct Filled<'a, E: Code> {
    labels: &'a DynLabels<'a, E>,
    codes: Option<&'a [E]>,
}

impl<E: Code> Labels for Filled<'_, E> {
    type Code = E;

    fn spatial(&self) -> [usize; 3] {
        self.labels.spatial()
    }

    fn axes(&self) -> usize {
        self.labels.axes()
    }

    fn read<'s>(&'s self, row: usize, stage: &'s mut [E]) -> &'s [E] {
        match self.codes {
            Some(codes) => &codes[row * self.spatial()[2]..][..stage.len()],
            None => self.labels.read(row, stage),
        }
    }

    fn adjacent(&self) -> Option<Adjacent<'_, E>> {
        let [_, h, w] = self.spatial();
        match self.codes {
            Some(codes) => Some(Adjacent { codes, strides: [h * w, w] }),
            None => self.labels.adjacent(),
        }
    }

    fn is_mask(&self) -> bool {
        self.labels.is_mask()
    }

    fn ignored(&self) -> Option<E> {
        None
    }
}

fn pixels([slices, rows, pixels]: [usize; 3]) -> Option<usize> {
    slices.checked_mul(rows)?.checked_mul(pixels)
}

/// Words for gaps, and for the lines of so many workers.
fn fill_words<E: Code, C: Cost>(extents: [usize; 3], workers: usize) -> Words {
    line_words::<E, C>(extents).times(workers).and::<C::Gap>(pixels(extents))
}

/// Words for the lines of one worker.
pub(crate) fn line_words<E: Code, C: Cost>([_, rows, pixels]: [usize; 3]) -> Words {
    let room = rows.max(pixels).checked_add(ENDS);
    let costs = if rows > 1 { rows.checked_mul(pixels) } else { Some(0) };
    let words = Words::NONE.and::<C>(costs).and::<i32>(room).and::<C>(room);
    words.and::<E>(room).and::<u32>(room)
}

/// Candidates of a run of void besides its own pixels, and one place more than candidates in the list of
/// where they start.
const ENDS: usize = 3;

/// An image to fill, of slices x rows x pixels.
pub(crate) struct Fill<'a, E> {
    pub(crate) fork: &'a dyn Join,
    /// The code of void.
    pub(crate) ignored: E,
    pub(crate) extents: [usize; 3],
}

impl<E: Code> Fill<'_, E> {
    /// [`Fill::run`] with gaps in `scratch`.
    fn within<C: Cost>(
        &self,
        kernels: &(impl SweepKernels<E, C::Gap> + ?Sized),
        weights: [C; 3],
        codes: &mut [E],
        scratch: &mut [u64],
    ) {
        let mut scratch = Scratch::of(scratch);
        let gaps = scratch.take(codes.len());
        self.run(kernels, weights, codes, gaps, scratch.rest());
    }

    /// Fills the void of `codes`. Afterwards `gaps` is 0 where a pixel counts, and nowhere else.
    ///
    /// `weights` are the squares of the spacing, `stores` as long as [`line_words`] says for each worker.
    pub(crate) fn run<C: Cost>(
        &self,
        kernels: &(impl SweepKernels<E, C::Gap> + ?Sized),
        weights: [C; 3],
        codes: &mut [E],
        gaps: &mut [C::Gap],
        stores: &mut [u64],
    ) {
        let [slices, height, width] = self.extents;
        let slice = height * width;
        kernels.first(self.ignored, &mut codes[..slice], &mut gaps[..slice]);
        for z in 1..slices {
            let (before, here) = codes.split_at_mut(z * slice);
            let (gaps_before, gaps_here) = gaps.split_at_mut(z * slice);
            kernels.there(Sweep {
                ignored: self.ignored,
                neighbours: &before[(z - 1) * slice..],
                neighbour_gaps: &gaps_before[(z - 1) * slice..],
                codes: &mut here[..slice],
                gaps: &mut gaps_here[..slice],
            });
        }
        for z in (1..slices).rev() {
            let (here, after) = codes.split_at_mut(z * slice);
            let (gaps_here, gaps_after) = gaps.split_at_mut(z * slice);
            kernels.back(Sweep {
                ignored: self.ignored,
                neighbours: &after[..slice],
                neighbour_gaps: &gaps_after[..slice],
                codes: &mut here[(z - 1) * slice..],
                gaps: &mut gaps_here[(z - 1) * slice..],
            });
        }
        let gaps = &*gaps;
        let storage = line_words::<E, C>(self.extents).count(self.extents).unwrap_or(usize::MAX);
        rows(self.fork, slice, codes, storage, stores, &|z, codes, store| {
            let gaps = &gaps[z * slice..][..slice];
            Lines::<E, C>::new(store, self.extents).fill(gaps, weights, codes);
        });
    }
}

/// Sweeps along columns, a slice at a time, with gaps of both kinds.
pub(crate) trait FillKernels<E: Code>: SweepKernels<E, u16> + SweepKernels<E, u32> {}

impl<Lv: Level, E: Code> FillKernels<E> for Lv {}

/// Sweeps along columns, a slice at a time.
pub(crate) trait SweepKernels<E: Code, G: Gap>: Sync {
    /// The first slice: what is void there has no neighbour.
    fn first(&self, ignored: E, codes: &mut [E], gaps: &mut [G]);
    /// A slice after its neighbour: void takes what that has.
    fn there(&self, slice: Sweep<'_, E, G>);
    /// A slice before its neighbour: void takes what that has where it is nearer, or as near and smaller.
    fn back(&self, slice: Sweep<'_, E, G>);
}

impl<Lv: Level, E: Code, G: Gap> SweepKernels<E, G> for Lv {
    fn first(&self, ignored: E, codes: &mut [E], gaps: &mut [G]) {
        for (code, gap) in codes.iter_mut().zip(gaps) {
            let is_void = *code == ignored;
            *gap = if is_void { G::NONE } else { G::ZERO };
            *code = if is_void { E::BACKGROUND } else { *code };
        }
    }

    fn there(&self, slice: Sweep<'_, E, G>) {
        self.enter(There(slice));
    }

    fn back(&self, slice: Sweep<'_, E, G>) {
        self.enter(Back(slice));
    }
}

/// A slice and the neighbouring one that a sweep comes from. Steps of [`Gap::NONE`] are those of columns
/// without a pixel that counts, whose code is background.
pub(crate) struct Sweep<'a, E, G> {
    ignored: E,
    neighbours: &'a [E],
    neighbour_gaps: &'a [G],
    codes: &'a mut [E],
    gaps: &'a mut [G],
}

struct There<'a, E, G>(Sweep<'a, E, G>);

impl<E: Code, G: Gap> Kernel for There<'_, E, G> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let Sweep { ignored, neighbours, neighbour_gaps, codes, gaps } = self.0;
        let n = codes.len();
        let (neighbours, neighbour_gaps) = (&neighbours[..n], &neighbour_gaps[..n]);
        let gaps = &mut gaps[..n];
        // In two loops, because one of both is not made of vectors at AVX2.
        for x in 0..n {
            let farther = neighbour_gaps[x].farther();
            gaps[x] = if codes[x] == ignored { farther } else { G::ZERO };
        }
        for x in 0..n {
            codes[x] = if codes[x] == ignored { neighbours[x] } else { codes[x] };
        }
    }
}

struct Back<'a, E, G>(Sweep<'a, E, G>);

impl<E: Code, G: Gap> Kernel for Back<'_, E, G> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let Sweep { neighbours, neighbour_gaps, codes, gaps, .. } = self.0;
        let n = codes.len();
        let (neighbours, neighbour_gaps) = (&neighbours[..n], &neighbour_gaps[..n]);
        let gaps = &mut gaps[..n];
        for x in 0..n {
            let farther = neighbour_gaps[x].farther();
            let is_smaller = (farther == gaps[x]) & (neighbours[x] < codes[x]);
            let takes = (farther < gaps[x]) | is_smaller;
            gaps[x] = if takes { farther } else { gaps[x] };
            codes[x] = if takes { neighbours[x] } else { codes[x] };
        }
    }
}

/// Storage for the lines of a slice.
struct Lines<'a, E, C> {
    height: usize,
    width: usize,
    /// After the rows' axis, if the slice has several rows.
    costs: &'a mut [C],
    places: &'a mut [i32],
    values: &'a mut [C],
    codes: &'a mut [E],
    starts: &'a mut [u32],
}

/// Where a line's pixels lie in a slice.
#[derive(Clone, Copy)]
struct Line {
    first: usize,
    step: usize,
    length: usize,
}

impl Line {
    fn at(self, pixel: usize) -> usize {
        self.first + pixel * self.step
    }
}

impl<'a, E: Code, C: Cost> Lines<'a, E, C> {
    fn new(store: &'a mut [u64], [_, height, width]: [usize; 3]) -> Self {
        let (room, mut store) = (height.max(width) + ENDS, Scratch::of(store));
        Lines {
            height,
            width,
            costs: store.take(if height > 1 { height * width } else { 0 }),
            places: store.take(room),
            values: store.take(room),
            codes: store.take(room),
            starts: store.take(room),
        }
    }

    /// Fills a slice whose columns are done: lines across its rows, then its rows.
    fn fill(
        &mut self,
        gaps: &[C::Gap],
        [of_gap, along_rows, along_pixels]: [C; 3],
        codes: &mut [E],
    ) {
        let (height, width) = (self.height, self.width);
        let cost = |i: usize| C::of_gap(gaps[i], of_gap);
        if height > 1 {
            let costs = core::mem::take(&mut self.costs);
            for first in 0..width {
                let line = Line { first, step: width, length: height };
                self.line(gaps, line, along_rows, codes, cost, |i, far| costs[i] = far);
            }
            self.costs = costs;
        }
        for y in 0..height {
            let line = Line { first: y * width, step: 1, length: width };
            if height > 1 {
                let costs = core::mem::take(&mut self.costs);
                self.line(gaps, line, along_pixels, codes, |i| costs[i], |_, _| ());
                self.costs = costs;
            } else {
                self.line(gaps, line, along_pixels, codes, cost, |_, _| ());
            }
        }
    }

    /// Fills the runs of void on a line. `cost` is what a void pixel costs before, `put` is told what it
    /// costs after.
    fn line(
        &mut self,
        gaps: &[C::Gap],
        line: Line,
        weight: C,
        codes: &mut [E],
        cost: impl Fn(usize) -> C,
        mut put: impl FnMut(usize, C),
    ) {
        const CHUNK: usize = 64;
        let counts = |pixel: usize| gaps[line.at(pixel)] == C::Gap::ZERO;
        let mut pixel = 0;
        while pixel < line.length {
            if line.step == 1 && line.length - pixel >= CHUNK {
                let chunk = &gaps[line.at(pixel)..][..CHUNK];
                if chunk.iter().fold(true, |all, &gap| all & (gap == C::Gap::ZERO)) {
                    pixel += CHUNK;
                    continue;
                }
            }
            if counts(pixel) {
                pixel += 1;
                continue;
            }
            let start = pixel;
            while pixel < line.length && !counts(pixel) {
                pixel += 1;
            }
            self.run(line, start..pixel, weight, codes, &cost, &mut put);
        }
    }

    /// Fills a run of void.
    fn run(
        &mut self,
        line: Line,
        run: Range<usize>,
        weight: C,
        codes: &mut [E],
        cost: &impl Fn(usize) -> C,
        put: &mut impl FnMut(usize, C),
    ) {
        let mut count = 0;
        let mut add = |pixel: usize, value: C| {
            self.places[count] = pixel as i32;
            self.values[count] = value;
            self.codes[count] = codes[line.at(pixel)];
            count += 1;
        };
        let zero = C::of_gap(C::Gap::ZERO, weight);
        if run.start > 0 {
            add(run.start - 1, zero);
        }
        for pixel in run.clone() {
            let value = cost(line.at(pixel));
            if value < C::NONE {
                add(pixel, value);
            }
        }
        if run.end < line.length {
            add(run.end, zero);
        }
        if count == 0 {
            return run.for_each(|pixel| put(line.at(pixel), C::NONE));
        }
        let (places, values) = (&mut *self.places, &mut *self.values);
        let mut smaller = Smaller { places, values, codes: self.codes, weight };
        let found = envelope(&mut smaller, count, run.start, run.end, self.starts);
        for (candidate, span) in self.starts[..=found].windows(2).enumerate() {
            let (place, value) = (self.places[candidate], self.values[candidate]);
            for pixel in span[0] as usize..span[1] as usize {
                codes[line.at(pixel)] = self.codes[candidate];
                put(line.at(pixel), value.seen_from(pixel as i32 - place, weight));
            }
        }
    }
}

/// Candidates of which that of the smaller code is nearest where two are equally near.
struct Smaller<'a, E, C> {
    places: &'a mut [i32],
    values: &'a mut [C],
    codes: &'a mut [E],
    weight: C,
}

impl<E: Code, C: Cost> Candidates for Smaller<'_, E, C> {
    #[inline(always)]
    fn taken(&self, below: usize, other: usize) -> i64 {
        let (place, value, far) = (self.places[below], self.values[below], self.values[other]);
        let ahead = self.places[other] - place;
        let steps = match self.codes[other] < self.codes[below] {
            true => value.overtaken(far, ahead, self.weight),
            false => value.passed(far, ahead, self.weight),
        };
        i64::from(place).saturating_add(steps)
    }

    #[inline(always)]
    fn keep(&mut self, from: usize, to: usize) {
        self.places[to] = self.places[from];
        self.values[to] = self.values[from];
        self.codes[to] = self.codes[from];
    }
}
