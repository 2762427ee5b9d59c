//! `f64` against 128-bit arithmetic.

use dashu_float::round::mode::HalfEven;
use segloss_core::lanes::Lanes;

use super::{Sequence, bound};

type Big = dashu_float::FBig<HalfEven, 2>;

fn big(x: f64) -> Big {
    precise(Big::try_from(x).unwrap())
}

fn precise(x: Big) -> Big {
    x.with_precision(128).value()
}

/// `|got - exact|` in units of the last place that an `f64` has at `exact`; as for `f32`.
fn ulps(got: f64, exact: &Big) -> f64 {
    let nearest = exact.to_f64().value();
    if got.is_nan() {
        return f64::INFINITY;
    }
    if got.is_infinite() || nearest.is_infinite() {
        return if got == nearest { 0.0 } else { f64::INFINITY };
    }
    let error = big(got) - exact;
    let mut exponent = ((nearest.to_bits() >> 52) & 0x7ff) as isize - 1023;
    // Rounding to f64 may have reached the power of 2 above.
    if nearest.to_bits() << 12 == 0 && big(nearest.abs()) > exact.clone() * big(nearest.signum()) {
        exponent -= 1;
    }
    (error << (52 - exponent.max(-1022))).to_f64().value().abs()
}

/// `e^x` of `x <= 0`, and 0 where that is below the smallest normal number.
fn normal_exp(x: f64) -> Big {
    // An exact result, as of 0, has no precision of its own.
    let e = precise(big(x.max(-1000.0)).exp());
    if e < big(f64::MIN_POSITIVE) { precise(big(0.0)) } else { e }
}

fn exp_neg_abs(x: f64) -> Big {
    normal_exp(-x.abs())
}

fn exp(x: f64) -> Big {
    precise(big(x.clamp(-1000.0, 1000.0)).exp())
}

/// `(e^x - 1 - x) / x^2`, of which 128 bits leave enough from 1e-9 on.
fn exp_tail(x: f64) -> Big {
    if x.abs() < 1e-9 {
        return big(0.5) + big(x) / big(6.0);
    }
    (exp(x) - big(1.0) - big(x)) / (big(x) * big(x))
}

fn ln(x: f64) -> Big {
    big(x).ln()
}

fn ln_1p(x: f64) -> Big {
    big(x).ln_1p()
}

fn sigmoid(x: f64) -> Big {
    let e = exp_neg_abs(x);
    let numerator = if x < 0.0 { e.clone() } else { big(1.0) };
    numerator / (big(1.0) + e)
}

fn softplus(x: f64) -> Big {
    big(x.max(0.0)) + exp_neg_abs(x).ln_1p()
}

/// `samples` each of any finite number and of every range, and the edges.
fn check(
    name: &str,
    ours: fn(f64) -> f64,
    exact: fn(f64) -> Big,
    domain: [f64; 2],
    ranges: &[[f64; 2]],
    bound: f64,
    samples: usize,
) {
    let mut sequence = Sequence(1);
    let mut inputs = vec![0.0, 5e-324, f64::MIN_POSITIVE, f64::EPSILON, 0.5, 1.0, 2.0, f64::MAX];
    inputs.extend([708.396, 709.782, 709.783, 710.0, 745.133, 745.134, 746.0]);
    for i in 0..inputs.len() {
        inputs.extend([-inputs[i], inputs[i].next_up(), inputs[i].next_down()]);
    }
    inputs.extend((0..samples).map(|_| f64::from_bits(sequence.bits())));
    for [low, high] in ranges {
        inputs.extend((0..samples).map(|_| sequence.between(*low, *high)));
    }
    let (mut worst, mut at, mut used) = (0.0, 0.0, 0);
    for x in inputs {
        if !x.is_finite() || x < domain[0] || x > domain[1] {
            continue;
        }
        used += 1;
        let ulps = ulps(ours(x), &exact(x));
        if ulps > worst {
            (worst, at) = (ulps, x);
        }
    }
    println!("{name:>10}: {worst:.4} ulp at {at:e} of {used} inputs");
    assert!(used > samples);
    assert!(worst <= bound, "{name}: {worst} ulp at {at:e}");
}

fn check_all(samples: usize) {
    let all = [-f64::MAX, f64::MAX];
    let logits: &[[f64; 2]] = &[[-2.0, 2.0], [-40.0, 40.0], [-750.0, 715.0]];
    let unit: &[[f64; 2]] = &[[0.0, 1.0], [0.9, 1.0], [0.0, 0.1]];
    let around_one: &[[f64; 2]] = &[[0.0, 4.0], [0.7, 1.42], [0.99, 1.01], [0.0, 2e-308]];
    let above_zero: &[[f64; 2]] = &[[0.0, 4.0], [0.3, 0.6], [0.0, 0.1]];
    let positive = [5e-324, f64::MAX];
    check("exp", Lanes::exp, exp, all, logits, bound::EXP, samples);
    check("ln", Lanes::ln, ln, positive, around_one, bound::LN, samples);
    let non_negative = [0.0, f64::MAX];
    check("ln_1p", Lanes::ln_1p, ln_1p, non_negative, above_zero, bound::LN_1P, samples);
    let of_shares = |e: f64| e.ln_1p_of_shares(e.smaller_share());
    let normal = [f64::MIN_POSITIVE, 1.0];
    check("ln_1p_of_shares", of_shares, ln_1p, normal, unit, bound::LN_1P_OF_SHARES, samples);
    let exponents = [-f64::MAX, 0.0];
    let short = Lanes::exp_of_nonpositive;
    check("exp_of_nonpositive", short, normal_exp, exponents, logits, bound::EXP, samples);
    let (near, half_of_ln_2) = ([[-0.3, 0.3], [-1e-3, 1e-3]], core::f64::consts::LN_2 / 2.0);
    let domain = [-half_of_ln_2, half_of_ln_2];
    check("exp_tail", Lanes::exp_tail, exp_tail, domain, &near, bound::EXP_TAIL, samples);
    check("sigmoid", Lanes::sigmoid, sigmoid, all, logits, bound::SIGMOID, samples);
    check("softplus", Lanes::softplus, softplus, all, logits, bound::SOFTPLUS, samples);
}

#[test]
fn sampled() {
    check_all(300);
}

#[test]
#[ignore = "a minute in a release build"]
fn sampled_densely() {
    check_all(30_000);
}

#[test]
fn limits() {
    let infinity = f64::INFINITY;
    assert_eq!(Lanes::exp(-infinity), 0.0);
    assert_eq!(Lanes::exp(infinity), infinity);
    assert_eq!(Lanes::exp(0.0f64), 1.0);
    assert_eq!(Lanes::ln(0.0f64), -infinity);
    assert_eq!(Lanes::ln(infinity), infinity);
    assert!(Lanes::ln(-1.0f64).is_nan());
    assert_eq!(Lanes::ln_1p(infinity), infinity);
    assert_eq!(Lanes::sigmoid(-infinity), 0.0);
    assert_eq!(Lanes::sigmoid(infinity), 1.0);
    assert_eq!(Lanes::softplus(-infinity), 0.0);
    assert_eq!(Lanes::softplus(infinity), infinity);
    for f in [Lanes::exp, Lanes::ln, Lanes::ln_1p, Lanes::sigmoid, Lanes::softplus] {
        assert!(f(f64::NAN).is_nan());
    }
}
