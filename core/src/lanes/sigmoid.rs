use super::Lanes;

/// `e^-|x|`, which cannot overflow. The smaller of `x` and `-x` is cheaper than `-|x|`.
#[inline(always)]
fn exp_neg_abs<L: Lanes>(x: L) -> L {
    (-x.abs()).exp_of_nonpositive()
}

/// `1 / (1 + e^-x)`, or for negative `x` the equal `e^x / (1 + e^x)`, which keeps small results.
#[inline(always)]
pub(super) fn sigmoid<L: Lanes>(x: L) -> L {
    let one = L::splat(1.0);
    let e = exp_neg_abs(x);
    L::select(x.lt(L::splat(0.0)), e, one) / (one + e)
}

/// `ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|)`.
#[inline(always)]
pub(super) fn softplus<L: Lanes>(x: L) -> L {
    x.max(L::splat(0.0)) + exp_neg_abs(x).ln_1p_unit()
}
