//! Erosion and dilation of bit-packed masks, 64 pixels at a time.
//!
//! Many iterations are put together from few steps: a ball of radius `r` moved by `a` to both sides along
//! each axis, and left where it is, covers the ball of radius `r + a` if `a <= r / axes + 1`. Every step on
//! the way lies inside the image then. (Gil and Kimmel, Efficient Dilation, Erosion, Opening and Closing
//! Algorithms, 2002, on such compositions.)

use super::bits::{WORD, row_words, words};
use super::fork::{Join, rows as each_row};
use super::scratch::{Scratch, Words, check};
use super::{Fork, MapLevel};
use crate::error::Error;
use crate::level::{Kernel, Level};

/// The neighbourhood of a pixel that one iteration looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    /// The pixel and those that share a face with it: 3, 5 or 7. The default of SciPy.
    Cross,
    /// The pixel and all around it: 3, 9 or 27.
    Full,
}

/// What lies outside the image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Border {
    /// Background, which erodes the edges of the image: what SciPy does.
    #[default]
    Zero,
    /// More of what is at the edge: it changes nothing.
    Keep,
}

/// The shape of a mask.
#[derive(Clone, Copy, Debug)]
pub struct Extent {
    /// Depth, height and width; axes that the image does not have are 1.
    pub spatial: [usize; 3],
    /// How many axes the image has, from 1 to 3: width alone, height too, or depth too.
    pub axes: usize,
}

impl Extent {
    /// 1 to 3 axes, e.g. `&[height, width]`.
    ///
    /// # Errors
    /// [`Error::Axes`] for another number of axes, [`Error::Extent`] if the pixels overflow `usize`.
    pub fn new(spatial: &[usize]) -> Result<Self, Error> {
        let shape = crate::view::Shape::new(1, 1, spatial)?;
        Ok(Extent { spatial: shape.spatial, axes: spatial.len() })
    }

    fn has(&self, axis: usize) -> bool {
        axis + self.axes.min(3) >= 3
    }
}

/// Length of the storage for [`dilate`] and [`erode`], in words of 64 bits: an eighth of a byte a pixel,
/// and four rows.
///
/// # Errors
/// [`Error::Extent`] if the number overflows.
pub fn scratch_words(extent: Extent, fork: impl Fork) -> Result<usize, Error> {
    storage(extent, Fork::workers(fork))
}

pub(super) fn storage(extent: Extent, workers: usize) -> Result<usize, Error> {
    let line = line_words(row_words(extent.spatial[2])).checked_mul(workers);
    let image = words(extent.spatial)?;
    Words::NONE.and::<u64>(Some(image)).and::<u64>(line).count(extent.spatial)
}

/// `bits` and all pixels that `iterations` steps of the element reach from them.
///
/// # Errors
/// [`Error::Workspace`] if `bits` or `scratch` is too short.
pub fn dilate<Lv: MapLevel>(
    level: Lv,
    fork: impl Fork,
    extent: Extent,
    element: Element,
    iterations: u32,
    bits: &mut [u64],
    scratch: &mut [u64],
) -> Result<(), Error> {
    let change = Change { element, all: false, outside: 0, iterations };
    change.run(&level, &fork, extent, bits, scratch)
}

/// The pixels of `bits` from which `iterations` steps of the element reach nothing else.
///
/// # Errors
/// [`Error::Workspace`] if `bits` or `scratch` is too short.
#[allow(clippy::too_many_arguments, reason = "what to do, how, and where")]
pub fn erode<Lv: MapLevel>(
    level: Lv,
    fork: impl Fork,
    extent: Extent,
    element: Element,
    border: Border,
    iterations: u32,
    bits: &mut [u64],
    scratch: &mut [u64],
) -> Result<(), Error> {
    let outside = match border {
        Border::Zero => 0,
        Border::Keep => !0,
    };
    let change = Change { element, all: true, outside, iterations };
    change.run(&level, &fork, extent, bits, scratch)
}

/// Erosion or dilation.
pub(super) struct Change {
    pub(super) element: Element,
    /// Whether all pixels around one must be set, or any.
    pub(super) all: bool,
    /// What lies outside the image.
    pub(super) outside: u64,
    pub(super) iterations: u32,
}

impl Change {
    pub(super) fn run(
        &self,
        kernels: &dyn MorphologyKernels,
        fork: &dyn Join,
        extent: Extent,
        bits: &mut [u64],
        scratch: &mut [u64],
    ) -> Result<(), Error> {
        let needed = storage(extent, fork.workers())?;
        let words = words(extent.spatial)?;
        check("bits", bits.len(), words)?;
        check("scratch", scratch.len(), needed)?;
        if words == 0 {
            return Ok(());
        }
        let mut scratch = Scratch::of(scratch);
        let (mut from, mut to) = (&mut bits[..words], scratch.take(words));
        let lines = scratch.rest();
        let mut steps = 0;
        each_step(extent, self.element, self.iterations, |along, by| {
            let step = Step { kernels, extent, all: self.all, outside: self.outside, along, by };
            step.run(fork, from, to, lines);
            core::mem::swap(&mut from, &mut to);
            steps += 1;
        });
        if steps % 2 == 1 {
            // What `from` names is the scratch.
            to.copy_from_slice(from);
        }
        Ok(())
    }
}

