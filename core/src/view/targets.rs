use super::{Layout, Mask, View};
use crate::error::Error;
use crate::lanes::Real;
use crate::summation::{BLOCK, TILE};
use crate::tile::{CheckTargets, ReadTargets, TargetKernels, read_some};

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

/// A tile's place, and where its targets go.
#[derive(Debug)]
pub(crate) struct TargetTile<'t, T> {
    /// Shares or labels.
    pub y: &'t mut [T; TILE],
    /// 1 where a pixel counts, 0 where it does not.
    pub valid: &'t mut [T; TILE],
}

/// Adjacent targets of one sample and channel, whose storage has been looked up once.
pub(crate) enum TargetRun<'a, T> {
    U8(RunOf<'a, u8, T>),
    I32(RunOf<'a, i32, T>),
    I64(RunOf<'a, i64, T>),
    F32(RunOf<'a, f32, T>),
    F64(RunOf<'a, f64, T>),
}

/// A run of targets of one storage.
pub(crate) struct RunOf<'a, E, T> {
    stored: &'a [E],
    ignored: Option<E>,
    read: ReadTargets<E, T>,
}

impl<T: Real> TargetRun<'_, T> {
    /// Reads `count` targets from the `first` on; returns whether all of the tile counts, `valid` being
    /// untouched if so.
    #[inline]
    pub(crate) fn read(
        &self,
        first: usize,
        count: usize,
        y: &mut [T; TILE],
        valid: &mut [T; TILE],
    ) -> bool {
        macro_rules! read {
            ($run:expr) => {
                read_some($run.read, &$run.stored[first..first + count], $run.ignored, y, valid)
            };
        }
        match self {
            TargetRun::U8(run) => read!(run),
            TargetRun::I32(run) => read!(run),
            TargetRun::I64(run) => read!(run),
            TargetRun::F32(run) => read!(run),
            TargetRun::F64(run) => read!(run),
        }
    }
}

macro_rules! each {
    ($self:expr, $kernels:expr, |$view:ident, $own:ident| $body:expr) => {
        match $self {
            Targets::U8($view) => {
                let $own = &$kernels.u8;
                $body
            }
            Targets::I32($view) => {
                let $own = &$kernels.i32;
                $body
            }
            Targets::I64($view) => {
                let $own = &$kernels.i64;
                $body
            }
            Targets::F32($view) => {
                let $own = &$kernels.f32;
                $body
            }
            Targets::F64($view) => {
                let $own = &$kernels.f64;
                $body
            }
        }
    };
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

// What chooses a storage is a function of its own, because it is large and called from many places.
impl Targets<'_> {
    /// Shape and strides.
    pub fn layout(&self) -> &Layout {
        each_view!(self, view => &view.layout)
    }

    /// Reads the shares of `count` pixels, and 1 or 0 to `valid` (0 at `ignore_index` and past `count`).
    /// Returns whether all of the tile is valid; `valid` is untouched if so.
    #[inline(never)]
    pub(crate) fn shares<T: Real>(
        &self,
        kernels: &TargetKernels<T>,
        at: (usize, usize, usize),
        count: usize,
        ignore_index: Option<i64>,
        into: TargetTile<'_, T>,
    ) -> bool {
        each!(self, kernels, |view, own| view.tile(at, count, ignore_index, own.shares, into))
    }

    /// Reads labels, as [`Targets::shares`] reads shares.
    #[inline(never)]
    pub(crate) fn labels<T: Real>(
        &self,
        kernels: &TargetKernels<T>,
        at: (usize, usize, usize),
        count: usize,
        ignore_index: Option<i64>,
        into: TargetTile<'_, T>,
    ) -> bool {
        each!(self, kernels, |view, own| view.tile(at, count, ignore_index, own.labels, into))
    }

    /// Returns the shares of `count` pixels of one sample and channel, if they are adjacent.
    pub(crate) fn share_run<T>(
        &self,
        kernels: &TargetKernels<T>,
        (sample, channel, pixel): (usize, usize, usize),
        count: usize,
        ignore_index: Option<i64>,
    ) -> Option<TargetRun<'_, T>> {
        if self.layout().pixel_stride() != Some(1) {
            return None;
        }
        let first = self.layout().index(sample, channel, pixel);
        macro_rules! run {
            ($view:expr, $own:expr, $variant:ident) => {{
                let stored = &$view.data[first..first + count];
                let ignored = ignore_index.and_then(Target::from_label);
                TargetRun::$variant(RunOf { stored, ignored, read: $own.shares })
            }};
        }
        Some(match self {
            Targets::U8(view) => run!(view, kernels.u8, U8),
            Targets::I32(view) => run!(view, kernels.i32, I32),
            Targets::I64(view) => run!(view, kernels.i64, I64),
            Targets::F32(view) => run!(view, kernels.f32, F32),
            Targets::F64(view) => run!(view, kernels.f64, F64),
        })
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

    /// Counts the valid pixels among shares of one sample and channel: neither ignored nor left out by
    /// `mask`.
    ///
    /// # Errors
    /// The first pixel in row-major order that is no share.
    #[inline(never)]
    pub(crate) fn check_shares<T>(
        &self,
        kernels: &TargetKernels<T>,
        sample: usize,
        channel: usize,
        ignore_index: Option<i64>,
        mask: Option<&Mask<'_>>,
    ) -> Result<u64, Bad> {
        each!(self, kernels, |view, own| {
            view.check_shares(own.check_shares, (sample, channel), ignore_index, mask)
        })
    }

    /// Counts the valid pixels among labels of one sample.
    ///
    /// # Errors
    /// The first pixel in row-major order that is no label.
    #[inline(never)]
    pub(crate) fn check_labels<T>(
        &self,
        kernels: &TargetKernels<T>,
        sample: usize,
        classes: u32,
        ignore_index: Option<i64>,
        mask: Option<&Mask<'_>>,
    ) -> Result<u64, Bad> {
        each!(self, kernels, |view, own| {
            view.check_labels(own.check_labels, sample, classes, ignore_index, mask)
        })
    }
}

impl<E: Target> View<'_, E> {
    fn tile<T: Real>(
        &self,
        (sample, channel, pixel): (usize, usize, usize),
        count: usize,
        ignore_index: Option<i64>,
        read: ReadTargets<E, T>,
        TargetTile { y, valid }: TargetTile<'_, T>,
    ) -> bool {
        let ignored = ignore_index.and_then(E::from_label);
        let first = self.layout.index(sample, channel, pixel);
        if self.layout.pixel_stride() == Some(1) {
            return read_some(read, &self.data[first..first + count], ignored, y, valid);
        }
        let mut gathered = [self.data[first]; TILE];
        self.load((sample, channel, pixel), &mut gathered[..count]);
        read_some(read, &gathered[..count], ignored, y, valid)
    }

    fn check_shares(
        &self,
        good: CheckTargets<E>,
        (sample, channel): (usize, usize),
        ignore_index: Option<i64>,
        mask: Option<&Mask<'_>>,
    ) -> Result<u64, Bad> {
        let ignores = ignore_index.and_then(E::from_label).is_some();
        if E::ALWAYS_A_SHARE && !ignores && mask.is_none() {
            return Ok(self.layout.shape().pixels() as u64);
        }
        self.check(good, (sample, channel), 0, ignore_index, mask, E::is_share)
    }

    fn check_labels(
        &self,
        good: CheckTargets<E>,
        sample: usize,
        classes: u32,
        ignore_index: Option<i64>,
        mask: Option<&Mask<'_>>,
    ) -> Result<u64, Bad> {
        self.check(good, (sample, 0), classes, ignore_index, mask, |e| e.is_label(classes))
    }

    fn check(
        &self,
        good: CheckTargets<E>,
        (sample, channel): (usize, usize),
        classes: u32,
        ignore_index: Option<i64>,
        mask: Option<&Mask<'_>>,
        fits: impl Fn(E) -> bool,
    ) -> Result<u64, Bad> {
        let pixels = self.layout.shape().pixels();
        let ignored = ignore_index.and_then(E::from_label);
        let mut valid = 0u64;
        let mut counts = [true; BLOCK];
        let adjacent = self.layout.pixel_stride() == Some(1);
        for from in (0..pixels).step_by(BLOCK) {
            let count = BLOCK.min(pixels - from);
            let at = (sample, channel, from);
            if let Some(mask) = mask {
                mask.read(at, count, &mut counts);
            }
            let first = self.layout.index(sample, channel, from);
            let mut gathered;
            let stored = if adjacent {
                &self.data[first..first + count]
            } else {
                gathered = [self.data[first]; BLOCK];
                self.load(at, &mut gathered[..count]);
                &gathered[..count]
            };
            let counts = mask.map(|_| &counts[..count]);
            let Some(kept) = good(stored, classes, ignored, counts) else {
                let counts = |i: usize| counts.is_none_or(|counts| counts[i]);
                let bad = |&i: &usize| counts(i) && !fits(stored[i]) && Some(stored[i]) != ignored;
                let i = (0..count).find(bad).unwrap_or_default();
                return Err(Bad { pixel: from + i, target: stored[i].number() });
            };
            valid += u64::from(kept);
        }
        Ok(valid)
    }

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
