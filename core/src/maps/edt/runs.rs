//! Runs of a label on a line, which end the distances of their pixels.

use super::cost::{Cost, Gap};
use super::near::{BESIDE, ByteKernels, Spread};
use crate::level::{Kernel, Level};
use crate::maps::labels::{Code, Codes, Same, Sides};
use crate::maps::segment::Clipped;

const BLOCK: usize = Clipped::BLOCK;

/// The codes of a line.
#[derive(Clone, Copy)]
pub(crate) struct LineCodes<'a, E> {
    pub(crate) codes: &'a [E],
    /// Whether all codes but 0 are one label.
    pub(crate) is_mask: bool,
}

/// Part of a line whose squared distances the runs bound.
#[derive(Clone, Copy)]
pub(crate) struct Around<'a, E, C> {
    /// The codes of the pixels that may be nearest to one of the part's.
    pub(crate) line: LineCodes<'a, E>,
    /// The pixel of the first code.
    pub(crate) first: usize,
    /// The first pixel of the part.
    pub(crate) start: usize,
    pub(crate) weight: C,
}

/// Rows of codes and costs.
pub(crate) trait RunKernels<E: Code, C: Cost>: Sync {
    /// 1 beside a pixel of another label, 255 elsewhere.
    fn ends(&self, line: LineCodes<'_, E>, near: &mut [u8]);

    /// Lowers squared distances to those of the steps, within the line, to the nearest pixel of another
    /// label.
    fn runs(&self, around: Around<'_, E, C>, out: &mut [C]);
}

impl<Lv: Level, E: Code, C: Cost> RunKernels<E, C> for Lv {
    fn ends(&self, LineCodes { codes, is_mask }: LineCodes<'_, E>, near: &mut [u8]) {
        if is_mask {
            self.enter(Ends { codes, same: Sides, near });
        } else {
            self.enter(Ends { codes, same: Codes, near });
        }
    }

    fn runs(&self, around: Around<'_, E, C>, out: &mut [C]) {
        if around.line.is_mask {
            self.enter(Runs { around, same: Sides, out });
        } else {
            self.enter(Runs { around, same: Codes, out });
        }
    }
}

/// Steps to the nearest pixel of another label on the line from `BESIDE` on in `near`'s first half, exact
/// up to 8; [`nearness`](super::near::nearness) looks farther.
pub(crate) fn spread<E: Code, C: Cost>(
    kernels: &(impl RunKernels<E, C> + ByteKernels + ?Sized),
    line: LineCodes<'_, E>,
    near: &mut [&mut [u8]; 2],
) {
    let n = line.codes.len();
    let [a, b] = near;
    kernels.ends(line, &mut a[BESIDE..BESIDE + n]);
    for steps in [1, 2, 4] {
        kernels.spread(Spread { from: a, to: &mut b[BESIDE..BESIDE + n], steps });
        core::mem::swap(a, b);
    }
}

struct Ends<'a, E, S> {
    codes: &'a [E],
    same: S,
    near: &'a mut [u8],
}

impl<E: Code, S: Same> Kernel for Ends<'_, E, S> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let n = self.codes.len();
        let mark = |other: bool| if other { 1 } else { 255 };
        self.near[0] = mark(n > 1 && !self.same.same(self.codes[0], self.codes[1]));
        if n < 2 {
            return;
        }
        self.near[n - 1] = mark(!self.same.same(self.codes[n - 1], self.codes[n - 2]));
        let (before, here, after) = (&self.codes[..n - 2], &self.codes[1..n - 1], &self.codes[2..]);
        for (((near, &a), &b), &c) in
            self.near[1..n - 1].iter_mut().zip(before).zip(here).zip(after)
        {
            *near = mark(!(self.same.same(a, b) & self.same.same(b, c)));
        }
    }
}

struct Runs<'a, E, S, C> {
    around: Around<'a, E, C>,
    same: S,
    out: &'a mut [C],
}

impl<E: Code, S: Same, C: Cost> Kernel for Runs<'_, E, S, C> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let Around { line, first, start, weight } = self.around;
        let (codes, out) = (line.codes, self.out);
        // From here on, places count from the first pixel around the segment.
        let (start, end) = (start - first, start - first + out.len());
        let zero = C::of_gap(C::Gap::ZERO, weight);
        let mut from = 0;
        while from < end {
            let to = from + run(&codes[from..], self.same);
            let (low, high) = (from.max(start), to.min(end));
            if low < high {
                let pixels = &mut out[low - start..high - start];
                if from > 0 {
                    lower(pixels, (low - from) as i32 + 1, 1, zero, weight);
                }
                if to < codes.len() {
                    lower(pixels, (to - low) as i32, -1, zero, weight);
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

/// How many codes are of the first one's label.
#[inline(always)]
fn run<E: Code>(codes: &[E], same: impl Same) -> usize {
    let first = codes[0];
    let whole = codes.chunks_exact(BLOCK);
    // Without a way out of the inner loop, so that it is made of vectors.
    let all_same = |chunk: &[E]| chunk.iter().fold(true, |all, &code| all & same.same(code, first));
    let known = whole.take_while(|chunk| all_same(chunk)).count() * BLOCK;
    known + codes[known..].iter().take_while(|&&code| same.same(code, first)).count()
}
