//! Leaves that make bytes of tiles of targets, for maps, which look at each label several times.

use super::check_targets::CheckKernels;
use super::targets::TargetKernels;
use crate::level::{Kernel, Level, enter};
use crate::summation::TILE;
use crate::view::Wide;

/// Makes bytes of shares or labels, [`u8::MAX`] where a pixel does not count. Tells whether all that count are below that.
pub(crate) type ToBytes = fn(&[f32; TILE], Option<&[f32; TILE]>, &mut [u8; TILE]) -> bool;

/// Writes 1 where a share that is stored as `f32` is above one half, else 0, and [`u8::MAX`] where it equals the second
/// argument. Tells whether any does.
pub(crate) type SidesOfFloats = fn(&[f32], Option<f32>, &mut [u8]) -> bool;

/// The leaves for targets that maps are computed from.
pub(crate) struct LabelKernels {
    pub targets: TargetKernels<f32>,
    pub checks: CheckKernels,
    /// Writes 1 where a share is above one half, else 0.
    pub sides: ToBytes,
    /// Writes labels.
    pub labels: ToBytes,
    /// Writes sides of masks that are stored as frameworks hand them over, without a copy of the shares in between.
    pub sides_of_floats: SidesOfFloats,
}

impl LabelKernels {
    /// Returns the table of level `Lv`.
    pub fn at<Lv: Level>() -> &'static Self {
        const { &LabelKernels::new::<Lv>() }
    }

    const fn new<Lv: Level>() -> Self {
        LabelKernels {
            targets: TargetKernels::new::<Lv>(),
            checks: CheckKernels::new::<Lv>(),
            sides: |y, valid, bytes| enter::<Lv, _>(Narrow::<false> { y, valid, bytes }),
            labels: |y, valid, bytes| enter::<Lv, _>(Narrow::<true> { y, valid, bytes }),
            sides_of_floats: |stored, ignored, bytes| {
                enter::<Lv, _>(Sides { stored, ignored, bytes })
            },
        }
    }
}

struct Narrow<'t, const LABELS: bool> {
    y: &'t [f32; TILE],
    /// 0 where a pixel does not count; all do if there is none.
    valid: Option<&'t [f32; TILE]>,
    bytes: &'t mut [u8; TILE],
}

impl<const LABELS: bool> Kernel for Narrow<'_, LABELS> {
    type Output = bool;

    #[inline(always)]
    fn run<Lv: Level>(self) -> bool {
        let Narrow { y, valid, bytes } = self;
        let mut fit = true;
        let Some(valid) = valid else {
            for (byte, &y) in bytes.iter_mut().zip(y) {
                *byte = narrow::<LABELS>(y);
                fit &= fits::<LABELS>(y);
            }
            return fit;
        };
        for ((byte, &y), &valid) in bytes.iter_mut().zip(y).zip(valid) {
            let counts = valid != 0.0;
            *byte = if counts { narrow::<LABELS>(y) } else { u8::MAX };
            fit &= !counts | fits::<LABELS>(y);
        }
        fit
    }
}

struct Sides<'t> {
    stored: &'t [f32],
    ignored: Option<f32>,
    bytes: &'t mut [u8],
}

impl Kernel for Sides<'_> {
    type Output = bool;

    #[inline(always)]
    fn run<Lv: Level>(self) -> bool {
        let Sides { stored, ignored, bytes } = self;
        let side = |share: f32| narrow::<false>(share.share());
        let Some(ignored) = ignored else {
            bytes.iter_mut().zip(stored).for_each(|(byte, &share)| *byte = side(share));
            return false;
        };
        let mut any = false;
        for (byte, &share) in bytes.iter_mut().zip(stored) {
            let is_void = share == ignored;
            *byte = if is_void { u8::MAX } else { side(share) };
            any |= is_void;
        }
        any
    }
}

#[inline(always)]
fn narrow<const LABELS: bool>(y: f32) -> u8 {
    // 2 to the mantissa's bits: an integer added to it is in the low bits, where a conversion would look for NaN.
    const SHIFT: f32 = 8_388_608.0;
    if LABELS { (y + SHIFT).to_bits() as u8 } else { u8::from(y > 0.5) }
}

#[inline(always)]
fn fits<const LABELS: bool>(y: f32) -> bool {
    !LABELS || y < 255.0
}
