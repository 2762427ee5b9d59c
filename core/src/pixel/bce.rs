use super::{Pixel, PixelTerm};
use crate::error::Error;
use crate::lanes::Lanes;
use crate::term::{About, Arguments, Parameter, WithTerm};

/// Binary cross-entropy of a logit `z` and a target `y` in `[0, 1]`, with weight `c` of foreground and smoothing `e`:
///
/// ```text
/// bce = c y' softplus(-z) + (1 - y') softplus(z),  y' = y (1 - 2e) + e
///     = (a + b) ln(1 + e^-|z|) + |z| (z < 0 ? a : b),  a = c y',  b = (1 - y) (1 - 2e) + e
/// ```
///
/// The second form subtracts nothing, so a confident right answer keeps all its digits. Averaged
/// over valid pixels: `c` is in the numerator alone. A pixel's loss is finite for every finite logit (a block of 1024 is
/// summed in the computing format, so logits of more than 1e35 in f32 can sum to infinity); 0 at `z = +inf, y = 1`,
/// infinite at `z = -inf, y = 1`, and with smoothing at both.
///
/// Smoothing moves a target `y` to `e` or `1 - e`, as segmentation_models.pytorch does; where a library takes `s` and
/// makes `y (1 - s) + s / 2` of it, `e` is `s / 2`. Source of smoothing: Szegedy et al., "Rethinking the Inception
/// Architecture for Computer Vision", CVPR 2016.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bce {
    /// None: `c = 1` and `e = 0`, which what most callers want takes no operation for.
    reweighted: Option<Reweighted>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Reweighted {
    /// `c`.
    foreground: f64,
    /// `e`.
    smoothing: f64,
}

impl Bce {
    /// Makes the term with the foreground's weight `pos_weight`, at least 0, and `smoothing` in `[0, 0.5]`.
    ///
    /// # Errors
    /// [`Error::Parameter`] for others.
    pub fn with(pos_weight: f64, smoothing: f64) -> Result<Self, Error> {
        Self::from_values(&[pos_weight, smoothing])
    }
}

impl Reweighted {
    /// What `softplus(-z)` and `softplus(z)` are multiplied by.
    #[inline(always)]
    fn sides<L: Lanes>(&self, y: L) -> (L, L) {
        let (kept, smoothing) = (L::splat(1.0 - 2.0 * self.smoothing), L::splat(self.smoothing));
        let foreground = y * kept + smoothing;
        let background = (L::splat(1.0) - y) * kept + smoothing;
        (L::splat(self.foreground) * foreground, background)
    }

    #[inline(always)]
    fn loss<L: Lanes>(&self, pixel: &Pixel<L>) -> L {
        let (zero, (foreground, background)) = (L::splat(0.0), self.sides(pixel.y));
        let away = L::select(pixel.z.lt(zero), foreground, background);
        // Not a bare product: an infinite logit on its own side has nothing wrong with it.
        let beyond = L::select(zero.lt(away), pixel.z.abs() * away, zero);
        (foreground + background) * pixel.softplus_tail + beyond
    }

    #[inline(always)]
    fn slope<L: Lanes>(&self, pixel: &Pixel<L>) -> L {
        let (foreground, background) = self.sides(pixel.y);
        background * pixel.p - foreground * pixel.q
    }
}

impl PixelTerm for Bce {
    const NAME: &'static str = "bce";
    const ABOUT: About = About {
        title: "binary cross-entropy",
        formula: "-pos_weight y ln p - (1 - y) ln(1 - p)",
        source: "Bishop, Pattern Recognition and Machine Learning, 2006, section 4.3",
        peers: "PyTorch, SMP, nnU-Net, mmsegmentation",
    };
    const PARAMETERS: &'static [Parameter] = &[
        Parameter::number("pos_weight", 1.0).at_least(0.0),
        Parameter::number("smoothing", 0.0).within(0.0, 0.5),
    ];
    const FUSED: bool = true;
    const FUSED_SOFT: bool = true;
    const SLOPE_OF_SHARES: bool = true;

    fn new(arguments: Arguments<'_>) -> Self {
        let (foreground, smoothing) = (arguments.get(0), arguments.get(1));
        let is_plain = foreground == 1.0 && smoothing == 0.0;
        Bce { reweighted: (!is_plain).then_some(Reweighted { foreground, smoothing }) }
    }

    #[inline(always)]
    fn loss<L: Lanes>(&self, pixel: &Pixel<L>) -> L {
        match &self.reweighted {
            None => pixel.cross_entropy,
            Some(reweighted) => reweighted.loss(pixel),
        }
    }

    /// `b p - a q`, where the dual numbers of `(a + b) ln(1 + e^-|z|) + |z| a` take `a` from `(a + b) q`.
    #[inline(always)]
    fn value_and_slope<L: Lanes>(&self, pixel: &Pixel<L>) -> (L, L) {
        match &self.reweighted {
            None => (pixel.cross_entropy, pixel.cross_entropy_slope()),
            Some(reweighted) => (reweighted.loss(pixel), reweighted.slope(pixel)),
        }
    }

    fn is_common(&self) -> bool {
        self.reweighted.is_none()
    }

    #[inline(always)]
    fn with_common<W: WithTerm<Self>>(self, work: W) {
        work.run(Bce { reweighted: None });
    }

    #[inline(always)]
    fn with_constants<W: WithTerm<Self>>(self, work: W) {
        match self.reweighted {
            None => work.run(Bce { reweighted: None }),
            Some(reweighted) => work.run_compact(Bce { reweighted: Some(reweighted) }),
        }
    }
}
