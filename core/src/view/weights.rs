use super::{Layout, View};
use crate::lanes::Real;
use crate::summation::{BLOCK, TILE};

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

    /// Writes the weights of `count` pixels to `tile`, and 1 past them.
    #[inline(always)]
    pub(crate) fn copy<T: Real>(
        &self,
        at: (usize, usize, usize),
        count: usize,
        tile: &mut [T; TILE],
    ) {
        match self {
            Weights::F32(view) => view.copy(at, count, tile, f64::from),
            Weights::F64(view) => view.copy(at, count, tile, |w| w),
        }
    }

    /// Multiplies the weights of `count` pixels into `tile`.
    #[inline(always)]
    pub(crate) fn multiply<T: Real>(
        &self,
        at: (usize, usize, usize),
        count: usize,
        tile: &mut [T; TILE],
    ) {
        match self {
            Weights::F32(view) => view.multiply(at, count, tile, f64::from),
            Weights::F64(view) => view.multiply(at, count, tile, |w| w),
        }
    }
}

impl<E: Copy> View<'_, E> {
    #[inline(always)]
    fn copy<T: Real>(
        &self,
        at: (usize, usize, usize),
        count: usize,
        tile: &mut [T; TILE],
        read: impl Fn(E) -> f64,
    ) {
        tile[count..].fill(T::splat(1.0));
        self.each(at, count, tile, |place, weight| *place = T::round_from(read(weight)));
    }

    #[inline(always)]
    fn multiply<T: Real>(
        &self,
        at: (usize, usize, usize),
        count: usize,
        tile: &mut [T; TILE],
        read: impl Fn(E) -> f64,
    ) {
        let multiply = |place: &mut T, weight| *place = *place * T::round_from(read(weight));
        self.each(at, count, tile, multiply);
    }

    /// Does something to each place of a tile and the weight of its pixel.
    #[inline(always)]
    fn each<T>(
        &self,
        (sample, channel, pixel): (usize, usize, usize),
        count: usize,
        tile: &mut [T; TILE],
        mut act: impl FnMut(&mut T, E),
    ) {
        let channel = self.own_channel(channel);
        if self.layout.pixel_stride() == Some(1) {
            let first = self.layout.index(sample, channel, pixel);
            let stored = &self.data[first..first + count];
            tile.iter_mut().zip(stored).for_each(|(place, &weight)| act(place, weight));
        } else {
            let each = |i: usize, at: usize| act(&mut tile[i], self.data[at]);
            self.layout.scan(sample, channel, pixel, count, each);
        }
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
