use super::{ClassPixel, ClassTerm};
use crate::error::Error;
use crate::lanes::{Lanes, weigh};
use crate::term::{About, Arguments, Parameter, WithTerm};

/// Symmetric cross-entropy of a pixel's true class `t`: cross-entropy, and the reverse one of labels by predictions, in
/// which `floor` stands for the logarithm of a label that is 0:
///
/// ```text
/// sce = -alpha ln p_t - beta floor (1 - p_t),  p = softmax(z)
/// ```
///
/// `alpha` and `beta` are 0 or larger, `floor` is 0 or smaller. Averaged over valid pixels. 0 for a right answer of any size,
/// linear in the logits of a wrong one unless `alpha` is 0, which leaves a multiple of [`Mae`](super::Mae).
///
/// Source: Wang et al., "Symmetric Cross Entropy for Robust Learning with Noisy Labels", ICCV 2019.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sce {
    alpha: f64,
    /// `-beta floor`.
    reverse: f64,
}

impl Sce {
    /// Makes the term with weights `alpha` of cross-entropy and `beta` of the reverse one, both at least 0, and `floor`, at
    /// most 0.
    ///
    /// # Errors
    /// [`Error::Parameter`] for others.
    pub fn with(alpha: f64, beta: f64, floor: f64) -> Result<Self, Error> {
        Self::from_values(&[alpha, beta, floor])
    }
}

impl Default for Sce {
    /// `alpha = 0.1`, `beta = 1`, `floor = -4`.
    fn default() -> Self {
        Self::new(Arguments::defaults(Self::PARAMETERS))
    }
}

impl ClassTerm for Sce {
    const NAME: &'static str = "sce";
    const ABOUT: About = About {
        title: "symmetric cross-entropy",
        formula: "-alpha ln p_t - beta floor (1 - p_t)",
        source: "Wang et al., Symmetric Cross Entropy for Robust Learning with Noisy Labels, ICCV 2019",
        peers: "",
    };
    const PARAMETERS: &'static [Parameter] = &[
        Parameter::number("alpha", 0.1).at_least(0.0),
        Parameter::number("beta", 1.0).at_least(0.0),
        Parameter::number("floor", -4.0).within(f64::NEG_INFINITY, 0.0),
    ];

    fn new(arguments: Arguments<'_>) -> Self {
        Sce { alpha: arguments.get(0), reverse: arguments.get(1) * -arguments.get(2) }
    }

    #[inline(always)]
    fn loss<L: Lanes>(&self, pixel: &ClassPixel<L>) -> L {
        weigh(L::splat(self.alpha), -pixel.log_p) + L::splat(self.reverse) * pixel.q
    }

    fn slope_is_of_shares(&self) -> bool {
        true
    }

    #[inline(always)]
    fn with_constants<W: WithTerm<Self>>(self, work: W) {
        work.run_compact(self);
    }
}
