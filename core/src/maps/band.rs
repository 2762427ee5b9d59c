//! Weights for the pixels near a boundary.

use super::bits::{ChooseKernels, PackKernels, WORD, row_words, words};
use super::fork::{Join, rows};
use super::labels::{Code, Codes, DynLabels, Same, Sides};
use super::morphology::{self, Border, Change, Element, Extent, MorphologyKernels};
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
        bits_storage::<S::Code>(labels, Fork::workers(fork))
    }

    /// Length of the storage for [`Band::weights`], in words of 64 bits: a quarter of a byte a pixel, and
    /// some rows for each worker.
    ///
    /// # Errors
    /// [`Error::Extent`] if the number overflows.
    pub fn weights_scratch_words<S: Labels>(labels: &S, fork: impl Fork) -> Result<usize, Error> {
        weights_storage::<S::Code>(labels, Fork::workers(fork))
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
        self.pack::<S::Code>(&level, &fork, labels, bits, scratch)
    }

    fn pack<E: Code>(
        &self,
        kernels: &dyn BandKernels<E>,
        fork: &dyn Join,
        labels: &DynLabels<'_, E>,
        bits: &mut [u64],
        scratch: &mut [u64],
    ) -> Result<(), Error> {
        let words = words(labels.spatial())?;
        check("bits", bits.len(), words)?;
        check("scratch", scratch.len(), bits_storage(labels, fork.workers())?)?;
        let bits = &mut bits[..words];
        let row = row_words(labels.spatial()[2]);
        let storage = row_storage(labels)?;
        let border = self.border;
        rows(fork, row, bits, storage, scratch, &|row, bits, scratch| {
            boundary(kernels, labels, border, row, bits, scratch);
        });
        let (element, iterations) = (Element::Cross, self.theta);
        let dilate = Change { element, all: false, outside: 0, iterations };
        dilate.run(kernels, fork, extent(labels), bits, scratch)
    }

    /// The weights of one image.
    ///
    /// # Errors
    /// [`Error::Length`] unless `out` has one place for each pixel; [`Error::Workspace`] if `scratch` is
    /// shorter than [`Band::weights_scratch_words`] says.
    pub fn weights<Lv: MapLevel, S: Labels, T: Real>(
        &self,
        level: Lv,
        fork: impl Fork,
        labels: &S,
        out: &mut [T],
        scratch: &mut [u64],
    ) -> Result<(), Error> {
        let [d, h, w] = labels.spatial();
        fits("out", out.len(), d * h * w)?;
        let workers = Fork::workers(fork);
        check("scratch", scratch.len(), weights_storage::<S::Code>(labels, workers)?)?;
        let (bits, rest) = scratch.split_at_mut(words(labels.spatial())?);
        self.pack::<S::Code>(&level, &fork, labels, bits, rest)?;
        self.choose(&level, &fork, labels.spatial(), bits, out, rest)
    }

    /// Weights of bits.
    fn choose<T: Real>(
        &self,
        kernels: &dyn ChooseKernels<T>,
        fork: &dyn Join,
        spatial: [usize; 3],
        bits: &[u64],
        out: &mut [T],
        scratch: &mut [u64],
    ) -> Result<(), Error> {
        let w = spatial[2];
        let (set, clear) = (T::round_from(self.weight), T::round_from(1.0));
        let n = row_words(w);
        let storage = Words::NONE.and::<T>(n.checked_mul(WORD)).count(spatial)?;
        rows(fork, w, out, storage, scratch, &|row, out, scratch| {
            // By way of a row in the first-level cache, whose copy writes past the cache where that is
            // faster.
            let weights: &mut [T] = Scratch::of(scratch).take(n * WORD);
            kernels.choose(&bits[row * n..(row + 1) * n], set, clear, weights);
            out.copy_from_slice(&weights[..w]);
        });
        Ok(())
    }
}

fn extent<E: Code>(labels: &DynLabels<'_, E>) -> Extent {
    Extent { spatial: labels.spatial(), axes: labels.axes() }
}

/// Words for the bits of a band.
fn bits_storage<E: Code>(labels: &DynLabels<'_, E>, workers: usize) -> Result<usize, Error> {
    let dilation = morphology::storage(extent(labels), workers)?;
    let seeds = row_storage(labels)?.checked_mul(workers);
    Words::NONE.and::<u64>(seeds.map(|seeds| seeds.max(dilation))).count(labels.spatial())
}

/// Words for the weights of a band.
fn weights_storage<E: Code>(labels: &DynLabels<'_, E>, workers: usize) -> Result<usize, Error> {
    let bits = bits_storage(labels, workers)?;
    let row = row_words(labels.spatial()[2]).checked_mul(WORD);
    let rows = row.and_then(|row| row.checked_mul(workers));
    // A row of weights may share the storage of the dilation.
    let rows = Words::NONE.and::<f64>(rows).count(labels.spatial())?;
    let image = words(labels.spatial())?;
    Words::NONE.and::<u64>(Some(image)).and::<u64>(Some(bits.max(rows))).count(labels.spatial())
}

