//! Steps along a line to the nearest pixel of another label, in bytes, and short distances in bytes.

use crate::level::{Kernel, Level};
use crate::maps::level::MapLevel;
use crate::maps::segment::Clipped;

/// The steps that [`nearness`] adds to both sides; places before and after the pixels of a line.
pub(super) const BESIDE: usize = 8;

/// Rows of bytes.
pub(crate) trait ByteKernels: Sync {
    fn spread(&self, line: Spread<'_>);
    fn bound(&self, line: Bound<'_>);
    /// [`MapLevel::window`].
    fn window(&self, line: Clipped<'_>, deep: &mut [u8], out: &mut [i32]);
}

impl<Lv: MapLevel> ByteKernels for Lv {
    fn spread(&self, line: Spread<'_>) {
        self.enter(line);
    }

    fn bound(&self, line: Bound<'_>) {
        self.enter(line);
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

/// Steps to the nearest mark: doubling what is known from so many pixels to both sides.
pub(crate) struct Spread<'a> {
    pub(crate) from: &'a [u8],
    pub(crate) to: &'a mut [u8],
    pub(crate) steps: usize,
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
pub(crate) struct Bound<'a> {
    pub(crate) near: &'a [u8],
    pub(crate) bounds: &'a mut [u8],
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
