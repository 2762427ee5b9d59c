use super::{ClassSums, Classes, RegionTerm};
use crate::error::Error;
use crate::lanes::Lanes;
use crate::term::{Arguments, Parameter, not_negative};

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
    fp_weight: f64,
    fn_weight: f64,
    smooth: f64,
}

impl Tversky {
    /// With weights of false positives and false negatives and smoothing, all finite and at least 0.
    ///
    /// # Errors
    /// [`Error::Parameter`] for others.
    pub fn with(fp_weight: f64, fn_weight: f64, smooth: f64) -> Result<Self, Error> {
        Tversky::of(Self::NAME, fp_weight, fn_weight, smooth)
    }

    /// The same as part of the term called `term`.
    pub(super) fn of(
        term: &'static str,
        fp_weight: f64,
        fn_weight: f64,
        smooth: f64,
    ) -> Result<Self, Error> {
        Ok(Tversky {
            fp_weight: not_negative(term, "fp", fp_weight)?,
            fn_weight: not_negative(term, "fn", fn_weight)?,
            smooth: not_negative(term, "smooth", smooth)?,
        })
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
        Tversky { fp_weight: 0.5, fn_weight: 0.5, smooth: 1e-6 }
    }
}

impl RegionTerm for Tversky {
    const NAME: &'static str = "tversky";
    const PARAMETERS: &'static [Parameter] = &[
        Parameter::number("fp", 0.5).or("alpha"),
        Parameter::number("fn", 0.5).or("beta"),
        Parameter::number("smooth", 1e-6),
    ];

    fn new(arguments: Arguments<'_>) -> Result<Self, Error> {
        Tversky::with(arguments.get(0), arguments.get(1), arguments.get(2))
    }

    #[inline(always)]
    fn loss<L: Lanes, C: Classes<L>>(&self, classes: &C) -> L {
        classes.mean(|s| self.class(s))
    }
}
