//! Packed tensors and their shapes.

use segloss_core::engine::Link;
use segloss_core::view::{Layout, Shape, View};

/// Returns a view of packed elements, channels first.
///
/// # Panics
/// If there are not as many as the shape has.
#[track_caller]
pub fn packed<E>(data: &[E], shape: Shape) -> View<'_, E> {
    View::new(data, Layout::channels_first(shape).unwrap()).unwrap()
}

/// Returns the shape of targets for logits of `shape`: one channel of labels under softmax.
pub fn targets_shape(link: Link, shape: Shape) -> Shape {
    if link == Link::Softmax { shape.with_channels(1) } else { shape }
}
