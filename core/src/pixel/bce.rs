use super::{Pixel, PixelTerm};
use crate::lanes::Lanes;
use crate::term::{About, Arguments, Parameter};

/// Binary cross-entropy of a logit `z` and a target `y` in `[0, 1]`:
///
/// ```text
/// bce = y softplus(-z) + (1 - y) softplus(z) = ln(1 + e^-|z|) + |z| (z < 0 ? y : 1 - y)
/// ```
///
/// The second form subtracts nothing, so a confident right answer keeps all its digits. Averaged
/// over valid pixels. A pixel's loss is finite for every finite logit (a block of 1024 is summed in the
/// computing format, so logits of more than 1e35 in f32 can sum to infinity); 0 at `z = +inf, y = 1`, infinite at
/// `z = -inf, y = 1`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bce;

impl PixelTerm for Bce {
    const NAME: &'static str = "bce";
    const ABOUT: About = About {
        title: "binary cross-entropy",
        formula: "-y ln p - (1 - y) ln(1 - p)",
        source: "Bishop, Pattern Recognition and Machine Learning, 2006, section 4.3",
        peers: "PyTorch, SMP, nnU-Net, mmsegmentation",
    };
    const PARAMETERS: &'static [Parameter] = &[];
    const FUSED: bool = true;
    const FUSED_SOFT: bool = true;
    const SLOPE_OF_SHARES: bool = true;

    fn new(_: Arguments<'_>) -> Self {
        Bce
    }

    #[inline(always)]
    fn loss<L: Lanes>(&self, pixel: &Pixel<L>) -> L {
        pixel.cross_entropy
    }
}
