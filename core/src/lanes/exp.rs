use super::{Lanes, polynomial::polynomial};

/// 1.5 * 2^m, with m mantissa bits, and the exponent bias. Adding the first and taking it away again
/// rounds to an integer.
#[inline(always)]
pub(super) fn magic_and_bias<L: Lanes>() -> (L, L) {
    if L::DOUBLE {
        (L::splat(6_755_399_441_055_744.0), L::splat(1023.0))
    } else {
        (L::splat(12_582_912.0), L::splat(127.0))
    }
}

/// `e^x = 2^n e^r` with `n` the integer nearest to `x / ln 2` and `|r| <= ln(2) / 2`.
#[inline(always)]
pub(super) fn exp<L: Lanes>(x: L) -> L {
    // Beyond these the result is 0 or infinity; NaN passes both comparisons unchanged.
    let highest = L::splat(if L::DOUBLE { 710.0 } else { 89.0 });
    let lowest = L::splat(if L::DOUBLE { -746.0 } else { -104.0 });
    let x = highest.min(lowest.max(x));
    let (magic, _) = magic_and_bias::<L>();
    let n = (x * L::splat(core::f64::consts::LOG2_E) + magic) - magic;
    exp_of_rest(x, n).scale_pow2(n)
}

/// `e^x` for `x <= 0`, and 0 where that is not a normal number: `2^n` is one for every `n` that is left, so that a
/// single product does for [`Lanes::scale_pow2`].
#[inline(always)]
pub(super) fn exp_of_nonpositive<L: Lanes>(x: L) -> L {
    let (magic, bias) = magic_and_bias::<L>();
    let shift = magic + bias;
    let shifted = x * L::splat(core::f64::consts::LOG2_E) + shift;
    let e = exp_of_rest(x, shifted - shift) * shifted.pow2_of_low_bits();
    // The first number above the logarithm of the smallest normal one.
    let least = L::splat(if L::DOUBLE { -708.396_418_532_264 } else { -87.336_540_222_167_97 });
    L::select(x.lt(least), L::splat(0.0), e)
}

/// `(e^x - 1 - x) / x^2` for `|x|` up to `ln(2) / 2`.
#[inline(always)]
pub(super) fn exp_tail<L: Lanes>(x: L) -> L {
    tail(x, x * x)
}

/// `ln 2` in two parts, of which the first times an exponent is exact.
#[inline(always)]
pub(super) fn ln_2_in_parts<L: Lanes>() -> (L, L) {
    let (high, low) = if L::DOUBLE {
        (0.693_147_180_559_890_3, 5.497_923_018_708_371e-14)
    } else {
        (0.693_145_751_953_125, 1.428_606_765_330_187e-6)
    };
    (L::splat(high), L::splat(low))
}

/// `e^r` with `r = x - n ln 2`, the difference from `x` of the first part being exact too.
#[inline(always)]
fn exp_of_rest<L: Lanes>(x: L, n: L) -> L {
    let (high, low) = ln_2_in_parts::<L>();
    let r = (x - n * high) - n * low;
    let r2 = r * r;
    L::splat(1.0) + (r + r2 * tail(r, r2))
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
