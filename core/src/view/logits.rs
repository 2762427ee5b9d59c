#[cfg(feature = "half")]
use half::slice::HalfFloatSliceExt;

use super::{Layout, View};
use crate::lanes::Real;
use crate::summation::TILE;

/// How a logit or a gradient is stored, and the format it is computed in.
pub trait Logit: Copy + Send + Sync {
    /// `f32`, or `f64` for `f64`.
    type Compute: Real;
    /// Exact.
    fn load(self) -> Self::Compute;
    /// Rounds to nearest.
    fn store(value: Self::Compute) -> Self;
    /// [`Logit::load`] of several, one after the other.
    #[inline(always)]
    fn load_all(stored: &[Self], values: &mut [Self::Compute]) {
        values.iter_mut().zip(stored).for_each(|(value, logit)| *value = logit.load());
    }
    /// [`Logit::store`] of several, one after the other.
    #[inline(always)]
    fn store_all(values: &[Self::Compute], stored: &mut [Self]) {
        stored.iter_mut().zip(values).for_each(|(place, &value)| *place = Self::store(value));
    }
    /// The same elements, where they are stored as they are computed.
    fn as_computed(stored: &[Self]) -> Option<&[Self::Compute]>;
    /// The same, to be written.
    fn as_computed_mut(stored: &mut [Self]) -> Option<&mut [Self::Compute]>;
}

macro_rules! computed_as_stored {
    ($($float:ident),*) => {$(
        impl Logit for $float {
            type Compute = $float;

            #[inline(always)]
            fn load(self) -> $float {
                self
            }

            #[inline(always)]
            fn store(value: $float) -> $float {
                value
            }

            #[inline(always)]
            fn as_computed(stored: &[$float]) -> Option<&[$float]> {
                Some(stored)
            }

            #[inline(always)]
            fn as_computed_mut(stored: &mut [$float]) -> Option<&mut [$float]> {
                Some(stored)
            }
        }
    )*};
}
computed_as_stored!(f32, f64);

#[cfg(feature = "half")]
macro_rules! computed_in_single {
    ($float:ident, $($all:item)*) => {
        impl Logit for half::$float {
            type Compute = f32;

            #[inline(always)]
            fn load(self) -> f32 {
                self.to_f32()
            }

            #[inline(always)]
            fn store(value: f32) -> Self {
                Self::from_f32(value)
            }

            $($all)*

            #[inline(always)]
            fn as_computed(_: &[Self]) -> Option<&[f32]> {
                None
            }

            #[inline(always)]
            fn as_computed_mut(_: &mut [Self]) -> Option<&mut [f32]> {
                None
            }
        }
    };
}
#[cfg(feature = "half")]
computed_in_single! {
    f16,
    /// In vectors where the processor converts: one by one it is asked for every number whether
    /// it does.
    fn load_all(stored: &[Self], values: &mut [f32]) {
        let count = stored.len().min(values.len());
        stored[..count].convert_to_f32_slice(&mut values[..count]);
    }

    fn store_all(values: &[f32], stored: &mut [Self]) {
        let count = stored.len().min(values.len());
        stored[..count].convert_from_f32_slice(&values[..count]);
    }
}
#[cfg(feature = "half")]
computed_in_single! { bf16, }

/// Where the engine reads logits: tiles of the computing format, whatever lies in memory.
pub trait LogitSource<T: Real>: Sync {
    /// Shape and strides.
    fn layout(&self) -> &Layout;

    /// Whether [`LogitSource::tile`] borrows whole tiles, instead of copying them.
    fn is_ready(&self) -> bool;

    /// `count` pixels of one channel from `pixel` on, borrowed where they lie ready, else copied
    /// to `stage`. Places past `count` hold anything finite.
    fn tile<'s>(
        &'s self,
        sample: usize,
        channel: usize,
        pixel: usize,
        count: usize,
        stage: &'s mut [T; TILE],
    ) -> &'s [T; TILE];
}

impl<E: Logit> LogitSource<E::Compute> for View<'_, E> {
    #[inline(always)]
    fn layout(&self) -> &Layout {
        &self.layout
    }

    #[inline(always)]
    fn is_ready(&self) -> bool {
        self.layout.pixel_stride() == Some(1) && E::as_computed(&[]).is_some()
    }

    #[inline(always)]
    fn tile<'s>(
        &'s self,
        sample: usize,
        channel: usize,
        pixel: usize,
        count: usize,
        stage: &'s mut [E::Compute; TILE],
    ) -> &'s [E::Compute; TILE] {
        if self.layout.pixel_stride() == Some(1) {
            let first = self.layout.index(sample, channel, pixel);
            let stored = &self.data[first..first + count];
            if let Some(Ok(tile)) = E::as_computed(stored).map(TryInto::try_into) {
                return tile;
            }
            E::load_all(stored, stage);
        } else {
            self.layout
                .scan(sample, channel, pixel, count, |i, at| stage[i] = self.data[at].load());
        }
        stage
    }
}

/// Logits computed in `f32` whose storage is known at run time only.
#[derive(Clone, Copy, Debug)]
pub enum SingleLogits<'a> {
    /// `f32`.
    F32(View<'a, f32>),
    /// IEEE half precision.
    #[cfg(feature = "half")]
    F16(View<'a, half::f16>),
    /// bfloat16.
    #[cfg(feature = "half")]
    Bf16(View<'a, half::bf16>),
}

macro_rules! each_logits {
    ($self:ident, $view:ident => $body:expr) => {
        match $self {
            SingleLogits::F32($view) => $body,
            #[cfg(feature = "half")]
            SingleLogits::F16($view) => $body,
            #[cfg(feature = "half")]
            SingleLogits::Bf16($view) => $body,
        }
    };
}

impl LogitSource<f32> for SingleLogits<'_> {
    #[inline(always)]
    fn layout(&self) -> &Layout {
        each_logits!(self, view => view.layout())
    }

    #[inline(always)]
    fn is_ready(&self) -> bool {
        each_logits!(self, view => view.is_ready())
    }

    #[inline(always)]
    fn tile<'s>(
        &'s self,
        sample: usize,
        channel: usize,
        pixel: usize,
        count: usize,
        stage: &'s mut [f32; TILE],
    ) -> &'s [f32; TILE] {
        each_logits!(self, view => view.tile(sample, channel, pixel, count, stage))
    }
}
