use super::cost::{Cost, Gap};
use super::{Spacing, longest};
use crate::maps::Labels;

/// Labels without the axes of extent 1, which cost time and change no distance: slices x rows x pixels,
/// the rows across which there is nothing left out first.
pub(crate) struct Squeezed<'s, S> {
    labels: &'s S,
    /// Which of the image's axes slices, rows and pixels lie along.
    axes: [usize; 3],
    /// Rows of one pixel that make a line, if there are no longer ones.
    column: Option<usize>,
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

impl<'s, S: Labels> Squeezed<'s, S> {
    pub(crate) fn new(labels: &'s S) -> Self {
        let (axes, column) = match labels.spatial() {
            [_, h, 1] if h > 1 => ([0, 2, 1], Some(h)),
            [d, 1, 1] if d > 1 => ([1, 2, 0], Some(d)),
            [1, _, _] => ([1, 0, 2], None),
            _ => ([0, 1, 2], None),
        };
        Squeezed { labels, axes, column }
    }

    /// What belongs to the image's axes, in this order of them.
    pub(crate) fn along<T: Copy>(&self, of: [T; 3]) -> [T; 3] {
        self.axes.map(|axis| of[axis])
    }

    pub(crate) fn numbers(&self, spacing: Spacing) -> Numbers {
        if !spacing.is_unit() {
            return Numbers::Spaced;
        }
        let narrow = longest(self.spatial()).is_some_and(|longest| longest < i32::NONE as u64)
            && self.spatial()[0] < usize::from(<i32 as Cost>::Gap::NONE);
        if narrow { Numbers::Narrow } else { Numbers::Wide }
    }
}

impl<S: Labels> Labels for Squeezed<'_, S> {
    type Label = S::Label;

    fn spatial(&self) -> [usize; 3] {
        self.along(self.labels.spatial())
    }

    fn axes(&self) -> usize {
        self.labels.axes()
    }

    #[inline]
    fn row<'a>(&'a self, row: usize, stage: &'a mut [S::Label]) -> &'a [S::Label] {
        let Some(length) = self.column else {
            return self.labels.row(row, stage);
        };
        let mut one = [stage[0]];
        for (y, place) in stage[..length].iter_mut().enumerate() {
            *place = self.labels.row(row * length + y, &mut one)[0];
        }
        stage
    }

    #[inline(always)]
    fn is_background(label: S::Label) -> bool {
        S::is_background(label)
    }

    #[inline(always)]
    fn same(a: S::Label, b: S::Label) -> bool {
        S::same(a, b)
    }

    fn ignored(&self) -> Option<S::Label> {
        self.labels.ignored()
    }
}
