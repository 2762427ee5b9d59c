//! Weights for the pixels near a boundary.

use super::bits::{ChooseKernels, WORD, row_words, words};
use super::edt::Spacing;
use super::fork::{Join, rows};
use super::labels::{Adjacent, Code, Codes, DynLabels, Same, Sides};
use super::morphology::{self, Border, Change, Element, Extent, MorphologyKernels};
use super::scratch::{Scratch, Words, check, fits};
use super::void::FillKernels;
use super::{Fork, Labels, MapLevel, Void};
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
/// boundary), or more of the same ([`Border::Keep`]). A text that does not say which means more of the same
/// for label maps, where a crop is not the end of a class, and background for masks.
///
/// Void, the pixels that are ignored, has the label of the nearest pixel that counts ([`Void::Nearest`]),
/// unless boundaries are to end at it ([`Void::Cut`]); the band goes through it. Over a ring of void `w`
/// pixels wide, which the boundary then runs in the middle of, pixels that count are in the band from
/// `theta >= w / 2` on. If no pixel of an image counts, none is in the band. What a void pixel itself
/// weighs, no loss uses.
///
/// The boundary-aware loss with theta 3 and weight 5 is the usual one. (This is not the boundary loss of
/// Kervadec et al., 2019.)
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Band {
    theta: u32,
    weight: f64,
    border: Border,
    void: Void,
    spacing: Spacing,
}

impl Band {
    /// A band `theta` pixels to each side of those at a boundary; none for 0. Void is filled from the
    /// nearest pixels of a grid with a spacing of 1.
    ///
    /// # Errors
    /// [`Error::Parameter`] unless `theta` is from 0 to 2^30 and `weight` is finite and not negative.
    pub fn new(theta: i64, weight: f64, border: Border) -> Result<Self, Error> {
        let theta = THETA.check(NAME, theta as f64)? as u32;
        let weight = WEIGHT.check(NAME, weight)?;
        Ok(Band { theta, weight, border, void: Void::Nearest, spacing: Spacing::UNIT })
    }

    /// The band with this for void.
    #[must_use]
    pub fn with_void(self, void: Void) -> Self {
        Band { void, ..self }
    }

    /// The band in images of this spacing, which says what is nearest to void. `theta` counts pixels
    /// along every axis still.
    #[must_use]
    pub fn with_spacing(self, spacing: Spacing) -> Self {
        Band { spacing, ..self }
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

    /// What void is taken for.
    pub fn void(&self) -> Void {
        self.void
    }

    /// The spacing by which void is filled.
    pub fn spacing(&self) -> Spacing {
        self.spacing
    }

    /// Length of the storage for [`Band::bits`], in words of 64 bits: an eighth of a byte a pixel, and some
    /// rows for each worker. Where pixels may be ignored and void is filled, a code and two bytes a pixel
    /// more (four where a side or a spacing asks for wide numbers), and in 3-D a cost for each pixel of a
    /// slice and worker.
    ///
    /// # Errors
    /// [`Error::Extent`] if the number overflows; [`Error::Spacing`] if the spacing is for another number of
    /// axes; [`Error::TooLong`] for void to fill in an image with a side above 2^30.
    pub fn bits_scratch_words<S: Labels>(
        &self,
        labels: &S,
        fork: impl Fork,
    ) -> Result<usize, Error> {
        self.bits_storage::<S::Code>(labels, Fork::workers(fork))
    }

    /// Length of the storage for [`Band::weights`], in words of 64 bits: that for [`Band::bits`], and an
    /// eighth of a byte a pixel more.
    ///
    /// # Errors
    /// Those of [`Band::bits_scratch_words`].
    pub fn weights_scratch_words<S: Labels>(
        &self,
        labels: &S,
        fork: impl Fork,
    ) -> Result<usize, Error> {
        self.weights_storage::<S::Code>(labels, Fork::workers(fork))
    }

    /// The band of one image, a bit for each pixel as in [`bits`](super::bits).
    ///
    /// # Errors
    /// Those of [`Band::bits_scratch_words`]; [`Error::Workspace`] if `bits` is shorter than [`words`]
    /// says, or `scratch` than [`Band::bits_scratch_words`].
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
        check("scratch", scratch.len(), self.bits_storage(labels, fork.workers())?)?;
        let bits = &mut bits[..words];
        self.void.fill(kernels, fork, labels, self.spacing, scratch, &mut |labels, scratch| {
            self.mark(kernels, fork, labels, bits, scratch)
        })
    }

