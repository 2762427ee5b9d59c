use super::{Pixel, PixelTerm};
use crate::error::Error;
use crate::lanes::Lanes;
use crate::poly1;
use crate::term::{About, Arguments, Parameter, WithTerm};

/// Binary cross-entropy with another first coefficient of its polynomial in the wrong answer's share:
///
/// ```text
/// poly1 = bce + epsilon (1 - p_t),  1 - p_t = y (1 - p) + (1 - y) p
/// ```
///
/// `epsilon` is -1 or larger: at -1 the first power of `1 - p_t` is gone, and what is left of a small loss keeps its digits.
/// Averaged over valid pixels. A soft target interpolates; the minimum is then not at `p = y` unless `epsilon` is 0. 0 at
/// `z = +inf, y = 1`, infinite at `z = -inf, y = 1`.
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

/// `bce + epsilon (1 - p_t)`, and its derivative in the logit.
#[inline(always)]
pub(super) fn value_and_slope<L: Lanes>(term: poly1::Poly1, pixel: &Pixel<L>) -> (L, L) {
    let Pixel { y, p, q, .. } = *pixel;
    let background = L::splat(1.0) - y;
    let slope = background * (p * term.growth(q, p)) - y * (q * term.growth(p, q));
    (value(term, pixel), slope)
}

/// The loss of the answer that the logit gives, and what the other one is above it, which is a sum of two numbers of one
/// size, times the other one's share of the target.
#[inline(always)]
pub(super) fn value<L: Lanes>(term: poly1::Poly1, pixel: &Pixel<L>) -> L {
    let Pixel { z, y, p, q, softplus_tail, .. } = *pixel;
    let (zero, one) = (L::splat(0.0), L::splat(1.0));
    let is_negative = z.lt(zero);
    let smaller = L::select(is_negative, p, q);
    let away = L::select(is_negative, y, one - y);
    let above = z.abs() + L::splat(term.epsilon) * (one - L::splat(2.0) * smaller);
    // Not a bare product: an infinite logit on its own side has nothing wrong with it.
    let beyond = L::select(zero.lt(away), away * above, zero);
    term.sum(softplus_tail, smaller) + beyond
}

impl PixelTerm for Poly1 {
    const NAME: &'static str = "poly1";
    const ABOUT: About = About {
        title: "binary Poly-1 loss",
        formula: "-ln p_t + epsilon (1 - p_t)",
        source: "Leng et al., PolyLoss, ICLR 2022",
        peers: "",
    };
    const PARAMETERS: &'static [Parameter] = &[poly1::EPSILON];
    const SLOPE_OF_SHARES: bool = true;

    fn new(arguments: Arguments<'_>) -> Self {
        Poly1(poly1::Poly1 { epsilon: arguments.get(0) })
    }

    #[inline(always)]
    fn loss<L: Lanes>(&self, pixel: &Pixel<L>) -> L {
        value(self.0, pixel)
    }

    /// `p (p + (1 + epsilon) q)` for a target of 0: what `1 - |epsilon|` would leave of it, the dual numbers subtract.
    #[inline(always)]
    fn value_and_slope<L: Lanes>(&self, pixel: &Pixel<L>) -> (L, L) {
        value_and_slope(self.0, pixel)
    }

    #[inline(always)]
    fn with_constants<W: WithTerm<Self>>(self, work: W) {
        work.run_compact(self);
    }
}
