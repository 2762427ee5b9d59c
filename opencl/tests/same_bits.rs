//! The device gives the bits that the engine gives on the CPU, if its arithmetic is IEEE.

use segloss_core::engine::{Ignore, Link, Scale};
use segloss_core::lanes::Real;
use segloss_core::view::{Shape, Targets, View, Write};
use segloss_opencl::trace::Format;
use segloss_opencl::{DeviceLogit, DeviceTarget, Error, Evaluator, Tuning};

use crate::case::{Case, assert_same, evaluator};
use crate::random::{Random, labels, logits};

/// One pixel, less than the accumulators, a ragged block, a block and a bit, a segment and a bit;
/// one sample, two and three.
const SIZES: [(usize, usize); 9] =
    [(1, 1), (1, 31), (1, 1023), (1, 1025), (1, 66_000), (2, 66_000), (2, 1), (3, 31), (3, 1025)];

fn shapes(channels: usize) -> impl Iterator<Item = Shape> {
    SIZES.iter().map(move |&(batch, pixels)| Shape::new(batch, channels, &[pixels]).unwrap())
}

/// With every other case masked and weighted.
fn check<Z>(evaluator: &Evaluator, link: Link, text: &str, channels: usize, ignoring: bool)
where
    Z: DeviceLogit,
    Z::Compute: Format,
{
    for (seed, shape) in (1..).zip(shapes(channels)) {
        let random = &mut Random::new(seed + channels as u64);
        let pixels = shape.batch * shape.pixels();
        let (planes, classes) = match link {
            Link::Sigmoid => (channels, 2),
            Link::Softmax => (1, channels as u64),
        };
        let z: Vec<Z> =
            logits::<Z::Compute>(random, pixels * channels).into_iter().map(Z::store).collect();
        let y = labels(random, pixels * planes, classes, ignoring);
        let mask: Vec<u8> = (0..pixels).map(|_| u8::from(random.below(4) > 0)).collect();
        let weights: Vec<Z::Compute> = (0..pixels * planes)
            .map(|_| Z::Compute::round_from(random.below(5) as f64 * 0.37))
            .collect();
        let mut case = Case::new(text, link, shape, &z, &y);
        case.options.ignore_index = Ignore::Labels(if ignoring { &[255] } else { &[] });
        case.options.scale = Scale::Batch(1.7);
        // Together, because a program is built for each combination.
        let is_weighted = seed % 2 == 0;
        case.mask = is_weighted.then_some(&mask);
        let asks = text.contains("weighted=true");
        case.weights = (asks || is_weighted && takes_weights(text)).then_some(&weights);
        if seed % 4 == 0 {
            case.options.write = Write::Accumulate;
        }
        let nans = assert_same(evaluator, &case);
        assert!(z.len() < 100 || nans < z.len() / 3, "{nans} of {} are NaN", z.len());
    }
}

/// Whether a loss has a term of pixels or classes.
fn takes_weights(text: &str) -> bool {
    let mut words = text.split([' ', '*', '(']);
    let terms = ["bce", "ce", "focal", "boundary", "distance", "everything", "focal_plugin"];
    words.any(|word| terms.contains(&word) || word.starts_with("preset:"))
}

/// Runs the same check in both formats that losses are computed in.
fn both(link: Link, text: &str, channels: usize, ignoring: bool) {
    let evaluator = evaluator();
    check::<f32>(&evaluator, link, text, channels, ignoring);
    check::<f64>(&evaluator, link, text, channels, ignoring);
}

#[test]
fn pocl_is_held_to_every_bit() {
    let evaluator = evaluator();
    let device = evaluator.device();
    if device.platform() == "Portable Computing Language" {
        assert!(device.is_exact::<f32>() && device.is_exact::<f64>(), "{device:?}");
    }
}

#[test]
fn pixel_terms() {
    both(Link::Sigmoid, "bce", 1, false);
    both(Link::Sigmoid, "0.7*bce(reduction=sum) + focal(alpha=0.3, gamma=1.5)", 3, true);
}

