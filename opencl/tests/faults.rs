//! Targets of no use are refused as the CPU refuses them: by the same first pixel, with the same words.

use segloss_core::engine::{Ignore, Link};
use segloss_core::view::{Shape, Targets, View};
use segloss_opencl::{DeviceTarget, Evaluator, Tuning};

use crate::case::{Case, assert_same, evaluator};
use crate::random::{Random, logits};

/// Masks or label maps of `of`'s numbers, of which a few are wrong, in which 9 and 1 may be ignored.
fn check<E: DeviceTarget>(evaluator: &Evaluator, link: Link, text: &str, of: impl Fn(u64) -> E)
where
    for<'v> Targets<'v>: From<View<'v, E>>,
{
    let channels = if link == Link::Softmax { 3 } else { 2 };
    let planes = if link == Link::Softmax { 1 } else { channels };
    for seed in 0..24 {
        let random = &mut Random::new(seed + 100);
        let shape = Shape::new(2, channels, &[1 + random.below(2600) as usize]).unwrap();
        let len = 2 * planes * shape.pixels();
        let z = logits::<f32>(random, 2 * channels * shape.pixels());
        // The first two numbers are right, under either link; the others less and less often.
        let wrong = [u64::MAX, 3, 200, len as u64][seed as usize % 4];
        let y: Vec<E> =
            (0..len)
                .map(|_| {
                    if random.below(wrong) == 0 { of(random.below(8)) } else { of(random.below(2)) }
                })
                .collect();
        let counts: Vec<u8> = (0..len).map(|_| u8::from(random.below(3) > 0)).collect();
        let mut case = Case::new(text, link, shape, &z, &y);
        case.options.ignore_index = [Ignore::Default, Ignore::Labels(&[9])][seed as usize / 4 % 2];
        assert_same(evaluator, &case);
        case.mask = Some(&counts[..if seed % 3 == 0 { 2 * shape.pixels() } else { len }]);
        case.options.ignore_index = Ignore::Labels(&[9, 1]);
        assert_same(evaluator, &case);
    }
}

const MASKS: &str = "0.5*bce + 0.5*dice";
const LABELS: &str = "0.5*ce + 0.5*dice";

#[test]
fn masks_of_bytes() {
    check::<u8>(&evaluator(), Link::Sigmoid, MASKS, |n| [0, 1, 9, 2, 255, 0, 1, 128][n as usize]);
}

#[test]
fn masks_of_wide_integers() {
    check::<i64>(&evaluator(), Link::Sigmoid, MASKS, |n| {
        [0, 1 << 40, 9, 1, (1 << 40) + 1, -1, i64::MIN, i64::MAX][n as usize]
    });
}

#[test]
fn shares() {
    check::<f32>(&evaluator(), Link::Sigmoid, MASKS, |n| {
        let slack = 4.0 * f32::EPSILON;
        [0.25, 1.0 + slack, 9.0, -slack, -slack * 1.01, 1.0 + 1.5 * slack, f32::NAN, -0.0]
            [n as usize]
    });
}

#[test]
fn labels() {
    check::<i32>(&evaluator(), Link::Softmax, LABELS, |n| {
        [0, 2, 9, 1, 3, -1, 255, i32::MIN][n as usize]
    });
}

