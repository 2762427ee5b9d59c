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

/// `l = ln(1 + e)` of `e` in `[0, 1]`, given `u = e / (1 + e)`.
///
/// `e + u = d = 2 sinh l` and `e - u = e u = w = 4 sinh^2(l / 2)`, so that `l / d` is a function of `w` alone. Its nearest
/// singularity is at -4, far from the `[0, 1/2]` where `w` lies: `1/2 - w G(w)` takes 4 coefficients of `G` (f64: 10)
/// where a polynomial in `e` takes 9 and, in f64, a division. As `d / 2 = e - w / 2`, what is left is
/// `l = e - w (1/2 + d G(w))`, of which only the last operation has an error of any size.
#[inline(always)]
pub(super) fn ln_1p_of_shares<L: Lanes>(e: L, u: L) -> L {
    let (w, d) = (e - u, e + u);
    let w2 = w * w;
    let series = if L::DOUBLE {
        polynomial!(
            w,
            w2,
            0.08333333333333211,
            -0.01666666666654676,
            0.003571428567362233,
            -0.0007936507252357438,
            0.0001803745170652287,
            -4.1621046303207715e-05,
            9.697014765555104e-06,
            -2.2463104291016232e-06,
            4.788884799154741e-07,
            -6.895195248360285e-08,
        )
    } else {
        polynomial!(
            w,
            w2,
            0.08333273977041245,
            -0.016654934734106064,
            0.0034984489902853966,
            -0.0006091421819292009,
        )
    };
    e - w * (L::splat(0.5) + d * series)
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