/// Words for one worker: two rows of codes and one of bytes.
fn row_storage<E: Code>(labels: &DynLabels<'_, E>) -> Result<usize, Error> {
    let w = labels.spatial()[2];
    Words::NONE
        .and::<E>(Some(w))
        .and::<E>(Some(w))
        .and::<u8>(w.checked_next_multiple_of(WORD))
        .count(labels.spatial())
}

/// Rows of a band.
trait BandKernels<E: Code>: BoundaryKernels<E> + PackKernels + MorphologyKernels {}

impl<Lv: MapLevel, E: Code> BandKernels<E> for Lv {}

/// A row of codes whose boundaries are looked for.
#[derive(Clone, Copy)]
struct Here<'a, E> {
    codes: &'a [E],
    /// Whether all codes but 0 are one label.
    is_mask: bool,
    ignored: Option<E>,
}

/// Rows of bytes that are 1 where a pixel is at a boundary.
trait BoundaryKernels<E: Code>: Sync {
    /// Boundaries within a row, and at its ends if what is outside counts.
    fn along(&self, here: Here<'_, E>, outside: bool, bytes: &mut [u8]);

    /// Adds boundaries to another row.
    fn across(&self, here: Here<'_, E>, there: &[E], bytes: &mut [u8]);

    /// Adds boundaries to what is outside the image.
    fn outside(&self, here: Here<'_, E>, bytes: &mut [u8]);
}

impl<Lv: Level, E: Code> BoundaryKernels<E> for Lv {
    fn along(&self, here: Here<'_, E>, outside: bool, bytes: &mut [u8]) {
        if here.is_mask {
            self.enter(Along { here, same: Sides, outside, bytes });
        } else {
            self.enter(Along { here, same: Codes, outside, bytes });
        }
    }

    fn across(&self, here: Here<'_, E>, there: &[E], bytes: &mut [u8]) {
        if here.is_mask {
            self.enter(Across { here, same: Sides, there, bytes });
        } else {
            self.enter(Across { here, same: Codes, there, bytes });
        }
    }

    fn outside(&self, here: Here<'_, E>, bytes: &mut [u8]) {
        self.enter(Outside { here, bytes });
    }
}

/// A row's pixels at a boundary.
fn boundary<E: Code>(
    kernels: &dyn BandKernels<E>,
    labels: &DynLabels<'_, E>,
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
    let codes = labels.read(row, here);
    let here = Here { codes, is_mask: labels.is_mask(), ignored: labels.ignored() };
    let outside = border == Border::Zero;
    BoundaryKernels::along(kernels, here, outside, &mut bytes[..w]);
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
            BoundaryKernels::across(kernels, here, labels.read(row, there), bytes);
        } else if outside {
            kernels.outside(here, bytes);
        }
    }
    kernels.pack(bytes, bits);
}

/// Whether there is a boundary between two neighbours.
#[inline(always)]
fn between<E: Code>(a: E, b: E, same: impl Same, ignored: Option<E>) -> bool {
    let other = !same.same(a, b);
    ignored.map_or(other, |ignored| other & (a != ignored) & (b != ignored))
}

/// Whether there is a boundary between a pixel and what is outside the image.
#[inline(always)]
fn at_edge<E: Code>(code: E, ignored: Option<E>) -> bool {
    (code != E::BACKGROUND) & (ignored != Some(code))
}

struct Along<'a, E, S> {
    here: Here<'a, E>,
    same: S,
    outside: bool,
    bytes: &'a mut [u8],
}

impl<E: Code, S: Same> Kernel for Along<'_, E, S> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let Along { here: Here { codes, ignored, .. }, same, outside, bytes } = self;
        let n = bytes.len();
        let end = |x: usize, beside: Option<usize>| {
            let inside = beside.is_some_and(|other| between(codes[x], codes[other], same, ignored));
            u8::from(inside | (outside & at_edge(codes[x], ignored)))
        };
        bytes[0] = end(0, (n > 1).then_some(1));
        if n < 2 {
            return;
        }
        bytes[n - 1] = end(n - 1, Some(n - 2));
        let (before, middle, after) = (&codes[..n - 2], &codes[1..n - 1], &codes[2..]);
        let bytes = &mut bytes[1..n - 1];
        for (((byte, &a), &b), &c) in bytes.iter_mut().zip(before).zip(middle).zip(after) {
            *byte = u8::from(between(a, b, same, ignored) | between(b, c, same, ignored));
        }
    }
}

struct Across<'a, E, S> {
    here: Here<'a, E>,
    same: S,
    there: &'a [E],
    bytes: &'a mut [u8],
}

impl<E: Code, S: Same> Kernel for Across<'_, E, S> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let Across { here: Here { codes, ignored, .. }, same, there, bytes } = self;
        for ((byte, &a), &b) in bytes.iter_mut().zip(codes).zip(there) {
            *byte |= u8::from(between(a, b, same, ignored));
        }
    }
}

struct Outside<'a, E> {
    here: Here<'a, E>,
    bytes: &'a mut [u8],
}

impl<E: Code> Kernel for Outside<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        for (byte, &code) in self.bytes.iter_mut().zip(self.here.codes) {
            *byte |= u8::from(at_edge(code, self.here.ignored));
        }
    }
}
