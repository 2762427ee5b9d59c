//! Numbers of 256 bits, whose results are correct when rounded to `f64`.
//!
//! The exponent is not limited, so that nothing underflows: `e^-10000` is a number like any other.

use core::ops::{Add, Div, Mul, Neg, Sub};

use dashu_float::FBig;
use dashu_float::round::mode::HalfEven;

use crate::oracle::Number;

const BITS: usize = 256;

/// A finite number of 256 bits.
#[derive(Clone, Debug, PartialEq, PartialOrd)]
pub struct Exact(FBig<HalfEven, 2>);

impl Exact {
    /// An exact result, as of 0, would have no precision of its own.
    fn new(x: FBig<HalfEven, 2>) -> Self {
        Exact(x.with_precision(BITS).value())
    }
}

impl Number for Exact {
    fn of(x: f64) -> Self {
        Exact::new(FBig::try_from(x).expect("finite"))
    }

    fn rounded(&self) -> f64 {
        self.0.to_f64().value()
    }

    fn exp(&self) -> Self {
        Exact::new(self.0.exp())
    }

    fn ln_1p(&self) -> Self {
        Exact::new(self.0.ln_1p())
    }

    fn sqrt(&self) -> Self {
        Exact::new(self.0.sqrt())
    }

    fn powf(&self, exponent: f64) -> Self {
        Exact::new(self.0.powf(&Exact::of(exponent).0))
    }
}

impl Neg for Exact {
    type Output = Self;

    fn neg(self) -> Self {
        Exact(-self.0)
    }
}

macro_rules! operator {
    ($($trait:ident $method:ident),*) => {$(
        impl $trait for Exact {
            type Output = Self;

            fn $method(self, other: Self) -> Self {
                Exact::new(self.0.$method(other.0))
            }
        }

        impl $trait<&Exact> for Exact {
            type Output = Self;

            fn $method(self, other: &Self) -> Self {
                Exact::new(self.0.$method(&other.0))
            }
        }
    )*};
}

operator!(Add add, Sub sub, Mul mul, Div div);
