use crate::view::Write;

/// How logits become probabilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// Each channel by itself, with a target of its own per pixel in `[0, 1]`.
    Sigmoid,
    /// All channels together, with one label per pixel.
    Softmax,
}

/// The options of a call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Call {
    /// How logits become probabilities.
    pub link: Link,
    /// The target of pixels that do not count, compared before it is read as anything else.
    pub ignore_index: Option<i64>,
    /// The gradient of whatever follows in the loss: multiplied into the gradient, not the value.
    pub scale: f64,
    /// Whether the gradient replaces what its buffer holds or is added to it.
    pub write: Write,
}

impl Call {
    /// Sigmoid link, nothing ignored, scale 1, overwrite.
    pub fn sigmoid() -> Self {
        Call { link: Link::Sigmoid, ignore_index: None, scale: 1.0, write: Write::Overwrite }
    }

    /// Softmax link, label 255 ignored, scale 1, overwrite.
    pub fn softmax() -> Self {
        Call { link: Link::Softmax, ignore_index: Some(255), ..Call::sigmoid() }
    }
}
