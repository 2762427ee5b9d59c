use core::fmt;

use super::{IgnoredAs, Layout, Mask, View, stored_labels};
use crate::error::Error;
use crate::lanes::Real;
use crate::summation::BLOCK;

/// How a target is stored: integers of 8 to 64 bits, `bool`, `f32`, `f64`, and with feature `half` `f16` and
/// `bf16`.
pub trait Target: Copy + PartialEq + Send + Sync {
    /// What it is read as: itself, or the next wider type that is.
    type Wide: Wide;
    /// The number as the wider type; one that this does not hold becomes its smallest, which is no target.
    fn widen(self) -> Self::Wide;
    /// The number as a share: [`Target::widen`], unless rounding of a format that is less exact than the wider
    /// one is to be taken back.
    #[inline(always)]
    fn widen_share(self) -> Self::Wide {
        self.widen()
    }
    /// All of them without a copy, if they are stored as the wider type.
    fn as_wide(all: &[Self]) -> Option<&[Self::Wide]>;
    /// The stored form of `label`, if there is one.
    fn from_label(label: i64) -> Option<Self>;
    /// The number itself, for messages.
    fn number(self) -> Number;
}

/// A type that targets are read as, which loops are compiled for: `u8`, `i32`, `i64`, `f32` or `f64`.
///
/// Read as a share (sigmoid): an integer is 0 or 1 by being zero or not, a float is itself, or the nearer of 0 and 1
/// where it lies outside of `[0, 1]` by up to four rounding steps at 1. Read as a label (softmax): the number
/// itself, which must be integral.
pub trait Wide: Target<Wide = Self> {
    /// Background.
    const ZERO: Self;
    /// Whether this is a type of integers.
    const IS_INTEGER: bool;
    /// The share of foreground.
    fn share<T: Real>(self) -> T;
    /// Whether this is a share: a float by itself, an integer where `foreground` is the number beside 0 that
    /// the mask holds.
    fn is_share(self, foreground: Self) -> bool;
    /// Whether this can be the number of a mask that stands for foreground: an integer above 0.
    fn is_foreground(self) -> bool;
    /// The number, if it is an integer by its type.
    fn integer(self) -> Option<i64>;
    /// The label; exact for all that pass [`Wide::is_label`].
    fn label<T: Real>(self) -> T;
    /// The label as the number of a class, of what passes [`Wide::is_label`].
    fn index(self) -> usize;
    /// Whether this is an integer from 0 to `classes - 1`; `classes` is at most 2^24.
    fn is_label(self, classes: u32) -> bool;
}

/// A number as a target holds it, to be shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// An integer with a sign.
    Signed(i64),
    /// An integer without.
    Unsigned(u64),
    /// A float.
    Float(f64),
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Number::Signed(number) => number.fmt(f),
            Number::Unsigned(number) => number.fmt(f),
            Number::Float(number) => number.fmt(f),
        }
    }
}

macro_rules! wide_itself {
    () => {
        type Wide = Self;

        #[inline(always)]
        fn widen(self) -> Self {
            self
        }

        #[inline(always)]
        fn as_wide(all: &[Self]) -> Option<&[Self]> {
            Some(all)
        }
    };
}

macro_rules! integer_target {
    ($($int:ident: $number:ident),*) => {$(
        impl Target for $int {
            wide_itself!();

            #[inline(always)]
            fn from_label(label: i64) -> Option<Self> {
                num_traits::NumCast::from(label)
            }

            #[inline(always)]
            fn number(self) -> Number {
                Number::$number(self.into())
            }
        }

        impl Wide for $int {
            const ZERO: Self = 0;
            const IS_INTEGER: bool = true;

            #[inline(always)]
            fn share<T: Real>(self) -> T {
                if self != 0 { T::splat(1.0) } else { T::splat(0.0) }
            }

            #[inline(always)]
            fn is_share(self, foreground: Self) -> bool {
                (self == 0) | (self == foreground)
            }

            #[inline(always)]
            fn is_foreground(self) -> bool {
                self > 0
            }

            #[inline(always)]
            fn integer(self) -> Option<i64> {
                Some(self.into())
            }

            #[inline(always)]
            fn label<T: Real>(self) -> T {
                // Labels are below 2^24, and i32 converts to floats in one instruction.
                T::splat(f64::from(self as i32))
            }

            #[inline(always)]
            fn index(self) -> usize {
                self as usize
            }

            #[inline(always)]
            fn is_label(self, classes: u32) -> bool {
                (self as u64) < u64::from(classes)
            }
        }
    )*};
}
integer_target!(u8: Unsigned, i32: Signed, i64: Signed);

