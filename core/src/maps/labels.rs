use bytemuck::Pod;

use crate::error::Error;
use crate::view::{Shape, Strides};

/// How a label is stored for the maps.
pub trait Label: Pod + PartialEq + PartialOrd + Send + Sync {}

impl Label for u8 {}
impl Label for u32 {}
impl Label for i32 {}
impl Label for i64 {}

/// An image of labels, from which maps are computed: [`Mask`], [`Classes`], or a reader of anything
/// else.
///
/// A reader keeps to one shape, without an axis of extent 0, and gives rows of its width: the maps may
/// panic over one that does not.
pub trait Labels: Sync {
    /// What a row is read as.
    type Label: Label;

    /// Depth, height and width; axes that the image does not have are 1.
    fn spatial(&self) -> [usize; 3];

    /// How many axes the image has, from 1 to 3: width alone, height too, or depth too.
    fn axes(&self) -> usize;

    /// The labels of row `z * height + y`: borrowed where they are adjacent in memory, else copied to
    /// `stage`, which has as many places as a row has pixels.
    fn row<'s>(&'s self, row: usize, stage: &'s mut [Self::Label]) -> &'s [Self::Label];

    /// Whether this label is background, which is what lies outside the image too.
    fn is_background(label: Self::Label) -> bool;

    /// Whether two pixels are of the same label.
    fn same(a: Self::Label, b: Self::Label) -> bool;

    /// The label of pixels that count for nothing: they are no boundary, and no distance is measured
    /// to them.
    fn ignored(&self) -> Option<Self::Label>;
}

/// Labels in memory, any strides.
#[derive(Clone, Copy, Debug)]
struct Grid<'a, E> {
    data: &'a [E],
    spatial: [usize; 3],
    strides: [usize; 3],
    axes: usize,
}

impl<'a, E: Label> Grid<'a, E> {
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
            _ => return Err(Error::Axes { axes: strides.len() }),
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

    #[inline]
    fn row<'s>(&'s self, row: usize, stage: &'s mut [E]) -> &'s [E] {
        let [_, h, w] = self.spatial;
        let first = row / h * self.strides[0] + row % h * self.strides[1];
        if self.strides[2] == 1 {
            return &self.data[first..first + w];
        }
        for (x, place) in stage.iter_mut().enumerate() {
            *place = self.data[first + x * self.strides[2]];
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

    /// The same of truth values.
    ///
    /// # Errors
    /// As of [`Mask::new`].
    pub fn of_bools(data: &'a [bool], spatial: &[usize]) -> Result<Self, Error> {
        Mask::new(bytemuck::cast_slice(data), spatial)
    }

    /// A mask with a stride for each axis, counted in elements.
    ///
    /// # Errors
    /// As of [`Mask::new`]; [`Error::Axes`] unless there is one stride for each axis.
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
    type Label = u8;

    fn spatial(&self) -> [usize; 3] {
        self.grid.spatial
    }

    fn axes(&self) -> usize {
        self.grid.axes
    }

    #[inline]
    fn row<'s>(&'s self, row: usize, stage: &'s mut [u8]) -> &'s [u8] {
        self.grid.row(row, stage)
    }

    #[inline(always)]
    fn is_background(label: u8) -> bool {
        label == 0
    }

    #[inline(always)]
    fn same(a: u8, b: u8) -> bool {
        (a == 0) == (b == 0)
    }

    fn ignored(&self) -> Option<u8> {
        self.ignored
    }
}

/// A label map: every number is a label of its own, 0 is background.
#[derive(Clone, Copy, Debug)]
pub struct Classes<'a, E> {
    grid: Grid<'a, E>,
    ignored: Option<E>,
}

impl<'a, E: Label> Classes<'a, E> {
    /// A packed label map with 1 to 3 axes, e.g. `&[height, width]`, in row-major order.
    ///
    /// # Errors
    /// [`Error::Axes`] for another number of axes, [`Error::Empty`] for an axis of extent 0,
    /// [`Error::Extent`] if the map reaches past the data.
    pub fn new(data: &'a [E], spatial: &[usize]) -> Result<Self, Error> {
        Ok(Classes { grid: Grid::packed(data, spatial)?, ignored: None })
    }

    /// A label map with a stride for each axis, counted in elements.
    ///
    /// # Errors
    /// As of [`Classes::new`]; [`Error::Axes`] unless there is one stride for each axis.
    pub fn strided(data: &'a [E], spatial: &[usize], strides: &[usize]) -> Result<Self, Error> {
        Ok(Classes { grid: Grid::strided(data, spatial, strides)?, ignored: None })
    }

    /// The map with pixels that hold `ignored` counting for nothing.
    #[must_use]
    pub fn ignoring(self, ignored: E) -> Self {
        Classes { ignored: Some(ignored), ..self }
    }
}

impl<E: Label + From<u8>> Labels for Classes<'_, E> {
    type Label = E;

    fn spatial(&self) -> [usize; 3] {
        self.grid.spatial
    }

    fn axes(&self) -> usize {
        self.grid.axes
    }

    #[inline]
    fn row<'s>(&'s self, row: usize, stage: &'s mut [E]) -> &'s [E] {
        self.grid.row(row, stage)
    }

    #[inline(always)]
    fn is_background(label: E) -> bool {
        label == E::from(0)
    }

    #[inline(always)]
    fn same(a: E, b: E) -> bool {
        a == b
    }

    fn ignored(&self) -> Option<E> {
        self.ignored
    }
}

/// Whether any pixel is ignored.
pub(crate) fn has_ignored<S: Labels>(labels: &S, stage: &mut [S::Label]) -> bool {
    let [d, h, _] = labels.spatial();
    labels.ignored().is_some_and(|ignored| {
        (0..d * h).any(|row| {
            // Without a way out of the loop, so that it is made of vectors.
            labels.row(row, stage).iter().fold(false, |any, &label| any | (label == ignored))
        })
    })
}
