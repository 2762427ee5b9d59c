use super::dice::SMOOTH;
use super::{ClassSums, Classes, RegionTerm};
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
/// 1 - (TP + smooth) / (TP + fp FP + fn FN + smooth) = (fp FP + fn FN) / (TP + fp FP + fn FN + smooth)
/// ```
///
/// `fp` weighs false positives (the paper's alpha), `fn` false negatives (its beta): `fn > fp` is for
/// recall. Once over the whole batch unless pooled per sample. With both 0.5 it is Dice with twice the
/// smoothing. 0 where the denominator is 0.
///
/// Source: Salehi et al., "Tversky loss function for image segmentation using 3D fully convolutional
/// deep networks", MLMI 2017, section 2.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tversky {
    pub(super) fp_weight: f64,
    pub(super) fn_weight: f64,
    pub(super) smooth: f64,
}

impl Tversky {
    /// Makes the term with weights of false positives and false negatives and smoothing, all finite and at
    /// least 0.
    ///
    /// # Errors
    /// [`Error::Parameter`] for others.
    pub fn with(fp_weight: f64, fn_weight: f64, smooth: f64) -> Result<Self, Error> {
        Self::from_values(&[fp_weight, fn_weight, smooth])
    }

    /// The loss of one class.
    #[inline(always)]
    pub(super) fn class<L: Lanes>(&self, s: &ClassSums<L>) -> L {
        let wrong = L::splat(self.fp_weight) * s.false_positive
            + L::splat(self.fn_weight) * s.false_negative;
        wrong.share_with(s.true_positive + L::splat(self.smooth))
    }
}

impl Default for Tversky {
    /// Both weights 0.5, `smooth = 1e-6`.
    fn default() -> Self {
        Self::new(Arguments::defaults(Self::PARAMETERS))
    }
}

impl RegionTerm for Tversky {
    const NAME: &'static str = "tversky";
    const ABOUT: About = About {
        title: "Tversky loss",
        formula: "1 - (TP + smooth) / (TP + fp FP + fn FN + smooth)",
        source: "Salehi et al., Tversky loss function for image segmentation, MLMI 2017",
    };
    const PARAMETERS: &'static [Parameter] = &[FP, FN, SMOOTH];

    fn new(arguments: Arguments<'_>) -> Self {
        let [fp_weight, fn_weight, smooth] = [0, 1, 2].map(|index| arguments.get(index));
        Tversky { fp_weight, fn_weight, smooth }
    }

    #[inline(always)]
    fn loss<L: Lanes, C: Classes<L>>(&self, classes: &C) -> L {
        classes.mean(|s| self.class(s))
    }
}