macro_rules! narrow_target {
    ($($int:ident as $wide:ident: $number:ident),*) => {$(
        impl Target for $int {
            type Wide = $wide;

            #[inline(always)]
            fn widen(self) -> $wide {
                $wide::try_from(self).unwrap_or($wide::MIN)
            }

            #[inline(always)]
            fn as_wide(_: &[Self]) -> Option<&[$wide]> {
                None
            }

            #[inline(always)]
            fn from_label(label: i64) -> Option<Self> {
                num_traits::NumCast::from(label)
            }

            #[inline(always)]
            fn number(self) -> Number {
                Number::$number(self.into())
            }
        }
    )*};
}
narrow_target!(
    i8 as i32: Signed, i16 as i32: Signed, u16 as i32: Unsigned, u32 as i64: Unsigned, u64 as i64: Unsigned
);

impl Target for bool {
    type Wide = u8;

    #[inline(always)]
    fn widen(self) -> u8 {
        self.into()
    }

    #[inline(always)]
    fn as_wide(all: &[Self]) -> Option<&[u8]> {
        Some(bytemuck::cast_slice(all))
    }

    #[inline(always)]
    fn from_label(label: i64) -> Option<Self> {
        match label {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    #[inline(always)]
    fn number(self) -> Number {
        Number::Unsigned(self.into())
    }
}

macro_rules! float_target {
    ($($float:ident, round: $round:literal);*) => {$(
        impl Target for $float {
            wide_itself!();

            #[inline(always)]
            fn from_label(label: i64) -> Option<Self> {
                let stored = label as $float;
                // One that is rounded is no label of a float's. The largest is, to a number that is cut back.
                (stored as i64 == label && label != i64::MAX).then_some(stored)
            }

            #[inline(always)]
            fn number(self) -> Number {
                Number::Float(self.into())
            }
        }

        impl Wide for $float {
            const ZERO: Self = 0.0;
            const IS_INTEGER: bool = false;

            #[inline(always)]
            fn share<T: Real>(self) -> T {
                let low = if self > 0.0 { self } else { 0.0 };
                T::round_from(f64::from(if low < 1.0 { low } else { 1.0 }))
            }

            #[inline(always)]
            fn is_share(self, _: Self) -> bool {
                const SLACK: $float = 4.0 * $float::EPSILON;
                (-SLACK..=1.0 + SLACK).contains(&self)
            }

            #[inline(always)]
            fn is_foreground(self) -> bool {
                false
            }

            #[inline(always)]
            fn integer(self) -> Option<i64> {
                None
            }

            #[inline(always)]
            fn label<T: Real>(self) -> T {
                T::round_from(f64::from(self))
            }

            #[inline(always)]
            fn index(self) -> usize {
                self as usize
            }

            #[inline(always)]
            fn is_label(self, classes: u32) -> bool {
                // 2 to the mantissa's bits: adding it and taking it away rounds anything smaller to
                // an integer, and anything larger is one.
                const ROUND: $float = $round;
                self >= 0.0
                    && f64::from(self) <= f64::from(classes - 1)
                    && ((self + ROUND) - ROUND == self || self >= ROUND)
            }
        }
    )*};
}
float_target!(f32, round: 8_388_608.0; f64, round: 4_503_599_627_370_496.0);

#[cfg(feature = "half")]
macro_rules! half_target {
    ($($half:ident),*) => {$(
        impl Target for half::$half {
            type Wide = f32;

            #[inline(always)]
            fn widen(self) -> f32 {
                self.to_f32()
            }

            #[inline(always)]
            fn widen_share(self) -> f32 {
                const SLACK: f32 = 4.0 * half::$half::EPSILON.to_f32_const();
                let share = self.to_f32();
                // A rounding step of `f32` outside, which is read as 0 or 1 and is not the label 0 or 1.
                if (-SLACK..0.0).contains(&share) {
                    -f32::EPSILON
                } else if share > 1.0 && share <= 1.0 + SLACK {
                    1.0 + f32::EPSILON
                } else {
                    share
                }
            }

            #[inline(always)]
            fn as_wide(_: &[Self]) -> Option<&[f32]> {
                None
            }

            #[inline(always)]
            fn from_label(label: i64) -> Option<Self> {
                let stored = Self::from_f64(label as f64);
                (f64::from(stored) as i64 == label && label != i64::MAX && stored.is_finite())
                    .then_some(stored)
            }

            #[inline(always)]
            fn number(self) -> Number {
                Number::Float(self.into())
            }
        }
    )*};
}
#[cfg(feature = "half")]
half_target!(f16, bf16);

/// A target that does not fit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bad {
    /// Its pixel within the sample and channel, in row-major order.
    pub pixel: usize,
    /// What it holds.
    pub target: Number,
    /// Of a mask of integers, the number that stands for foreground before.
    pub foreground: Option<Number>,
}

impl Bad {
    /// The error of a label of this sample.
    pub(crate) fn label(self, sample: usize, classes: usize) -> Error {
        Error::Label { label: self.target, sample, pixel: self.pixel, classes }
    }

