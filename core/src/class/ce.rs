use super::{ClassPixel, ClassTerm};
use crate::error::Error;
use crate::lanes::Lanes;
use crate::term::{Arguments, Parameter};

/// Cross-entropy of a pixel's true class `t`:
///
/// ```text
/// ce = -ln p_t,  p = softmax(z)
/// ```
///
/// Averaged over valid pixels, as the source's code does.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Ce;

impl ClassTerm for Ce {
    const NAME: &'static str = "ce";
    const PARAMETERS: &'static [Parameter] = &[];

    fn new(_: Arguments<'_>) -> Result<Self, Error> {
        Ok(Ce)
    }

    #[inline(always)]
    fn loss<L: Lanes>(&self, pixel: &ClassPixel<L>) -> L {
        -pixel.log_p
    }
}