    /// The band of labels as they are.
    fn mark<E: Code>(
        &self,
        kernels: &dyn BandKernels<E>,
        fork: &dyn Join,
        labels: &DynLabels<'_, E>,
        bits: &mut [u64],
        scratch: &mut [u64],
    ) -> Result<(), Error> {
        let row = row_words(labels.spatial()[2]);
        let storage = row_storage(labels)?;
        let image = Image {
            labels,
            spatial: labels.spatial(),
            axes: labels.axes(),
            adjacent: labels.adjacent(),
            is_mask: labels.is_mask(),
            ignored: labels.ignored(),
            border: self.border,
        };
        rows(fork, row, bits, storage, scratch, &|row, bits, scratch| {
            image.boundary(kernels, row, bits, scratch);
        });
        let (element, iterations) = (Element::Cross, self.theta);
        let dilate = Change { element, all: false, outside: 0, iterations };
        dilate.run(kernels, fork, extent(labels), bits, scratch)
    }

    /// The weights of one image.
    ///
    /// # Errors
    /// Those of [`Band::bits_scratch_words`]; [`Error::Length`] unless `out` has one place for each pixel;
    /// [`Error::Workspace`] if `scratch` is shorter than [`Band::weights_scratch_words`] says.
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
        check("scratch", scratch.len(), self.weights_storage::<S::Code>(labels, workers)?)?;
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

    /// Words for the bits.
    fn bits_storage<E: Code>(
        &self,
        labels: &DynLabels<'_, E>,
        workers: usize,
    ) -> Result<usize, Error> {
        self.spacing.check(labels.axes())?;
        let dilation = morphology::storage(extent(labels), workers)?;
        let seeds = row_storage(labels)?.checked_mul(workers);
        let work = Words::NONE.and::<u64>(seeds.map(|seeds| seeds.max(dilation)));
        self.void.storage(labels, self.spacing, workers, work.count(labels.spatial())?)
    }

    /// Words for the weights.
    fn weights_storage<E: Code>(
        &self,
        labels: &DynLabels<'_, E>,
        workers: usize,
    ) -> Result<usize, Error> {
        let bits = self.bits_storage(labels, workers)?;
        let row = row_words(labels.spatial()[2]).checked_mul(WORD);
        let rows = row.and_then(|row| row.checked_mul(workers));
        // A row of weights may share the storage of the dilation.
        let rows = Words::NONE.and::<f64>(rows).count(labels.spatial())?;
        let image = words(labels.spatial())?;
        Words::NONE.and::<u64>(Some(image)).and::<u64>(Some(bits.max(rows))).count(labels.spatial())
    }
}

fn extent<E: Code>(labels: &DynLabels<'_, E>) -> Extent {
    Extent { spatial: labels.spatial(), axes: labels.axes() }
}

/// Words for one worker: a row of codes and those around it, and one of bytes.
fn row_storage<E: Code>(labels: &DynLabels<'_, E>) -> Result<usize, Error> {
    let w = labels.spatial()[2];
    let codes = Words::NONE.and::<E>(Some(w)).times(1 + AROUND);
    codes.and::<u8>(w.checked_next_multiple_of(WORD)).count(labels.spatial())
}

/// Rows around a row: above and below, in front and behind.
const AROUND: usize = 4;

/// Rows of a band.
trait BandKernels<E: Code>: BoundaryKernels<E> + MorphologyKernels + FillKernels<E> {}

impl<Lv: MapLevel, E: Code> BandKernels<E> for Lv {}

