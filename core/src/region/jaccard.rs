use super::ratio::{GAMMA, LOG, Ratio, SMOOTH, SMOOTH_NR, Smoothing};
use super::{Classes, Pool, RegionTerm};
use crate::lanes::Lanes;
use crate::term::{About, Arguments, Parameter};

/// Jaccard loss (intersection over union), averaged over classes:
///
/// ```text
/// 1 - (TP + smooth_nr) / (TP + FP + FN + smooth)
/// ```
///
/// Parameters and pools are those of [`Dice`](super::Dice). Where the smoothing is 0 it grows with Dice, as `2 D / (1 + D)`.
///
/// Source: Rahman and Wang, "Optimizing intersection-over-union in deep neural networks for image segmentation", ISVC 2016.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Jaccard(Ratio);

impl RegionTerm for Jaccard {
    const NAME: &'static str = "jaccard";
    const ALSO: Option<&'static str> = Some("iou");
    const ABOUT: About = About {
        title: "Jaccard (IoU) loss",
        formula: "1 - (TP + smooth_nr) / (TP + FP + FN + smooth)",
        source: "Rahman and Wang, Optimizing intersection-over-union, ISVC 2016",
        peers: "MONAI, SMP, SegLossOdyssey",
    };
    const PARAMETERS: &'static [Parameter] = &[SMOOTH, SMOOTH_NR, LOG, GAMMA];

    fn new(arguments: Arguments<'_>) -> Self {
        let ratio = Ratio::new([1.0; 3], Smoothing::of(&arguments, 0));
        Jaccard(ratio.to_the(arguments.get(3)))
    }

    fn pool(&self, classes: usize) -> Pool {
        if classes == 1 { Pool::Sample } else { Pool::Batch }
    }

    #[inline(always)]
    fn loss<L: Lanes, C: Classes<L>>(&self, classes: &C) -> L {
        classes.mean(|sums| self.0.loss(sums))
    }
}
