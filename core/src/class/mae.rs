use super::{ClassPixel, ClassTerm};
use crate::lanes::Lanes;
use crate::term::{About, Arguments, Parameter, WithTerm};

/// Mean absolute error of a pixel's class probabilities, halved: each side of the sum over classes is `1 - p_t`, of the true
/// class `t`:
///
/// ```text
/// mae = 1 - p_t = 1/2 sum_k |p_k - (k = t)|,  p = softmax(z)
/// ```
///
/// Averaged over valid pixels. 0 for a right answer of any size and 1 for a wrong one, whose gradient vanishes with `p_t`.
///
/// Source: Ghosh et al., "Robust Loss Functions under Label Noise for Deep Neural Networks", AAAI 2017.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Mae;

impl ClassTerm for Mae {
    const NAME: &'static str = "mae";
    const ABOUT: About = About {
        title: "mean absolute error",
        formula: "1 - p_t",
        source: "Ghosh et al., Robust Loss Functions under Label Noise, AAAI 2017",
        peers: "",
    };
    const PARAMETERS: &'static [Parameter] = &[];

    fn new(_: Arguments<'_>) -> Self {
        Mae
    }

    #[inline(always)]
    fn loss<L: Lanes>(&self, pixel: &ClassPixel<L>) -> L {
        pixel.q
    }

    fn slope_is_of_shares(&self) -> bool {
        true
    }

    #[inline(always)]
    fn with_constants<W: WithTerm<Self>>(self, work: W) {
        work.run_compact(self);
    }
}
