use super::{Lanes, exp::ln_2_in_parts, polynomial::polynomial};

/// `ln x = n ln 2 + ln m` with `x = m 2^n`, `m` in `[sqrt(1/2), sqrt(2))`.
#[inline(always)]
pub(super) fn ln<L: Lanes>(x: L) -> L {
    let splat = L::splat;
    let zero = splat(0.0);
    // `split_pow2` wants a normal number.
    let (smallest, up, log2_up) = if L::DOUBLE {
        (f64::MIN_POSITIVE, 18_014_398_509_481_984.0, 54.0)
    } else {
        (f32::MIN_POSITIVE as f64, 16_777_216.0, 24.0)
    };
    let subnormal = x.lt(splat(smallest));
    let (m, n) = L::select(subnormal, x * splat(up), x).split_pow2();
    let n = n - L::select(subnormal, splat(log2_up), zero);

    let y = ln_2n_1p(n, m - splat(1.0));
    // Infinity and NaN are their own logarithms.
    let y = L::select(x.lt(splat(f64::INFINITY)), y, x);
    let outside = L::select(x.eq(zero), splat(f64::NEG_INFINITY), splat(f64::NAN));
    L::select(zero.lt(x), y, outside)
}

/// `ln(1 + x) = n ln 2 + ln(m + c / 2^n)` with `m 2^n` the rounded `1 + x` and `c` what the rounding
/// left out.
#[inline(always)]
pub(super) fn ln_1p<L: Lanes>(x: L) -> L {
    let one = L::splat(1.0);
    let u = one + x;
    // Knuth's sum: exact, whichever of 1 and x is the larger.
    let kept = u - one;
    let c = (one - (u - kept)) + (x - kept);

    let (m, n) = u.split_pow2();
    let y = ln_2n_1p(n, (m - one) + c.scale_pow2(-n));
    L::select(x.lt(L::splat(f64::INFINITY)), y, x)
}

/// `ln(1 + x)` for `x` in `[0, 1]`: no power of 2 to take out, so one polynomial and no bit work.
#[inline(always)]
pub(super) fn ln_1p_unit<L: Lanes>(x: L) -> L {
    let tail = if L::DOUBLE {
        let [s, z, z2, half_square] = atanh_parts(x);
        let series = polynomial!(
            z,
            z2,
            0.6666666666666631,
            0.40000000000155905,
            0.28571428548011885,
            0.22222223960601428,
            0.1818174422252147,
            0.15386554083083853,
            0.13301043929371928,
            0.12105577844962016,
            0.08342122301883564,
            0.1701518482632169,
        );
        s * (half_square + z * series) - half_square
    } else {
        let x2 = x * x;
        x2 * polynomial!(
            x,
            x2,
            -0.4999993145465851,
            0.33330464363098145,
            -0.24958018958568573,
            0.19692102074623108,
            -0.15344880521297455,
            0.10661128163337708,
            -0.05745723098516464,
            0.020086241886019707,
            -0.003290468594059348,
        )
    };
    x + tail
}

/// `n ln 2 + ln(1 + f)` for `1 + f` in `[sqrt(1/2), sqrt(2))`.
#[inline(always)]
fn ln_2n_1p<L: Lanes>(n: L, f: L) -> L {
    let tail = if L::DOUBLE {
        let [s, z, z2, half_square] = atanh_parts(f);
        let series = polynomial!(
            z,
            z2,
            0.6666666666666734,
            0.3999999999941705,
            0.2857142874189024,
            0.2222219862196373,
            0.1818356188423134,
            0.15314111029044145,
            0.14795361904980117,
        );
        s * (half_square + z * series) - half_square
    } else {
        let f2 = f * f;
        let series = polynomial!(
            f,
            f2,
            -0.49999988079071045,
            0.33333325386047363,
            -0.25001582503318787,
            0.2000197470188141,
            -0.16609083116054535,
            0.14181824028491974,
            -0.1324297934770584,
            0.12904439866542816,
            -0.07621809095144272,
        );
        f2 * series
    };
    let (high, low) = ln_2_in_parts::<L>();
    n * high + (f + (tail + n * low))
}

/// `s = f / (2 + f)`, `s^2` and `f^2 / 2`, for `ln(1 + f) = 2 atanh(s) = f - f^2/2 + s (f^2/2 + R)`.
///
/// For 53 bits it needs a third to half of the terms of a polynomial in `f`, which pays for the
/// division; for 24 bits it does not.
///
/// Returned with `s^4`, for [`polynomial`].
#[inline(always)]
fn atanh_parts<L: Lanes>(f: L) -> [L; 4] {
    let s = f / (L::splat(2.0) + f);
    let z = s * s;
    [s, z, z * z, L::splat(0.5) * f * f]
}
