//! The arithmetic every formula is written over.
//!
//! A formula takes `L: Lanes` and is instantiated as `f32` or `f64` (one pixel, or a loop that the
//! compiler vectorises), as a vector of pixels, as [`Dual`] (value and derivative together), or as a
//! recorded expression that becomes OpenCL C. All of them perform the same IEEE operations in the
//! same order, so they give the same bits wherever rounding is to nearest and denormals are kept.

mod dual;
mod exp;
mod ln;
mod polynomial;
mod pow;
mod real;
mod sigmoid;

use core::ops::{Add, Div, Mul, Neg, Sub};

pub use dual::Dual;
pub use real::{Real, Vector};

/// A number, a vector of numbers, or something that stands for one.
///
/// Only add, subtract, multiply, divide, square root, comparison and four operations on bits are
/// primitive; everything else is a provided method over them. Never a fused multiply-add, never a
/// platform's `exp`: that is what makes results equal everywhere.
pub trait Lanes:
    Copy
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// The result of a comparison, one truth value a lane.
    type Mask: Copy;

    /// Whether a lane is an `f64`; picks the coefficients of the elementary functions.
    const DOUBLE: bool;

    /// The constant `x` in every lane, rounded to the lane's format.
    fn splat(x: f64) -> Self;

    /// `self < other`; false where either is NaN.
    fn lt(self, other: Self) -> Self::Mask;

    /// `self == other`; false where either is NaN.
    fn eq(self, other: Self) -> Self::Mask;

    /// `yes` where `mask` holds, else `no`. Neither operand can leak into the other's lanes.
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self;

    /// Square root, correctly rounded.
    fn sqrt(self) -> Self;

    /// `|self|`: the sign bit cleared, of NaN too.
    fn abs(self) -> Self;

    /// `self`, negated where the sign bit of `sign` is set, as it is in -0.
    fn flip_by(self, sign: Self) -> Self;

    /// `2^k` of `self = c + k`, where `c = 1.5 * 2^m + b` with `m` mantissa bits and exponent bias
    /// `b`, for integral `k` from `1 - b` to `b`: the low bits moved into the place of the exponent.
    /// Adding `c` to a small number leaves `k`, rounded to nearest, in those bits.
    fn pow2_of_low_bits(self) -> Self;

    /// `(m, n)` with `self = m * 2^n` and `m` in `[sqrt(1/2), sqrt(2))`, for positive normal `self`.
    fn split_pow2(self) -> (Self, Self);

    /// The larger one; `other` where either is NaN.
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        Self::select(other.lt(self), self, other)
    }

    /// The smaller one; `other` where either is NaN.
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        Self::select(self.lt(other), self, other)
    }

    /// `self * 2^n` for integral `n` with `|n|` up to 252 (f32) or 2044 (f64), rounded once if
    /// `|self|` is in `[1/2, 2)`. In two factors, because `2^n` alone may not be a normal number.
    #[inline(always)]
    fn scale_pow2(self, n: Self) -> Self {
        let (magic, bias) = exp::magic_and_bias::<Self>();
        let half = (n * Self::splat(0.5) + magic) - magic;
        let pow2 = |n: Self| (n + (magic + bias)).pow2_of_low_bits();
        self * pow2(half) * pow2(n - half)
    }

    /// `e^self` for every input; at most 1 ulp from the exact value.
    ///
    /// The bounds in ulp here and below hold for `f32` at every input there is, subnormal results
    /// included, and for `f64` at every input tried.
    #[inline(always)]
    fn exp(self) -> Self {
        exp::exp(self)
    }

    /// `e^self` for `self <= 0` or NaN, and 0 where that is below the smallest normal number; at most 1 ulp.
    #[inline(always)]
    fn exp_of_nonpositive(self) -> Self {
        exp::exp_of_nonpositive(self)
    }

    /// `(e^self - 1 - self) / self^2` for `self` from `-ln(2) / 2` to `ln(2) / 2`, where the difference that it stands for
    /// would cancel; at most 4.5 ulp. Unspecified outside, but NaN stays NaN.
    #[inline(always)]
    fn exp_tail(self) -> Self {
        exp::exp_tail(self)
    }

    /// Natural logarithm for every input (NaN below 0, -inf at 0); at most 1 ulp.
    #[inline(always)]
    fn ln(self) -> Self {
        ln::ln(self)
    }

    /// `self / (1 + self)`: of `e^-|x|`, the smaller of `sigmoid(x)` and its complement.
    #[inline(always)]
    fn smaller_share(self) -> Self {
        self / (Self::splat(1.0) + self)
    }

    /// `ln(1 + self)` for `self` in `[0, 1]`, given its [`Lanes::smaller_share`]; at most 1.65 ulp. Unspecified outside,
    /// but NaN stays NaN.
    #[inline(always)]
    fn ln_1p_of_shares(self, smaller: Self) -> Self {
        ln::ln_1p_of_shares(self, smaller)
    }

    /// `ln(1 + self)` for `self >= 0`; at most 1.75 ulp. Unspecified below 0, but NaN stays NaN.
    #[inline(always)]
    fn ln_1p(self) -> Self {
        ln::ln_1p(self)
    }

    /// `1 / (1 + e^-self)` for every input; at most 2.5 ulp, or 0 below the smallest normal number.
    #[inline(always)]
    fn sigmoid(self) -> Self {
        sigmoid::sigmoid(self)
    }

    /// `ln(1 + e^self)` for every input; at most 2.5 ulp, or 0 below the smallest normal number.
    #[inline(always)]
    fn softplus(self) -> Self {
        sigmoid::softplus(self)
    }

    /// `self / (self + rest)` for numbers of 0 or more, and 0 where both are 0: what region losses are
    /// made of. Dual numbers form its derivative without cancellation, which that of a division has
    /// where `rest` is small.
    #[inline(always)]
    fn share_with(self, rest: Self) -> Self {
        let (zero, sum) = (Self::splat(0.0), self + rest);
        Self::select(sum.eq(zero), zero, self / sum)
    }

    /// `self^exponent` for `self >= 0`, the same exponent in every lane.
    ///
    /// Integral and half-integral exponents of size up to 32 take multiplications, one square root
    /// and, if negative, one division; other ones are `exp(exponent * ln(self))`. With `u` half of
    /// the format's epsilon, the relative error is at most `(|exponent| + 1.5) u` for the former
    /// and `(2 + 4 |exponent * ln(self)|) u` for the latter, wherever the result and its
    /// reciprocal are normal numbers. `x^0` is 1, also for 0 and NaN.
    ///
    /// An exponent that is a constant after inlining leaves nothing but its own operations; one
    /// known only at run time costs a select at every power of 2.
    #[inline(always)]
    fn powf(self, exponent: f64) -> Self {
        pow::powf(self, exponent)
    }
}

/// Multiplies a loss or slope by a weight; 0 where the weight is 0, be the loss infinite.
#[inline(always)]
pub fn weigh<L: Lanes>(weight: L, x: L) -> L {
    let zero = L::splat(0.0);
    L::select(weight.eq(zero), zero, weight * x)
}

/// A slope bounded to a quarter of the largest number, so that a pixel without any `p (1 - p)` left has
/// gradient 0, not NaN, however steep the loss. NaN stays.
#[inline(always)]
pub fn bounded<L: Lanes>(slope: L) -> L {
    let most = L::splat(if L::DOUBLE { f64::MAX / 4.0 } else { f64::from(f32::MAX) / 4.0 });
    let low = L::select(slope.lt(-most), -most, slope);
    L::select(most.lt(low), most, low)
}
