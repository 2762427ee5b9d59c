//! Every kernel on a few pixels, in both ways to cut work: short enough for a checker of memory accesses
//! and races, which runs each instruction by itself.

use segloss_core::engine::{Ignore, Link};
use segloss_core::view::Shape;
use segloss_opencl::Tuning;

use crate::case::{Case, assert_same, evaluator};
use crate::random::{Random, labels, logits};

fn check(link: Link, text: &str, channels: usize) {
    let random = &mut Random::new(11);
    let shape = Shape::new(2, channels, &[5, 7]).unwrap();
    let planes = if link == Link::Softmax { 1 } else { channels };
    let z = logits::<f32>(random, 70 * channels);
    let classes = if link == Link::Softmax { channels as u64 } else { 2 };
    let y = labels(random, 70 * planes, classes, true);
    let mask: Vec<u8> = (0..70).map(|_| u8::from(random.below(3) > 0)).collect();
    let mut case = Case::new(text, link, shape, &z, &y);
    case.options.ignore_index = Ignore::Labels(&[255]);
    case.mask = Some(&mask);
    for tuning in [Tuning::Vectors { single: 4, double: 4 }, Tuning::Groups { blocks: 1 }] {
        let evaluator = evaluator();
        if evaluator.device().work_group() >= 32 || matches!(tuning, Tuning::Vectors { .. }) {
            assert_same(&evaluator.tuned(tuning).unwrap(), &case);
        }
    }
}

#[test]
fn masks() {
    check(Link::Sigmoid, "0.5*bce + 0.5*dice(pool=sample)", 2);
    check(Link::Sigmoid, "focal", 1);
}

#[test]
fn label_maps() {
    check(Link::Softmax, "0.5*ce(weights=[1, 2, 3]) + 0.5*dice", 3);
    check(Link::Softmax, "ce", 2);
}
