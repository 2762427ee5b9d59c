#[cfg(feature = "half")]
use half::slice::HalfFloatSliceExt;
#[cfg(feature = "half")]
use half::{bf16, f16};

use super::{Elements, Layout, View};
use crate::lanes::Real;
use crate::summation::TILE;

/// Logits as the engine reads them: tiles of the computing format `T`, whatever lies in memory.
///
/// Made by [`From`] of a [`View`] or a reference to one: of `T` itself, or, with feature `half`, of
/// `f16` and `bf16`, which are computed in `f32`.
#[derive(Clone, Copy, Debug)]
pub struct Logits<'a, T>(Storage<'a, T>);

#[derive(Clone, Copy, Debug)]
enum Storage<'a, T> {
    Computed(View<'a, T>),
    #[cfg(feature = "half")]
    F16(View<'a, f16>),
    #[cfg(feature = "half")]
    Bf16(View<'a, bf16>),
}

/// How a logit or a gradient is stored, and the format it is computed in.
pub trait Logit: Copy + Send + Sync {
    /// `f32`, or `f64` for `f64`.
    type Compute: Real;
    /// Converts, exactly.
    fn load(self) -> Self::Compute;
    /// Rounds to nearest.
    fn store(value: Self::Compute) -> Self;
    /// Rounds several, one after the other.
    fn store_all(values: &[Self::Compute], stored: &mut [Self]);
    /// Names what the logits of a view are stored as.
    fn logits(view: View<'_, Self>) -> Logits<'_, Self::Compute>;
    /// Names what the elements of a gradient are stored as.
    fn elements(stored: &mut [Self]) -> Elements<'_, Self::Compute>;
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
            fn store_all(values: &[$float], stored: &mut [$float]) {
                stored.copy_from_slice(values);
            }

            fn logits(view: View<'_, Self>) -> Logits<'_, Self> {
                Logits(Storage::Computed(view))
            }

            fn elements(stored: &mut [Self]) -> Elements<'_, Self> {
                Elements::Computed(stored)
            }
        }
    )*};
}
computed_as_stored!(f32, f64);

#[cfg(feature = "half")]
macro_rules! computed_in_single {
    ($float:ident, $variant:ident, |$values:ident, $stored:ident| $store_all:expr) => {
        impl Logit for $float {
            type Compute = f32;

            #[inline(always)]
            fn load(self) -> f32 {
                self.to_f32()
            }

            #[inline(always)]
            fn store(value: f32) -> Self {
                Self::from_f32(value)
            }

            fn store_all($values: &[f32], $stored: &mut [Self]) {
                $store_all;
            }

            fn logits(view: View<'_, Self>) -> Logits<'_, f32> {
                Logits(Storage::$variant(view))
            }

            fn elements(stored: &mut [Self]) -> Elements<'_, f32> {
                Elements::$variant(stored)
            }
        }
    };
}
// In vectors where the processor converts: one by one it is asked for every number whether it does.
#[cfg(feature = "half")]
computed_in_single!(f16, F16, |values, stored| stored.convert_from_f32_slice(values));
#[cfg(feature = "half")]
computed_in_single!(bf16, Bf16, |values, stored| {
    stored.iter_mut().zip(values).for_each(|(to, &value)| *to = Self::store(value))
});

impl<'a, E: Logit> From<View<'a, E>> for Logits<'a, E::Compute> {
    fn from(view: View<'a, E>) -> Self {
        E::logits(view)
    }
}

impl<'a, E: Logit> From<&View<'a, E>> for Logits<'a, E::Compute> {
    fn from(view: &View<'a, E>) -> Self {
        E::logits(*view)
    }
}

/// All classes of a tile where they lie: class `k` from `k * stride` on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Planes<'a, T> {
    data: &'a [T],
    stride: usize,
}

impl<'a, T> Planes<'a, T> {
    /// The tile of class `k`.
    #[inline(always)]
    pub(crate) fn class(&self, k: usize) -> &'a [T; TILE] {
        let first = k * self.stride;
        &self.data[first..first + TILE].as_chunks().0[0]
    }
}

