use crate::fault::Fault;
use segloss_c_boundary::options;
use segloss_core::engine;

/// How logits become probabilities. Since 0.1.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// Each channel by itself, with targets of the logits' shape from 0 to 1 (integers: 0 and not 0).
    Sigmoid = 0,
    /// All channels together, with one label per pixel, from 0 to the number of channels less 1; pixels
    /// labelled 255 do not count unless the call says otherwise.
    Softmax = 1,
}

impl Link {
    pub(crate) fn read(value: i32) -> Result<Self, Fault> {
        let expected = "SEGLOSS_LINK_SIGMOID (0) or SEGLOSS_LINK_SOFTMAX (1)";
        Ok(match options::link(value, expected)? {
            engine::Link::Sigmoid => Link::Sigmoid,
            engine::Link::Softmax => Link::Softmax,
        })
    }

    /// What core calls it.
    pub(crate) fn of_core(self) -> engine::Link {
        match self {
            Link::Sigmoid => engine::Link::Sigmoid,
            Link::Softmax => engine::Link::Softmax,
        }
    }
}
