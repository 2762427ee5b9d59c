use super::ratio::{GAMMA, LOG, Ratio, SMOOTH, SMOOTH_NR, Smoothing};
use super::{Classes, Pool, RegionTerm};
use crate::error::Error;
use crate::lanes::Lanes;
use crate::term::{About, Arguments, Parameter};

/// Dice loss, averaged over classes:
///
/// ```text
/// 1 - (2 TP + smooth_nr) / (P + G + smooth) = (FP + FN + smooth - smooth_nr) / (FP + FN + 2 TP + smooth)
/// ```
///
/// with `P = TP + FP` the predicted and `G = TP + FN` the target's mass, and `smooth_nr` equal to `smooth` unless given. With
/// `log` the negative logarithm of the ratio, to the power of `gamma` either way. One channel: per sample, then reduced over
/// the batch; several: once per class over the whole batch. 0 where no mass is predicted or asked for and `smooth` is 0.
///
/// Source: Milletari et al., "V-Net", 3DV 2016, section 3, with plain instead of squared sums; the logarithm with `gamma`:
/// Wong et al., "3D segmentation with exponential logarithmic loss for highly unbalanced object sizes", MICCAI 2018.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dice(Ratio);

impl Dice {
    /// Makes the term with smoothing `smooth`, finite and at least 0.
    ///
    /// # Errors
    /// [`Error::Parameter`] for any other.
    pub fn smooth(smooth: f64) -> Result<Self, Error> {
        let smooth = SMOOTH.check(Self::NAME, smooth)?;
        Ok(Dice::of(Smoothing { dr: smooth, nr: smooth, log: false }))
    }

    #[inline(always)]
    fn of(smoothing: Smoothing) -> Self {
        Dice(Ratio::new([2.0, 1.0, 1.0], smoothing))
    }
}

impl Default for Dice {
    /// `smooth = 1e-6`.
    fn default() -> Self {
        Dice::of(Smoothing { dr: SMOOTH.default, nr: SMOOTH.default, log: false })
    }
}

impl RegionTerm for Dice {
    const NAME: &'static str = "dice";
    const ABOUT: About = About {
        title: "Dice loss",
        formula: "1 - (2 TP + smooth_nr) / (2 TP + FP + FN + smooth)",
        source: "Milletari et al., V-Net, 3DV 2016",
        peers: "MONAI, SMP, kornia, nnU-Net, mmsegmentation",
    };
    const PARAMETERS: &'static [Parameter] = &[SMOOTH, SMOOTH_NR, LOG, GAMMA];

    fn new(arguments: Arguments<'_>) -> Self {
        let Dice(ratio) = Dice::of(Smoothing::of(&arguments, 0));
        Dice(ratio.to_the(arguments.get(3)))
    }

    fn pool(&self, classes: usize) -> Pool {
        if classes == 1 { Pool::Sample } else { Pool::Batch }
    }

    #[inline(always)]
    fn loss<L: Lanes, C: Classes<L>>(&self, classes: &C) -> L {
        classes.mean(|sums| self.0.loss(sums))
    }
}
