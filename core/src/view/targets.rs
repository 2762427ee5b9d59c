use super::{Layout, View};
use crate::error::Error;
use crate::lanes::Real;

/// How a target is stored.
///
/// Read as a share (sigmoid): an integer is 0 or 1 by being zero or not, a float is itself.
/// Read as a label (softmax): the number itself, which must be integral.
pub trait Target: Copy + PartialEq + Send + Sync {
    /// Whether every value is a valid share, so that nothing need be checked.
    const ALWAYS_A_SHARE: bool;
    /// The stored form of `label`, if there is one.
    fn from_label(label: i64) -> Option<Self>;
    /// The share of foreground.
    fn share<T: Real>(self) -> T;
    /// Whether [`Target::share`] is within `[0, 1]`.
    fn is_share(self) -> bool;
    /// The label; exact for all that pass [`Target::is_label`].
    fn label<T: Real>(self) -> T;
    /// Whether this is an integer from 0 to `classes - 1`; `classes` is at most 2^24.
    fn is_label(self, classes: u32) -> bool;
    /// The number itself, for messages.
    fn number(self) -> f64;
}

macro_rules! integer_target {
    ($($int:ident),*) => {$(
        impl Target for $int {
            const ALWAYS_A_SHARE: bool = true;

            #[inline(always)]
            fn from_label(label: i64) -> Option<Self> {
                num_traits::NumCast::from(label)
            }

            #[inline(always)]
            fn share<T: Real>(self) -> T {
                if self != 0 { T::splat(1.0) } else { T::splat(0.0) }
            }

            #[inline(always)]
            fn is_share(self) -> bool {
                true
            }

            #[inline(always)]
            fn label<T: Real>(self) -> T {
                // Labels are below 2^24, and i32 converts to floats in one instruction.
                T::splat(f64::from(self as i32))
            }

            #[inline(always)]
            fn is_label(self, classes: u32) -> bool {
                (self as u64) < u64::from(classes)
            }

            #[inline(always)]
            fn number(self) -> f64 {
                self as f64
            }
        }
    )*};
}
integer_target!(u8, i32, i64);

impl Target for bool {
    const ALWAYS_A_SHARE: bool = true;

