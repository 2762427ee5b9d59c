use crate::sources::Targets;
use segloss_core::compose::{IGNORED, LabelPlane, LabelSource};
use segloss_core::engine::Link;
use segloss_core::maps::Labels;

/// One image of labels of any dtype, read row by row.
pub(super) struct LabelRows<'a>(pub(super) LabelPlane<'a, Targets<'a>>);

/// One image of a mask of any dtype, read row by row.
pub(super) struct MaskRows<'a>(pub(super) LabelPlane<'a, Targets<'a>>);

/// Runs an expression with one of the two, as the link says.
macro_rules! with_rows {
    ($plane:expr, $rows:ident => $body:expr) => {{
        let plane = $plane;
        if $crate::maps::rows::is_mask(&plane) {
            let $rows = &$crate::maps::rows::MaskRows(plane);
            $body
        } else {
            let $rows = &$crate::maps::rows::LabelRows(plane);
            $body
        }
    }};
}
pub(super) use with_rows;

pub(super) fn is_mask(plane: &LabelPlane<'_, Targets<'_>>) -> bool {
    plane.call.link == Link::Sigmoid
}

impl Labels for LabelRows<'_> {
    type Label = u32;

    fn spatial(&self) -> [usize; 3] {
        self.0.shape().spatial
    }

    fn axes(&self) -> usize {
        self.0.shape().axes
    }

    fn row<'s>(&'s self, row: usize, stage: &'s mut [u32]) -> &'s [u32] {
        self.0.read(row * stage.len(), stage);
        stage
    }

    #[inline(always)]
    fn is_background(label: u32) -> bool {
        label == 0
    }

    #[inline(always)]
    fn same(a: u32, b: u32) -> bool {
        a == b
    }

    fn ignored(&self) -> Option<u32> {
        self.0.may_ignore().then_some(IGNORED)
    }
}

impl Labels for MaskRows<'_> {
    type Label = u8;

    fn spatial(&self) -> [usize; 3] {
        self.0.shape().spatial
    }

    fn axes(&self) -> usize {
        self.0.shape().axes
    }

    fn row<'s>(&'s self, row: usize, stage: &'s mut [u8]) -> &'s [u8] {
        self.0.read_mask(row * stage.len(), stage);
        stage
    }

    #[inline(always)]
    fn is_background(label: u8) -> bool {
        label == 0
    }

    #[inline(always)]
    fn same(a: u8, b: u8) -> bool {
        a == b
    }

    fn ignored(&self) -> Option<u8> {
        self.0.may_ignore().then_some(u8::MAX)
    }
}
