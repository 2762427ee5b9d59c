use super::{Pixel, PixelTerm};
use crate::error::Error;
use crate::lanes::Lanes;
use crate::term::{About, Arguments, Parameter, Range, WithTerm};

/// Binary focal loss of a logit `z` and a target `y` in `[0, 1]`:
///
/// ```text
/// focal = alpha_t (1 - p_t)^gamma bce,  1 - p_t = y (1 - p) + (1 - y) p,
///                                       alpha_t = y alpha + (1 - y) (1 - alpha)
/// ```
///
/// With `alpha=off`, `alpha_t` is 1. Averaged over valid pixels. A soft target interpolates both factors, as in the source; the
/// minimum is then not at `p = y`. For `gamma < 1` the gradient of a pixel goes to 0 with its loss.
///
/// Source: Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017, section 3.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Focal {
    /// `alpha_t` of a target of 1, or [`Range::OFF`].
    alpha: f64,
    gamma: f64,
}

impl Focal {
    /// Makes the term with the foreground's weight `alpha` in `[0, 1]`, or [`Range::OFF`], and focusing parameter `gamma`, at
    /// least 0.
    ///
    /// # Errors
    /// [`Error::Parameter`] for others.
    pub fn with(alpha: f64, gamma: f64) -> Result<Self, Error> {
        Self::from_values(&[alpha, gamma])
    }
}

impl Default for Focal {
    /// `alpha = 0.25`, `gamma = 2`.
    fn default() -> Self {
        Self::new(Arguments::defaults(Self::PARAMETERS))
    }
}

impl Focal {
    /// `alpha_t (1 - p_t)^gamma`.
    #[inline(always)]
    fn factor<L: Lanes>(&self, pixel: &Pixel<L>) -> L {
        let (foreground, background) =
            if self.alpha == Range::OFF { (1.0, 1.0) } else { (self.alpha, 1.0 - self.alpha) };
        let (foreground, background) = (L::splat(foreground), L::splat(background));
        pixel.by_target(foreground, background) * pixel.wrong.powf(self.gamma)
    }
}

impl PixelTerm for Focal {
    const NAME: &'static str = "focal";
    const ABOUT: About = About {
        title: "binary focal loss",
        formula: "-alpha_t (1 - p_t)^gamma ln p_t",
        source: "Lin et al., Focal Loss for Dense Object Detection, ICCV 2017",
        peers: "MONAI, SMP, kornia, mmsegmentation",
    };
    const PARAMETERS: &'static [Parameter] = &[
        Parameter::number("alpha", 0.25).within(0.0, 1.0).or_off(),
        Parameter::number("gamma", 2.0).at_least(0.0),
    ];
    const FUSED: bool = true;

    fn new(arguments: Arguments<'_>) -> Self {
        Focal { alpha: arguments.get(0), gamma: arguments.get(1) }
    }

    #[inline(always)]
    fn loss<L: Lanes>(&self, pixel: &Pixel<L>) -> L {
        self.factor(pixel) * pixel.cross_entropy
    }

    /// `alpha_t (1 - p_t)^gamma (bce' + gamma bce (ln(1 - p_t))')`: one power instead of the dual numbers' two, and none of
    /// a negative exponent, which overflows for `gamma < 1` where `1 - p_t` is next to 0.
    #[inline(always)]
    fn value_and_slope<L: Lanes>(&self, pixel: &Pixel<L>) -> (L, L) {
        let (factor, bce) = (self.factor(pixel), pixel.cross_entropy);
        let (zero, growth) = (L::splat(0.0), pixel.ln_wrong_slope());
        // Where nothing changes any more, the loss may be infinite.
        let focus = L::select(growth.eq(zero), zero, L::splat(self.gamma) * bce * growth);
        (factor * bce, factor * (pixel.cross_entropy_slope() + focus))
    }

    fn is_common(&self) -> bool {
        self.gamma == 2.0
    }

    #[inline(always)]
    fn with_common<W: WithTerm<Self>>(self, work: W) {
        work.run(Focal { gamma: 2.0, ..self });
    }

    /// The power at run time is a select and a multiplication a bit, or an exponential and a logarithm,
    /// whichever it is; that of `gamma = 2` one multiplication.
    #[inline(always)]
    fn with_constants<W: WithTerm<Self>>(self, work: W) {
        if self.gamma == 2.0 { work.run(Focal { gamma: 2.0, ..self }) } else { work.run(self) }
    }
}
