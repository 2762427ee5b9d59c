use super::{Layout, Mask, View};
use crate::error::Error;
use crate::lanes::Real;
use crate::summation::{BLOCK, TILE};

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
    /// The same elements, where they are stored as bytes.
    fn as_bytes(stored: &[Self]) -> Option<&[u8]> {
        let _ = stored;
        None
    }
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

            fn as_bytes(stored: &[Self]) -> Option<&[u8]> {
                bytemuck::try_cast_slice(stored).ok().filter(|_| size_of::<Self>() == 1)
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

    fn as_bytes(stored: &[Self]) -> Option<&[u8]> {
        Some(bytemuck::cast_slice(stored))
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

/// Where the engine reads targets: tiles of the computing format, whatever lies in memory.
pub trait TargetSource: Sync {
    /// Shape and strides.
    fn layout(&self) -> &Layout;

    /// Writes the shares of `count` pixels to `y`, and 1 or 0 to `valid` (0 at `ignore_index` and
    /// past `count`). Gives whether all of the tile is valid; `valid` is untouched if so.
    #[allow(clippy::too_many_arguments, reason = "one tile's coordinates and its two outputs")]
    fn shares<T: Real>(
        &self,
        sample: usize,
        channel: usize,
        pixel: usize,
        count: usize,
        ignore_index: Option<i64>,
        y: &mut [T; TILE],
        valid: &mut [T; TILE],
    ) -> bool;

    /// The same with labels.
    fn labels<T: Real>(
        &self,
        sample: usize,
        pixel: usize,
        count: usize,
        ignore_index: Option<i64>,
        y: &mut [T; TILE],
        valid: &mut [T; TILE],
    ) -> bool;

    /// Writes 1 where a share is above one half, else 0, of pixels of one sample and channel from
    /// `pixel` on, and `u8::MAX` where they hold `ignore_index`.
    fn foreground(
        &self,
        sample: usize,
        channel: usize,
        pixel: usize,
        ignore_index: Option<i64>,
        foreground: &mut [u8],
    );

    /// Whether an element can hold `ignore_index`.
    fn can_ignore(&self, ignore_index: Option<i64>) -> bool;

    /// All elements, in their layout, where they are stored as bytes.
    fn bytes(&self) -> Option<&[u8]>;

    /// The stored form of `ignore_index`, where elements are stored as bytes and one can hold it.
    fn ignored_byte(&self, ignore_index: Option<i64>) -> Option<u8>;

    /// The valid pixels among shares of one sample and channel: neither ignored nor left out by `mask`.
    ///
    /// # Errors
    /// The first pixel in row-major order that is no share.
    fn check_shares(
        &self,
        sample: usize,
        channel: usize,
        ignore_index: Option<i64>,
        mask: Option<&Mask<'_>>,
    ) -> Result<u64, Bad>;

    /// The valid pixels among labels of one sample.
    ///
    /// # Errors
    /// The first pixel in row-major order that is no label.
    fn check_labels(
        &self,
        sample: usize,
        classes: u32,
        ignore_index: Option<i64>,
        mask: Option<&Mask<'_>>,
    ) -> Result<u64, Bad>;
}

impl<E: Target> View<'_, E> {
    #[inline(always)]
    #[allow(clippy::too_many_arguments, reason = "one tile's coordinates and its two outputs")]
    fn tile<T: Real>(
        &self,
        sample: usize,
        channel: usize,
        pixel: usize,
        count: usize,
        ignore_index: Option<i64>,
        read: impl Fn(E) -> T,
        y: &mut [T; TILE],
        valid: &mut [T; TILE],
    ) -> bool {
        let (zero, one) = (T::splat(0.0), T::splat(1.0));
        let ignored = ignore_index.and_then(E::from_label);
        if self.layout.pixel_stride() == Some(1) {
            let first = self.layout.index(sample, channel, pixel);
            let stored = &self.data[first..first + count];
            let Some(ignored) = ignored else {
                y.iter_mut().zip(stored).for_each(|(y, &e)| *y = read(e));
                return mark_tail(count, valid, one, zero);
            };
            let mut kept = 0u32;
            for ((y, valid), &e) in y.iter_mut().zip(valid.iter_mut()).zip(stored) {
                let keep = e != ignored;
                *y = if keep { read(e) } else { zero };
                *valid = if keep { one } else { zero };
                kept += u32::from(keep);
            }
            valid[count..].fill(zero);
            return kept as usize == TILE;
        }
        let mut all = count == TILE;
        valid[count..].fill(zero);
        self.layout.scan(sample, channel, pixel, count, |i, at| {
            let e = self.data[at];
            let keep = Some(e) != ignored;
            y[i] = if keep { read(e) } else { zero };
            valid[i] = if keep { one } else { zero };
            all &= keep;
        });
        all
    }

    #[inline(always)]
    fn check(
        &self,
        (sample, channel): (usize, usize),
        ignore_index: Option<i64>,
        mask: Option<&Mask<'_>>,
        fits: impl Fn(E) -> bool,
    ) -> Result<u64, Bad> {
        let pixels = self.layout.shape().pixels();
        let ignored = ignore_index.and_then(E::from_label);
        let is_ignored = |e: E| ignored.is_some_and(|ignored| e == ignored);
        let mut valid = 0u64;
        let mut counts = [true; BLOCK];
        for from in (0..pixels).step_by(BLOCK) {
            let count = BLOCK.min(pixels - from);
            if let Some(mask) = mask {
                mask.read((sample, channel, from), count, &mut counts);
            }
            let (mut kept, mut good) = (0u32, true);
            let mut see = |e: E, counts: bool| {
                let ignored = is_ignored(e) | !counts;
                kept += u32::from(!ignored);
                good &= ignored | fits(e);
            };
            if self.layout.pixel_stride() == Some(1) {
                let first = self.layout.index(sample, channel, from);
                let stored = &self.data[first..first + count];
                match mask {
                    None => stored.iter().for_each(|&e| see(e, true)),
                    Some(_) => stored.iter().zip(&counts).for_each(|(&e, &counts)| see(e, counts)),
                }
            } else {
                let each = |i: usize, at: usize| see(self.data[at], counts[i]);
                self.layout.scan(sample, channel, from, count, each);
            }
            if !good {
                let target = |i: usize| self.data[self.layout.index(sample, channel, from + i)];
                let bad = |&i: &usize| counts[i] && !fits(target(i)) && !is_ignored(target(i));
                let i = (0..count).find(bad).unwrap_or_default();
                return Err(Bad { pixel: from + i, target: target(i).number() });
            }
            valid += u64::from(kept);
        }
        Ok(valid)
    }
}

/// Marks the places past `count` invalid; gives whether there are none.
#[inline(always)]
fn mark_tail<T: Copy>(count: usize, valid: &mut [T; TILE], one: T, zero: T) -> bool {
    if count == TILE {
        return true;
    }
    valid[..count].fill(one);
    valid[count..].fill(zero);
    false
}

impl<E: Target> TargetSource for View<'_, E> {
    #[inline(always)]
    fn layout(&self) -> &Layout {
        &self.layout
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

    fn can_ignore(&self, ignore_index: Option<i64>) -> bool {
        ignore_index.and_then(E::from_label).is_some()
    }

    fn bytes(&self) -> Option<&[u8]> {
        E::as_bytes(self.data)
    }

    fn ignored_byte(&self, ignore_index: Option<i64>) -> Option<u8> {
        let ignored = ignore_index.and_then(E::from_label)?;
        E::as_bytes(&[ignored])?.first().copied()
    }

    #[inline(always)]
    fn shares<T: Real>(
        &self,
        sample: usize,
        channel: usize,
        pixel: usize,
        count: usize,
        ignore_index: Option<i64>,
        y: &mut [T; TILE],
        valid: &mut [T; TILE],
    ) -> bool {
        self.tile(sample, channel, pixel, count, ignore_index, E::share, y, valid)
    }

    #[inline(always)]
    fn labels<T: Real>(
        &self,
        sample: usize,
        pixel: usize,
        count: usize,
        ignore_index: Option<i64>,
        y: &mut [T; TILE],
        valid: &mut [T; TILE],
    ) -> bool {
        self.tile(sample, 0, pixel, count, ignore_index, E::label, y, valid)
    }

    #[inline(always)]
    fn check_shares(
        &self,
        sample: usize,
        channel: usize,
        ignore_index: Option<i64>,
        mask: Option<&Mask<'_>>,
    ) -> Result<u64, Bad> {
        let ignores = ignore_index.and_then(E::from_label).is_some();
        if E::ALWAYS_A_SHARE && !ignores && mask.is_none() {
            return Ok(self.layout.shape().pixels() as u64);
        }
        self.check((sample, channel), ignore_index, mask, E::is_share)
    }

    #[inline(always)]
    fn check_labels(
        &self,
        sample: usize,
        classes: u32,
        ignore_index: Option<i64>,
        mask: Option<&Mask<'_>>,
    ) -> Result<u64, Bad> {
        self.check((sample, 0), ignore_index, mask, |e| e.is_label(classes))
    }
}

/// Targets whose storage is known at run time only.
#[derive(Clone, Copy, Debug)]
pub enum AnyTargets<'a> {
    /// `u8`.
    U8(View<'a, u8>),
    /// `bool`.
    Bool(View<'a, bool>),
    /// `i32`.
    I32(View<'a, i32>),
    /// `i64`.
    I64(View<'a, i64>),
    /// `f32`.
    F32(View<'a, f32>),
    /// `f64`.
    F64(View<'a, f64>),
}

macro_rules! any_targets {
    ($($element:ident => $variant:ident),*) => {$(
        impl<'a> From<View<'a, $element>> for AnyTargets<'a> {
            fn from(targets: View<'a, $element>) -> Self {
                AnyTargets::$variant(targets)
            }
        }
    )*};
}
any_targets!(u8 => U8, bool => Bool, i32 => I32, i64 => I64, f32 => F32, f64 => F64);

macro_rules! each_targets {
    ($self:ident, $view:ident => $body:expr) => {
        match $self {
            AnyTargets::U8($view) => $body,
            AnyTargets::Bool($view) => $body,
            AnyTargets::I32($view) => $body,
            AnyTargets::I64($view) => $body,
            AnyTargets::F32($view) => $body,
            AnyTargets::F64($view) => $body,
        }
    };
}

impl TargetSource for AnyTargets<'_> {
    #[inline(always)]
    fn layout(&self) -> &Layout {
        each_targets!(self, view => view.layout())
    }

    fn foreground(
        &self,
        sample: usize,
        channel: usize,
        pixel: usize,
        ignore_index: Option<i64>,
        foreground: &mut [u8],
    ) {
        each_targets!(self, view => {
            view.foreground(sample, channel, pixel, ignore_index, foreground)
        });
    }

    fn can_ignore(&self, ignore_index: Option<i64>) -> bool {
        each_targets!(self, view => view.can_ignore(ignore_index))
    }

    fn bytes(&self) -> Option<&[u8]> {
        each_targets!(self, view => view.bytes())
    }

    fn ignored_byte(&self, ignore_index: Option<i64>) -> Option<u8> {
        each_targets!(self, view => view.ignored_byte(ignore_index))
    }

    #[inline(always)]
    fn shares<T: Real>(
        &self,
        sample: usize,
        channel: usize,
        pixel: usize,
        count: usize,
        ignore_index: Option<i64>,
        y: &mut [T; TILE],
        valid: &mut [T; TILE],
    ) -> bool {
        each_targets!(self, view => {
            view.shares(sample, channel, pixel, count, ignore_index, y, valid)
        })
    }

    #[inline(always)]
    fn labels<T: Real>(
        &self,
        sample: usize,
        pixel: usize,
        count: usize,
        ignore_index: Option<i64>,
        y: &mut [T; TILE],
        valid: &mut [T; TILE],
    ) -> bool {
        each_targets!(self, view => view.labels(sample, pixel, count, ignore_index, y, valid))
    }

    #[inline(always)]
    fn check_shares(
        &self,
        sample: usize,
        channel: usize,
        ignore_index: Option<i64>,
        mask: Option<&Mask<'_>>,
    ) -> Result<u64, Bad> {
        each_targets!(self, view => view.check_shares(sample, channel, ignore_index, mask))
    }

    #[inline(always)]
    fn check_labels(
        &self,
        sample: usize,
        classes: u32,
        ignore_index: Option<i64>,
        mask: Option<&Mask<'_>>,
    ) -> Result<u64, Bad> {
        each_targets!(self, view => view.check_labels(sample, classes, ignore_index, mask))
    }
}
