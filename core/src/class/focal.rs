use super::{ClassPixel, ClassTerm};
use crate::error::Error;
use crate::lanes::Lanes;
use crate::term::{About, Arguments, ClassWeights, Parameter, WithTerm};

/// Focal loss of a pixel's true class `t`, times `alpha_t` if there are class weights:
///
/// ```text
/// focal = -alpha_t (1 - p_t)^gamma ln p_t,  p = softmax(z)
/// ```
///
/// The mean divides by the number of valid pixels plus 1e-6, as the source does; `alpha` counts in the
/// numerator only. For `gamma < 1` the gradient of a pixel goes to 0 with its loss.
///
/// Source: Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017, section 3.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Focal {
    gamma: f64,
}

impl Focal {
    /// Makes the term with focusing parameter `gamma`, finite and at least 0.
    ///
    /// # Errors
    /// [`Error::Parameter`] for any other.
    pub fn gamma(gamma: f64) -> Result<Self, Error> {
        Self::from_values(&[gamma])
    }
}

impl Default for Focal {
    /// `gamma = 2`.
    fn default() -> Self {
        Self::new(Arguments::defaults(Self::PARAMETERS))
    }
}

impl ClassTerm for Focal {
    const NAME: &'static str = "focal";
    const ABOUT: About = About {
        title: "focal loss",
        formula: "-alpha_t (1 - p_t)^gamma ln p_t",
        source: "Lin et al., Focal Loss for Dense Object Detection, ICCV 2017",
        peers: "MONAI, kornia, boundary-loss",
    };
    const PARAMETERS: &'static [Parameter] = &[Parameter::number("gamma", 2.0).at_least(0.0)];
    const CLASS_WEIGHTS: Option<ClassWeights> =
        Some(ClassWeights { name: "alpha", normalised: false });
    const DENOMINATOR_OFFSET: f64 = 1e-6;

    fn new(arguments: Arguments<'_>) -> Self {
        Focal { gamma: arguments.get(0) }
    }

    #[inline(always)]
    fn loss<L: Lanes>(&self, pixel: &ClassPixel<L>) -> L {
        -(pixel.q.powf(self.gamma) * pixel.log_p)
    }

    /// `(1 - p)^gamma (gamma p ln p / (1 - p) - 1)`: one power instead of the dual numbers' two, and
    /// none of a negative exponent, which overflows for `gamma < 1` where `1 - p` is next to 0.
    #[inline(always)]
    fn value_and_slope<L: Lanes>(&self, pixel: &ClassPixel<L>) -> (L, L) {
        let ClassPixel { log_p, p, q } = *pixel;
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        let power = q.powf(self.gamma);
        let ratio = L::select(q.eq(zero), -one, log_p / q);
        // An infinite loss of a class that is not predicted at all.
        let focus = L::select(p.eq(zero), zero, p * ratio);
        (-(power * log_p), power * (L::splat(self.gamma) * focus - one))
    }

    /// The power at run time is a select and a multiplication a bit, or an exponential and a logarithm,
    /// whichever it is; that of `gamma = 2` one multiplication.
    #[inline(always)]
    fn with_constants<W: WithTerm<Self>>(self, work: W) {
        if self.gamma == 2.0 { work.run(Focal { gamma: 2.0 }) } else { work.run(self) }
    }
}