/// Rows of pixels together with those around them.
pub(super) trait MorphologyKernels: Sync {
    /// What all of them have.
    fn all(&self, row: Together<'_, true>);
    /// What any of them has.
    fn any(&self, row: Together<'_, false>);
}

impl<Lv: Level> MorphologyKernels for Lv {
    fn all(&self, row: Together<'_, true>) {
        self.enter(row);
    }

    fn any(&self, row: Together<'_, false>) {
        self.enter(row);
    }
}

/// Calls for each of the few steps that many iterations are put together from, with the axes it goes along
/// (of depth, height and width) and how far: a step takes each pixel together with those so far before and
/// after it along each of those axes.
pub fn each_step(
    extent: Extent,
    element: Element,
    iterations: u32,
    mut step: impl FnMut([bool; 3], usize),
) {
    // Steps across the whole image change nothing more.
    let far = extent.spatial.iter().fold(0usize, |sum, &n| sum.saturating_add(n));
    let radius = (iterations as usize).min(far);
    let axes: [bool; 3] = core::array::from_fn(|axis| extent.has(axis));
    match element {
        Element::Cross => balls(radius, extent.axes, |by| step(axes, by)),
        Element::Full => (0..3).filter(|&axis| axes[axis]).for_each(|axis| {
            let along = core::array::from_fn(|other| other == axis);
            balls(radius, 1, |by| step(along, by));
        }),
    }
}

/// Steps that make a ball of a radius from a point.
fn balls(radius: usize, axes: usize, mut step: impl FnMut(usize)) {
    let mut reached = 0;
    while reached < radius {
        let by = (reached / axes.max(1) + 1).min(radius - reached);
        step(by);
        reached += by;
    }
}

/// A row between as many words on both sides, and one more for what is shifted in.
fn line_words(row: usize) -> usize {
    3 * row + 4
}

/// Every pixel, and those `by` before and after it along some axes: all of them, or any.
struct Step<'k> {
    kernels: &'k dyn MorphologyKernels,
    extent: Extent,
    all: bool,
    outside: u64,
    along: [bool; 3],
    by: usize,
}

impl Step<'_> {
    fn run(&self, fork: &dyn Join, from: &[u64], to: &mut [u64], lines: &mut [u64]) {
        let [_, h, w] = self.extent.spatial;
        let n = row_words(w);
        // All with nothing is nothing, and any with everything is everything; else what lies outside
        // changes nothing.
        let outside_decides = self.all == (self.outside == 0);
        each_row(fork, n, to, line_words(n), lines, &|row, out, line| {
            let here = &from[row * n..(row + 1) * n];
            // What is not there does not count, as a row together with itself is itself.
            let (mut others, mut count, mut is_outside) = ([here; 4], 0, false);
            let mut see = |other: Option<usize>| match other
                .and_then(|other| from.get(other * n..(other + 1) * n))
            {
                Some(other) => {
                    others[count] = other;
                    count += 1;
                }
                None => is_outside = true,
            };
            if self.along[1] {
                let y = row % h;
                see((y >= self.by).then(|| row - self.by));
                see((self.by < h - y).then(|| row + self.by));
            }
            if self.along[0] {
                let slices = self.by.checked_mul(h);
                see(slices.and_then(|rows| row.checked_sub(rows)));
                see(slices.and_then(|rows| row.checked_add(rows)));
            }
            if outside_decides && is_outside {
                out.fill(self.outside);
            } else {
                self.together(here, &others[..count.next_multiple_of(2)], line, out);
            }
            if !w.is_multiple_of(WORD) {
                out[n - 1] &= !(!0 << (w % WORD));
            }
        });
    }

    /// A row together with others, and along itself if the step does so.
    fn together(&self, here: &[u64], others: &[&[u64]], line: &mut [u64], out: &mut [u64]) {
        let (n, w) = (out.len(), self.extent.spatial[2]);
        let line = self.along[2].then(|| {
            let line = &mut line[..line_words(n)];
            line.fill(self.outside);
            line[n + 2..2 * n + 2].copy_from_slice(here);
            if !w.is_multiple_of(WORD) {
                line[2 * n + 1] |= self.outside << (w % WORD);
            }
            &*line
        });
        let by = self.by.min(n * WORD);
        if self.all {
            self.kernels.all(Together { here, line, by, others, out });
        } else {
            self.kernels.any(Together { here, line, by, others, out });
        }
    }
}

#[inline(always)]
fn both<const ALL: bool>(a: u64, b: u64) -> u64 {
    if ALL { a & b } else { a | b }
}

/// A row of pixels, and those around them.
pub(super) struct Together<'a, const ALL: bool> {
    here: &'a [u64],
    /// The row between what lies outside, as long as [`line_words`] says, if pixels before and after
    /// each count.
    line: Option<&'a [u64]>,
    by: usize,
    /// Rows across, in pairs.
    others: &'a [&'a [u64]],
    out: &'a mut [u64],
}

impl<const ALL: bool> Kernel for Together<'_, ALL> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let Together { here, line, by, others, out } = self;
        match line {
            Some(line) => along::<ALL>(line, by, out),
            None => out.copy_from_slice(here),
        }
        for [one, other] in others.as_chunks::<2>().0 {
            for ((out, &one), &other) in out.iter_mut().zip(*one).zip(*other) {
                *out = both::<ALL>(*out, both::<ALL>(one, other));
            }
        }
    }
}

#[inline(always)]
fn along<const ALL: bool>(line: &[u64], by: usize, out: &mut [u64]) {
    let n = out.len();
    let (whole, bits) = (by / WORD, (by % WORD) as u32);
    // `BITS - bits` in two shifts, the sum of which may be a whole word.
    let rest = WORD as u32 - 1 - bits;
    let at = |first: usize| &line[first..][..n];
    let (here, low, lower) = (at(n + 2), at(n + 2 - whole), at(n + 1 - whole));
    let (high, higher) = (at(n + 2 + whole), at(n + 3 + whole));
    for i in 0..n {
        let before = low[i] << bits | lower[i] >> 1 >> rest;
        let after = high[i] >> bits | higher[i] << 1 << rest;
        out[i] = both::<ALL>(here[i], both::<ALL>(before, after));
    }
}
