use super::Lanes;

/// The smaller of `sigmoid(x)` and `1 - sigmoid(x)`, with `e = e^-|x|` that it is made of.
#[inline(always)]
fn smaller_share<L: Lanes>(x: L) -> (L, L) {
    let e = (-x.abs()).exp_of_nonpositive();
    (e, e.smaller_share())
}

/// `u` or `1 - u`: the smaller share is at most 1/2, so that taking it from 1 cancels nothing.
#[inline(always)]
pub(super) fn sigmoid<L: Lanes>(x: L) -> L {
    let (_, u) = smaller_share(x);
    L::select(x.lt(L::splat(0.0)), u, L::splat(1.0) - u)
}

/// `ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|)`.
#[inline(always)]
pub(super) fn softplus<L: Lanes>(x: L) -> L {
    let (e, u) = smaller_share(x);
    x.max(L::splat(0.0)) + e.ln_1p_of_shares(u)
}
