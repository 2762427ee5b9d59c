use super::bits;
use super::edt::{hull, window};
use crate::level::{Level, Scalar};

/// Places before the pixels of a [`Segment`].
pub(crate) const BEFORE: usize = Segment::<()>::BEFORE;
/// Places after the pixels of a [`Segment`].
pub(crate) const AFTER: usize = Segment::<()>::AFTER;

/// Part of a line whose distances are long, and the storage to find them with.
pub struct Segment<'a, C> {
    /// What each pixel of the line costs: its squared distance along the axes already done. `BEFORE`
    /// places, the pixels that may be nearest to one of the segment's, `AFTER` places. Places off the
    /// line hold what stands for no distance.
    pub costs: &'a [C],
    /// The pixel of `costs[BEFORE]`.
    pub first: usize,
    /// The segment's first pixel, a multiple of [`Clipped::BLOCK`].
    pub start: usize,
    /// The pixel after its last: a multiple of [`Clipped::BLOCK`], or the end of the line.
    pub end: usize,
    /// Room for the places of candidates: a number for each pixel of `costs`, and 32 more.
    pub places: &'a mut [i32],
    /// Room for the costs of candidates, as many.
    pub values: &'a mut [C],
    /// Room for where candidates start to be nearest, as many.
    pub starts: &'a mut [u32],
    /// Room for which pixels stay candidates, as many.
    pub keep: &'a mut [u8],
    /// The squared distances from `start` on, in whole blocks of [`Clipped::BLOCK`]; what is past
    /// `end` does not matter.
    pub out: &'a mut [C],
}

impl<C> Segment<'_, C> {
    /// Places before the pixels in `costs`.
    pub const BEFORE: usize = 8;
    /// Places after the pixels in `costs`.
    pub const AFTER: usize = 24;
}

/// A line's costs in bytes: 255 is anything above 254.
pub struct Clipped<'a> {
    /// `MARGIN` places of 255, the pixels, places of 255 to whole blocks, `MARGIN` of them.
    pub costs: &'a [u8],
    /// The squared distance that each pixel has at most, in whole blocks: its cost, or less if it is
    /// near to a pixel of another label on the line.
    pub bounds: &'a [u8],
}

impl Clipped<'_> {
    /// Places before the pixels, and after whole blocks of them.
    pub const MARGIN: usize = 16;
    /// Pixels that are done, or are not, together.
    pub const BLOCK: usize = 64;
}

/// A [`Level`] with kernels for the maps. The provided ones are what the compiler makes of plain
/// loops; a level replaces them where its instructions do better. All give the same numbers.
pub trait MapLevel: Level {
    /// Squared distances below 255, of each block in which all are: for every block whose place in
    /// `deep` is 0, either `out` is `min_k costs[x + k] + k^2` (and `bounds[x]`) for all of its pixels,
    /// or its place becomes 1. Costs above 254 count as 255.
    fn window(self, line: Clipped<'_>, deep: &mut [u8], out: &mut [i32]) {
        window::window(self, line, deep, out);
    }

    /// `min_i costs[i] + (x - i)^2` for the pixels `x` of a segment. The minimum is at one of the
    /// pixels in `costs`, and is `2^30 - 64` or larger only if all of them are, when it is that.
    fn solve(self, segment: Segment<'_, i32>) {
        hull::solve(self, segment, 1);
    }

    /// Bits of bytes that are 0 or 1, in whole words: 64 bytes for each.
    fn pack(self, bytes: &[u8], bits: &mut [u64]) {
        bits::pack(self, bytes, bits);
    }
}

impl MapLevel for Scalar {}
