//! Any loss on any shape gives the CPU's numbers.

use proptest::prelude::*;
use segloss_core::engine::{Ignore, Link};
use segloss_core::view::{Shape, Write};

use crate::case::{Case, assert_same, evaluator};
use crate::random::{Random, labels, logits};

/// Few texts, because each is built anew, and many shapes.
const LOSSES: [(Link, &str, usize); 5] = [
    (Link::Sigmoid, "0.3*bce + 0.7*tversky(fp=0.3, fn=0.7)", 2),
    (Link::Sigmoid, "focal(normalise=weights) + dice(pool=sample, weighted=true)", 1),
    (Link::Sigmoid, "preset:boundary", 1),
    (Link::Softmax, "ce + 0.5*dice(absent=skip)", 3),
    (Link::Softmax, "0.5*distance + focal", 2),
];

/// Two kinds of programs: one label by itself, which may be the one by default, and several.
const IGNORED: [Ignore<'static>; 4] = [
    Ignore::Default,
    Ignore::Labels(&[255]),
    Ignore::Labels(&[255, 1]),
    Ignore::Labels(&[7, 255, 0, 300, -1]),
];

fn spatial() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![
        prop::collection::vec(1usize..3000, 1),
        prop::collection::vec(1usize..70, 2),
        prop::collection::vec(1usize..14, 3),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn as_on_the_cpu(
        loss in 0usize..LOSSES.len(),
        spatial in spatial(),
        batch in 0usize..4,
        ignored in 0usize..IGNORED.len(),
        seed in any::<u32>(),
        accumulate in any::<bool>(),
        scale in -2.0f64..2.0,
    ) {
        let (link, text, channels) = LOSSES[loss];
        let shape = Shape::new(batch, channels, &spatial).unwrap();
        let random = &mut Random::new(u64::from(seed));
        let planes = batch * shape.pixels() * if link == Link::Softmax { 1 } else { channels };
        let classes = if link == Link::Softmax { channels as u64 } else { 2 };
        let z = logits::<f32>(random, batch * channels * shape.pixels());
        let ignoring = link == Link::Softmax || ignored > 0;
        let y = labels(random, planes, classes, ignoring);
        let weights: Vec<f32> = (0..planes).map(|_| random.below(4) as f32 * 0.5).collect();
        let mut case = Case::new(text, link, shape, &z, &y);
        case.options.ignore_index = IGNORED[ignored];
        let mask: Vec<u8> = (0..planes).map(|_| u8::from(random.below(6) > 0)).collect();
        if ignored > 1 {
            case.mask = Some(&mask);
        }
        case.options.scale = scale.into();
        if accumulate {
            case.options.write = Write::Accumulate;
        }
        if text.contains("weight") {
            case.weights = Some(&weights);
        }
        assert_same(&evaluator(), &case);
    }
}
