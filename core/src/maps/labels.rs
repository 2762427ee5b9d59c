//! Labels as all maps read them: rows of codes.
//!
//! A code is an unsigned integer of 8, 32 or 64 bits. Code 0 is background, and equal codes are one
//! label; of a [mask](Labels::is_mask) all codes but 0 are one. Numbers with a sign are read by their bits,
//! so that every label keeps a code of its own and nothing is copied where a row lies together in memory.

use bytemuck::Pod;

use crate::error::Error;
use crate::view::{Shape, Strides};

/// A label as the maps read it: `u8`, `u32` or `u64`.
pub trait Code: Pod + Ord + Into<u64> + Send + Sync {
    /// The label of what is not foreground.
    const BACKGROUND: Self;
}

impl Code for u8 {
    const BACKGROUND: Self = 0;
}

impl Code for u32 {
    const BACKGROUND: Self = 0;
}

impl Code for u64 {
    const BACKGROUND: Self = 0;
}

/// How a label is stored: `u8`, `u32`, `i32` or `i64`.
pub trait Label: Pod + Send + Sync {
    /// An integer of its size, whose bits are the label's.
    type Code: Code;
}

impl Label for u8 {
    type Code = u8;
}

impl Label for u32 {
    type Code = u32;
}

impl Label for i32 {
    type Code = u32;
}

impl Label for i64 {
    type Code = u64;
}

/// An image of labels, from which maps are computed: [`Mask`], [`Classes`], or a reader of anything
/// else.
///
/// A reader keeps to one shape, without an axis of extent 0, and gives as many codes as it is asked for:
/// the maps may panic over one that does not.
pub trait Labels: Sync {
    /// What labels are read as.
    type Code: Code;

    /// Depth, height and width; axes that the image does not have are 1.
    fn spatial(&self) -> [usize; 3];

    /// How many axes the image has, from 1 to 3: width alone, height too, or depth too.
    fn axes(&self) -> usize;

    /// The codes of row `z * height + y` and of those after it, as many whole rows as `stage` holds:
    /// borrowed where they are adjacent in memory, else copied to `stage`.
    fn read<'s>(&'s self, row: usize, stage: &'s mut [Self::Code]) -> &'s [Self::Code];

    /// Where the codes lie in memory, if those of a row are adjacent: nothing is copied then.
    fn adjacent(&self) -> Option<Adjacent<'_, Self::Code>> {
        None
    }

    /// Whether all codes but 0 are one label.
    fn is_mask(&self) -> bool;

    /// The code of pixels that count for nothing: they are no boundary, and no distance is measured
    /// to them.
    fn ignored(&self) -> Option<Self::Code>;

    /// Whether two codes are of one label.
    fn same(&self, a: Self::Code, b: Self::Code) -> bool {
        if self.is_mask() { Sides.same(a, b) } else { Codes.same(a, b) }
    }
}

impl<S: Labels + ?Sized> Labels for &S {
    type Code = S::Code;

    fn spatial(&self) -> [usize; 3] {
        S::spatial(self)
    }

    fn axes(&self) -> usize {
        S::axes(self)
    }

    fn read<'s>(&'s self, row: usize, stage: &'s mut [S::Code]) -> &'s [S::Code] {
        S::read(self, row, stage)
    }

    fn adjacent(&self) -> Option<Adjacent<'_, S::Code>> {
        S::adjacent(self)
    }

    fn is_mask(&self) -> bool {
        S::is_mask(self)
    }

    fn ignored(&self) -> Option<S::Code> {
        S::ignored(self)
    }
}

/// Codes in memory, those of a row next to each other.
#[derive(Clone, Copy, Debug)]
pub struct Adjacent<'a, E> {
    /// The codes, from the first pixel on.
    pub codes: &'a [E],
    /// Strides along depth and height.
    pub strides: [usize; 2],
}

/// Labels that maps are computed from, whatever they are stored as.
pub(crate) type DynLabels<'a, E> = dyn Labels<Code = E> + 'a;

