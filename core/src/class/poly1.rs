use super::{ClassPixel, ClassTerm};
use crate::error::Error;
use crate::lanes::Lanes;
use crate::poly1;
use crate::term::{About, Arguments, Parameter, WithTerm};

/// Cross-entropy of a pixel's true class `t`, with another first coefficient of its polynomial in `1 - p_t`:
///
/// ```text
/// poly1 = -ln p_t + epsilon (1 - p_t),  p = softmax(z)
/// ```
///
/// `epsilon` is -1 or larger: at -1 the first power of `1 - p_t` is gone, and what is left of a small loss keeps its digits.
/// Averaged over valid pixels. 0 for a right answer of any size, linear in the logits of a wrong one.
///
/// Source: Leng et al., "PolyLoss: A Polynomial Expansion Perspective of Classification Loss Functions", ICLR 2022.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Poly1(poly1::Poly1);

impl Poly1 {
    /// Makes the term with `epsilon`, at least -1.
    ///
    /// # Errors
    /// [`Error::Parameter`] for any other.
    pub fn epsilon(epsilon: f64) -> Result<Self, Error> {
        Self::from_values(&[epsilon])
    }
}

impl Default for Poly1 {
    /// `epsilon = 1`.
    fn default() -> Self {
        Self::new(Arguments::defaults(Self::PARAMETERS))
    }
}

impl ClassTerm for Poly1 {
    const NAME: &'static str = "poly1";
    const ABOUT: About = About {
        title: "Poly-1 loss",
        formula: "-ln p_t + epsilon (1 - p_t)",
        source: "Leng et al., PolyLoss, ICLR 2022",
        peers: "",
    };
    const PARAMETERS: &'static [Parameter] = &[poly1::EPSILON];

    fn new(arguments: Arguments<'_>) -> Self {
        Poly1(poly1::Poly1 { epsilon: arguments.get(0) })
    }

    #[inline(always)]
    fn loss<L: Lanes>(&self, pixel: &ClassPixel<L>) -> L {
        self.0.sum(-pixel.log_p, pixel.q)
    }

    /// `q + (1 + epsilon) p`, where the dual numbers subtract from 1.
    #[inline(always)]
    fn value_and_slope<L: Lanes>(&self, pixel: &ClassPixel<L>) -> (L, L) {
        (self.loss(pixel), -self.0.growth(pixel.p, pixel.q))
    }

    fn slope_is_of_shares(&self) -> bool {
        true
    }

    #[inline(always)]
    fn with_constants<W: WithTerm<Self>>(self, work: W) {
        work.run_compact(self);
    }
}
