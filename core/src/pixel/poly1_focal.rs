use super::{Pixel, PixelTerm, poly1};
use crate::error::Error;
use crate::lanes::Lanes;
use crate::poly1::{EPSILON, Poly1, focus};
use crate::term::{About, Arguments, Parameter, WithTerm};

/// Binary focal loss without `alpha`, with another first coefficient of its polynomial in the wrong answer's share:
///
/// ```text
/// poly1_focal = (1 - p_t)^gamma bce + epsilon (1 - p_t)^(gamma + 1) = (1 - p_t)^gamma poly1
/// ```
///
/// `1 - p_t`, `epsilon` and edges are as of [`Poly1`](super::Poly1), `gamma` as of [`Focal`](super::Focal).
///
/// Source: Leng et al., "PolyLoss: A Polynomial Expansion Perspective of Classification Loss Functions", ICLR 2022.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Poly1Focal {
    poly1: Poly1,
    gamma: f64,
}

impl Poly1Focal {
    /// Makes the term with `epsilon`, at least -1, and focusing parameter `gamma`, at least 0.
    ///
    /// # Errors
    /// [`Error::Parameter`] for others.
    pub fn with(epsilon: f64, gamma: f64) -> Result<Self, Error> {
        Self::from_values(&[epsilon, gamma])
    }
}

impl Default for Poly1Focal {
    /// `epsilon = 1`, `gamma = 2`.
    fn default() -> Self {
        Self::new(Arguments::defaults(Self::PARAMETERS))
    }
}

impl PixelTerm for Poly1Focal {
    const NAME: &'static str = "poly1_focal";
    const ABOUT: About = About {
        title: "binary Poly-1 focal loss",
        formula: "(1 - p_t)^gamma (-ln p_t + epsilon (1 - p_t))",
        source: "Leng et al., PolyLoss, ICLR 2022",
        peers: "",
    };
    const PARAMETERS: &'static [Parameter] =
        &[EPSILON, Parameter::number("gamma", 2.0).at_least(0.0)];

    fn new(arguments: Arguments<'_>) -> Self {
        Poly1Focal { poly1: Poly1 { epsilon: arguments.get(0) }, gamma: arguments.get(1) }
    }

    #[inline(always)]
    fn loss<L: Lanes>(&self, pixel: &Pixel<L>) -> L {
        focus(pixel.wrong, self.gamma) * poly1::value(self.poly1, pixel)
    }

    /// By the derivative of `ln (1 - p_t)`, as in [`Focal`](super::Focal).
    #[inline(always)]
    fn value_and_slope<L: Lanes>(&self, pixel: &Pixel<L>) -> (L, L) {
        let power = focus(pixel.wrong, self.gamma);
        let (value, slope) = poly1::value_and_slope(self.poly1, pixel);
        let (zero, growth) = (L::splat(0.0), pixel.ln_wrong_slope());
        // Where nothing changes any more, the loss may be infinite.
        let focus = L::select(growth.eq(zero), zero, L::splat(self.gamma) * value * growth);
        (power * value, power * (slope + focus))
    }

    #[inline(always)]
    fn with_constants<W: WithTerm<Self>>(self, work: W) {
        work.run_compact(self);
    }
}