/// Which codes are of one label, as loops over rows see it.
pub(crate) trait Same: Copy + Send + Sync {
    /// Whether these are.
    fn same<E: Code>(self, a: E, b: E) -> bool;
}

/// Each code is a label of its own.
#[derive(Clone, Copy)]
pub(crate) struct Codes;

impl Same for Codes {
    #[inline(always)]
    fn same<E: Code>(self, a: E, b: E) -> bool {
        a == b
    }
}

/// All codes but 0 are one label.
#[derive(Clone, Copy)]
pub(crate) struct Sides;

impl Same for Sides {
    #[inline(always)]
    fn same<E: Code>(self, a: E, b: E) -> bool {
        (a == E::BACKGROUND) == (b == E::BACKGROUND)
    }
}

/// Codes in memory, any strides.
#[derive(Clone, Copy, Debug)]
struct Grid<'a, E> {
    data: &'a [E],
    spatial: [usize; 3],
    strides: [usize; 3],
    axes: usize,
}

impl<'a, E: Code> Grid<'a, E> {
    fn packed(data: &'a [E], spatial: &[usize]) -> Result<Self, Error> {
        let [_, h, w] = Shape::new(1, 1, spatial)?.spatial;
        let strides = [h.saturating_mul(w), w, 1];
        Grid::strided(data, spatial, &strides[3 - spatial.len()..])
    }

    fn strided(data: &'a [E], spatial: &[usize], strides: &[usize]) -> Result<Self, Error> {
        let axes = spatial.len();
        let shape = Shape::new(1, 1, spatial)?;
        if shape.is_empty() {
            return Err(Error::Empty { argument: "labels", shape });
        }
        let mut along = [0; 3];
        match along.get_mut(3 - axes..) {
            Some(place) if place.len() == strides.len() => place.copy_from_slice(strides),
            _ => return Err(Error::Axes { argument: "strides", axes: strides.len() }),
        }
        let span = shape.spatial.iter().zip(along).try_fold(1usize, |n, (&extent, stride)| {
            n.checked_add((extent - 1).checked_mul(stride)?)
        });
        match span {
            Some(span) if span <= data.len() => {}
            _ => {
                let strides = Strides { batch: 0, channel: 0, spatial: along };
                return Err(Error::Extent { shape, strides, length: data.len() });
            }
        }
        Ok(Grid { data, spatial: shape.spatial, strides: along, axes })
    }

    fn adjacent(&self) -> Option<Adjacent<'_, E>> {
        let [slice, row, pixel] = self.strides;
        (pixel == 1).then_some(Adjacent { codes: self.data, strides: [slice, row] })
    }

    fn read<'s>(&'s self, row: usize, stage: &'s mut [E]) -> &'s [E] {
        let ([_, h, w], [slice, line, pixel]) = (self.spatial, self.strides);
        let first = |row: usize| row / h * slice + row % h * line;
        if pixel == 1 && stage.len() == w {
            return &self.data[first(row)..][..w];
        }
        for (y, places) in stage.chunks_exact_mut(w).enumerate() {
            let first = first(row + y);
            for (x, place) in places.iter_mut().enumerate() {
                *place = self.data[first + x * pixel];
            }
        }
        stage
    }
}

/// A mask: 0 is background, everything else is one foreground.
#[derive(Clone, Copy, Debug)]
pub struct Mask<'a> {
    grid: Grid<'a, u8>,
    ignored: Option<u8>,
}

impl<'a> Mask<'a> {
    /// A packed mask with 1 to 3 axes, e.g. `&[height, width]`, in row-major order.
    ///
    /// # Errors
    /// [`Error::Axes`] for another number of axes, [`Error::Empty`] for an axis of extent 0,
    /// [`Error::Extent`] if the mask reaches past the data.
    pub fn new(data: &'a [u8], spatial: &[usize]) -> Result<Self, Error> {
        Ok(Mask { grid: Grid::packed(data, spatial)?, ignored: None })
    }

