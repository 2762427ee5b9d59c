//! Value, gradient, per-sample values and loss map are equal in every bit at every level, composed at
//! compile time, at run time or from text, whatever the layout and the targets' type.

mod compositions;
mod every_way;
mod layouts;
mod threads;

use proptest::prelude::*;
use segloss_core::view::Shape;

fn shape(batch: usize, channels: usize, spatial: &[usize]) -> Shape {
    Shape::new(batch, channels, spatial).unwrap()
}

fn spatial() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![
        (1usize..3000).prop_map(|w| vec![w]),
        (1usize..70, 1usize..70).prop_map(|(h, w)| vec![h, w]),
        (1usize..12, 1usize..14, 1usize..16).prop_map(|(d, h, w)| vec![d, h, w]),
    ]
}
