//! Weights read as they are stored, a tile at a time.

use super::weights::{ReadWeights, WeightKernels};
use crate::lanes::Real;
use crate::summation::TILE;
use crate::view::{View, Weights};

impl Weights<'_> {
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
            #[cfg(feature = "half")]
            Weights::F16(view) => view.widen_weights(kernels.copy_f32, at, count, tile),
            #[cfg(feature = "half")]
            Weights::Bf16(view) => view.widen_weights(kernels.copy_f32, at, count, tile),
            Weights::Bits(bits) => (kernels.copy_bits)(&bits.tile(at, count), bits.values(), tile),
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
            #[cfg(feature = "half")]
            Weights::F16(view) => view.widen_weights(kernels.multiply_f32, at, count, tile),
            #[cfg(feature = "half")]
            Weights::Bf16(view) => view.widen_weights(kernels.multiply_f32, at, count, tile),
            Weights::Bits(bits) => {
                (kernels.multiply_bits)(&bits.tile(at, count), bits.values(), tile);
            }
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
}

#[cfg(feature = "half")]
impl<E: Copy + Into<f32>> View<'_, E> {
    fn widen_weights<T: Real>(
        &self,
        read: ReadWeights<f32, T>,
        (sample, channel, pixel): (usize, usize, usize),
        count: usize,
        tile: &mut [T; TILE],
    ) {
        let mut gathered = [0.0; TILE];
        let each = |i: usize, at: usize| gathered[i] = self.data[at].into();
        self.layout.scan(sample, self.own_channel(channel), pixel, count, each);
        read(&gathered, tile);
    }
}
