use super::ratio::{LOG, Ratio, SMOOTH, SMOOTH_NR, Smoothing};
use super::{Classes, RegionTerm};
use crate::lanes::Lanes;
use crate::term::{About, Arguments, Parameter};

/// The share of the target that is missed, averaged over classes:
///
/// ```text
/// 1 - (TP + smooth_nr) / (TP + FN + smooth)
/// ```
///
/// False positives are free, so it stands beside a loss that counts them. Linear in the probabilities unless `log`. Once
/// over the whole batch unless pooled per sample.
///
/// Source: with sums of a skeleton's pixels (`weighted=true`), Kirchhoff et al., "Skeleton recall loss for connectivity
/// conserving and resource efficient segmentation of thin tubular structures", ECCV 2024.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recall(Ratio);

impl RegionTerm for Recall {
    const NAME: &'static str = "recall";
    const ABOUT: About = About {
        title: "recall loss",
        formula: "1 - (TP + smooth_nr) / (TP + FN + smooth)",
        source: "Kirchhoff et al., Skeleton recall loss, ECCV 2024",
        peers: "Skeleton-Recall",
    };
    const PARAMETERS: &'static [Parameter] = &[SMOOTH, SMOOTH_NR, LOG];

    fn new(arguments: Arguments<'_>) -> Self {
        Recall(Ratio::new([1.0, 0.0, 1.0], Smoothing::of(&arguments, 0)))
    }

    #[inline(always)]
    fn loss<L: Lanes, C: Classes<L>>(&self, classes: &C) -> L {
        classes.mean(|sums| self.0.loss(sums))
    }
}
