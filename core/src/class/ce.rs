use super::{ClassPixel, ClassTerm};
use crate::error::Error;
use crate::lanes::{Lanes, bounded};
use crate::term::{About, Arguments, ClassWeights, Parameter, WithTerm};

/// Cross-entropy of a pixel's true class `t`, to a power, times its class's weight if there are any:
///
/// ```text
/// ce = w_t (-ln p_t)^h,  p = softmax(z)
/// ```
///
/// The mean is over valid pixels, with class weights by the sum of the valid pixels' weights: as the
/// source's code does (its formula divides by the number of pixels).
///
/// `power` is `h`: 1 unless given. One below 1 makes more of small losses and less of large ones; the derivative, infinite
/// at a loss of 0, is taken as 0 there and bounded by that of a loss of 1e-300 (f32: 1e-37), as in [`Lanes::powf`] of dual
/// numbers. Source of `power`: the exponential logarithmic loss of Wong et al., "3D Segmentation with Exponential
/// Logarithmic Loss for Highly Unbalanced Object Sizes", MICCAI 2018.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ce {
    power: f64,
}

impl Ce {
    /// Makes the term with exponent `power`, at least 1e-30.
    ///
    /// # Errors
    /// [`Error::Parameter`] for any other.
    pub fn power(power: f64) -> Result<Self, Error> {
        Self::from_values(&[power])
    }
}

impl Default for Ce {
    /// `power = 1`.
    fn default() -> Self {
        Ce { power: 1.0 }
    }
}

impl ClassTerm for Ce {
    const NAME: &'static str = "ce";
    const ABOUT: About = About {
        title: "cross-entropy",
        formula: "w_t (-ln p_t)^power",
        source: "Bishop, Pattern Recognition and Machine Learning, 2006, section 4.3",
        peers: "PyTorch, SMP, nnU-Net, mmsegmentation",
    };
    const PARAMETERS: &'static [Parameter] = &[Parameter::number("power", 1.0).at_least(1e-30)];
    const FUSED: bool = true;
    const CLASS_WEIGHTS: Option<ClassWeights> =
        Some(ClassWeights { name: "weights", normalised: true });

    fn new(arguments: Arguments<'_>) -> Self {
        Ce { power: arguments.get(0) }
    }

    #[inline(always)]
    fn loss<L: Lanes>(&self, pixel: &ClassPixel<L>) -> L {
        let ce = -pixel.log_p;
        if self.power == 1.0 { ce } else { exp_of_multiple(self.power, ce.ln()) }
    }

    /// With one logarithm for both powers, where the dual numbers' are of any exponent.
    #[inline(always)]
    fn value_and_slope<L: Lanes>(&self, pixel: &ClassPixel<L>) -> (L, L) {
        let (ce, one) = (-pixel.log_p, L::splat(1.0));
        if self.power == 1.0 {
            return (ce, -one);
        }
        let (zero, ln) = (L::splat(0.0), ce.ln());
        // Of 1e-300 and 1e-37.
        let least =
            L::splat(if L::DOUBLE { -690.775_527_898_213_7 } else { -85.195_648_440_779_69 });
        let growth = L::splat(self.power) * exp_of_multiple(self.power - 1.0, least.max(ln));
        (exp_of_multiple(self.power, ln), L::select(ce.eq(zero), zero, -bounded(growth)))
    }

    fn slope_is_of_shares(&self) -> bool {
        self.power == 1.0
    }

    fn is_common(&self) -> bool {
        self.power == 1.0
    }

    #[inline(always)]
    fn with_common<W: WithTerm<Self>>(self, work: W) {
        work.run(Ce { power: 1.0 });
    }

    #[inline(always)]
    fn with_constants<W: WithTerm<Self>>(self, work: W) {
        if self.power == 1.0 { work.run(Ce { power: 1.0 }) } else { work.run_compact(self) }
    }
}

/// `x^exponent` of `ln x`.
#[inline(always)]
fn exp_of_multiple<L: Lanes>(exponent: f64, ln: L) -> L {
    (L::splat(exponent) * ln).exp()
}
