/// The nearest candidate of every `STEP`th of `pixels`, and of the last one, into `nearest`. Gives their
/// number less one.
///
/// The nearest candidate never moves back from one pixel to the next. So the middle of an interval is
/// searched between those of its ends: over all grid points of a level that is every candidate once and
/// one for each point. `search(x, low, high)` gives a candidate nearest to pixel `x` among `low..=high`.
///
/// `nearest` has room for two numbers more than there are whole steps in `pixels`. Without a pixel or a
/// candidate there is nothing to find, and the number is 0.
#[inline(always)]
pub fn divide<const STEP: usize>(
    pixels: usize,
    candidates: usize,
    nearest: &mut [u32],
    mut search: impl FnMut(usize, usize, usize) -> usize,
) -> usize {
    if pixels == 0 || candidates == 0 {
        return 0;
    }
    let intervals = pixels.div_ceil(STEP);
    let nearest = &mut nearest[..intervals + 1];
    let (mut point, mut half) = (0, 0);
    // One call, so that it is inlined: the first point, the last, then midpoints from coarse to fine.
    loop {
        let ends = point == 0 || point == intervals;
        let low = if point == 0 { 0 } else { nearest[point - half] as usize };
        let high =
            if ends { candidates - 1 } else { nearest[(point + half).min(intervals)] as usize };
        let pixel = (point * STEP).min(pixels - 1);
        nearest[point] = if low == high { low } else { search(pixel, low, high) } as u32;
        if point == 0 {
            (point, half) = (intervals, intervals);
            continue;
        }
        if point == intervals {
            half = intervals.next_power_of_two() / 2;
            point = half;
        } else {
            point += 2 * half;
            if point >= intervals {
                half /= 2;
                point = half;
            }
        }
        if half == 0 {
            return intervals;
        }
    }
}
