//! Masks of one bit a pixel.
//!
//! Rows follow each other from the first slice to the last; each starts with a word of its own, lowest
//! bit first, and the bits past its end are 0.

use super::labels::{Code, DynLabels};
use super::scratch::{Scratch, Words, check};
use super::{Labels, MapLevel};
use crate::error::Error;
use crate::level::{Kernel, Level};

/// Pixels of a word.
pub const WORD: usize = u64::BITS as usize;

/// Words of a row of so many pixels.
pub fn row_words(width: usize) -> usize {
    width.div_ceil(WORD)
}

/// Words of an image of this depth, height and width.
///
/// # Errors
/// [`Error::Extent`] if the number overflows.
pub fn words(spatial: [usize; 3]) -> Result<usize, Error> {
    let [d, h, w] = spatial;
    let count = d.checked_mul(h).and_then(|rows| rows.checked_mul(row_words(w)));
    Words::NONE.and::<u64>(count).count(spatial)
}

/// The pixels that are not background.
///
/// # Errors
/// [`Error::Workspace`] if `bits` is shorter than [`words`] says, or `scratch` than [`row_words`] of eight
/// rows.
pub fn foreground<Lv: MapLevel, S: Labels>(
    level: Lv,
    labels: &S,
    bits: &mut [u64],
    scratch: &mut [u64],
) -> Result<(), Error> {
    pack_foreground::<S::Code>(&level, labels, bits, scratch)
}

fn pack_foreground<E: Code>(
    kernels: &dyn ForegroundKernels<E>,
    labels: &DynLabels<'_, E>,
    bits: &mut [u64],
    scratch: &mut [u64],
) -> Result<(), Error> {
    let [d, h, w] = labels.spatial();
    let words = words(labels.spatial())?;
    check("bits", bits.len(), words)?;
    let needed = code_words::<E>(labels)?;
    check("scratch", scratch.len(), needed)?;
    let mut scratch = Scratch::of(scratch);
    let (stage, bytes) = (scratch.take(w), scratch.take::<u8>(w.next_multiple_of(WORD)));
    bytes[w..].fill(0);
    for (row, bits) in bits[..words].chunks_mut(row_words(w)).enumerate().take(d * h) {
        kernels.foreground(labels.read(row, stage), &mut bytes[..w]);
        kernels.pack(bytes, bits);
    }
    Ok(())
}

/// Length of the storage for [`foreground`], in words of 64 bits.
///
/// # Errors
/// [`Error::Extent`] if the number overflows.
pub fn scratch_words<S: Labels>(labels: &S) -> Result<usize, Error> {
    code_words::<S::Code>(labels)
}

fn code_words<E: Code>(labels: &DynLabels<'_, E>) -> Result<usize, Error> {
    let [.., w] = labels.spatial();
    Words::NONE
        .and::<E>(Some(w))
        .and::<u8>(w.checked_next_multiple_of(WORD))
        .count(labels.spatial())
}

/// Rows of bits from rows of bytes.
pub(super) trait PackKernels: Sync {
    /// [`MapLevel::pack`].
    fn pack(&self, bytes: &[u8], bits: &mut [u64]);
}

impl<Lv: MapLevel> PackKernels for Lv {
    fn pack(&self, bytes: &[u8], bits: &mut [u64]) {
        MapLevel::pack(*self, bytes, bits);
    }
}

/// Rows of what is not background.
trait ForegroundKernels<E: Code>: PackKernels {
    /// 1 for foreground, 0 for background.
    fn foreground(&self, codes: &[E], bytes: &mut [u8]);
}

impl<Lv: MapLevel, E: Code> ForegroundKernels<E> for Lv {
    fn foreground(&self, codes: &[E], bytes: &mut [u8]) {
        self.enter(Foreground { codes, bytes });
    }
}

struct Foreground<'a, E> {
    codes: &'a [E],
    bytes: &'a mut [u8],
}

impl<E: Code> Kernel for Foreground<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        for (byte, &code) in self.bytes.iter_mut().zip(self.codes) {
            *byte = u8::from(code != E::BACKGROUND);
        }
    }
}

/// [`MapLevel::pack`] by plain arithmetic.
pub(super) fn pack<Lv: Level>(level: Lv, bytes: &[u8], bits: &mut [u64]) {
    level.enter(Pack { bytes, bits });
}

struct Pack<'a> {
    bytes: &'a [u8],
    bits: &'a mut [u64],
}

impl Kernel for Pack<'_> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        // Byte `i` of eight goes to bit `56 + i` of the product; nothing carries into those.
        const GATHER: u64 = 0x0102_0408_1020_4080;
        for (word, bytes) in self.bits.iter_mut().zip(self.bytes.as_chunks::<WORD>().0) {
            let mut eights = [0; 8];
            for (eight, bytes) in eights.iter_mut().zip(bytes.as_chunks::<8>().0) {
                *eight = (u64::from_le_bytes(*bytes).wrapping_mul(GATHER) >> 56) as u8;
            }
            *word = u64::from_le_bytes(eights);
        }
    }
}

/// Rows of values from rows of bits.
pub(super) trait ChooseKernels<T>: Sync {
    /// One of two values for each pixel, in whole words of them.
    fn choose(&self, bits: &[u64], set: T, clear: T, out: &mut [T]);
}

impl<Lv: Level, T: Copy> ChooseKernels<T> for Lv {
    fn choose(&self, bits: &[u64], set: T, clear: T, out: &mut [T]) {
        self.enter(Choose { bits, set, clear, out });
    }
}

/// One of two values for each pixel, in whole words of them.
pub(crate) struct Choose<'a, T> {
    pub(crate) bits: &'a [u64],
    pub(crate) set: T,
    pub(crate) clear: T,
    pub(crate) out: &'a mut [T],
}

impl<T: Copy> Kernel for Choose<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        // Copies, because a choice between places in memory becomes gathered loads.
        let (set, clear) = (self.set, self.clear);
        // A length that the compiler does not know, or it unrolls the loop before making vectors of it.
        let masks: [u32; 32] = core::array::from_fn(|lane| 1 << lane);
        let masks = &masks[..core::hint::black_box(masks.len())];
        for (&word, out) in self.bits.iter().zip(self.out.as_chunks_mut::<WORD>().0) {
            let halves = [word as u32, (word >> 32) as u32];
            for (half, out) in halves.into_iter().zip(out.as_chunks_mut::<32>().0) {
                choose(half, masks, set, clear, out);
            }
        }
    }
}

#[inline(always)]
fn choose<T: Copy>(bits: u32, masks: &[u32], set: T, clear: T, out: &mut [T]) {
    for (out, mask) in out.iter_mut().zip(masks) {
        *out = if bits & mask != 0 { set } else { clear };
    }
}
