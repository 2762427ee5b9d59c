use super::{ClassPixel, ClassTerm};
use crate::lanes::Lanes;
use crate::term::{About, Arguments, ClassWeights, Parameter};

/// Cross-entropy of a pixel's true class `t`, times its class's weight if there are any:
///
/// ```text
/// ce = -w_t ln p_t,  p = softmax(z)
/// ```
///
/// The mean is over valid pixels, with class weights by the sum of the valid pixels' weights: as the
/// source's code does (its formula divides by the number of pixels).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Ce;

impl ClassTerm for Ce {
    const NAME: &'static str = "ce";
    const ABOUT: About = About {
        title: "cross-entropy",
        formula: "-w_t ln p_t",
        source: "Bishop, Pattern Recognition and Machine Learning, 2006, section 4.3",
        peers: "PyTorch, SMP, nnU-Net, mmsegmentation",
    };
    const PARAMETERS: &'static [Parameter] = &[];
    const FUSED: bool = true;
    const SLOPE_OF_SHARES: bool = true;
    const CLASS_WEIGHTS: Option<ClassWeights> =
        Some(ClassWeights { name: "weights", normalised: true });

    fn new(_: Arguments<'_>) -> Self {
        Ce
    }

    #[inline(always)]
    fn loss<L: Lanes>(&self, pixel: &ClassPixel<L>) -> L {
        -pixel.log_p
    }
}
