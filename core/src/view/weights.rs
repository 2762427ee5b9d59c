use super::{Layout, Shape, View};
use crate::error::Error;
use crate::lanes::Real;
use crate::maps::bits::{WORD, row_words, words};
use crate::summation::{BLOCK, TILE};

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
    /// One of two numbers, chosen by a bit.
    Bits(BitWeights<'a>),
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
            Weights::Bits(bits) => &bits.layout,
        }
    }
}

/// Two weights, of which a bit a pixel chooses one: a [band](crate::maps::band::Band), in the rows of
/// [`bits`](crate::maps::bits), plane after plane.
#[derive(Clone, Copy, Debug)]
pub struct BitWeights<'a> {
    bits: &'a [u64],
    layout: Layout,
    set: f64,
    clear: f64,
}

impl<'a> BitWeights<'a> {
    /// Weights of this shape, channels first: `set` where a bit is 1, `clear` where it is 0.
    ///
    /// # Errors
    /// [`Error::Workspace`] if there are fewer bits than [`BitWeights::words`] says, and its errors.
    pub fn new(bits: &'a [u64], shape: Shape, [set, clear]: [f64; 2]) -> Result<Self, Error> {
        let (length, expected) = (bits.len(), BitWeights::words(shape)?);
        let Some(bits) = bits.get(..expected) else {
            return Err(Error::Workspace { argument: "bits", length, expected });
        };
        Ok(BitWeights { bits, layout: Layout::channels_first(shape)?, set, clear })
    }

    /// Returns the number of words of 64 bits that weights of this shape take.
    ///
    /// # Errors
    /// [`Error::Extent`] if it overflows.
    pub fn words(shape: Shape) -> Result<usize, Error> {
        // There are no more words than pixels, whose number does not overflow.
        Layout::channels_first(shape)?;
        Ok(words(shape.spatial)? * shape.batch * shape.channels)
    }

    /// Returns the weights where a bit is 1, and where it is 0.
    pub(crate) fn values<T: Real>(&self) -> [T; 2] {
        [self.set, self.clear].map(T::round_from)
    }

    /// Returns the bits of `count` pixels from `first` on, lowest first; those of other pixels mean nothing.
    pub(crate) fn tile(
        &self,
        (sample, channel, first): (usize, usize, usize),
        count: usize,
    ) -> [u64; TILE / WORD] {
        let Shape { channels, spatial: [d, h, w], .. } = *self.layout.shape();
        let channel = if channels == 1 { 0 } else { channel };
        let (row, plane) = (row_words(w), (sample * channels + channel) * d * h);
        let mut tile = [0; TILE / WORD];
        if w.is_multiple_of(WORD) && first.is_multiple_of(WORD) {
            let from = plane * row + first / WORD;
            let stored = &self.bits[from..from + count.div_ceil(WORD)];
            tile[..stored.len()].copy_from_slice(stored);
            return tile;
        }
        let (mut from, mut x) = ((plane + first / w) * row, first % w);
        let mut done = 0;
        while done < count {
            // As many as are left of the row, of a word of it, and of a word of the tile.
            let left = WORD - (x % WORD).max(done % WORD);
            let run = (w - x).min(left).min(count - done);
            let bits = self.bits[from + x / WORD] >> (x % WORD);
            tile[done / WORD] |= (bits & (!0 >> (WORD - run))) << (done % WORD);
            done += run;
            x += run;
            if x == w {
                (from, x) = (from + row, 0);
            }
        }
        tile
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
