//! Steps along a line to the nearest pixel of another label, in bytes, and short distances in bytes.

use crate::level::{Kernel, Level};
use crate::maps::level::{Clipped, MapLevel};

/// The steps that [`nearness`] adds to both sides; places before and after the pixels of a line.
pub(super) const BESIDE: usize = 8;

/// Rows of bytes.
pub(crate) trait ByteKernels: Sync {
    /// Steps from `BESIDE` on in `to`, doubling what `from` knows from so many pixels to both sides.
    fn spread(&self, from: &[u8], to: &mut [u8], steps: usize);

    /// Lowers `bounds` to the squares of the steps, which the last doubling gives.
    fn bound(&self, near: &[u8], bounds: &mut [u8]);

    /// [`MapLevel::window`].
    fn window(&self, line: Clipped<'_>, deep: &mut [u8], out: &mut [i32]);
}

impl<Lv: MapLevel> ByteKernels for Lv {
    fn spread(&self, from: &[u8], to: &mut [u8], steps: usize) {
        self.enter(Spread { from, to, steps });
    }

    fn bound(&self, near: &[u8], bounds: &mut [u8]) {
        self.enter(Bound { near, bounds });
    }

    fn window(&self, line: Clipped<'_>, deep: &mut [u8], out: &mut [i32]) {
        MapLevel::window(*self, line, deep, out);
    }
}

/// The steps to another label, if fewer than 16, from those known to pixels 8 before, here and 8 after.
#[inline(always)]
pub(super) fn nearness(before: u8, here: u8, after: u8) -> u8 {
    here.min(before.min(after).saturating_add(BESIDE as u8)).min(16)
}

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
