//! Weights for the pixels near a boundary.

use bytemuck::Pod;

use super::bits::{Choose, WORD, row_words, words};
use super::fork::rows;
use super::morphology::{self, Border, Element, Extent, dilate};
use super::scratch::{Scratch, Words, check, fits};
use super::{Fork, Labels, MapLevel};
use crate::error::Error;
use crate::lanes::Real;
use crate::level::{Kernel, Level};
use crate::parameter::Parameter;

/// Its name in text.
pub(super) const NAME: &str = "band";
/// How far the band reaches.
pub(super) const THETA: Parameter = Parameter::number("theta", 3.0).integers(0, 1 << 30);
/// What pixels in the band weigh.
pub(super) const WEIGHT: Parameter = Parameter::number("weight", 5.0).at_least(0.0);

/// `weight` in a band along boundaries, 1 elsewhere.
///
/// A pixel is at a boundary if one that shares a face with it has another label. That is what is left of
/// its erosion taken from its dilation, for a mask; and the same for each class of a label map. The band is
/// that, dilated `theta` times with the cross: all within `theta` steps of a pixel at a boundary.
///
/// What is outside the image is background ([`Border::Zero`], so that foreground at its edge is at a
/// boundary), or more of the same ([`Border::Keep`]). A pixel that is ignored makes no boundary, and none
/// is made beside it; the band goes through it.
///
/// The boundary-aware loss with theta 3 and weight 5 is the usual one. (This is not the boundary loss of
/// Kervadec et al., 2019.)
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Band {
    theta: u32,
    weight: f64,
    border: Border,
}

impl Band {
    /// A band `theta` pixels to each side of those at a boundary; none for 0.
    ///
    /// # Errors
    /// [`Error::Parameter`] unless `theta` is from 0 to 2^30 and `weight` is finite and not negative.
    pub fn new(theta: i64, weight: f64, border: Border) -> Result<Self, Error> {
        let theta = THETA.check(NAME, theta as f64)? as u32;
        Ok(Band { theta, weight: WEIGHT.check(NAME, weight)?, border })
    }

    /// How far the band reaches from pixels at a boundary.
    pub fn theta(&self) -> u32 {
        self.theta
    }

    /// The weight in the band.
    pub fn weight(&self) -> f64 {
        self.weight
    }

    /// What lies outside the image.
    pub fn border(&self) -> Border {
        self.border
    }

    /// Length of the storage for [`Band::bits`], in words of 64 bits: an eighth of a byte a pixel, and some
    /// rows for each worker.
    ///
    /// # Errors
    /// [`Error::Extent`] if the number overflows.
    pub fn bits_scratch_words<S: Labels>(labels: &S, fork: impl Fork) -> Result<usize, Error> {
        let dilation = morphology::scratch_words(extent(labels), fork)?;
        let seeds = row_scratch::<S>(labels)?.checked_mul(fork.workers());
        Words::NONE.and::<u64>(seeds.map(|seeds| seeds.max(dilation))).count(labels.spatial())
    }

    /// Length of the storage for [`Band::weights`], in words of 64 bits: a quarter of a byte a pixel, and
    /// some rows for each worker.
    ///
    /// # Errors
    /// [`Error::Extent`] if the number overflows.
    pub fn weights_scratch_words<S: Labels>(labels: &S, fork: impl Fork) -> Result<usize, Error> {
        let bits = Band::bits_scratch_words(labels, fork)?;
        let row = row_words(labels.spatial()[2]).checked_mul(WORD);
        let rows = row.and_then(|row| row.checked_mul(fork.workers()));
        // A row of weights may share the storage of the dilation.
        let rows = Words::NONE.and::<f64>(rows).count(labels.spatial())?;
        let image = words(labels.spatial())?;
        Words::NONE.and::<u64>(Some(image)).and::<u64>(Some(bits.max(rows))).count(labels.spatial())
    }

    /// The band of one image, a bit for each pixel as in [`bits`](super::bits).
    ///
    /// # Errors
    /// [`Error::Workspace`] if `bits` is shorter than [`words`] says, or `scratch` than
    /// [`Band::bits_scratch_words`].
    pub fn bits<Lv: MapLevel, S: Labels>(
        &self,
        level: Lv,
        fork: impl Fork,
        labels: &S,
        bits: &mut [u64],
        scratch: &mut [u64],
    ) -> Result<(), Error> {
        let words = words(labels.spatial())?;
        check("bits", bits.len(), words)?;
        check("scratch", scratch.len(), Band::bits_scratch_words(labels, fork)?)?;
        let bits = &mut bits[..words];
        let row = row_words(labels.spatial()[2]);
        let storage = row_scratch::<S>(labels)?;
        let border = self.border;
        rows(fork, row, bits, storage, scratch, &|row, bits, scratch| {
            boundary(level, labels, border, row, bits, scratch);
        });
        dilate(level, fork, extent(labels), Element::Cross, self.theta, bits, scratch)
    }

