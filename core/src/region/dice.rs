use super::{Classes, Pool, RegionTerm};
use crate::error::Error;
use crate::lanes::Lanes;
use crate::term::{About, Arguments, Parameter};

/// The smoothing of region losses.
pub(super) const SMOOTH: Parameter = Parameter::number("smooth", 1e-6).at_least(0.0);

/// Dice loss, averaged over classes:
///
/// ```text
/// 1 - (2 TP + smooth) / (P + G + smooth) = (FP + FN) / (FP + FN + 2 TP + smooth)
/// ```
///
/// with `P = TP + FP` the predicted and `G = TP + FN` the target's mass. One channel: per sample, then reduced over the
/// batch; several: once per class over the whole batch. 0 where no mass is predicted or asked for
/// and `smooth` is 0.
///
/// Source: Milletari et al., "V-Net", 3DV 2016, section 3, with plain instead of squared sums.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dice {
    smooth: f64,
}

impl Dice {
    /// Makes the term with smoothing `smooth`, finite and at least 0.
    ///
    /// # Errors
    /// [`Error::Parameter`] for any other.
    pub fn smooth(smooth: f64) -> Result<Self, Error> {
        Self::from_values(&[smooth])
    }
}

impl Default for Dice {
    /// `smooth = 1e-6`.
    fn default() -> Self {
        Self::new(Arguments::defaults(Self::PARAMETERS))
    }
}

impl RegionTerm for Dice {
    const NAME: &'static str = "dice";
    const ABOUT: About = About {
        title: "Dice loss",
        formula: "1 - (2 TP + smooth) / (2 TP + FP + FN + smooth)",
        source: "Milletari et al., V-Net, 3DV 2016",
    };
    const PARAMETERS: &'static [Parameter] = &[SMOOTH];

    fn new(arguments: Arguments<'_>) -> Self {
        Dice { smooth: arguments.get(0) }
    }

    fn pool(&self, classes: usize) -> Pool {
        if classes == 1 { Pool::Sample } else { Pool::Batch }
    }

    #[inline(always)]
    fn loss<L: Lanes, C: Classes<L>>(&self, classes: &C) -> L {
        classes.mean(|s| {
            let right = s.true_positive + s.true_positive + L::splat(self.smooth);
            (s.false_positive + s.false_negative).share_with(right)
        })
    }
}
