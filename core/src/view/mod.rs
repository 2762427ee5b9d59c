//! Borrowed tensors: batch x channels x 1 to 3 spatial axes, any strides.

mod gradient;
mod ignored;
mod layout;
mod logits;
mod targets;
mod weights;

pub use crate::shape::{Shape, Strides};
pub use gradient::{Elements, GradientSink, ViewMut, Write};
pub(crate) use ignored::{IgnoredAs, stored_labels};
pub use layout::Layout;
pub(crate) use logits::Planes;
pub use logits::{Logit, Logits};
pub(crate) use targets::each_view;
pub use targets::{Bad, Number, Target, Targets, Wide};
pub use weights::{BitWeights, Mask, Weights};

use crate::error::Error;

/// A borrowed tensor that is only read.
#[derive(Clone, Copy, Debug)]
pub struct View<'a, E> {
    pub(crate) data: &'a [E],
    pub(crate) layout: Layout,
}

impl<'a, E> View<'a, E> {
    /// A tensor laid out in `data` as `layout` says.
    ///
    /// # Errors
    /// [`Error::Extent`] if the layout reaches past the data.
    pub fn new(data: &'a [E], layout: Layout) -> Result<Self, Error> {
        layout.fits(data.len())?;
        Ok(View { data, layout })
    }

    /// Shape and strides.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// All of the data that the layout is in.
    pub fn data(&self) -> &'a [E] {
        self.data
    }
}
