//! `powf`: its special cases, and its relative error as documented.

use segloss_core::lanes::Lanes;

use super::Sequence;

/// Half the distance from 1 to the next number.
const UNIT: f64 = f32::EPSILON as f64 / 2.0;

/// The documented bound, in units of [`UNIT`].
fn bound(x: f64, exponent: f64) -> f64 {
    let by_multiplication = exponent.abs() <= 32.0 && (2.0 * exponent).fract() == 0.0;
    if by_multiplication { exponent.abs() + 1.5 } else { 2.0 + 4.0 * (exponent * x.ln()).abs() }
}

fn check(exponent: f64, low: f64, high: f64) {
    let mut sequence = Sequence(3);
    for _ in 0..4000 {
        let x = sequence.between(low, high) as f32;
        let exact = f64::from(x).powf(exponent);
        let normal = f64::from(f32::MIN_POSITIVE)..f64::from(f32::MAX);
        if !normal.contains(&exact) || !normal.contains(&exact.recip()) {
            continue;
        }
        let error = (f64::from(Lanes::powf(x, exponent)) / exact - 1.0).abs() / UNIT;
        // The oracle and second-order terms have a hundredth.
        assert!(error <= 1.01 * bound(f64::from(x), exponent), "{x:e}^{exponent}: {error}");
    }
}

#[test]
fn relative_error() {
    let fractional = [0.1, 0.25, 0.75, 1.25, 2.3, 7.7, 40.0, 33.0];
    let exponents = (0..=64).map(|halves| f64::from(halves) / 2.0).chain(fractional);
    for exponent in exponents.flat_map(|e| [e, -e]) {
        for [low, high] in [[0.0, 1.0], [0.9, 1.1], [1.0, 20.0], [1e-30, 1e-20]] {
            check(exponent, low, high);
        }
    }
}

#[test]
fn special_cases() {
    for x in [0.0, 1e-40, 1.0, 3.5, f32::INFINITY, f32::NAN] {
        assert_eq!(Lanes::powf(x, 0.0), 1.0);
        assert!(Lanes::powf(x, 1.0) == x || x.is_nan());
    }
    for exponent in [1e-3, 0.3, 0.5, 1.0, 1.5, 2.0, 2.3, 32.0, 50.0] {
        assert_eq!(Lanes::powf(0.0f32, exponent), 0.0);
        assert_eq!(Lanes::powf(0.0f64, exponent), 0.0);
        assert_eq!(Lanes::powf(0.0f32, -exponent), f32::INFINITY);
        assert_eq!(Lanes::powf(f32::INFINITY, exponent), f32::INFINITY);
        assert_eq!(Lanes::powf(f32::INFINITY, -exponent), 0.0);
        assert_eq!(Lanes::powf(1.0f32, exponent), 1.0);
        assert!(Lanes::powf(f32::NAN, exponent).is_nan());
    }
}