    #[inline(always)]
    fn from_label(label: i64) -> Option<Self> {
        match label {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    #[inline(always)]
    fn share<T: Real>(self) -> T {
        u8::from(self).share()
    }

    #[inline(always)]
    fn is_share(self) -> bool {
        true
    }

    #[inline(always)]
    fn label<T: Real>(self) -> T {
        u8::from(self).share()
    }

    #[inline(always)]
    fn is_label(self, classes: u32) -> bool {
        u8::from(self).is_label(classes)
    }

    #[inline(always)]
    fn number(self) -> f64 {
        u8::from(self).into()
    }
}

macro_rules! float_target {
    ($($float:ident, round: $round:literal);*) => {$(
        impl Target for $float {
            const ALWAYS_A_SHARE: bool = false;

            #[inline(always)]
            fn from_label(label: i64) -> Option<Self> {
                Some(label as $float)
            }

            #[inline(always)]
            fn share<T: Real>(self) -> T {
                T::round_from(f64::from(self))
            }

            #[inline(always)]
            fn is_share(self) -> bool {
                (0.0..=1.0).contains(&self)
            }

            #[inline(always)]
            fn label<T: Real>(self) -> T {
                T::round_from(f64::from(self))
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

            #[inline(always)]
            fn number(self) -> f64 {
                self.into()
            }
        }
    )*};
}
float_target!(f32, round: 8_388_608.0; f64, round: 4_503_599_627_370_496.0);

/// A target that does not fit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bad {
    /// Its pixel within the sample and channel, in row-major order.
    pub pixel: usize,
    /// What it holds.
    pub target: f64,
}

impl Bad {
    /// The error of a label of this sample.
    pub(crate) fn label(self, sample: usize, classes: usize) -> Error {
        Error::Label { label: self.target, sample, pixel: self.pixel, classes }
    }

    /// The error of a share of this sample and channel.
    pub(crate) fn share(self, sample: usize, channel: usize) -> Error {
        Error::Share { target: self.target, sample, channel, pixel: self.pixel }
    }
}

/// Targets whose storage is known at run time: shares under the sigmoid link, labels under softmax.
///
/// Made by [`From`] of a [`View`] of `u8`, `bool`, `i32`, `i64`, `f32` or `f64`, or a reference to one.
#[derive(Clone, Copy, Debug)]
pub enum Targets<'a> {
    /// `u8`, and `bool` as its bytes.
    U8(View<'a, u8>),
    /// `i32`.
    I32(View<'a, i32>),
    /// `i64`.
    I64(View<'a, i64>),
    /// `f32`.
    F32(View<'a, f32>),
    /// `f64`.
    F64(View<'a, f64>),
}

macro_rules! from_view {
    ($($element:ident => $variant:ident),*) => {$(
        impl<'a> From<View<'a, $element>> for Targets<'a> {
            fn from(targets: View<'a, $element>) -> Self {
                Targets::$variant(targets)
            }
        }

        impl<'a> From<&View<'a, $element>> for Targets<'a> {
            fn from(targets: &View<'a, $element>) -> Self {
                Targets::$variant(*targets)
            }
        }
    )*};
}
from_view!(u8 => U8, i32 => I32, i64 => I64, f32 => F32, f64 => F64);

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

macro_rules! each_view {
    ($self:expr, $view:ident => $body:expr) => {
        match $self {
            Targets::U8($view) => $body,
            Targets::I32($view) => $body,
            Targets::I64($view) => $body,
            Targets::F32($view) => $body,
            Targets::F64($view) => $body,
        }
    };
}

impl Targets<'_> {
    /// Shape and strides.
    pub fn layout(&self) -> &Layout {
        each_view!(self, view => &view.layout)
    }

    /// Writes 1 where a share is above one half, else 0, of pixels of one sample and channel from
    /// `pixel` on, and `u8::MAX` where they hold `ignore_index`.
    pub(crate) fn foreground(
        &self,
        sample: usize,
        channel: usize,
        pixel: usize,
        ignore_index: Option<i64>,
        foreground: &mut [u8],
    ) {
        each_view!(self, view => {
            view.foreground(sample, channel, pixel, ignore_index, foreground)
        });
    }

    /// Whether an element can hold `ignore_index`.
    pub(crate) fn can_ignore(&self, ignore_index: Option<i64>) -> bool {
        fn holds<E: Target>(_: &View<'_, E>, ignore_index: Option<i64>) -> bool {
            ignore_index.and_then(E::from_label).is_some()
        }
        each_view!(self, view => holds(view, ignore_index))
    }

    /// Returns all elements, in their layout, where they are stored as bytes.
    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        match self {
            Targets::U8(view) => Some(view.data),
            _ => None,
        }
    }

    /// Returns the stored form of `ignore_index`, where elements are stored as bytes and one can hold it.
    pub(crate) fn ignored_byte(&self, ignore_index: Option<i64>) -> Option<u8> {
        self.bytes()?;
        ignore_index.and_then(u8::from_label)
    }
}

impl<E: Target> View<'_, E> {
    fn foreground(
        &self,
        sample: usize,
        channel: usize,
        pixel: usize,
        ignore_index: Option<i64>,
        foreground: &mut [u8],
    ) {
        let ignored = ignore_index.and_then(E::from_label);
        let read = |e: E| u8::from(e.share::<f32>() > 0.5);
        let read_or_ignore = |e: E| if Some(e) == ignored { u8::MAX } else { read(e) };
        if self.layout.pixel_stride() == Some(1) {
            let first = self.layout.index(sample, channel, pixel);
            let places = foreground.iter_mut().zip(&self.data[first..]);
            match ignored {
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
