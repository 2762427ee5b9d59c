use super::components;
use super::grid::Grid;
use crate::error::Error;
use crate::ignore::Ignore;
use crate::level::Scalar;
use crate::maps::edt::{LONGEST, slices_first};
use crate::maps::{Fill, Serial, line_words};
use crate::pixelwise::{self, MOST_CLASSES};
use crate::tile::CheckKernels;
use crate::view::{Shape, Targets};

/// An object is small if it has fewer pixels than a cell of `1 / SMALL_SIDE` of the image along
/// each of its axes: under 1/1024 of a 2-D image, 1/32 of a 1-D one, 1/32768 of a volume.
///
/// In an image of 512 x 512 that is less than 16 x 16 pixels, which an encoder that halves its
/// resolution four times sees as less than one cell of its coarsest map.
pub const SMALL_SIDE: u64 = 32;

/// How far a band along boundaries reaches whose pixels are counted: the default `theta` of
/// [`Band`](crate::maps::band::Band).
pub const BAND_THETA: u32 = 3;

/// In place of the label of a pixel that does not count; no label is as large.
const IGNORED: u32 = u32::MAX;

/// Set beside the label that a pixel was given which does not count; no label has this bit.
const FILLED: u32 = 1 << 31;

/// The share of a class among the pixels that count.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClassShare {
    /// The class; of binary masks 0 is background, 1 foreground.
    pub class: usize,
    /// Its pixels over all that count: more than 0, at most 1.
    pub share: f64,
}

/// What any number of masks look like: class balance, objects and boundaries.
///
/// * An image is one mask: a sample, or under several channels (binary masks) a channel of it.
/// * Pixels at `ignore_index` do not count: they have no class and belong to no object.
/// * An object is a connected component of the foreground, or of one class other than 0
///   (the background) of a label map. Connected are pixels that share a face: 4 neighbours in 2-D,
///   6 in 3-D.
/// * A boundary pixel shares a face with a pixel of another class. The border of the image makes no
///   boundary. To find boundaries, and for nothing else, a pixel that does not count has the class of the
///   nearest one that does (the smallest of several as near): a boundary that runs in a ring of ignored
///   pixels is counted, on both sides, as it is for [`Band`](crate::maps::band::Band).
#[derive(Debug, PartialEq, Eq)]
pub struct MaskStatistics<'c> {
    counts: &'c mut [u64],
    is_binary: bool,
    images: u64,
    all: u64,
    boundary: u64,
    band: u64,
    objects: u64,
    small: u64,
    smallest: Option<u64>,
}

impl<'c> MaskStatistics<'c> {
    /// Statistics of binary masks: a pixel is foreground if its share is above 0.5, or its integer
    /// not 0. `counts` is set to 0 and will hold the pixels of background and foreground.
    pub fn binary(counts: &'c mut [u64; 2]) -> Self {
        MaskStatistics::new(counts, true)
    }

    /// Statistics of label maps with as many classes as `counts` has entries, which are set to 0
    /// and will hold the pixels of each.
    ///
    /// # Errors
    /// [`Error::Classes`] unless there are 2 to 2^24.
    pub fn multiclass(counts: &'c mut [u64]) -> Result<Self, Error> {
        let classes = counts.len();
        if !(2..=MOST_CLASSES).contains(&classes) {
            return Err(Error::Classes { argument: "counts", classes, expected: "2 to 2^24" });
        }
        Ok(MaskStatistics::new(counts, false))
    }

    fn new(counts: &'c mut [u64], is_binary: bool) -> Self {
        counts.fill(0);
        MaskStatistics {
            counts,
            is_binary,
            images: 0,
            all: 0,
            boundary: 0,
            band: 0,
            objects: 0,
            small: 0,
            smallest: None,
        }
    }

    /// Entries of `scratch` that [`MaskStatistics::add`] needs for masks of this shape, whatever the batch:
    /// two a pixel of one image, five for each pixel of its longest side, and in 3-D two for each of a
    /// slice.
    ///
    /// # Errors
    /// [`Error::TooLong`] for a side above 2^30; [`Error::Pixels`] if an image has more pixels than `u32` or
    /// `usize` can hold.
    pub fn scratch_length(shape: &Shape) -> Result<usize, Error> {
        if shape.spatial.iter().any(|&extent| extent > LONGEST) {
            return Err(Error::TooLong { shape: *shape, expected: "sides of 2^30 at most" });
        }
        let pixels = shape.pixels();
        let lines = line_words::<u32, i64>(slices_first(shape.spatial)).count(shape.spatial)?;
        let length = u32::try_from(pixels).ok().and_then(|_| {
            // One entry more, where words start between two of them.
            pixels.checked_mul(2)?.checked_add(lines.checked_mul(2)?)?.checked_add(1)
        });
        let most = (usize::MAX / 2).min(u32::MAX as usize);
        length.ok_or(Error::Pixels { argument: "targets", pixels, most })
    }

