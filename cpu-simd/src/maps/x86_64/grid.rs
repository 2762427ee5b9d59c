/// Segments of fewer costs have pixels and slopes that fit into 16 bits.
pub(super) const SHORT: usize = 1 << 14;
/// Pixels from one grid point to the next.
pub(super) const STEP: usize = 32;

/// The nearest candidate of every [`STEP`]th of `pixels`, and of the last one, into `nearest`. Gives their
/// number less one.
///
/// The nearest candidate never moves back from one pixel to the next. So the middle of an interval is
/// searched between those of its ends: over all grid points of a level that is every candidate once and
/// one for each point. `search(x, low, high)` gives a candidate nearest to pixel `x` among `low..=high`.
#[inline(always)]
pub(super) fn divide(
    pixels: usize,
    candidates: usize,
    nearest: &mut [u32],
    mut search: impl FnMut(usize, usize, usize) -> usize,
) -> usize {
    let intervals = pixels.div_ceil(STEP);
    let nearest = &mut nearest[..intervals + 1];
    nearest[0] = search(0, 0, candidates - 1) as u32;
    let last = search(pixels - 1, nearest[0] as usize, candidates - 1);
    nearest[intervals] = last as u32;
    let mut step = intervals.next_power_of_two();
    while step > 1 {
        let half = step / 2;
        for point in (half..intervals).step_by(step) {
            let low = nearest[point - half] as usize;
            let high = nearest[(point + half).min(intervals)] as usize;
            let found = if low == high { low } else { search(point * STEP, low, high) };
            nearest[point] = found as u32;
        }
        step = half;
    }
    intervals
}
