//! Masks and label maps.

use segloss_core::view::{Layout, Shape, Target, View};

/// Returns a view of packed labels, of as many samples as there are.
pub fn packed<'a, E: Target>(labels: &'a [E], spatial: &[usize]) -> View<'a, E> {
    let pixels: usize = spatial.iter().product();
    let shape = Shape::new(labels.len() / pixels, 1, spatial).unwrap();
    View::new(labels, Layout::channels_first(shape).unwrap()).unwrap()
}
