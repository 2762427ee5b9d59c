use super::{ClassPixel, ClassTerm};
use crate::error::Error;
use crate::lanes::Lanes;
use crate::poly1::{EPSILON, Poly1, focus};
use crate::term::{About, Arguments, Parameter, WithTerm};

/// Focal loss of a pixel's true class `t` without `alpha`, with another first coefficient of its polynomial in `1 - p_t`:
///
/// ```text
/// poly1_focal = -(1 - p_t)^gamma ln p_t + epsilon (1 - p_t)^(gamma + 1) = (1 - p_t)^gamma poly1
/// ```
///
/// `epsilon` and edges are as of [`Poly1`](super::Poly1), `gamma` as of [`Focal`](super::Focal). Averaged over valid pixels.
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

impl ClassTerm for Poly1Focal {
    const NAME: &'static str = "poly1_focal";
    const ABOUT: About = About {
        title: "Poly-1 focal loss",
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
    fn loss<L: Lanes>(&self, pixel: &ClassPixel<L>) -> L {
        focus(pixel.q, self.gamma) * self.poly1.sum(-pixel.log_p, pixel.q)
    }

    /// `-(1 - p)^gamma (gamma p poly1 / (1 - p) + 1 + epsilon p)`: no power of a negative exponent, which overflows for
    /// `gamma < 1` where `1 - p` is next to 0.
    #[inline(always)]
    fn value_and_slope<L: Lanes>(&self, pixel: &ClassPixel<L>) -> (L, L) {
        let ClassPixel { log_p, p, q } = *pixel;
        let zero = L::splat(0.0);
        let (power, value) = (focus(q, self.gamma), self.poly1.sum(-log_p, q));
        let growth = self.poly1.growth(p, q);
        let ratio = L::select(q.eq(zero), growth, value / q);
        // An infinite loss of a class that is not predicted at all.
        let focus = L::select(p.eq(zero), zero, p * ratio);
        (power * value, -(power * (L::splat(self.gamma) * focus + growth)))
    }

    #[inline(always)]
    fn with_constants<W: WithTerm<Self>>(self, work: W) {
        work.run_compact(self);
    }
}