    /// The error of a share of this sample and channel.
    pub(crate) fn share(self, sample: usize, channel: usize) -> Error {
        let Bad { pixel, target, foreground } = self;
        match target {
            Number::Float(_) => Error::Share { target, sample, channel, pixel },
            _ => Error::Mask { target, foreground, sample, channel, pixel },
        }
    }
}

/// Hands each storage of targets to a macro: its variant, and what is stored.
macro_rules! each_storage {
    ($use_it:ident) => {
        $use_it! {
            /// `u8`, and `bool` as its bytes.
            U8(u8),
            /// `i8`.
            I8(i8),
            /// `i16`.
            I16(i16),
            /// `u16`.
            U16(u16),
            /// `i32`.
            I32(i32),
            /// `u32`.
            U32(u32),
            /// `i64`.
            I64(i64),
            /// `u64`.
            U64(u64),
            /// `f32`.
            F32(f32),
            /// `f64`.
            F64(f64),
            /// `f16`.
            #[cfg(feature = "half")]
            F16(half::f16),
            /// `bf16`.
            #[cfg(feature = "half")]
            Bf16(half::bf16),
        }
    };
}

macro_rules! define_targets {
    ($($(#[$about:meta])* $variant:ident($element:ty),)*) => {
        /// Targets whose storage is known at run time: shares under the sigmoid link, labels under softmax.
        ///
        /// Made by [`From`] of a [`View`] of what is a [`Target`], or a reference to one.
        #[derive(Clone, Copy, Debug)]
        #[non_exhaustive]
        pub enum Targets<'a> {
            $($(#[$about])* $variant(View<'a, $element>),)*
        }

        $(
            $(#[$about])*
            impl<'a> From<View<'a, $element>> for Targets<'a> {
                fn from(targets: View<'a, $element>) -> Self {
                    Targets::$variant(targets)
                }
            }

            $(#[$about])*
            impl<'a> From<&View<'a, $element>> for Targets<'a> {
                fn from(targets: &View<'a, $element>) -> Self {
                    Targets::$variant(*targets)
                }
            }
        )*
    };
}
each_storage!(define_targets);

impl<'a> From<View<'a, bool>> for Targets<'a> {
    fn from(View { data, layout }: View<'a, bool>) -> Self {
        Targets::U8(View { data: bytemuck::cast_slice(data), layout })
    }
}

impl<'a> From<&View<'a, bool>> for Targets<'a> {
    fn from(targets: &View<'a, bool>) -> Self {
        (*targets).into()
    }
}

impl<'a> From<&Targets<'a>> for Targets<'a> {
    fn from(targets: &Targets<'a>) -> Self {
        *targets
    }
}

/// Evaluates an expression with the view of targets, whatever they are stored as.
macro_rules! each_view {
    ($self:expr, $view:ident => $body:expr) => {
        match $self {
            Targets::U8($view) => $body,
            Targets::I8($view) => $body,
            Targets::I16($view) => $body,
            Targets::U16($view) => $body,
            Targets::I32($view) => $body,
            Targets::U32($view) => $body,
            Targets::I64($view) => $body,
            Targets::U64($view) => $body,
            Targets::F32($view) => $body,
            Targets::F64($view) => $body,
            #[cfg(feature = "half")]
            Targets::F16($view) => $body,
            #[cfg(feature = "half")]
            Targets::Bf16($view) => $body,
        }
    };
}
pub(crate) use each_view;

impl Targets<'_> {
    /// Shape and strides.
    pub fn layout(&self) -> &Layout {
        each_view!(self, view => &view.layout)
    }

