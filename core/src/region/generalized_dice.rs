use super::{ClassUse, Classes, Pool, RegionTerm};
use crate::lanes::Lanes;
use crate::region::ratio::SMOOTH;
use crate::term::{About, Absent, Arguments, Parameter};

/// Generalised Dice loss: of sums over all classes, each weighed by how rare it is.
///
/// ```text
/// sum w_k (FP_k + FN_k) / (sum w_k (FP_k + FN_k) + 2 sum w_k TP_k + smooth),   w_k = 1 / G_k^2
/// ```
///
/// with `G_k = TP_k + FN_k` the target's mass, which the gradient takes as given. `weight` is `square`, `simple` (`1 / G_k`)
/// or `uniform` (1). A class that the target does not hold has the largest weight of those that it holds, or none with
/// `absent=zero` and `absent=skip`; where the target holds none of the classes in use, the loss is 0. Class weights multiply
/// `w_k`. Per sample unless pooled.
///
/// The ratio does not depend on a factor that all weights have; its smoothing does. With `scale=max` they are divided by the
/// largest of a class that is there, so that `smooth` is a number of pixels, as everywhere. `scale=none` leaves them, and
/// `smooth` may then outweigh the sums: of a class of 2e5 pixels `w_k` is 2.5e-11.
///
/// Source: Sudre et al., "Generalised Dice overlap as a deep learning loss function for highly unbalanced segmentations",
/// DLMIA 2017.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GeneralizedDice {
    /// The exponent of `1 / G_k`.
    power: f64,
    smooth: f64,
    is_scaled: bool,
}

impl RegionTerm for GeneralizedDice {
    const NAME: &'static str = "generalized_dice";
    const ALSO: Option<&'static str> = Some("gdl");
    const ABOUT: About = About {
        title: "generalised Dice loss",
        formula: "1 - (2 sum w_k TP_k + smooth) / (sum w_k (2 TP_k + FP_k + FN_k) + smooth), w_k = 1 / G_k^2",
        source: "Sudre et al., Generalised Dice overlap, DLMIA 2017",
        peers: "MONAI, boundary-loss, SegLossOdyssey",
    };
    const PARAMETERS: &'static [Parameter] = &[
        Parameter::choice("weight", &["square", "simple", "uniform"]),
        SMOOTH,
        Parameter::choice("scale", &["max", "none"]),
    ];
    const CLASSES: ClassUse = ClassUse::Joined;

    fn new(arguments: Arguments<'_>) -> Self {
        let [weight, smooth, scale] = [0, 1, 2].map(|place| arguments.get(place));
        GeneralizedDice { power: 2.0 - weight, smooth, is_scaled: scale == 0.0 }
    }

    fn pool(&self, _: usize) -> Pool {
        Pool::Sample
    }

    #[inline(always)]
    fn loss<L: Lanes, C: Classes<L>>(&self, classes: &C) -> L {
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        let none = L::splat(f64::INFINITY);
        let mut smallest = none;
        classes.each(|class| {
            let smaller = class.sums.target().min(smallest);
            smallest = class.or_left_out(L::select(class.is_absent, smallest, smaller), smallest);
        });
        let largest = if self.is_scaled { one } else { (one / smallest).powf(self.power) };
        let counts_absent = classes.options().absent == Absent::Keep;
        let of_absent = if counts_absent { largest } else { zero };
        let (mut missed, mut hit) = (zero, L::splat(self.smooth));
        classes.each(|class| {
            let numerator = if self.is_scaled { smallest } else { one };
            let rarity = (numerator / class.sums.target()).powf(self.power);
            let rarity = class.weighed(L::select(class.is_absent, of_absent, rarity));
            let sums = class.sums;
            let with = missed + rarity * (sums.false_positive + sums.false_negative);
            missed = class.or_left_out(with, missed);
            hit = class.or_left_out(hit + rarity * (sums.true_positive + sums.true_positive), hit);
        });
        L::select(smallest.eq(none), zero, missed.share_with(hit))
    }
}