#[test]
fn region_terms() {
    both(Link::Sigmoid, "dice", 1, false);
    both(Link::Sigmoid, "0.5*tversky(fp=0.3, fn=0.7) + 0.5*focal_tversky(gamma=0.75)", 2, true);
    both(Link::Sigmoid, "dice(pool=sample, empty=skip, absent=skip, weighted=true)", 2, true);
}

/// Of what other libraries have, in one format; at length below.
#[test]
fn terms_of_other_libraries() {
    let evaluator = evaluator();
    let text = "bce(pos_weight=3, smoothing=0.1) + poly1(epsilon=-1) + jaccard(log=true)";
    check::<f32>(&evaluator, Link::Sigmoid, text, 1, true);
    let text = "gce + dice(classes=foreground, absent=zero, weights=[1, 0.5]) + 0.1*gdl";
    check::<f32>(&evaluator, Link::Softmax, text, 3, true);
}

#[test]
#[ignore = "slow: sh tests/run.sh --all"]
fn terms_of_other_libraries_at_length() {
    both(Link::Sigmoid, "bce(pos_weight=3, smoothing=0.1) + focal(alpha=off)", 1, true);
    both(Link::Sigmoid, "poly1 + poly1_focal(epsilon=-0.5, gamma=0.7)", 2, true);
    both(Link::Softmax, "ce(weights=[1, 0.5, 2], power=0.3) + poly1(epsilon=-1) + mae", 3, true);
    both(Link::Softmax, "sce(alpha=0) + gce + poly1_focal(gamma=0.7)", 3, true);
    both(Link::Sigmoid, "0.5*recall(smooth_nr=0) + fbeta(log=true)", 1, true);
    let text = "jaccard(classes=foreground, absent=zero, weights=[1, 0.5, 2]) \
                + gdl(classes=[0, 2], pool=batch)";
    both(Link::Softmax, text, 4, true);
    let text = "dice(average=micro, weights=[1, 2, 0.5], gamma=0.3, log=true, empty=skip) \
                + log_cosh_dice(normalise=classes, weights=[1, 0, 0.5], pool=sample)";
    both(Link::Softmax, text, 3, true);
}

#[test]
#[ignore = "slow: sh tests/run.sh --all"]
fn mixed_terms() {
    both(Link::Sigmoid, "preset:balanced", 1, true);
    both(Link::Sigmoid, "0*bce + dice(smooth=0, pool=batch) + focal(normalise=weights)", 2, true);
    both(Link::Sigmoid, "0*bce + 0*dice", 2, true);
}

#[test]
#[ignore = "slow: sh tests/run.sh --all"]
fn maps_computed_on_the_device() {
    both(Link::Sigmoid, "preset:boundary", 2, true);
    both(Link::Softmax, "0.5*distance(sigma=2) + boundary(theta=1) + 0.3*dice", 3, true);
}

#[test]
fn plugins() {
    both(Link::Sigmoid, "0.5*everything + 2*squared_error + 0.5*joint_dice", 2, true);
    both(Link::Softmax, "0.4*ce + 0.2*focal_plugin + 0.6*joint_dice", 4, true);
}

#[test]
fn class_terms() {
    both(Link::Softmax, "ce", 2, false);
    both(
        Link::Softmax,
        "ce(weights=[1, 0, 2.5, 0.3]) + focal(alpha=[0.1, 0.2, 0.3, 0.4])",
        4,
        true,
    );
}

#[test]
#[ignore = "slow: sh tests/run.sh --all"]
fn class_and_region_terms() {
    both(Link::Softmax, "dice", 5, false);
    both(Link::Softmax, "0.4*ce(normalise=weights) + 0.6*dice(absent=skip)", 5, true);
    both(Link::Softmax, "tversky(pool=sample, empty=skip, weighted=true) + 0*ce", 3, true);
}

