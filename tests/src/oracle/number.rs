//! The arithmetic that the formulas are written over.

use core::fmt::Debug;
use core::ops::{Add, Div, Mul, Neg, Sub};

/// A real number: `f64`, or [`Exact`](crate::exact::Exact).
///
/// Only the left operand of an operation is consumed, so that a formula reads `a * &b`.
pub trait Number:
    Clone
    + Debug
    + PartialOrd
    + Neg<Output = Self>
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + for<'a> Add<&'a Self, Output = Self>
    + for<'a> Sub<&'a Self, Output = Self>
    + for<'a> Mul<&'a Self, Output = Self>
    + for<'a> Div<&'a Self, Output = Self>
{
    /// `x`, exactly.
    fn of(x: f64) -> Self;

    /// The nearest `f64`.
    fn rounded(&self) -> f64;

    /// `e^self`.
    fn exp(&self) -> Self;

    /// `ln(1 + self)` without cancellation.
    fn ln_1p(&self) -> Self;

    /// The square root of a number that is not negative.
    fn sqrt(&self) -> Self;

    /// `self^exponent` of a number that is not negative; `0^0` is 1.
    fn powf(&self, exponent: f64) -> Self;

    /// Whether this is 0.
    fn is_zero(&self) -> bool {
        *self == Self::of(0.0)
    }
}

impl Number for f64 {
    fn of(x: f64) -> Self {
        x
    }

    fn rounded(&self) -> f64 {
        *self
    }

    fn exp(&self) -> Self {
        f64::exp(*self)
    }

    fn ln_1p(&self) -> Self {
        f64::ln_1p(*self)
    }

    fn sqrt(&self) -> Self {
        f64::sqrt(*self)
    }

    fn powf(&self, exponent: f64) -> Self {
        f64::powf(*self, exponent)
    }
}

/// The sum of all `terms`.
pub(super) fn sum<N: Number>(terms: impl IntoIterator<Item = N>) -> N {
    terms.into_iter().fold(N::of(0.0), |sum, term| sum + term)
}

/// `numerator / denominator`, and 0 where nothing is averaged: a denominator of 0.
pub(super) fn ratio<N: Number>(numerator: N, denominator: &N) -> N {
    if denominator.is_zero() { N::of(0.0) } else { numerator / denominator }
}

/// The derivative of `base^exponent`, and 0 at a base of 0 where it is infinite: it is only used
/// in products that go to 0 there, as `u^(gamma - 1) du/dz` with `du/dz <= u`.
pub(super) fn power_slope<N: Number>(base: &N, exponent: f64) -> N {
    if exponent == 0.0 || (base.is_zero() && exponent < 1.0) {
        return N::of(0.0);
    }
    N::of(exponent) * base.powf(exponent - 1.0)
}
