use super::Labels;
use crate::compose::{IGNORED, LabelSource};

/// Labels of a source, read row by row.
#[derive(Clone, Copy, Debug)]
pub struct LabelRows<'a, S: ?Sized>(pub &'a S);

/// A mask of a source, read row by row: its [`LabelSource::read_mask`] must not refuse.
#[derive(Clone, Copy, Debug)]
pub struct MaskRows<'a, S: ?Sized>(pub &'a S);

impl<S: LabelSource + ?Sized> Labels for LabelRows<'_, S> {
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

impl<S: LabelSource + ?Sized> Labels for MaskRows<'_, S> {
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