/// Where the numbers end.
fn check_all(evaluator: &Evaluator) {
    let last = |n: u64, of: [i64; 4]| [0, of[0], 9, 1, of[1], of[2], of[3], 5][n as usize];
    let [i8_, i16_, i32_] = [127, 32_767, i64::from(i32::MAX)].map(|x| [x, x - 1, -1, -x - 1]);
    check::<i8>(evaluator, Link::Sigmoid, MASKS, |n| last(n, i8_) as i8);
    check::<i16>(evaluator, Link::Sigmoid, MASKS, |n| last(n, i16_) as i16);
    check::<i32>(evaluator, Link::Sigmoid, MASKS, |n| last(n, i32_) as i32);
    check::<u16>(evaluator, Link::Sigmoid, MASKS, |n| last(n, [-1, -2, 32_768, 2]) as u16);
    check::<u32>(evaluator, Link::Sigmoid, MASKS, |n| last(n, [-1, -2, 1 << 31, 2]) as u32);
    check::<u64>(evaluator, Link::Sigmoid, MASKS, |n| last(n, [i64::MAX, -1, i64::MIN, 2]) as u64);
    check::<f64>(evaluator, Link::Sigmoid, MASKS, |n| {
        let slack = 4.0 * f64::EPSILON;
        [0.25, 1.0 + slack, 9.0, -slack, -slack * 1.01, 1.0 + 1.5 * slack, f64::NAN, 0.1]
            [n as usize]
    });
    check::<half::f16>(evaluator, Link::Sigmoid, MASKS, |n| {
        let slack = 4.0 / 1024.0;
        half::f16::from_f64(
            [0.25, 1.0 + slack, 9.0, -slack, -slack * 1.01, 1.01, f64::NAN, 0.0][n as usize],
        )
    });
    check::<half::bf16>(evaluator, Link::Sigmoid, MASKS, |n| {
        let slack = 4.0 / 128.0;
        half::bf16::from_f64(
            [0.25, 1.0 + slack, 9.0, -slack, -slack * 1.01, 1.05, f64::NAN, 0.0][n as usize],
        )
    });
    check::<u8>(evaluator, Link::Softmax, LABELS, |n| [0, 2, 9, 1, 3, 254, 255, 128][n as usize]);
    check::<i8>(evaluator, Link::Softmax, LABELS, |n| [0, 2, 9, 1, 3, -1, 127, -128][n as usize]);
    check::<u64>(evaluator, Link::Softmax, LABELS, |n| last(n, [2, -1, i64::MIN, 3]) as u64);
    check::<f64>(evaluator, Link::Softmax, LABELS, |n| {
        [0.0, 2.0, 9.0, 1.0, 1.5, -1.0, f64::NAN, 255.0][n as usize]
    });
    check::<half::f16>(evaluator, Link::Softmax, LABELS, |n| {
        half::f16::from_f64([0.0, 2.0, 9.0, 1.0, 1.5, -1.0, f64::NAN, 255.0][n as usize])
    });
}

#[test]
#[ignore = "slow: sh tests/run.sh --all"]
fn targets_of_every_type() {
    check_all(&evaluator());
}

#[test]
#[ignore = "slow: sh tests/run.sh --all"]
fn targets_of_every_type_by_groups() {
    if let Ok(evaluator) = evaluator().tuned(Tuning::Groups { blocks: 2 }) {
        check_all(&evaluator);
    }
}

/// A map is computed before targets are checked, and refuses more than 2^24 labels.
#[test]
fn labels_that_a_map_refuses() {
    let (shape, z) = (Shape::new(1, 3, &[4]).unwrap(), [0f32; 12]);
    for y in [[0, 1, 3, -1], [0, 1, 3, 2], [0, 1 << 24, -1, 2]] {
        let case = Case::new("boundary", Link::Softmax, shape, &z, &y);
        assert_same::<f32, i32>(&evaluator(), &case);
    }
}

#[test]
fn two_classes_that_look_like_a_mask() {
    let evaluator = evaluator();
    let (shape, z) = (Shape::new(2, 2, &[1100]).unwrap(), [0.5f32; 4400]);
    let mut y = [0u8; 2200];
    let mask: Vec<u8> = (0..2200).map(|i| u8::from(i % 3 > 0)).collect();
    let check = |y: &[u8]| {
        for (ignore_index, mask, weights) in [
            (Ignore::Default, None, None),
            (Ignore::Default, Some(&mask[..]), None),
            (Ignore::Default, None, Some(&[0f32; 2200][..])),
            (Ignore::Labels(&[255]), None, None),
            (Ignore::NOTHING, None, None),
        ] {
            let mut case = Case::new("ce", Link::Softmax, shape, &z, y);
            case.options.ignore_index = ignore_index;
            (case.mask, case.weights) = (mask, weights);
            assert_same(&evaluator, &case);
            let y: Vec<i8> = y.iter().map(|&y| y as i8).collect();
            let mut case = Case::new("ce", Link::Softmax, shape, &z, &y);
            case.options.ignore_index = ignore_index;
            if (mask, weights) == (None, None) {
                assert_same(&evaluator, &case);
            }
        }
    };
    check(&y);
    // The first of them does not count by the mask.
    (y[1200], y[2000]) = (255, 255);
    check(&y);
    // Something else, which does not count by the mask.
    y[3] = 1;
    check(&y);
    y[3] = 7;
    check(&y);
}
