use core::ops::{Add, Div, Mul, Neg, Sub};

use super::Lanes;

/// A value and its derivative: forward-mode differentiation of any formula over [`Lanes`].
///
/// `constant` marks a derivative known to be zero. It is fixed when the formula is compiled, so the
/// arithmetic that would multiply by that zero is not there in the result.
#[derive(Clone, Copy, Debug)]
pub struct Dual<L> {
    /// The formula's value.
    pub value: L,
    /// Its derivative with respect to the seeded variable.
    pub derivative: L,
    constant: bool,
}

impl<L: Lanes> Dual<L> {
    /// A number that does not depend on the variable.
    #[inline(always)]
    pub fn constant(value: L) -> Self {
        Dual { value, derivative: L::splat(0.0), constant: true }
    }

    /// A quantity of known derivative; `derivative = 1` for the variable itself.
    #[inline(always)]
    pub fn new(value: L, derivative: L) -> Self {
        Dual { value, derivative, constant: false }
    }

    /// `value`, whose derivative is `slope` times this one's.
    #[inline(always)]
    fn chain(self, value: L, slope: L) -> Self {
        if self.constant {
            Dual::constant(value)
        } else {
            Dual::new(value, self.derivative * slope)
        }
    }
}

impl<L: Lanes> Add for Dual<L> {
    type Output = Self;
    #[inline(always)]
    fn add(self, o: Self) -> Self {
        let value = self.value + o.value;
        match (self.constant, o.constant) {
            (true, true) => Dual::constant(value),
            (true, false) => Dual::new(value, o.derivative),
            (false, true) => Dual::new(value, self.derivative),
            (false, false) => Dual::new(value, self.derivative + o.derivative),
        }
    }
}

impl<L: Lanes> Sub for Dual<L> {
    type Output = Self;
    #[inline(always)]
    fn sub(self, o: Self) -> Self {
        let value = self.value - o.value;
        match (self.constant, o.constant) {
            (true, true) => Dual::constant(value),
            (true, false) => Dual::new(value, -o.derivative),
            (false, true) => Dual::new(value, self.derivative),
            (false, false) => Dual::new(value, self.derivative - o.derivative),
        }
    }
}

impl<L: Lanes> Mul for Dual<L> {
    type Output = Self;
    #[inline(always)]
    fn mul(self, o: Self) -> Self {
        let value = self.value * o.value;
        match (self.constant, o.constant) {
            (true, true) => Dual::constant(value),
            (true, false) => Dual::new(value, self.value * o.derivative),
            (false, true) => Dual::new(value, self.derivative * o.value),
            (false, false) => {
                Dual::new(value, self.derivative * o.value + self.value * o.derivative)
            }
        }
    }
}

impl<L: Lanes> Div for Dual<L> {
    type Output = Self;
    #[inline(always)]
    fn div(self, o: Self) -> Self {
        let value = self.value / o.value;
        match (self.constant, o.constant) {
            (true, true) => Dual::constant(value),
            (true, false) => Dual::new(value, -(value * o.derivative) / o.value),
            (false, true) => Dual::new(value, self.derivative / o.value),
            (false, false) => Dual::new(value, (self.derivative - value * o.derivative) / o.value),
        }
    }
}

impl<L: Lanes> Neg for Dual<L> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Dual { value: -self.value, derivative: -self.derivative, constant: self.constant }
    }
}

/// Bit operations have no derivative, so every elementary function is differentiated here by rule.
impl<L: Lanes> Lanes for Dual<L> {
    type Mask = L::Mask;
    const DOUBLE: bool = L::DOUBLE;

    #[inline(always)]
    fn splat(x: f64) -> Self {
        Dual::constant(L::splat(x))
    }

    #[inline(always)]
    fn lt(self, other: Self) -> L::Mask {
        self.value.lt(other.value)
    }

    #[inline(always)]
    fn eq(self, other: Self) -> L::Mask {
        self.value.eq(other.value)
    }

