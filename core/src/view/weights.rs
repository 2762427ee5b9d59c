use super::{Layout, View};
use crate::lanes::Real;
use crate::summation::BLOCK;

/// One number a pixel that losses are multiplied by: of the logits' batch and spatial extents, with
/// one channel for all or, under the sigmoid link, one for each.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Weights<'a> {
    /// `f32`.
    F32(View<'a, f32>),
    /// `f64`.
    F64(View<'a, f64>),
    /// `f16`.
    #[cfg(feature = "half")]
    F16(View<'a, half::f16>),
    /// `bf16`.
    #[cfg(feature = "half")]
    Bf16(View<'a, half::bf16>),
}

impl<'a> Weights<'a> {
    /// Weights stored in a format that losses are computed in.
    pub fn of<T: Real>(View { data, layout }: View<'a, T>) -> Self {
        match T::DOUBLE {
            true => Weights::F64(View { data: bytemuck::cast_slice(data), layout }),
            false => Weights::F32(View { data: bytemuck::cast_slice(data), layout }),
        }
    }
}

impl Weights<'_> {
    /// Shape and strides.
    pub fn layout(&self) -> &Layout {
        match self {
            Weights::F32(view) => view.layout(),
            Weights::F64(view) => view.layout(),
            #[cfg(feature = "half")]
            Weights::F16(view) => view.layout(),
            #[cfg(feature = "half")]
            Weights::Bf16(view) => view.layout(),
        }
    }
}

impl<E: Copy> View<'_, E> {
    /// `channel`, or the one that serves all.
    pub(crate) fn own_channel(&self, channel: usize) -> usize {
        if self.layout.shape().channels == 1 { 0 } else { channel }
    }
}

/// Which pixels count: those that are not 0. Shaped as [`Weights`]; pixels it leaves out may hold
/// anything in all other inputs.
#[derive(Clone, Copy, Debug)]
pub enum Mask<'a> {
    /// `u8`.
    U8(View<'a, u8>),
    /// `bool`.
    Bool(View<'a, bool>),
}

impl Mask<'_> {
    /// Shape and strides.
    pub fn layout(&self) -> &Layout {
        match self {
            Mask::U8(view) => view.layout(),
            Mask::Bool(view) => view.layout(),
        }
    }

    /// Whether `count` pixels count.
    pub(crate) fn read(&self, at: (usize, usize, usize), count: usize, counts: &mut [bool; BLOCK]) {
        match self {
            Mask::U8(view) => view.read(at, count, counts, |m| m != 0),
            Mask::Bool(view) => view.read(at, count, counts, |m| m),
        }
    }
}

impl<E: Copy> View<'_, E> {
    fn read(
        &self,
        (sample, channel, pixel): (usize, usize, usize),
        count: usize,
        counts: &mut [bool; BLOCK],
        is_set: impl Fn(E) -> bool,
    ) {
        let each = |i: usize, at: usize| counts[i] = is_set(self.data[at]);
        self.layout.scan(sample, self.own_channel(channel), pixel, count, each);
    }
}
