//! Logits and targets of any dtype. What is usual is read inside the loops; everything else by a call a
//! tile, so that loops are compiled once, not once for each pair of dtypes.

use segloss_core::lanes::Real;
use segloss_core::summation::TILE;
use segloss_core::view::{
    AnyTargets, Bad, Layout, LogitSource, Mask, SingleLogits, TargetSource, View,
};

/// Logits computed in `f32`.
pub(crate) enum Logits<'a> {
    F32(View<'a, f32>),
    #[cfg_attr(not(feature = "half"), expect(dead_code, reason = "there are no others"))]
    Other(SingleLogits<'a>),
}

impl LogitSource<f32> for Logits<'_> {
    #[inline(always)]
    fn layout(&self) -> &Layout {
        match self {
            Logits::F32(view) => view.layout(),
            Logits::Other(view) => view.layout(),
        }
    }

    #[inline(always)]
    fn is_ready(&self) -> bool {
        match self {
            Logits::F32(view) => view.is_ready(),
            Logits::Other(view) => view.is_ready(),
        }
    }

    #[inline(always)]
    fn tile<'s>(
        &'s self,
        sample: usize,
        channel: usize,
        pixel: usize,
        count: usize,
        stage: &'s mut [f32; TILE],
    ) -> &'s [f32; TILE] {
        match self {
            Logits::F32(view) => view.tile(sample, channel, pixel, count, stage),
            Logits::Other(view) => other_tile(view, (sample, channel, pixel), count, stage),
        }
    }
}

#[inline(never)]
fn other_tile<'s>(
    view: &'s SingleLogits<'_>,
    (sample, channel, pixel): (usize, usize, usize),
    count: usize,
    stage: &'s mut [f32; TILE],
) -> &'s [f32; TILE] {
    view.tile(sample, channel, pixel, count, stage)
}

/// Targets.
pub(crate) enum Targets<'a> {
    U8(View<'a, u8>),
    Other(AnyTargets<'a>),
}

macro_rules! each {
    ($self:ident, $view:ident => $body:expr) => {
        match $self {
            Targets::U8($view) => $body,
            Targets::Other($view) => $body,
        }
    };
}

impl TargetSource for Targets<'_> {
    #[inline(always)]
    fn layout(&self) -> &Layout {
        each!(self, view => view.layout())
    }

    #[inline(always)]
    fn shares<T: Real>(
        &self,
        sample: usize,
        channel: usize,
        pixel: usize,
        count: usize,
        ignore_index: Option<i64>,
        y: &mut [T; TILE],
        valid: &mut [T; TILE],
    ) -> bool {
        match self {
            Targets::U8(view) => view.shares(sample, channel, pixel, count, ignore_index, y, valid),
            Targets::Other(any) => {
                other_shares(any, (sample, channel, pixel), count, ignore_index, y, valid)
            }
        }
    }

    #[inline(always)]
    fn labels<T: Real>(
        &self,
        sample: usize,
        pixel: usize,
        count: usize,
        ignore_index: Option<i64>,
        y: &mut [T; TILE],
        valid: &mut [T; TILE],
    ) -> bool {
        match self {
            Targets::U8(view) => view.labels(sample, pixel, count, ignore_index, y, valid),
            Targets::Other(any) => {
                other_labels(any, (sample, pixel), count, ignore_index, y, valid)
            }
        }
    }

    fn foreground(
        &self,
        sample: usize,
        channel: usize,
        pixel: usize,
        ignore_index: Option<i64>,
        foreground: &mut [u8],
    ) {
        each!(self, view => view.foreground(sample, channel, pixel, ignore_index, foreground));
    }

    fn can_ignore(&self, ignore_index: Option<i64>) -> bool {
        each!(self, view => view.can_ignore(ignore_index))
    }

    fn bytes(&self) -> Option<&[u8]> {
        each!(self, view => view.bytes())
    }

    fn ignored_byte(&self, ignore_index: Option<i64>) -> Option<u8> {
        each!(self, view => view.ignored_byte(ignore_index))
    }

    fn check_shares(
        &self,
        sample: usize,
        channel: usize,
        ignore_index: Option<i64>,
        mask: Option<&Mask<'_>>,
    ) -> Result<u64, Bad> {
        each!(self, view => view.check_shares(sample, channel, ignore_index, mask))
    }

    fn check_labels(
        &self,
        sample: usize,
        classes: u32,
        ignore_index: Option<i64>,
        mask: Option<&Mask<'_>>,
    ) -> Result<u64, Bad> {
        each!(self, view => view.check_labels(sample, classes, ignore_index, mask))
    }
}

#[inline(never)]
fn other_shares<T: Real>(
    targets: &AnyTargets<'_>,
    (sample, channel, pixel): (usize, usize, usize),
    count: usize,
    ignore_index: Option<i64>,
    y: &mut [T; TILE],
    valid: &mut [T; TILE],
) -> bool {
    targets.shares(sample, channel, pixel, count, ignore_index, y, valid)
}

#[inline(never)]
fn other_labels<T: Real>(
    targets: &AnyTargets<'_>,
    (sample, pixel): (usize, usize),
    count: usize,
    ignore_index: Option<i64>,
    y: &mut [T; TILE],
    valid: &mut [T; TILE],
) -> bool {
    targets.labels(sample, pixel, count, ignore_index, y, valid)
}
