use super::{ClassPixel, ClassTerm};
use crate::error::Error;
use crate::lanes::Lanes;
use crate::term::{About, Arguments, Parameter, WithTerm};

/// Generalised cross-entropy of a pixel's true class `t`:
///
/// ```text
/// gce = (1 - p_t^h) / h,  p = softmax(z)
/// ```
///
/// `power` is `h`, above 0 (1e-30 or larger) and at most 1. It leads from cross-entropy, the limit at 0, to
/// [`Mae`](super::Mae) at 1. Averaged over valid pixels. 0 for a right answer of any size and `1/h` for a wrong one, whose
/// gradient vanishes with `p_t^h`. A small loss is formed from `-ln p_t`, not as a difference from 1.
///
/// Source: Zhang and Sabuncu, "Generalized Cross Entropy Loss for Training Deep Neural Networks with Noisy Labels",
/// NeurIPS 2018.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gce {
    power: f64,
}

impl Gce {
    /// Makes the term with exponent `power` from 1e-30 to 1.
    ///
    /// # Errors
    /// [`Error::Parameter`] for any other.
    pub fn power(power: f64) -> Result<Self, Error> {
        Self::from_values(&[power])
    }
}

impl Default for Gce {
    /// `power = 0.7`.
    fn default() -> Self {
        Self::new(Arguments::defaults(Self::PARAMETERS))
    }
}

impl ClassTerm for Gce {
    const NAME: &'static str = "gce";
    const ABOUT: About = About {
        title: "generalised cross-entropy",
        formula: "(1 - p_t^power) / power",
        source: "Zhang and Sabuncu, Generalized Cross Entropy Loss, NeurIPS 2018",
        peers: "",
    };
    const PARAMETERS: &'static [Parameter] = &[Parameter::number("power", 0.7).within(1e-30, 1.0)];

    fn new(arguments: Arguments<'_>) -> Self {
        Gce { power: arguments.get(0) }
    }

    #[inline(always)]
    fn loss<L: Lanes>(&self, pixel: &ClassPixel<L>) -> L {
        let (one, power) = (L::splat(1.0), L::splat(self.power));
        let x = power * pixel.log_p;
        // (1 - e^x) / h = -x (1 + x (e^x - 1 - x) / x^2) / h, within -ln(2) / 2.
        let near = -pixel.log_p * (one + x * x.exp_tail());
        let far = (one - x.exp_of_nonpositive()) / power;
        L::select(L::splat(-0.34375).lt(x), near, far)
    }

    /// `-p^h`, where the dual numbers differentiate a polynomial.
    #[inline(always)]
    fn value_and_slope<L: Lanes>(&self, pixel: &ClassPixel<L>) -> (L, L) {
        let power = L::splat(self.power) * pixel.log_p;
        (self.loss(pixel), -power.exp_of_nonpositive())
    }

    #[inline(always)]
    fn with_constants<W: WithTerm<Self>>(self, work: W) {
        work.run_compact(self);
    }
}