    /// Writes 1 where a share is above one half, else 0, of pixels of one sample and channel from
    /// `pixel` on, and `u8::MAX` where they hold a label that is `ignored`.
    pub(crate) fn foreground(
        &self,
        sample: usize,
        channel: usize,
        pixel: usize,
        ignored: &[i64],
        foreground: &mut [u8],
    ) {
        each_view!(self, view => view.foreground(sample, channel, pixel, ignored, foreground));
    }

    /// Whether they are stored as floats.
    pub(crate) fn are_floats(&self) -> bool {
        fn are<E: Target>(_: &View<'_, E>) -> bool {
            !E::Wide::IS_INTEGER
        }
        each_view!(self, view => are(view))
    }

    /// Whether an element can hold a label that is `ignored`.
    pub(crate) fn can_ignore(&self, ignored: &[i64]) -> bool {
        fn holds<E: Target>(_: &View<'_, E>, ignored: &[i64]) -> bool {
            stored_labels::<E>(ignored).next().is_some()
        }
        each_view!(self, view => holds(view, ignored))
    }

    /// Returns sample and pixel of the first 255, where nothing but 0 and 255 occurs in the first channel.
    pub fn first_255_beside_0(&self, mask: Option<&Mask<'_>>) -> Option<(usize, usize)> {
        each_view!(self, view => view.first_255_beside_0(mask))
    }

    /// Returns all elements, in their layout, where they are stored as bytes.
    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        match self {
            Targets::U8(view) => Some(view.data),
            _ => None,
        }
    }
}

impl<E: Target> View<'_, E> {
    fn first_255_beside_0(&self, mask: Option<&Mask<'_>>) -> Option<(usize, usize)> {
        let [zero, most] = [0, 255].map(E::from_label);
        let shape = self.layout.shape();
        let mut counts = [true; BLOCK];
        let mut first = None;
        for sample in 0..if shape.is_empty() { 0 } else { shape.batch } {
            for from in (0..shape.pixels()).step_by(BLOCK) {
                let count = BLOCK.min(shape.pixels() - from);
                if let Some(mask) = mask {
                    mask.read((sample, 0, from), count, &mut counts);
                }
                for pixel in (from..from + count).filter(|pixel| counts[pixel - from]) {
                    let target = Some(self.data[self.layout.index(sample, 0, pixel)]);
                    if target == most {
                        first = first.or(Some((sample, pixel)));
                    } else if target != zero {
                        return None;
                    }
                }
            }
        }
        first
    }

    fn foreground(
        &self,
        sample: usize,
        channel: usize,
        pixel: usize,
        ignored: &[i64],
        foreground: &mut [u8],
    ) {
        let ignored = IgnoredAs::of(ignored);
        let read = |e: E| u8::from(e.widen_share().share::<f32>() > 0.5);
        let read_or_ignore = |e: E| if ignored.contains(e) { u8::MAX } else { read(e) };
        if self.layout.pixel_stride() == Some(1) {
            let from = self.layout.index(sample, channel, pixel);
            let places = foreground.iter_mut().zip(&self.data[from..]);
            match ignored.first() {
                None => places.for_each(|(place, &e)| *place = read(e)),
                Some(_) => places.for_each(|(place, &e)| *place = read_or_ignore(e)),
            }
        } else {
            let count = foreground.len();
            let each = |i: usize, at: usize| foreground[i] = read_or_ignore(self.data[at]);
            self.layout.scan(sample, channel, pixel, count, each);
        }
    }
}