    /// Adds masks: batch x channels x spatial axes if binary, each channel a mask of its own;
    /// batch x 1 x spatial axes for label maps. What `scratch` holds does not matter.
    ///
    /// # Errors
    /// All before anything is added:
    /// [`Error::Empty`] and [`Error::Shape`] for samples without a pixel, or label maps of several
    /// channels; [`Error::Share`] or [`Error::Label`] for the first target that does not fit;
    /// [`Error::Pixels`] and [`Error::Workspace`] by [`MaskStatistics::scratch_length`].
    pub fn add<'t>(
        &mut self,
        targets: impl Into<Targets<'t>>,
        ignore_index: Ignore<'_>,
        scratch: &mut [u32],
    ) -> Result<(), Error> {
        let targets = &targets.into();
        let shape = *targets.layout().shape();
        ignore_index.check()?;
        let ignored = ignore_index.labels();
        if self.is_binary {
            pixelwise::check_filled(targets)?;
            pixelwise::check_shares(CheckKernels::scalar(), targets, ignored, None)?;
        } else {
            pixelwise::check_label_map(targets, self.counts.len(), ignored)?;
        }
        let (length, expected) = (scratch.len(), MaskStatistics::scratch_length(&shape)?);
        if length < expected {
            return Err(Error::Workspace { argument: "scratch", length, expected });
        }
        let grid = Grid { extents: shape.spatial };
        let (labels, rest) = scratch[..expected].split_at_mut(grid.pixels());
        let (parents, rest) = rest.split_at_mut(grid.pixels());
        let (_, lines, _) = bytemuck::pod_align_to_mut(rest);
        for sample in 0..shape.batch {
            for channel in 0..shape.channels {
                if self.is_binary {
                    pixelwise::each_share(targets, sample, channel, ignored, |pixel, y| {
                        labels[pixel] = y.map_or(IGNORED, |y| u32::from(y > 0.5));
                    });
                } else {
                    pixelwise::each_label(targets, sample, ignored, |pixel, label| {
                        labels[pixel] = label.unwrap_or(IGNORED);
                    });
                }
                self.add_image(grid, labels, parents, lines);
            }
        }
        Ok(())
    }

    fn add_image(
        &mut self,
        grid: Grid,
        labels: &mut [u32],
        parents: &mut [u32],
        lines: &mut [u64],
    ) {
        self.images += 1;
        self.all += grid.pixels() as u64;
        let mut counted = 0;
        for &label in labels.iter().filter(|&&label| label != IGNORED) {
            self.counts[label as usize] += 1;
            counted += 1;
        }
        if counted < grid.pixels() {
            fill(grid, labels, parents, lines);
        }
        self.add_boundary(grid, labels, parents);
        components::into_sizes(grid, labels, parents, |label| label != 0 && label & FILLED == 0);
        // Both fit: a size is at most 2^32, the factor 2^15.
        let (pixels, cells) = (grid.pixels() as u64, SMALL_SIDE.pow(grid.axes()));
        for size in labels.iter().filter(|&&size| size > 0).map(|&size| u64::from(size)) {
            self.objects += 1;
            self.small += u64::from(size * cells < pixels);
            self.smallest = Some(self.smallest.map_or(size, |smallest| smallest.min(size)));
        }
    }

    /// Counts the pixels at a boundary, and those that count within [`BAND_THETA`] steps of one, which
    /// `steps` is working storage for.
    fn add_boundary(&mut self, grid: Grid, labels: &[u32], steps: &mut [u32]) {
        let least = |steps: &[u32], beside: [Option<usize>; 3]| {
            let found = beside.into_iter().flatten().map(|other| steps[other]);
            found.min().unwrap_or(u32::MAX).saturating_add(1)
        };
        grid.scan(|pixel, neighbours| {
            let label = labels[pixel] & !FILLED;
            let mut sides = neighbours.before.into_iter().chain(neighbours.after).flatten();
            let is_boundary = sides.any(|other| labels[other] & !FILLED != label);
            self.boundary += u64::from(is_boundary);
            steps[pixel] = if is_boundary { 0 } else { least(steps, neighbours.before) };
        });
        // Steps along faces are exact after a sweep there and one back.
        grid.scan_back(|pixel, neighbours| {
            steps[pixel] = steps[pixel].min(least(steps, neighbours.after));
            let counts = labels[pixel] & FILLED == 0;
            self.band += u64::from(counts && steps[pixel] <= BAND_THETA);
        });
    }

    /// Whether these are of binary masks, not of label maps.
    pub fn is_binary(&self) -> bool {
        self.is_binary
    }

    /// Masks added, each channel of each sample one.
    pub fn images(&self) -> u64 {
        self.images
    }

    /// Pixels that count.
    pub fn pixels(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Pixels of each class; of binary masks background, then foreground.
    pub fn counts(&self) -> &[u64] {
        self.counts
    }

    /// Classes with at least one pixel.
    pub fn present(&self) -> usize {
        self.counts.iter().filter(|&&count| count > 0).count()
    }

    /// Returns the class with the fewest pixels among those that occur, the first of several. None if no
    /// pixel counts.
    pub fn rarest(&self) -> Option<ClassShare> {
        self.occurring().min_by_key(|&(_, count)| count).map(|class| self.share(class))
    }

    /// Returns the class with the most pixels, the first of several. None if no pixel counts.
    pub fn commonest(&self) -> Option<ClassShare> {
        // The last of equals is taken, so from the end.
        self.occurring().rev().max_by_key(|&(_, count)| count).map(|class| self.share(class))
    }

    /// The rarest class's share over the `1 / present` that each would have if all were equally
    /// frequent: above 0, and 1 if they are. Classes that never occur are left out. None if no
    /// pixel counts.
    pub fn balance(&self) -> Option<f64> {
        self.rarest().map(|rarest| rarest.share * self.present() as f64)
    }

    fn occurring(&self) -> impl DoubleEndedIterator<Item = (usize, u64)> {
        self.counts.iter().copied().enumerate().filter(|&(_, count)| count > 0)
    }

    fn share(&self, (class, count): (usize, u64)) -> ClassShare {
        ClassShare { class, share: count as f64 / self.pixels() as f64 }
    }

    /// Objects in all masks.
    pub fn objects(&self) -> u64 {
        self.objects
    }

    /// Pixels of an object on average. None without objects.
    pub fn mean_size(&self) -> Option<f64> {
        // Every pixel that counts and is not background is in one object.
        let pixels: u64 = self.counts.iter().skip(1).sum();
        ratio(pixels, self.objects)
    }

    /// Pixels of the smallest object. None without objects.
    pub fn smallest_size(&self) -> Option<u64> {
        self.smallest
    }

    /// Objects that are small for their image, as [`SMALL_SIDE`] says.
    pub fn small_objects(&self) -> u64 {
        self.small
    }

    /// Their share of all objects, 0 to 1. None without objects.
    pub fn small_share(&self) -> Option<f64> {
        ratio(self.small, self.objects)
    }

    /// Pixels on a boundary between classes, on either side, whether they count or not.
    pub fn boundary_pixels(&self) -> u64 {
        self.boundary
    }

    /// Their share of all pixels, whether they count or not, 0 to 1. None if no pixel counts.
    pub fn boundary_share(&self) -> Option<f64> {
        ratio(self.boundary, self.all).filter(|_| self.pixels() > 0)
    }

    /// Pixels that count within [`BAND_THETA`] steps of a pixel on a boundary: those that a band of this
    /// theta weighs, but for the edges of images.
    pub fn band_pixels(&self) -> u64 {
        self.band
    }
}

/// Gives pixels that do not count the class of the nearest one that does, and [`FILLED`].
fn fill(grid: Grid, labels: &mut [u32], gaps: &mut [u32], lines: &mut [u64]) {
    let fill = Fill { fork: &Serial, ignored: IGNORED, extents: slices_first(grid.extents) };
    fill.run::<i64>(&Scalar, [1; 3], labels, gaps, lines);
    for (label, &gap) in labels.iter_mut().zip(&*gaps) {
        *label |= if gap > 0 { FILLED } else { 0 };
    }
}

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