impl<T: Real> Logits<'_, T> {
    /// Shape and strides.
    pub fn layout(&self) -> &Layout {
        match &self.0 {
            Storage::Computed(view) => &view.layout,
            #[cfg(feature = "half")]
            Storage::F16(view) => &view.layout,
            #[cfg(feature = "half")]
            Storage::Bf16(view) => &view.layout,
        }
    }

    /// Returns `count` pixels of one channel from `pixel` on, borrowed where they lie ready, else copied
    /// to `stage`. Places past `count` hold anything finite.
    pub(crate) fn tile<'s>(
        &'s self,
        (sample, channel, pixel): (usize, usize, usize),
        count: usize,
        stage: &'s mut [T; TILE],
    ) -> &'s [T; TILE] {
        match &self.0 {
            Storage::Computed(view) => {
                if view.layout.pixel_stride() == Some(1) {
                    let first = view.layout.index(sample, channel, pixel);
                    let stored = &view.data[first..first + count];
                    if let Ok(tile) = stored.try_into() {
                        return tile;
                    }
                }
                view.load((sample, channel, pixel), &mut stage[..count]);
            }
            #[cfg(feature = "half")]
            Storage::F16(view) => {
                view.load_halves((sample, channel, pixel), count, stage, |stored, values| {
                    stored.convert_to_f32_slice(values);
                });
            }
            #[cfg(feature = "half")]
            Storage::Bf16(view) => {
                view.load_halves((sample, channel, pixel), count, stage, |stored, values| {
                    values.iter_mut().zip(stored).for_each(|(value, half)| *value = half.to_f32());
                });
            }
        }
        stage
    }

    /// Returns `count` pixels of one channel from `pixel` on, if they can be read where they lie.
    pub(crate) fn run(
        &self,
        (sample, channel, pixel): (usize, usize, usize),
        count: usize,
    ) -> Option<&[T]> {
        match &self.0 {
            Storage::Computed(view) if view.layout.pixel_stride() == Some(1) => {
                let first = view.layout.index(sample, channel, pixel);
                Some(&view.data[first..first + count])
            }
            _ => None,
        }
    }

    /// Returns all classes of a tile: where they lie, if it is whole and they can be read there, else copied
    /// to `stage`, which has a tile a class.
    pub(crate) fn planes<'s>(
        &'s self,
        sample: usize,
        first: usize,
        count: usize,
        stage: &'s mut [[T; TILE]],
    ) -> Planes<'s, T> {
        if let Storage::Computed(view) = &self.0
            && count == TILE
            && view.layout.pixel_stride() == Some(1)
        {
            let from = view.layout.index(sample, 0, first);
            return Planes { data: &view.data[from..], stride: view.layout.strides().channel };
        }
        for (k, stage) in stage.iter_mut().enumerate() {
            let mut own = [T::default(); TILE];
            let tile = self.tile((sample, k, first), count, &mut own);
            stage[..count].copy_from_slice(&tile[..count]);
        }
        Planes { data: stage.as_flattened(), stride: TILE }
    }
}

impl<E: Copy> View<'_, E> {
    /// Copies pixels of one channel from `pixel` on, wherever they lie.
    pub(crate) fn load(&self, (sample, channel, pixel): (usize, usize, usize), values: &mut [E]) {
        let count = values.len();
        if self.layout.pixel_stride() == Some(1) {
            let first = self.layout.index(sample, channel, pixel);
            values.copy_from_slice(&self.data[first..first + count]);
        } else {
            self.layout.scan(sample, channel, pixel, count, |i, at| values[i] = self.data[at]);
        }
    }

    /// Converts pixels of one channel with `convert`, which takes them one after the other: in vectors
    /// where the processor has them.
    #[cfg(feature = "half")]
    fn load_halves<T: Real>(
        &self,
        at: (usize, usize, usize),
        count: usize,
        stage: &mut [T; TILE],
        convert: impl Fn(&[E], &mut [f32]),
    ) {
        let (sample, channel, pixel) = at;
        let first = self.layout.index(sample, channel, pixel);
        let mut gathered;
        let stored = if self.layout.pixel_stride() == Some(1) {
            &self.data[first..first + count]
        } else {
            gathered = [self.data[first]; TILE];
            self.load(at, &mut gathered[..count]);
            &gathered[..count]
        };
        match T::as_singles_mut(&mut stage[..count]) {
            Some(values) => convert(stored, values),
            None => {
                let mut values = [0f32; TILE];
                convert(stored, &mut values[..count]);
                stage.iter_mut().zip(values).for_each(|(to, x)| *to = T::round_from(x.into()));
            }
        }
    }
}
