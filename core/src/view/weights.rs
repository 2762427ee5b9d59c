use super::{Layout, View};
use crate::lanes::Real;
use crate::summation::{BLOCK, TILE};
use crate::tile::{ReadWeights, WeightKernels};

/// One number a pixel that losses are multiplied by: of the logits' batch and spatial extents, with
/// one channel for all or, under the sigmoid link, one for each.
#[derive(Clone, Copy, Debug)]
pub enum Weights<'a> {
    /// `f32`.
    F32(View<'a, f32>),
    /// `f64`.
    F64(View<'a, f64>),
}

impl Weights<'_> {
    /// Shape and strides.
    pub fn layout(&self) -> &Layout {
        match self {
            Weights::F32(view) => view.layout(),
            Weights::F64(view) => view.layout(),
        }
    }

    /// Writes the weights of `count` pixels to `tile`, and any of them past those.
    pub(crate) fn copy<T: Real>(
        &self,
        kernels: &WeightKernels<T>,
        at: (usize, usize, usize),
        count: usize,
        tile: &mut [T; TILE],
    ) {
        match self {
            Weights::F32(view) => view.read_weights(kernels.copy_f32, at, count, tile),
            Weights::F64(view) => view.read_weights(kernels.copy_f64, at, count, tile),
        }
    }

    /// Multiplies the weights of `count` pixels into `tile`.
    pub(crate) fn multiply<T: Real>(
        &self,
        kernels: &WeightKernels<T>,
        at: (usize, usize, usize),
        count: usize,
        tile: &mut [T; TILE],
    ) {
        match self {
            Weights::F32(view) => view.read_weights(kernels.multiply_f32, at, count, tile),
            Weights::F64(view) => view.read_weights(kernels.multiply_f64, at, count, tile),
        }
    }
}

impl<E: Copy> View<'_, E> {
    fn read_weights<T: Real>(
        &self,
        read: ReadWeights<E, T>,
        (sample, channel, pixel): (usize, usize, usize),
        count: usize,
        tile: &mut [T; TILE],
    ) {
        let channel = self.own_channel(channel);
        let first = self.layout.index(sample, channel, pixel);
        if count == TILE && self.layout.pixel_stride() == Some(1) {
            return read(&self.data[first..first + TILE].as_chunks().0[0], tile);
        }
        let mut gathered = [self.data[first]; TILE];
        self.load((sample, channel, pixel), &mut gathered[..count]);
        read(&gathered, tile);
    }

    /// `channel`, or the one that serves all.
    fn own_channel(&self, channel: usize) -> usize {
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
