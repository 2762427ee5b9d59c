use core::fmt;

/// How logits become probabilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// Each channel by itself, with a target of its own per pixel in `[0, 1]`.
    Sigmoid,
    /// All channels together, with one label per pixel.
    Softmax,
}

impl Link {
    /// The function's name, as texts and messages have it.
    pub const fn name(self) -> &'static str {
        match self {
            Link::Sigmoid => "sigmoid",
            Link::Softmax => "softmax",
        }
    }

    /// The one that is not this.
    pub const fn other(self) -> Self {
        match self {
            Link::Sigmoid => Link::Softmax,
            Link::Softmax => Link::Sigmoid,
        }
    }
}

/// Displays the name.
impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
