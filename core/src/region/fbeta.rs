use super::ratio::{LOG, Ratio, SMOOTH, SMOOTH_NR, Smoothing};
use super::{Classes, RegionTerm};
use crate::lanes::Lanes;
use crate::term::{About, Arguments, Parameter};

/// One less the F-measure, averaged over classes: [`Tversky`](super::Tversky) with `fp = 1 / (1 + beta^2)` and
/// `fn = beta^2 / (1 + beta^2)`.
///
/// ```text
/// 1 - (TP + smooth_nr) / (TP + (FP + beta^2 FN) / (1 + beta^2) + smooth)
/// ```
///
/// `beta`, at least 0, says how many times as much recall counts as precision. Once over the whole batch unless pooled per
/// sample.
///
/// Source: Hashemi et al., "Asymmetric loss functions and deep densely-connected networks for highly-imbalanced medical image
/// segmentation", IEEE Access 2019.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fbeta(Ratio);

impl RegionTerm for Fbeta {
    const NAME: &'static str = "fbeta";
    const ABOUT: About = About {
        title: "F-beta loss",
        formula: "1 - (TP + smooth_nr) / (TP + (FP + beta^2 FN) / (1 + beta^2) + smooth)",
        source: "Hashemi et al., Asymmetric loss functions, IEEE Access 2019",
        peers: "SegLossOdyssey",
    };
    const PARAMETERS: &'static [Parameter] =
        &[Parameter::number("beta", 1.5).at_least(0.0), SMOOTH, SMOOTH_NR, LOG];

    fn new(arguments: Arguments<'_>) -> Self {
        let square = arguments.get(0) * arguments.get(0);
        // The second as `1 / (1 + 1 / beta^2)`, which a square that overflows leaves at 1.
        let weights = [1.0, 1.0 / (1.0 + square), 1.0 / (1.0 + 1.0 / square)];
        Fbeta(Ratio::new(weights, Smoothing::of(&arguments, 1)))
    }

    #[inline(always)]
    fn loss<L: Lanes, C: Classes<L>>(&self, classes: &C) -> L {
        classes.mean(|sums| self.0.loss(sums))
    }
}