    /// A packed mask of truth values.
    ///
    /// # Errors
    /// Those of [`Mask::new`].
    pub fn of_bools(data: &'a [bool], spatial: &[usize]) -> Result<Self, Error> {
        Mask::new(bytemuck::cast_slice(data), spatial)
    }

    /// A mask with a stride for each axis, counted in elements.
    ///
    /// # Errors
    /// Those of [`Mask::new`]; [`Error::Axes`] unless there is one stride for each axis.
    pub fn strided(data: &'a [u8], spatial: &[usize], strides: &[usize]) -> Result<Self, Error> {
        Ok(Mask { grid: Grid::strided(data, spatial, strides)?, ignored: None })
    }

    /// The mask with pixels that hold `ignored` counting for nothing.
    #[must_use]
    pub fn ignoring(self, ignored: u8) -> Self {
        Mask { ignored: Some(ignored), ..self }
    }
}

impl Labels for Mask<'_> {
    type Code = u8;

    fn spatial(&self) -> [usize; 3] {
        self.grid.spatial
    }

    fn axes(&self) -> usize {
        self.grid.axes
    }

    fn read<'s>(&'s self, row: usize, stage: &'s mut [u8]) -> &'s [u8] {
        self.grid.read(row, stage)
    }

    fn adjacent(&self) -> Option<Adjacent<'_, Self::Code>> {
        self.grid.adjacent()
    }

    fn is_mask(&self) -> bool {
        true
    }

    fn ignored(&self) -> Option<u8> {
        self.ignored
    }
}

/// A label map: every number is a label of its own, 0 is background.
#[derive(Clone, Copy, Debug)]
pub struct Classes<'a, E: Label> {
    grid: Grid<'a, E::Code>,
    ignored: Option<E::Code>,
}

impl<'a, E: Label> Classes<'a, E> {
    /// A packed label map with 1 to 3 axes, e.g. `&[height, width]`, in row-major order.
    ///
    /// # Errors
    /// [`Error::Axes`] for another number of axes, [`Error::Empty`] for an axis of extent 0,
    /// [`Error::Extent`] if the map reaches past the data.
    pub fn new(data: &'a [E], spatial: &[usize]) -> Result<Self, Error> {
        Ok(Classes { grid: Grid::packed(bytemuck::cast_slice(data), spatial)?, ignored: None })
    }

    /// A label map with a stride for each axis, counted in elements.
    ///
    /// # Errors
    /// Those of [`Classes::new`]; [`Error::Axes`] unless there is one stride for each axis.
    pub fn strided(data: &'a [E], spatial: &[usize], strides: &[usize]) -> Result<Self, Error> {
        let grid = Grid::strided(bytemuck::cast_slice(data), spatial, strides)?;
        Ok(Classes { grid, ignored: None })
    }

    /// The map with pixels that hold `ignored` counting for nothing.
    #[must_use]
    pub fn ignoring(self, ignored: E) -> Self {
        Classes { ignored: Some(bytemuck::cast(ignored)), ..self }
    }
}

impl<E: Label> Labels for Classes<'_, E> {
    type Code = E::Code;

    fn spatial(&self) -> [usize; 3] {
        self.grid.spatial
    }

    fn axes(&self) -> usize {
        self.grid.axes
    }

    fn read<'s>(&'s self, row: usize, stage: &'s mut [E::Code]) -> &'s [E::Code] {
        self.grid.read(row, stage)
    }

    fn adjacent(&self) -> Option<Adjacent<'_, Self::Code>> {
        self.grid.adjacent()
    }

    fn is_mask(&self) -> bool {
        false
    }

    fn ignored(&self) -> Option<E::Code> {
        self.ignored
    }
}

/// Whether any pixel is ignored.
pub(crate) fn has_ignored<E: Code>(labels: &DynLabels<'_, E>, stage: &mut [E]) -> bool {
    let [d, h, _] = labels.spatial();
    labels.ignored().is_some_and(|ignored| {
        (0..d * h).any(|row| {
            // Without a way out of the loop, so that it is made of vectors.
            labels.read(row, stage).iter().fold(false, |any, &label| any | (label == ignored))
        })
    })
}
