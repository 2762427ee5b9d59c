use super::ratio::{LOG, Ratio, SMOOTH, SMOOTH_NR, Smoothing};
use super::{Classes, RegionTerm};
use crate::error::Error;
use crate::lanes::Lanes;
use crate::term::{About, Arguments, Parameter};

/// The weight of false positives.
pub(super) const FP: Parameter = Parameter::number("fp", 0.5).or("alpha").at_least(0.0);
/// The weight of false negatives.
pub(super) const FN: Parameter = Parameter::number("fn", 0.5).or("beta").at_least(0.0);

/// Tversky loss, averaged over classes:
///
/// ```text
/// 1 - (TP + smooth_nr) / (TP + fp FP + fn FN + smooth)
///     = (fp FP + fn FN + smooth - smooth_nr) / (TP + fp FP + fn FN + smooth)
/// ```
///
/// `fp` weighs false positives (the paper's alpha), `fn` false negatives (its beta): `fn > fp` is for
/// recall. `smooth_nr` is `smooth` unless given. With `log` the negative logarithm of the ratio. Once over the whole batch unless pooled per sample. With both 0.5 it is Dice with twice the
/// smoothing. 0 where the denominator is 0.
///
/// Source: Salehi et al., "Tversky loss function for image segmentation using 3D fully convolutional
/// deep networks", MLMI 2017, section 2.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tversky(Ratio);

impl Tversky {
    /// Makes the term with weights of false positives and false negatives and smoothing, all finite and at
    /// least 0.
    ///
    /// # Errors
    /// [`Error::Parameter`] for others.
    pub fn with(fp_weight: f64, fn_weight: f64, smooth: f64) -> Result<Self, Error> {
        let fp_weight = FP.check(Self::NAME, fp_weight)?;
        let fn_weight = FN.check(Self::NAME, fn_weight)?;
        let smooth = SMOOTH.check(Self::NAME, smooth)?;
        let smoothing = Smoothing { dr: smooth, nr: smooth, log: false };
        Ok(Tversky(Ratio::new([1.0, fp_weight, fn_weight], smoothing)))
    }
}

impl Default for Tversky {
    /// Both weights 0.5, `smooth = 1e-6`.
    fn default() -> Self {
        let smoothing = Smoothing { dr: SMOOTH.default, nr: SMOOTH.default, log: false };
        Tversky(Ratio::new([1.0, FP.default, FN.default], smoothing))
    }
}

impl RegionTerm for Tversky {
    const NAME: &'static str = "tversky";
    const ABOUT: About = About {
        title: "Tversky loss",
        formula: "1 - (TP + smooth_nr) / (TP + fp FP + fn FN + smooth)",
        source: "Salehi et al., Tversky loss function for image segmentation, MLMI 2017",
        peers: "MONAI, SMP, kornia, mmsegmentation",
    };
    const PARAMETERS: &'static [Parameter] = &[FP, FN, SMOOTH, SMOOTH_NR, LOG];

    fn new(arguments: Arguments<'_>) -> Self {
        let weights = [1.0, arguments.get(0), arguments.get(1)];
        Tversky(Ratio::new(weights, Smoothing::of(&arguments, 2)))
    }

    #[inline(always)]
    fn loss<L: Lanes, C: Classes<L>>(&self, classes: &C) -> L {
        classes.mean(|sums| self.0.loss(sums))
    }
}
