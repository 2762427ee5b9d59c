use super::ratio::{GAMMA, LOG, Ratio, SMOOTH, SMOOTH_NR, Smoothing};
use super::tversky::{FN, FP};
use super::{Classes, RegionTerm};
use crate::error::Error;
use crate::lanes::Lanes;
use crate::term::{About, Arguments, Parameter};

/// Focal Tversky loss: the loss of [`Tversky`](super::Tversky), to the power of `gamma`, class by class, then averaged
/// over classes.
///
/// ```text
/// (1 - tversky)^gamma
/// ```
///
/// For `gamma < 1` the gradient grows without bound towards a perfect prediction. It is 0 at a
/// Tversky loss of exactly 0 and bounded by that of a loss of 1e-300 ([`Lanes::powf`] of dual numbers).
///
/// Source: Abraham and Khan, "A novel focal Tversky loss function with improved attention U-Net for
/// lesion segmentation", ISBI 2019, section 2 (their exponent is `1 / gamma`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FocalTversky(Ratio);

impl FocalTversky {
    /// Makes the term with weights of false positives and false negatives, exponent and smoothing, all finite and at
    /// least 0.
    ///
    /// # Errors
    /// [`Error::Parameter`] for others.
    pub fn with(fp_weight: f64, fn_weight: f64, gamma: f64, smooth: f64) -> Result<Self, Error> {
        Self::from_values(&[fp_weight, fn_weight, gamma, smooth])
    }
}

impl Default for FocalTversky {
    /// Both weights 0.5, `gamma = 1`, `smooth = 1e-6`.
    fn default() -> Self {
        Self::new(Arguments::defaults(Self::PARAMETERS))
    }
}

impl RegionTerm for FocalTversky {
    const NAME: &'static str = "focal_tversky";
    const ABOUT: About = About {
        title: "focal Tversky loss",
        formula: "tversky^gamma",
        source: "Abraham and Khan, A novel focal Tversky loss function, ISBI 2019",
        peers: "SMP, SegLossOdyssey",
    };
    const PARAMETERS: &'static [Parameter] = &[FP, FN, GAMMA, SMOOTH, SMOOTH_NR, LOG];

    fn new(arguments: Arguments<'_>) -> Self {
        let [fp_weight, fn_weight, gamma] = [0, 1, 2].map(|place| arguments.get(place));
        let ratio = Ratio::new([1.0, fp_weight, fn_weight], Smoothing::of(&arguments, 3));
        FocalTversky(ratio.to_the(gamma))
    }

    #[inline(always)]
    fn loss<L: Lanes, C: Classes<L>>(&self, classes: &C) -> L {
        classes.mean(|sums| self.0.loss(sums))
    }
}
