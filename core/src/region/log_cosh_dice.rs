use super::ratio::{Ratio, SMOOTH, Smoothing};
use super::{Classes, Pool, RegionTerm};
use crate::lanes::Lanes;
use crate::term::{About, Arguments, Parameter};

/// The logarithm of the hyperbolic cosine of the Dice loss `D` of each class, averaged over classes:
///
/// ```text
/// ln cosh D = ln(1 + D^2 / 2! + D^4 / 4! + ...)
/// ```
///
/// It grows as `D^2 / 2` while `D` is small; the series keeps the digits that `cosh D`, next to 1, has not. Pools are those
/// of [`Dice`](super::Dice).
///
/// Source: Jadon, "A survey of loss functions for semantic segmentation", CIBCB 2020.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogCoshDice(Ratio);

impl RegionTerm for LogCoshDice {
    const NAME: &'static str = "log_cosh_dice";
    const ABOUT: About = About {
        title: "log-cosh Dice loss",
        formula: "ln cosh(dice)",
        source: "Jadon, A survey of loss functions for semantic segmentation, CIBCB 2020",
        peers: "",
    };
    const PARAMETERS: &'static [Parameter] = &[SMOOTH];

    fn new(arguments: Arguments<'_>) -> Self {
        let smooth = arguments.get(0);
        let smoothing = Smoothing { dr: smooth, nr: smooth, log: false };
        LogCoshDice(Ratio::new([2.0, 1.0, 1.0], smoothing))
    }

    fn pool(&self, classes: usize) -> Pool {
        if classes == 1 { Pool::Sample } else { Pool::Batch }
    }

    #[inline(always)]
    fn loss<L: Lanes, C: Classes<L>>(&self, classes: &C) -> L {
        classes.mean(|sums| cosh_less_1(self.0.loss(sums)).ln_1p())
    }
}

/// `cosh x - 1` of `x` from 0 to 1: what is left out, `x^20 / 20!`, is below 1e-18.
#[inline(always)]
fn cosh_less_1<L: Lanes>(x: L) -> L {
    let square = x * x;
    // Each term is the one before it, times x^2 / ((2n - 1) 2n).
    let step = |inner: L, n: f64| {
        (L::splat(1.0) + inner) * square * L::splat(1.0 / ((2.0 * n - 1.0) * 2.0 * n))
    };
    [9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0].into_iter().fold(L::splat(0.0), step)
}