    #[inline(always)]
    fn select(mask: L::Mask, yes: Self, no: Self) -> Self {
        Dual {
            value: L::select(mask, yes.value, no.value),
            derivative: L::select(mask, yes.derivative, no.derivative),
            constant: yes.constant && no.constant,
        }
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        let root = self.value.sqrt();
        self.chain(root, L::splat(0.5) / root)
    }

    #[inline(always)]
    fn abs(self) -> Self {
        let negative = self.value.lt(L::splat(0.0));
        Dual {
            value: self.value.abs(),
            derivative: L::select(negative, -self.derivative, self.derivative),
            constant: self.constant,
        }
    }

    #[inline(always)]
    fn flip_by(self, sign: Self) -> Self {
        Dual {
            value: self.value.flip_by(sign.value),
            derivative: self.derivative.flip_by(sign.value),
            constant: self.constant,
        }
    }

    /// A step function.
    #[inline(always)]
    fn pow2_of_low_bits(self) -> Self {
        Dual::constant(self.value.pow2_of_low_bits())
    }

    #[inline(always)]
    fn scale_pow2(self, n: Self) -> Self {
        Dual {
            value: self.value.scale_pow2(n.value),
            derivative: self.derivative.scale_pow2(n.value),
            constant: self.constant,
        }
    }

    #[inline(always)]
    fn split_pow2(self) -> (Self, Self) {
        let (m, n) = self.value.split_pow2();
        (self.chain(m, m / self.value), Dual::constant(n))
    }

    #[inline(always)]
    fn exp(self) -> Self {
        let e = self.value.exp();
        self.chain(e, e)
    }

    #[inline(always)]
    fn exp_of_nonpositive(self) -> Self {
        let e = self.value.exp_of_nonpositive();
        self.chain(e, e)
    }

    #[inline(always)]
    fn ln(self) -> Self {
        self.chain(self.value.ln(), L::splat(1.0) / self.value)
    }

    #[inline(always)]
    fn ln_1p_of_shares(self, smaller: Self) -> Self {
        let share = smaller.value;
        self.chain(self.value.ln_1p_of_shares(share), L::splat(1.0) - share)
    }

    #[inline(always)]
    fn ln_1p(self) -> Self {
        self.chain(self.value.ln_1p(), L::splat(1.0) / (L::splat(1.0) + self.value))
    }

    #[inline(always)]
    fn sigmoid(self) -> Self {
        let p = self.value.sigmoid();
        self.chain(p, p * (-self.value).sigmoid())
    }

    #[inline(always)]
    fn softplus(self) -> Self {
        self.chain(self.value.softplus(), self.value.sigmoid())
    }

    /// `(self' rest - self rest') / (self + rest)^2`; 0 where both are 0.
    #[inline(always)]
    fn share_with(self, rest: Self) -> Self {
        let (zero, sum) = (L::splat(0.0), self.value + rest.value);
        let value = self.value.share_with(rest.value);
        let change = self.derivative * (rest.value / sum) - value * rest.derivative;
        Dual {
            value,
            derivative: L::select(sum.eq(zero), zero, change / sum),
            constant: self.constant && rest.constant,
        }
    }

    /// The derivative of a power below 1 is infinite at 0. It is taken as 0 there, and as that of
    /// 1e-300 (f32: 1e-37) at anything smaller, so that a perfect prediction has a finite gradient, and one next to
    /// perfect too.
    #[inline(always)]
    fn powf(self, exponent: f64) -> Self {
        let zero = L::splat(0.0);
        let slope = if exponent == 0.0 {
            zero
        } else {
            let least = L::splat(if L::DOUBLE { 1e-300 } else { 1e-37 });
            let is_bounded = 0.0 < exponent && exponent < 1.0;
            let bounded = L::select(self.value.lt(least), least, self.value);
            let base = if is_bounded { bounded } else { self.value };
            let slope = L::splat(exponent) * base.powf(exponent - 1.0);
            if exponent < 1.0 { L::select(self.value.eq(zero), zero, slope) } else { slope }
        };
        self.chain(self.value.powf(exponent), slope)
    }
}
