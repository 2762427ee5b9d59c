use core::ops::{Add, Div, Mul, Neg, Sub};

use bytemuck::must_cast;
use segloss_core::lanes::{Lanes, Vector};
use segloss_core::level::{Kernel, Level};
use wide::{f32x8, f64x4, i32x8, i64x4};

/// Vectors of `wide`, at the width of the build's target: SSE2 on a plain x86-64 build, NEON,
/// wasm's simd128, or more with `-C target-cpu`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Portable;

impl Level for Portable {
    type Single = WideSingle;
    type Double = WideDouble;

    fn detect() -> Option<Self> {
        Some(Portable)
    }

    /// A function of its own, which levels that this machine lacks come to as well.
    #[inline(never)]
    fn enter<K: Kernel>(self, kernel: K) -> K::Output {
        kernel.run::<Portable>()
    }

    #[inline(always)]
    fn enter_if_there<K: Kernel>(kernel: K) -> K::Output {
        Portable.enter(kernel)
    }
}

macro_rules! operators {
    ($wide:ident: $($operator:ident $method:ident),*) => {$(
        impl $operator for $wide {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                $wide(self.0.$method(other.0))
            }
        }
    )*};
}

macro_rules! wide_lanes {
    ($(#[$doc:meta])* $name:ident: $vector:ident, $integers:ident, $float:ident, $int:ident,
     lanes: $lanes:literal, double: $double:literal, mantissa_bits: $mantissa:literal,
     magic: $magic:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name(pub $vector);

        operators!($name: Add add, Sub sub, Mul mul, Div div);

        impl Neg for $name {
            type Output = Self;
            #[inline(always)]
            fn neg(self) -> Self {
                $name(-self.0)
            }
        }

        impl Lanes for $name {
            type Mask = $vector;
            const DOUBLE: bool = $double;

            #[inline(always)]
            fn splat(x: f64) -> Self {
                $name($vector::splat(x as $float))
            }

            #[inline(always)]
            fn lt(self, other: Self) -> $vector {
                self.0.simd_lt(other.0)
            }

            #[inline(always)]
            fn eq(self, other: Self) -> $vector {
                self.0.simd_eq(other.0)
            }

            #[inline(always)]
            fn select(mask: $vector, yes: Self, no: Self) -> Self {
                $name(mask.select(yes.0, no.0))
            }

            #[inline(always)]
            fn sqrt(self) -> Self {
                $name(self.0.sqrt())
            }

            #[inline(always)]
            fn abs(self) -> Self {
                $name(self.0.abs())
            }

            #[inline(always)]
            fn flip_by(self, sign: Self) -> Self {
                let sign_bit = $vector::splat(-0.0);
                $name(self.0 ^ (sign.0 & sign_bit))
            }

            #[inline(always)]
            fn pow2_of_low_bits(self) -> Self {
                let bits: $integers = must_cast(self.0);
                $name(must_cast(bits << $mantissa))
            }

            #[inline(always)]
            fn split_pow2(self) -> (Self, Self) {
                const ROOT_HALF: $int =
                    core::$float::consts::FRAC_1_SQRT_2.to_bits() as $int;
                let bits: $integers = must_cast(self.0);
                let n = (bits - $integers::splat(ROOT_HALF)) >> $mantissa;
                let m: $vector = must_cast(bits - (n << $mantissa));
                // `n` as a float: the integers near `MAGIC` are `MAGIC`'s bits plus `n`.
                let magic = $vector::splat($magic);
                let magic_bits: $integers = must_cast(magic);
                let shifted: $vector = must_cast(magic_bits + n);
                ($name(m), $name(shifted - magic))
            }
        }

        impl Vector for $name {
            type Elem = $float;
            const LANES: usize = $lanes;

            #[inline(always)]
            fn load(from: &[$float]) -> Self {
                let mut lanes = [0.0; $lanes];
                lanes.copy_from_slice(&from[..$lanes]);
                $name($vector::new(lanes))
            }

            #[inline(always)]
            fn store(self, to: &mut [$float]) {
                to[..$lanes].copy_from_slice(&self.0.to_array());
            }
        }
    };
}

wide_lanes!(
    /// Eight `f32` lanes.
    WideSingle: f32x8, i32x8, f32, i32, lanes: 8, double: false, mantissa_bits: 23,
    magic: 12_582_912.0
);
wide_lanes!(
    /// Four `f64` lanes.
    WideDouble: f64x4, i64x4, f64, i64, lanes: 4, double: true, mantissa_bits: 52,
    magic: 6_755_399_441_055_744.0
);