/// Rows of bits that are set where a pixel is at a boundary.
trait BoundaryKernels<E: Code>: Sync {
    /// A row by way of bytes, in whole words of bits.
    fn boundary(&self, row: Row<'_, E>, is_mask: bool, bytes: &mut [u8], bits: &mut [u64]);
}

impl<Lv: MapLevel, E: Code> BoundaryKernels<E> for Lv {
    fn boundary(&self, row: Row<'_, E>, is_mask: bool, bytes: &mut [u8], bits: &mut [u64]) {
        if is_mask {
            self.enter(Boundary { row, same: Sides, bytes });
        } else {
            self.enter(Boundary { row, same: Codes, bytes });
        }
        MapLevel::pack(*self, bytes, bits);
    }
}

/// A row of codes whose boundaries are looked for.
struct Row<'a, E> {
    here: &'a [E],
    /// The rows beside it.
    others: &'a [&'a [E]],
    ignored: Option<E>,
    /// Whether what lies before and after the row is outside the image and counts.
    ends: bool,
    /// Whether a row beside it is outside the image and counts.
    edge: bool,
}

/// Labels, and what they and a band say that all rows need.
struct Image<'a, E> {
    labels: &'a DynLabels<'a, E>,
    spatial: [usize; 3],
    axes: usize,
    adjacent: Option<Adjacent<'a, E>>,
    is_mask: bool,
    ignored: Option<E>,
    border: Border,
}

impl<E: Code> Image<'_, E> {
    /// A row's pixels at a boundary.
    fn boundary(
        &self,
        kernels: &dyn BandKernels<E>,
        row: usize,
        bits: &mut [u64],
        scratch: &mut [u64],
    ) {
        let [d, h, w] = self.spatial;
        let mut scratch = Scratch::of(scratch);
        let bytes: &mut [u8] = scratch.take(w.next_multiple_of(WORD));
        bytes[w..].fill(0);
        let (z, y) = (row / h, row % h);
        let here = self.read(z, y, &mut scratch);
        let (mut others, mut count, mut outside) = ([here; AROUND], 0, false);
        let mut see = |is_inside: bool, z: usize, y: usize| {
            if is_inside {
                others[count] = self.read(z, y, &mut scratch);
                count += 1;
            } else {
                outside = true;
            }
        };
        if self.axes > 1 {
            see(y > 0, z, y.wrapping_sub(1));
            see(y + 1 < h, z, y + 1);
        }
        if self.axes > 2 {
            see(z > 0, z.wrapping_sub(1), y);
            see(z + 1 < d, z + 1, y);
        }
        let (others, ignored) = (&others[..count], self.ignored);
        let ends = self.border == Border::Zero;
        let row = Row { here, others, ignored, ends, edge: ends & outside };
        kernels.boundary(row, self.is_mask, bytes, bits);
    }

    fn read<'s>(&'s self, z: usize, y: usize, scratch: &mut Scratch<'s>) -> &'s [E] {
        let [_, h, w] = self.spatial;
        match self.adjacent {
            Some(Adjacent { codes, strides: [slice, row] }) => &codes[z * slice + y * row..][..w],
            None => self.labels.read(z * h + y, scratch.take(w)),
        }
    }
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

struct Boundary<'a, E, S> {
    row: Row<'a, E>,
    same: S,
    /// At least one for each pixel.
    bytes: &'a mut [u8],
}

impl<E: Code, S: Same> Kernel for Boundary<'_, E, S> {
    type Output = ();

    #[inline(always)]
    fn run<Lv: Level>(self) {
        let Boundary { row: Row { here, others, ignored, ends, edge }, same, bytes } = self;
        let bytes = &mut bytes[..here.len()];
        within(here, same, ignored, ends, bytes);
        for other in others {
            for ((byte, &a), &b) in bytes.iter_mut().zip(here).zip(*other) {
                *byte |= u8::from(between(a, b, same, ignored));
            }
        }
        if edge {
            for (byte, &code) in bytes.iter_mut().zip(here) {
                *byte |= u8::from(at_edge(code, ignored));
            }
        }
    }
}

/// Boundaries within a row, and at its ends.
#[inline(always)]
fn within<E: Code>(codes: &[E], same: impl Same, ignored: Option<E>, ends: bool, bytes: &mut [u8]) {
    let n = bytes.len();
    let end = |x: usize, beside: Option<usize>| {
        let inside = beside.is_some_and(|other| between(codes[x], codes[other], same, ignored));
        u8::from(inside | (ends & at_edge(codes[x], ignored)))
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
