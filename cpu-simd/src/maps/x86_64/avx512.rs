//! Kernels with vectors of 512 bits. Every function needs `avx512f`, `avx512bw`, `avx512dq` and
//! `avx512vl`, which is what [`Avx512`](crate::level::Avx512) has found.

use std::arch::x86_64::*;

use segloss_core::maps::{Clipped, Segment, divide};

use super::SHORT;

const BLOCK: usize = Clipped::BLOCK;
const MARGIN: usize = Clipped::MARGIN;
/// Pixels from one grid point to the next.
const STEP: usize = 32;
/// Lanes of `i32`.
const LANES: usize = 16;
/// Costs from here on stand for no distance.
const NONE: i32 = (1 << 30) - 64;

macro_rules! kernel {
    ($($(#[$meta:meta])* $visibility:vis fn $name:ident $(<const $n:ident: bool>)? ($($arguments:tt)*) $(-> $output:ty)? $body:block)*) => {$(
        $(#[$meta])*
        #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
        $visibility fn $name $(<const $n: bool>)? ($($arguments)*) $(-> $output)? $body
    )*};
}

kernel! {
    #[inline]
    fn load_bytes(from: &[u8; BLOCK]) -> __m512i {
        // SAFETY: 64 bytes, at any alignment.
        unsafe { _mm512_loadu_si512(from.as_ptr().cast()) }
    }

    #[inline]
    fn load(from: &[i32; LANES]) -> __m512i {
        // SAFETY: 64 bytes, at any alignment.
        unsafe { _mm512_loadu_si512(from.as_ptr().cast()) }
    }

    #[inline]
    fn store(to: &mut [i32; LANES], lanes: __m512i) {
        // SAFETY: 64 bytes, at any alignment.
        unsafe { _mm512_storeu_si512(to.as_mut_ptr().cast(), lanes) }
    }

    #[inline]
    fn lanes(from: &[i32], at: usize) -> __m512i {
        from[at..].first_chunk().map_or_else(|| _mm512_setzero_si512(), |chunk| load(chunk))
    }

    #[inline]
    fn put(to: &mut [i32], at: usize, lanes: __m512i) {
        if let Some(chunk) = to[at..].first_chunk_mut() {
            store(chunk, lanes);
        }
    }

    #[inline]
    fn counting() -> __m512i {
        _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
    }

    /// Bits of bytes that are 0 or 1.
    pub(super) fn pack(bytes: &[u8], bits: &mut [u64]) {
        for (word, bytes) in bits.iter_mut().zip(bytes.as_chunks().0) {
            let lanes = load_bytes(bytes);
            *word = _mm512_test_epi8_mask(lanes, lanes);
        }
    }

    /// Squared distances below 255, as `MapLevel::window` says.
    pub(super) fn window(line: Clipped<'_>, deep: &mut [u8], out: &mut [i32]) {
        let bounds = line.bounds.as_chunks::<BLOCK>().0;
        let out = out.as_chunks_mut::<BLOCK>().0;
        for (block, ((bounds, out), deep)) in bounds.iter().zip(out).zip(deep).enumerate() {
            if *deep != 0 {
                continue;
            }
            let Some(around) = line.costs[block * BLOCK..].first_chunk() else {
                continue;
            };
            let (best, done) = nearest(bounds, around);
            *deep = u8::from(!done);
            if done {
                widen(best, out);
            }
        }
    }

    #[inline]
    fn nearest(bounds: &[u8; BLOCK], around: &[u8; BLOCK + 2 * MARGIN]) -> (__m512i, bool) {
        let mut best = load_bytes(bounds);
        for k in 1..MARGIN {
            let square = _mm512_set1_epi8((k * k) as i8);
            if _mm512_cmpgt_epu8_mask(best, square) == 0 {
                return (best, true);
            }
            let before = around[MARGIN - k..].first_chunk().unwrap_or(bounds);
            let after = around[MARGIN + k..].first_chunk().unwrap_or(bounds);
            let nearer = _mm512_min_epu8(load_bytes(before), load_bytes(after));
            best = _mm512_min_epu8(best, _mm512_adds_epu8(nearer, square));
        }
        (best, _mm512_cmpeq_epu8_mask(best, _mm512_set1_epi8(-1)) == 0)
    }

    #[inline]
    fn widen(bytes: __m512i, out: &mut [i32; BLOCK]) {
        let (quarters, _) = out.as_chunks_mut();
        if let [a, b, c, d] = quarters {
            store(a, _mm512_cvtepu8_epi32(_mm512_castsi512_si128(bytes)));
            store(b, _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32::<1>(bytes)));
            store(c, _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32::<2>(bytes)));
            store(d, _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32::<3>(bytes)));
        }
    }

    /// A segment, as `MapLevel::solve` says. With pixels and candidates counted from its start,
    /// `(x - i)^2 + cost = x^2 + (-2i) x + (i^2 + cost)`: a product and a sum for each candidate, and the
    /// first term once for each pixel.
    pub(super) fn solve(segment: Segment<'_, i32>) {
        if segment.costs.len() < SHORT {
            solve_any::<true>(segment);
        } else {
            solve_any::<false>(segment);
        }
    }

    #[inline]
    fn solve_any<const SHORT: bool>(segment: Segment<'_, i32>) {
        let Segment { costs, first, start, end, places: slopes, values, starts, out, .. } = segment;
        let pixels = end - start;
        let candidates = prune(costs, first as i32 - start as i32, slopes, values);
        if candidates == 0 {
            out[..pixels].fill(NONE);
            return;
        }
        let room = candidates + 2 * LANES;
        let (slopes, values) = (&mut slopes[..room], &mut values[..room]);
        slopes[candidates..].fill(0);
        values[candidates..].fill(NONE);
        let intervals = divide::<STEP>(pixels, candidates, starts, |x, low, high| {
            search::<SHORT>(slopes, values, x as i32, low, high)
        });
        let blocks = out.as_chunks_mut::<STEP>().0.iter_mut().take(intervals);
        for (interval, (block, ends)) in blocks.zip(starts.windows(2)).enumerate() {
            let (low, high) = (ends[0] as usize, ends[1] as usize);
            // Rounded up to fours: candidates past the last are as good as any.
            let count = (high - low + 4) & !3;
            let (slopes, values) = (&slopes[low..low + count], &values[low..low + count]);
            fill::<SHORT>(slopes, values, (interval * STEP) as i32, block);
        }
    }

    /// Slopes and values of the candidates that none of three pairs around them hides.
    fn prune(costs: &[i32], first: i32, slopes: &mut [i32], values: &mut [i32]) -> usize {
        let n = costs.len() - Segment::<i32>::BEFORE - Segment::<i32>::AFTER;
        let mut found = 0;
        for x in (0..n).step_by(LANES) {
            let at = x + Segment::<i32>::BEFORE;
            let Some(around) = costs[at - 4..].first_chunk::<{ LANES + 8 }>() else {
                break;
            };
            let cost = lanes(around, 4);
            let twice = _mm512_add_epi32(cost, cost);
            let pair = |steps: usize| {
                let sum = _mm512_add_epi32(lanes(around, 4 - steps), lanes(around, 4 + steps));
                let sum = _mm512_add_epi32(sum, _mm512_set1_epi32(2 * (steps * steps) as i32));
                _mm512_cmpgt_epi32_mask(sum, twice)
            };
            let mut keep = _mm512_cmplt_epi32_mask(cost, _mm512_set1_epi32(NONE));
            keep &= pair(1) & pair(2) & pair(4);
            if n - x < LANES {
                keep &= (1 << (n - x)) - 1;
            }
            let place = _mm512_add_epi32(_mm512_set1_epi32(first + x as i32), counting());
            let slope = _mm512_sub_epi32(_mm512_setzero_si512(), _mm512_add_epi32(place, place));
            let value = _mm512_add_epi32(cost, _mm512_mullo_epi32(place, place));
            put(slopes, found, _mm512_maskz_compress_epi32(keep, slope));
            put(values, found, _mm512_maskz_compress_epi32(keep, value));
            found += keep.count_ones() as usize;
        }
        found
    }

    /// Multiplies pixels by slopes: for short segments in one instruction: the high half of `x` is 0, and
    /// a slope fits into its low half.
    #[inline]
    fn product<const SHORT: bool>(x: __m512i, slope: __m512i) -> __m512i {
        if SHORT { _mm512_madd_epi16(x, slope) } else { _mm512_mullo_epi32(x, slope) }
    }

    /// A candidate nearest to pixel `x` among `low..=high`.
    #[inline]
    fn search<const SHORT: bool>(slopes: &[i32], values: &[i32], x: i32, low: usize, high: usize) -> usize {
        let x = _mm512_set1_epi32(x);
        let count = (high - low) / LANES + 1;
        let slopes = slopes[low..low + count * LANES].as_chunks().0;
        let values = values[low..low + count * LANES].as_chunks().0;
        let seen = |slopes, values| _mm512_add_epi32(product::<SHORT>(x, load(slopes)), load(values));
        let mut best = _mm512_set1_epi32(i32::MAX);
        let mut chunk = _mm512_setzero_si512();
        for (i, (slopes, values)) in slopes.iter().zip(values).enumerate() {
            let value = seen(slopes, values);
            let nearer = _mm512_cmplt_epi32_mask(value, best);
            best = _mm512_min_epi32(best, value);
            chunk = _mm512_mask_mov_epi32(chunk, nearer, _mm512_set1_epi32((i * LANES) as i32));
        }
        let least = _mm512_set1_epi32(_mm512_reduce_min_epi32(best));
        let winners = _mm512_cmpeq_epi32_mask(best, least);
        let chunk = _mm512_castsi512_si128(_mm512_maskz_compress_epi32(winners, chunk));
        let found = low + _mm_cvtsi128_si32(chunk) as usize + winners.trailing_zeros() as usize;
        found.min(high)
    }

    /// The squared distances of a block to the nearest of a few candidates, a multiple of four.
    #[inline]
    fn fill<const SHORT: bool>(slopes: &[i32], values: &[i32], first: i32, block: &mut [i32; STEP]) {
        let x: [__m512i; STEP / LANES] = std::array::from_fn(|part| {
            let ahead = part * LANES;
            _mm512_add_epi32(_mm512_set1_epi32(first + ahead as i32), counting())
        });
        let mut best = [[_mm512_set1_epi32(i32::MAX); 2]; STEP / LANES];
        for (slopes, values) in slopes.as_chunks::<4>().0.iter().zip(values.as_chunks::<4>().0) {
            for (i, (&slope, &value)) in slopes.iter().zip(values).enumerate() {
                let (slope, value) = (_mm512_set1_epi32(slope), _mm512_set1_epi32(value));
                for (best, x) in best.iter_mut().zip(x) {
                    let seen = _mm512_add_epi32(product::<SHORT>(x, slope), value);
                    best[i % 2] = _mm512_min_epi32(best[i % 2], seen);
                }
            }
        }
        for ((best, x), out) in best.into_iter().zip(x).zip(block.as_chunks_mut().0) {
            let least = _mm512_min_epi32(best[0], best[1]);
            store(out, _mm512_add_epi32(least, _mm512_mullo_epi32(x, x)));
        }
    }
}
