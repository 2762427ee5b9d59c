//! `exp_of_nonpositive` against `exp`: the same bits in fewer operations.

use segloss_core::lanes::Lanes;

fn assert_same(bits: impl Iterator<Item = u32>) {
    for x in bits.map(|bits| -f32::from_bits(bits)) {
        let (short, long) = (Lanes::exp_of_nonpositive(x), Lanes::exp(x));
        assert_eq!(short.to_bits(), long.to_bits(), "{x:e}: {short:e} {long:e}");
    }
}

/// All from -0 to minus infinity.
const BITS: std::ops::RangeInclusive<u32> = 0..=f32::INFINITY.to_bits();

#[test]
fn sampled() {
    // 4999 is prime: samples do not keep in step with the bits.
    assert_same(BITS.step_by(4999));
    for low in [0.0f32, f32::MIN_POSITIVE, 87.0, 103.0, 104.0] {
        assert_same(low.to_bits()..low.to_bits() + 5000);
    }
    assert!(Lanes::exp_of_nonpositive(f32::NAN).is_nan());
    assert!(Lanes::exp_of_nonpositive(f64::NAN).is_nan());
}

#[test]
#[ignore = "seconds in a release build, minutes otherwise"]
fn exhaustive() {
    assert_same(BITS);
}

#[test]
fn sampled_double() {
    let step = f64::INFINITY.to_bits() / 300_007;
    for bits in (0..=f64::INFINITY.to_bits()).step_by(step as usize) {
        let x = -f64::from_bits(bits);
        let (short, long) = (Lanes::exp_of_nonpositive(x), Lanes::exp(x));
        assert_eq!(short.to_bits(), long.to_bits(), "{x:e}: {short:e} {long:e}");
    }
    // Where it is neither 1 nor 0.
    for step in 0..800_000 {
        let x = f64::from(step) * -1e-3;
        let (short, long) = (Lanes::exp_of_nonpositive(x), Lanes::exp(x));
        assert_eq!(short.to_bits(), long.to_bits(), "{x:e}: {short:e} {long:e}");
    }
}