#[test]
#[ignore = "slow: sh tests/run.sh --all"]
fn work_cut_in_other_ways() {
    let ways = [
        Tuning::Vectors { single: 1, double: 2 },
        Tuning::Vectors { single: 4, double: 16 },
        Tuning::Vectors { single: 16, double: 1 },
        Tuning::Groups { blocks: 1 },
        Tuning::Groups { blocks: 8 },
    ];
    for tuning in ways {
        let evaluator = evaluator().tuned(tuning);
        if let Err(Error::Tuning { .. }) = evaluator {
            // Groups that this device has not.
            continue;
        }
        let evaluator = evaluator.unwrap();
        let text = "0.5*bce + 0.5*dice(pool=sample, weighted=true)";
        check::<f32>(&evaluator, Link::Sigmoid, text, 2, true);
        check::<f64>(&evaluator, Link::Softmax, "0.5*ce + 0.5*dice", 3, true);
    }
}

#[test]
#[ignore = "slow: sh tests/run.sh --all"]
fn logits_of_half_precision() {
    let evaluator = evaluator();
    check::<half::f16>(&evaluator, Link::Sigmoid, "0.5*bce + 0.5*dice", 2, true);
    check::<half::bf16>(&evaluator, Link::Softmax, "ce", 3, true);
}

#[test]
fn a_scale_for_each_sample() {
    let evaluator = evaluator();
    let shape = Shape::new(3, 2, &[40, 50]).unwrap();
    let random = &mut Random::new(5);
    let (z, y) = (logits::<f32>(random, 12_000), labels(random, 12_000, 2, true));
    let mut case = Case::new("bce + 0.5*dice(pool=sample)", Link::Sigmoid, shape, &z, &y);
    case.options.scale = Scale::Samples(&[0.5, 0.0, -3.0]);
    case.options.ignore_index = Ignore::Labels(&[255]);
    assert_same(&evaluator, &case);
}

#[test]
fn nothing_but_ignored_pixels() {
    let evaluator = evaluator();
    let shape = Shape::new(2, 1, &[40]).unwrap();
    let mut case =
        Case::new("0.3*bce + 0.7*dice", Link::Sigmoid, shape, &[f32::NAN; 80], &[1u8; 80]);
    case.options.ignore_index = Ignore::Labels(&[1]);
    assert_same(&evaluator, &case);
}

#[test]
fn nothing_but_weights_of_0() {
    let evaluator = evaluator();
    let shape = Shape::new(2, 1, &[40]).unwrap();
    let mut case = Case::new("bce", Link::Sigmoid, shape, &[1f32; 80], &[1u8; 80]);
    case.weights = Some(&[0.0; 80]);
    assert_same(&evaluator, &case);
}

#[test]
fn logits_that_are_not_finite() {
    let evaluator = evaluator();
    let z = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1.0, -2.0, f32::INFINITY];
    for (at, &infinite) in z.iter().enumerate() {
        let mut one_bad = [0.5, -1.5, 2.5, 0.0, -3.0, 4.0];
        one_bad[at] = infinite;
        let shape = Shape::new(1, 1, &[2, 3]).unwrap();
        let y = [1u8, 0, 1, 0, 1, 0];
        let text = "0.3*bce + 0.7*dice";
        assert_same(&evaluator, &Case::new(text, Link::Sigmoid, shape, &one_bad, &y));
        let shape = Shape::new(1, 3, &[2]).unwrap();
        let text = "0.3*ce + 0.7*dice";
        assert_same(&evaluator, &Case::new(text, Link::Softmax, shape, &one_bad, &[2u8, 0]));
    }
}

/// Masks and labels of a type, with 77 where a pixel does not count.
fn check_targets<E: DeviceTarget>(evaluator: &Evaluator, share: impl Fn(u64) -> E)
where
    for<'v> Targets<'v>: From<View<'v, E>>,
{
    let random = &mut Random::new(7);
    let ignored = E::from_label(77).unwrap();
    let z = logits::<f32>(random, 1500);
    let one = |random: &mut Random| {
        if random.below(9) == 0 { ignored } else { share(random.below(1001)) }
    };
    let y: Vec<E> = (0..1500).map(|_| one(random)).collect();
    let shape = Shape::new(1, 1, &[1500]).unwrap();
    let mut case = Case::new("0.3*bce + 0.7*dice", Link::Sigmoid, shape, &z, &y);
    case.options.ignore_index = Ignore::Labels(&[77]);
    assert_same(evaluator, &case);
    let label = |i: i64| E::from_label(i % 3).unwrap();
    let labels: Vec<E> = (0..500).map(|i| if i % 9 == 0 { ignored } else { label(i) }).collect();
    let shape = Shape::new(1, 3, &[500]).unwrap();
    let mut case = Case::new("0.3*ce + 0.7*dice", Link::Softmax, shape, &z, &labels);
    case.options.ignore_index = Ignore::Labels(&[77]);
    assert_same(evaluator, &case);
}

