use super::Lanes;
use crate::level::Level;

/// Consecutive pixels held as one value.
pub trait Vector: Lanes {
    /// What a lane holds.
    type Elem: Real;
    /// Pixels held.
    const LANES: usize;
    /// The first `LANES` elements of `from`.
    fn load(from: &[Self::Elem]) -> Self;
    /// Writes the lanes to the first `LANES` elements of `to`.
    fn store(self, to: &mut [Self::Elem]);
}

/// `f32` or `f64`: a format that losses are computed in.
pub trait Real:
    Lanes<Mask = bool>
    + Vector<Elem = Self>
    + PartialOrd
    + Default
    + Send
    + Sync
    + core::fmt::Debug
    + core::ops::AddAssign
    + bytemuck::Pod
    + 'static
{
    /// The vector of this format that `Lv` computes with.
    type In<Lv: Level>: Vector<Elem = Self>;
    /// Rounds to this format.
    fn round_from(x: f64) -> Self;
    /// Exact.
    fn widen(self) -> f64;
    /// Rounds to `f32`.
    fn narrow(self) -> f32;
    /// The numbers as `f32`, if that is what they are.
    fn as_singles_mut(numbers: &mut [Self]) -> Option<&mut [f32]>;
}

macro_rules! real {
    ($float:ident, $uint:ident, $int:ident, double: $double:literal, vector: $vector:ident,
     mantissa_bits: $mantissa:literal, sqrt: $sqrt:path) => {
        impl Lanes for $float {
            type Mask = bool;
            const DOUBLE: bool = $double;

            #[inline(always)]
            fn splat(x: f64) -> Self {
                x as $float
            }

            #[inline(always)]
            fn lt(self, other: Self) -> bool {
                self < other
            }

            #[inline(always)]
            fn eq(self, other: Self) -> bool {
                self == other
            }

            #[inline(always)]
            fn select(mask: bool, yes: Self, no: Self) -> Self {
                if mask { yes } else { no }
            }

            #[inline(always)]
            fn sqrt(self) -> Self {
                $sqrt(self)
            }

            #[inline(always)]
            fn abs(self) -> Self {
                $float::abs(self)
            }

            #[inline(always)]
            fn flip_by(self, sign: Self) -> Self {
                const SIGN: $uint = 1 << ($uint::BITS - 1);
                $float::from_bits(self.to_bits() ^ (sign.to_bits() & SIGN))
            }

            // An addition and a shift where `as` conversion would saturate and cost several
            // instructions.
            #[inline(always)]
            fn pow2_of_low_bits(self) -> Self {
                $float::from_bits(self.to_bits() << $mantissa)
            }

            #[inline(always)]
            fn split_pow2(self) -> (Self, Self) {
                const ROOT_HALF: $int = core::$float::consts::FRAC_1_SQRT_2.to_bits() as $int;
                let bits = self.to_bits() as $int;
                let n = bits.wrapping_sub(ROOT_HALF) >> $mantissa;
                ($float::from_bits(bits.wrapping_sub(n << $mantissa) as $uint), n as $float)
            }
        }

        impl Vector for $float {
            type Elem = $float;
            const LANES: usize = 1;

            #[inline(always)]
            fn load(from: &[$float]) -> Self {
                from[0]
            }

            #[inline(always)]
            fn store(self, to: &mut [$float]) {
                to[0] = self;
            }
        }

        impl Real for $float {
            type In<Lv: Level> = Lv::$vector;

            #[inline(always)]
            fn round_from(x: f64) -> Self {
                x as $float
            }

            #[inline(always)]
            fn widen(self) -> f64 {
                f64::from(self)
            }

            #[inline(always)]
            fn narrow(self) -> f32 {
                self as f32
            }

            fn as_singles_mut(numbers: &mut [Self]) -> Option<&mut [f32]> {
                if $double { None } else { Some(bytemuck::cast_slice_mut(numbers)) }
            }
        }
    };
}

real!(f32, u32, i32, double: false, vector: Single, mantissa_bits: 23, sqrt: root::sqrtf);
real!(f64, u64, i64, double: true, vector: Double, mantissa_bits: 52, sqrt: root::sqrt);

/// Square root of one lane. Both are correctly rounded, hence equal; but libm's is inline assembly on
/// x86-64 and aarch64, which keeps a loop from being vectorised.
#[cfg(not(feature = "std"))]
mod root {
    pub(super) use libm::{sqrt, sqrtf};
}

#[cfg(feature = "std")]
mod root {
    extern crate std;

    #[inline(always)]
    pub(super) fn sqrtf(x: f32) -> f32 {
        f32::sqrt(x)
    }

    #[inline(always)]
    pub(super) fn sqrt(x: f64) -> f64 {
        f64::sqrt(x)
    }
}
