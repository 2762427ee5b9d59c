use super::bits;
use super::edt::{hull, window};
use super::segment::{Clipped, Segment};
use crate::level::{Level, Scalar};

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
