use super::{Lanes, polynomial::polynomial};

/// `e^x = 2^n e^r` with `n` the integer nearest to `x / ln 2` and `|r| <= ln(2) / 2`.
#[inline(always)]
pub(super) fn exp<L: Lanes>(x: L) -> L {
    let splat = L::splat;
    // Beyond these the result is 0 or infinity; NaN passes both comparisons unchanged.
    let (lowest, highest) = if L::DOUBLE { (-746.0, 710.0) } else { (-104.0, 89.0) };
    let x = splat(highest).min(splat(lowest).max(x));

    // Adding and subtracting 1.5 * 2^(mantissa bits) rounds to an integer.
    let magic = splat(if L::DOUBLE { 6_755_399_441_055_744.0 } else { 12_582_912.0 });
    let n = (x * splat(core::f64::consts::LOG2_E) + magic) - magic;

    // ln 2 in two parts, of which the first times `n` is exact, as is its difference from `x`.
    let (high, low) = if L::DOUBLE {
        (0.693_147_180_559_890_3, 5.497_923_018_708_371e-14)
    } else {
        (0.693_145_751_953_125, 1.428_606_765_330_187e-6)
    };
    let r = (x - n * splat(high)) - n * splat(low);

    let r2 = r * r;
    (splat(1.0) + (r + r2 * tail(r, r2))).scale_pow2(n)
}

/// `(e^r - 1 - r) / r^2`, relative to `e^r` within 2^-28 (f32) or 2^-60 (f64).
#[inline(always)]
fn tail<L: Lanes>(r: L, r2: L) -> L {
    if L::DOUBLE {
        polynomial!(
            r,
            r2,
            0.5,
            0.16666666666666682,
            0.041666666666666095,
            0.008333333333317015,
            0.0013888888889115848,
            0.0001984126989643128,
            2.480158692637264e-05,
            2.75572348135069e-06,
            2.7557581956059585e-07,
            2.5112054037235275e-08,
            2.082662377989764e-09,
        )
    } else {
        polynomial!(
            r,
            r2,
            0.4999999403953552,
            0.1666652113199234,
            0.04166838899254799,
            0.008368726819753647,
            0.0013814576668664813,
        )
    }
}
