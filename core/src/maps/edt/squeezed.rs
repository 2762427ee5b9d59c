use super::cost::{Cost, Gap};
use super::{Spacing, longest};
use crate::maps::labels::{Adjacent, Code, DynLabels};

/// Labels without the axes of extent 1, which cost time and change no distance: slices x rows x pixels,
/// the rows across which there is nothing left out first.
pub(crate) struct Squeezed<'s, E> {
    labels: &'s DynLabels<'s, E>,
    /// Which of the image's axes slices, rows and pixels lie along.
    axes: [usize; 3],
    /// Rows of the image that make one of these: of one pixel each, if there is more than one.
    rows: usize,
    /// Where rows lie in memory, if their pixels are adjacent: strides along slices and rows.
    adjacent: Option<Adjacent<'s, E>>,
}

/// What costs are counted in.
#[derive(Clone, Copy)]
pub(crate) enum Numbers {
    /// `i32`.
    Narrow,
    /// `i64`.
    Wide,
    /// `f64`.
    Spaced,
}

/// Which axes slices, rows and pixels lie along, and how many rows make one.
fn axes(spatial: [usize; 3]) -> ([usize; 3], usize) {
    match spatial {
        [_, h, 1] if h > 1 => ([0, 2, 1], h),
        [d, 1, 1] if d > 1 => ([1, 2, 0], d),
        [1, _, _] => ([1, 0, 2], 1),
        _ => ([0, 1, 2], 1),
    }
}

/// The extents of an image along slices, rows and pixels.
pub(crate) fn slices_first(spatial: [usize; 3]) -> [usize; 3] {
    axes(spatial).0.map(|axis| spatial[axis])
}

impl<'s, E: Code> Squeezed<'s, E> {
    pub(crate) fn new(labels: &'s DynLabels<'s, E>) -> Self {
        let (axes, rows) = axes(labels.spatial());
        let adjacent = labels.adjacent().and_then(|Adjacent { codes, strides: [slice, row] }| {
            let [slice, row, pixel] = axes.map(|axis| [slice, row, 1][axis]);
            (pixel == 1).then_some(Adjacent { codes, strides: [slice, row] })
        });
        Squeezed { labels, axes, rows, adjacent }
    }

    /// What belongs to the image's axes, in this order of them.
    pub(crate) fn along<T: Copy>(&self, of: [T; 3]) -> [T; 3] {
        self.axes.map(|axis| of[axis])
    }

    /// Slices, rows and pixels.
    pub(crate) fn spatial(&self) -> [usize; 3] {
        self.along(self.labels.spatial())
    }

    pub(crate) fn numbers(&self, spacing: Spacing) -> Numbers {
        if !spacing.is_unit() {
            return Numbers::Spaced;
        }
        let narrow = longest(self.spatial()).is_some_and(|longest| longest < i32::NONE as u64)
            && self.spatial()[0] < usize::from(<i32 as Cost>::Gap::NONE);
        if narrow { Numbers::Narrow } else { Numbers::Wide }
    }

    /// The codes of a row of a slice, for which `stage` has room.
    #[inline]
    pub(crate) fn row<'a>(&'a self, slice: usize, row: usize, stage: &'a mut [E]) -> &'a [E] {
        if let Some(Adjacent { codes, strides }) = self.adjacent {
            return &codes[slice * strides[0] + row * strides[1]..][..stage.len()];
        }
        let [_, rows, _] = self.spatial();
        self.labels.read((slice * rows + row) * self.rows, stage)
    }
}
