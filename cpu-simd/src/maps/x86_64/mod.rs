mod avx2;
mod avx512;

use segloss_core::maps::{Clipped, MapLevel, Segment};

use crate::level::{Avx2, Avx512};

/// Segments of fewer costs have pixels and slopes that fit into 16 bits.
const SHORT: usize = 1 << 14;

macro_rules! map_level {
    ($level:ident, $kernels:ident) => {
        impl MapLevel for $level {
            fn window(self, line: Clipped<'_>, deep: &mut [u8], out: &mut [i32]) {
                // SAFETY: only `detect` makes this level, after finding the features of its kernels.
                unsafe { $kernels::window(line, deep, out) }
            }

            fn solve(self, segment: Segment<'_, i32>) {
                // SAFETY: as above.
                unsafe { $kernels::solve(segment) }
            }

            fn pack(self, bytes: &[u8], bits: &mut [u64]) {
                // SAFETY: as above.
                unsafe { $kernels::pack(bytes, bits) }
            }
        }
    };
}

map_level!(Avx2, avx2);
map_level!(Avx512, avx512);