#[test]
fn targets_of_the_usual_types() {
    let evaluator = evaluator();
    check_targets(&evaluator, |n| (n % 2) as u8 * 255);
    check_targets(&evaluator, |n| (n % 2) as i32 * 500);
    check_targets(&evaluator, |n| (n % 2) as i64 * i64::MAX);
    check_targets(&evaluator, |n| n as f32 / 1000.0);
}

#[test]
#[ignore = "slow: sh tests/run.sh --all"]
fn targets_of_other_types() {
    let evaluator = evaluator();
    check_targets(&evaluator, |n| (n % 2) as i8 * 127);
    check_targets(&evaluator, |n| (n % 2) as i16 * 1000);
    check_targets(&evaluator, |n| (n % 2) as u16 * 65_535);
    check_targets(&evaluator, |n| (n % 2) as u32 * u32::MAX);
    check_targets(&evaluator, |n| (n % 2) * i64::MAX as u64);
    check_targets(&evaluator, |n| n as f64 / 1000.0);
    check_targets(&evaluator, |n| half::f16::from_f64(n as f64 / 1000.0));
    check_targets(&evaluator, |n| half::bf16::from_f64(n as f64 / 1000.0));
}

#[test]
fn truth_values_are_bytes() {
    let y: Vec<bool> = (0..70).map(|i| i % 3 == 0).collect();
    let shape = Shape::new(1, 1, &[70]).unwrap();
    assert_same(&evaluator(), &Case::new("bce", Link::Sigmoid, shape, &[0.5f32; 70], &y));
}

#[test]
fn batches_without_samples() {
    let evaluator = evaluator();
    for (link, text, channels) in [
        (Link::Sigmoid, "0.3*bce + 0.7*dice", 2),
        (Link::Softmax, "ce", 3),
        (Link::Sigmoid, "preset:boundary", 1),
    ] {
        let shape = Shape::new(0, channels, &[4, 5]).unwrap();
        let mut case = Case::new(text, link, shape, &[0f32; 0], &[0u8; 0]);
        assert_same(&evaluator, &case);
        case.options.scale = Scale::Samples(&[]);
        case.mask = Some(&[]);
        if !text.contains("dice") {
            assert_same(&evaluator, &case);
        }
    }
}

#[test]
fn channels_and_classes_that_cannot_occur() {
    let evaluator = evaluator();
    let random = &mut Random::new(3);
    let z = logits::<f32>(random, 2 * 3 * 1500);
    let shape = Shape::new(2, 3, &[1500]).unwrap();
    let y = labels(random, 9000, 2, false);
    // The second channel has no pixel that counts, or none in the first sample.
    for of_second in [0, 1] {
        let counts = |i: usize| match i / 1500 {
            1 => false,
            4 => of_second == 1,
            _ => !i.is_multiple_of(7),
        };
        let mask: Vec<u8> = (0..9000).map(|i| u8::from(counts(i))).collect();
        for text in ["dice", "dice(pool=sample, absent=skip) + 0.5*focal_tversky(gamma=0.75)"] {
            let mut case = Case::new(text, Link::Sigmoid, shape, &z, &y);
            case.mask = Some(&mask);
            assert_same(&evaluator, &case);
        }
    }
    let y = labels(random, 3000, 3, false);
    for ignored in [&[1][..], &[2, 255], &[0, 1, 2], &[0, 1]] {
        let mut case = Case::new("0.4*ce + 0.6*dice", Link::Softmax, shape, &z, &y);
        case.options.ignore_index = Ignore::Labels(ignored);
        assert_same(&evaluator, &case);
    }
}
