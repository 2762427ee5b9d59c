//! Kernels with vectors of 256 bits. Every function needs `avx2`, which is what
//! [`Avx2`](crate::level::Avx2) has found.

use std::arch::x86_64::*;

use segloss_core::maps::{Clipped, Segment, divide};

use super::SHORT;

const BLOCK: usize = Clipped::BLOCK;
const MARGIN: usize = Clipped::MARGIN;
/// Lanes of bytes.
const BYTES: usize = 32;
/// Pixels from one grid point to the next.
const STEP: usize = 32;
/// Lanes of `i32`.
const LANES: usize = 8;
/// Costs from here on stand for no distance.
const NONE: i32 = (1 << 30) - 64;

#[inline]
#[target_feature(enable = "avx2")]
fn load_bytes(from: &[u8; BYTES]) -> __m256i {
    // SAFETY: 32 bytes, at any alignment.
    unsafe { _mm256_loadu_si256(from.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn load(from: &[i32; LANES]) -> __m256i {
    // SAFETY: 32 bytes, at any alignment.
    unsafe { _mm256_loadu_si256(from.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn store(to: &mut [i32; LANES], lanes: __m256i) {
    // SAFETY: 32 bytes, at any alignment.
    unsafe { _mm256_storeu_si256(to.as_mut_ptr().cast(), lanes) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn lanes(from: &[i32; LANES + 8], at: usize) -> __m256i {
    from[at..].first_chunk().map_or_else(|| _mm256_setzero_si256(), |chunk| load(chunk))
}

#[inline]
#[target_feature(enable = "avx2")]
fn counting() -> __m256i {
    _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7)
}

/// Bits of bytes that are 0 or 1.
#[target_feature(enable = "avx2")]
pub(super) fn pack(bytes: &[u8], bits: &mut [u64]) {
    for (word, bytes) in bits.iter_mut().zip(bytes.as_chunks::<BLOCK>().0) {
        let half = |bytes: &[u8; BYTES]| {
            // The lowest bit to the highest of its byte.
            let sign = _mm256_slli_epi16::<7>(load_bytes(bytes));
            u64::from(_mm256_movemask_epi8(sign) as u32)
        };
        if let [low, high] = bytes.as_chunks().0 {
            *word = half(low) | half(high) << 32;
        }
    }
}

/// Squared distances below 255, as `MapLevel::window` says.
#[target_feature(enable = "avx2")]
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
            let (halves, _) = out.as_chunks_mut::<BYTES>();
            for (best, out) in best.into_iter().zip(halves) {
                widen(best, out);
            }
        }
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn nearest(bounds: &[u8; BLOCK], around: &[u8; BLOCK + 2 * MARGIN]) -> ([__m256i; 2], bool) {
    let (halves, _) = bounds.as_chunks::<BYTES>();
    let mut best = [load_bytes(&halves[0]), load_bytes(&halves[1])];
    for k in 1..MARGIN {
        let square = _mm256_set1_epi8((k * k) as i8);
        let both = _mm256_max_epu8(best[0], best[1]);
        if all_equal(_mm256_max_epu8(both, square), square) {
            return (best, true);
        }
        for (half, best) in best.iter_mut().enumerate() {
            let at = |first: usize| {
                let bytes = around[first + half * BYTES..].first_chunk().unwrap_or(&halves[0]);
                load_bytes(bytes)
            };
            let nearer = _mm256_min_epu8(at(MARGIN - k), at(MARGIN + k));
            *best = _mm256_min_epu8(*best, _mm256_adds_epu8(nearer, square));
        }
    }
    let most = _mm256_max_epu8(best[0], best[1]);
    let far = _mm256_cmpeq_epi8(most, _mm256_set1_epi8(-1));
    (best, _mm256_movemask_epi8(far) == 0)
}

#[inline]
#[target_feature(enable = "avx2")]
fn all_equal(a: __m256i, b: __m256i) -> bool {
    _mm256_movemask_epi8(_mm256_cmpeq_epi8(a, b)) == -1
}

#[inline]
#[target_feature(enable = "avx2")]
fn widen(bytes: __m256i, out: &mut [i32; BYTES]) {
    let (low, high) = (_mm256_castsi256_si128(bytes), _mm256_extracti128_si256::<1>(bytes));
    let (quarters, _) = out.as_chunks_mut();
    if let [a, b, c, d] = quarters {
        store(a, _mm256_cvtepu8_epi32(low));
        store(b, _mm256_cvtepu8_epi32(_mm_srli_si128::<8>(low)));
        store(c, _mm256_cvtepu8_epi32(high));
        store(d, _mm256_cvtepu8_epi32(_mm_srli_si128::<8>(high)));
    }
}

/// A segment, as `MapLevel::solve` says. With pixels and candidates counted from its start,
/// `(x - i)^2 + cost = x^2 + (-2i) x + (i^2 + cost)`: a product and a sum for each candidate, and the
/// first term once for each pixel.
#[target_feature(enable = "avx2")]
pub(super) fn solve(segment: Segment<'_, i32>) {
    if segment.costs.len() < SHORT {
        solve_any::<true>(segment);
    } else {
        solve_any::<false>(segment);
    }
}

#[inline]
#[target_feature(enable = "avx2")]
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
        let nearest = ends[0] as usize..ends[1] as usize + 1;
        fill::<SHORT>(&slopes[nearest.clone()], &values[nearest], (interval * STEP) as i32, block);
    }
}

/// Slopes and values of the candidates that none of three pairs around them hides.
#[target_feature(enable = "avx2")]
fn prune(costs: &[i32], first: i32, slopes: &mut [i32], values: &mut [i32]) -> usize {
    let n = costs.len() - Segment::<i32>::BEFORE - Segment::<i32>::AFTER;
    let mut found = 0;
    for x in (0..n).step_by(LANES) {
        let at = x + Segment::<i32>::BEFORE;
        let Some(around) = costs[at - 4..].first_chunk() else {
            break;
        };
        let cost = lanes(around, 4);
        let twice = _mm256_add_epi32(cost, cost);
        let pair = |steps: usize| {
            let sum = _mm256_add_epi32(lanes(around, 4 - steps), lanes(around, 4 + steps));
            let sum = _mm256_add_epi32(sum, _mm256_set1_epi32(2 * (steps * steps) as i32));
            _mm256_cmpgt_epi32(sum, twice)
        };
        let there = _mm256_cmpgt_epi32(_mm256_set1_epi32(NONE), cost);
        let keep =
            _mm256_and_si256(_mm256_and_si256(there, pair(1)), _mm256_and_si256(pair(2), pair(4)));
        let mut keep = _mm256_movemask_ps(_mm256_castsi256_ps(keep)) as u32;
        if n - x < LANES {
            keep &= (1 << (n - x)) - 1;
        }
        while keep != 0 {
            let lane = keep.trailing_zeros() as usize;
            let place = first + (x + lane) as i32;
            slopes[found] = -2 * place;
            values[found] = costs[at + lane] + place * place;
            found += 1;
            keep &= keep - 1;
        }
    }
    found
}

/// Multiplies pixels by slopes: for short segments in one instruction: the high half of `x` is 0, and a slope
/// fits into its low half.
#[inline]
#[target_feature(enable = "avx2")]
fn product<const SHORT: bool>(x: __m256i, slope: __m256i) -> __m256i {
    if SHORT { _mm256_madd_epi16(x, slope) } else { _mm256_mullo_epi32(x, slope) }
}

/// A candidate nearest to pixel `x` among `low..=high`.
#[inline]
#[target_feature(enable = "avx2")]
fn search<const SHORT: bool>(
    slopes: &[i32],
    values: &[i32],
    x: i32,
    low: usize,
    high: usize,
) -> usize {
    let x = _mm256_set1_epi32(x);
    let count = (high - low) / LANES + 1;
    let slopes = slopes[low..low + count * LANES].as_chunks().0;
    let values = values[low..low + count * LANES].as_chunks().0;
    let mut best = _mm256_set1_epi32(i32::MAX);
    let mut chosen = _mm256_setzero_si256();
    let mut place = counting();
    for (slopes, values) in slopes.iter().zip(values) {
        let value = _mm256_add_epi32(product::<SHORT>(x, load(slopes)), load(values));
        let nearer = _mm256_cmpgt_epi32(best, value);
        best = _mm256_min_epi32(best, value);
        chosen = _mm256_blendv_epi8(chosen, place, nearer);
        place = _mm256_add_epi32(place, _mm256_set1_epi32(LANES as i32));
    }
    let winners = _mm256_cmpeq_epi32(best, least(best));
    let first = least(_mm256_blendv_epi8(_mm256_set1_epi32(i32::MAX), chosen, winners));
    (low + _mm256_cvtsi256_si32(first) as usize).min(high)
}

/// The least lane, in every lane.
#[inline]
#[target_feature(enable = "avx2")]
fn least(lanes: __m256i) -> __m256i {
    let lanes = _mm256_min_epi32(lanes, _mm256_permute2x128_si256::<1>(lanes, lanes));
    let lanes = _mm256_min_epi32(lanes, _mm256_shuffle_epi32::<0b01_00_11_10>(lanes));
    _mm256_min_epi32(lanes, _mm256_shuffle_epi32::<0b10_11_00_01>(lanes))
}

/// The squared distances of a block to the nearest of a few candidates.
#[inline]
#[target_feature(enable = "avx2")]
fn fill<const SHORT: bool>(slopes: &[i32], values: &[i32], first: i32, block: &mut [i32; STEP]) {
    let x: [__m256i; STEP / LANES] = std::array::from_fn(|part| {
        let quarter = part as i32;
        _mm256_add_epi32(_mm256_set1_epi32(first + quarter * LANES as i32), counting())
    });
    let mut best = [_mm256_set1_epi32(i32::MAX); STEP / LANES];
    for (&slope, &value) in slopes.iter().zip(values) {
        let (slope, value) = (_mm256_set1_epi32(slope), _mm256_set1_epi32(value));
        for (best, x) in best.iter_mut().zip(x) {
            let seen = _mm256_add_epi32(product::<SHORT>(x, slope), value);
            *best = _mm256_min_epi32(*best, seen);
        }
    }
    for ((best, x), out) in best.into_iter().zip(x).zip(block.as_chunks_mut().0) {
        store(out, _mm256_add_epi32(best, _mm256_mullo_epi32(x, x)));
    }
}