    /// The weights of one image.
    ///
    /// # Errors
    /// [`Error::Length`] unless `out` has one place for each pixel; [`Error::Workspace`] if `scratch` is
    /// shorter than [`Band::weights_scratch_words`] says.
    pub fn weights<Lv: MapLevel, S: Labels, T: Real + Pod>(
        &self,
        level: Lv,
        fork: impl Fork,
        labels: &S,
        out: &mut [T],
        scratch: &mut [u64],
    ) -> Result<(), Error> {
        let [d, h, w] = labels.spatial();
        fits("out", out.len(), d * h * w)?;
        check("scratch", scratch.len(), Band::weights_scratch_words(labels, fork)?)?;
        let (bits, rest) = scratch.split_at_mut(words(labels.spatial())?);
        self.bits(level, fork, labels, bits, rest)?;
        let (set, clear) = (T::round_from(self.weight), T::round_from(1.0));
        let n = row_words(w);
        let storage = Words::NONE.and::<T>(n.checked_mul(WORD)).count(labels.spatial())?;
        rows(fork, w, out, storage, rest, &|row, out, scratch| {
            // By way of a row in the first-level cache, whose copy writes past the cache where that is
            // faster.
            let weights: &mut [T] = Scratch::of(scratch).take(n * WORD);
            let bits = &bits[row * n..(row + 1) * n];
            level.enter(Choose { bits, set, clear, out: weights });
            out.copy_from_slice(&weights[..w]);
        });
        Ok(())
    }
}

fn extent<S: Labels>(labels: &S) -> Extent {
    Extent { spatial: labels.spatial(), axes: labels.axes() }
}

/// Words for one worker: two rows of labels and one of bytes.
fn row_scratch<S: Labels>(labels: &S) -> Result<usize, Error> {
    let w = labels.spatial()[2];
    Words::NONE
        .and::<S::Label>(Some(w))
        .and::<S::Label>(Some(w))
        .and::<u8>(w.checked_next_multiple_of(WORD))
        .count(labels.spatial())
}

/// A row's pixels at a boundary.
fn boundary<Lv: MapLevel, S: Labels>(
    level: Lv,
    labels: &S,
    border: Border,
    row: usize,
    bits: &mut [u64],
    scratch: &mut [u64],
) {
    let ([d, h, w], axes) = (labels.spatial(), labels.axes());
    let mut scratch = Scratch::of(scratch);
    let (here, there) = (scratch.take(w), scratch.take(w));
    let bytes: &mut [u8] = scratch.take(w.next_multiple_of(WORD));
    bytes[w..].fill(0);
    let here = labels.row(row, here);
    let ignored = labels.ignored();
    let outside = border == Border::Zero;
    level.enter(Along::<S> { here, ignored, outside, bytes: &mut bytes[..w] });
    let (z, y) = (row / h, row % h);
    let neighbours = [
        (axes > 1, y > 0, row.wrapping_sub(1)),
        (axes > 1, y + 1 < h, row + 1),
        (axes > 2, z > 0, row.wrapping_sub(h)),
        (axes > 2, z + 1 < d, row + h),
    ];
    for (_, inside, row) in neighbours.into_iter().filter(|&(has_axis, ..)| has_axis) {
        let bytes = &mut bytes[..w];
        if inside {
            let there = labels.row(row, there);
            level.enter(Across::<S> { here, there, ignored, bytes });
        } else if outside {
            level.enter(Outside::<S> { here, ignored, bytes });
        }
    }
    level.pack(bytes, bits);
}

/// Whether there is a boundary between two neighbours.
#[inline(always)]
fn between<S: Labels>(a: S::Label, b: S::Label, ignored: Option<S::Label>) -> bool {
    let other = !S::same(a, b);
    ignored.map_or(other, |ignored| other & (a != ignored) & (b != ignored))
}

/// Whether there is a boundary between a pixel and what is outside the image.
#[inline(always)]
fn at_edge<S: Labels>(label: S::Label, ignored: Option<S::Label>) -> bool {
    !S::is_background(label) & (ignored != Some(label))
}

/// Boundaries within a row, and at its ends.
struct Along<'a, S: Labels> {
    here: &'a [S::Label],
    ignored: Option<S::Label>,
    outside: bool,
    bytes: &'a mut [u8],
}

impl<S: Labels> Kernel for Along<'_, S> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let Along { here, ignored, outside, bytes } = self;
        let n = bytes.len();
        let end = |x: usize, beside: Option<usize>| {
            let inside = beside.is_some_and(|other| between::<S>(here[x], here[other], ignored));
            u8::from(inside | (outside & at_edge::<S>(here[x], ignored)))
        };
        bytes[0] = end(0, (n > 1).then_some(1));
        if n < 2 {
            return;
        }
        bytes[n - 1] = end(n - 1, Some(n - 2));
        let (before, middle, after) = (&here[..n - 2], &here[1..n - 1], &here[2..]);
        let bytes = &mut bytes[1..n - 1];
        for (((byte, &a), &b), &c) in bytes.iter_mut().zip(before).zip(middle).zip(after) {
            *byte = u8::from(between::<S>(a, b, ignored) | between::<S>(b, c, ignored));
        }
    }
}

/// Boundaries to another row.
struct Across<'a, S: Labels> {
    here: &'a [S::Label],
    there: &'a [S::Label],
    ignored: Option<S::Label>,
    bytes: &'a mut [u8],
}

impl<S: Labels> Kernel for Across<'_, S> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        for ((byte, &a), &b) in self.bytes.iter_mut().zip(self.here).zip(self.there) {
            *byte |= u8::from(between::<S>(a, b, self.ignored));
        }
    }
}

/// Boundaries to what is outside the image.
struct Outside<'a, S: Labels> {
    here: &'a [S::Label],
    ignored: Option<S::Label>,
    bytes: &'a mut [u8],
}

impl<S: Labels> Kernel for Outside<'_, S> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        for (byte, &label) in self.bytes.iter_mut().zip(self.here) {
            *byte |= u8::from(at_edge::<S>(label, self.ignored));
        }
    }
}
