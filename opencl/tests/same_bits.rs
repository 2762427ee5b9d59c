//! The device gives the bits that the engine in core gives on the CPU, if its arithmetic is IEEE.

mod common;

use common::{Everything, Focal, Random, SquaredError, assert_same, evaluator, labels, logits};
use segloss_core::class::Ce;
use segloss_core::compose::{Parts, class, pixel, region};
use segloss_core::engine::Call;
use segloss_core::pixel::Bce;
use segloss_core::region::{Dice, Pool};
use segloss_core::term::Reduction;
use segloss_core::view::Shape;
use segloss_opencl::trace::Format;
use segloss_opencl::{DeviceTarget, Evaluator};

/// One pixel, less than the accumulators, a ragged block, a block and a bit, a segment and a bit;
/// one sample, two and three.
const SIZES: [(usize, usize); 9] =
    [(1, 1), (1, 31), (1, 1023), (1, 1025), (1, 66_000), (2, 66_000), (2, 1), (3, 31), (3, 1025)];

fn shapes(channels: usize) -> impl Iterator<Item = Shape> {
    SIZES.iter().map(move |&(batch, pixels)| Shape::new(batch, channels, &[pixels]).unwrap())
}

fn sigmoid<T: Format, P: Parts>(
    evaluator: &Evaluator,
    parts: &P,
    channels: usize,
    ignore_index: Option<i64>,
) {
    for (seed, shape) in (1..).zip(shapes(channels)) {
        let random = &mut Random::new(seed);
        let len = shape.batch * channels * shape.pixels();
        let z = logits::<T>(random, len);
        let y = labels(random, len, 2, ignore_index.is_some());
        let call = Call { ignore_index, scale: 1.7.into(), ..Call::sigmoid() };
        let nans = assert_same(evaluator, parts, call, &z, shape, &y);
        assert!(len < 100 || nans < len / 3, "{nans} of {len} are NaN");
    }
}

fn softmax<T: Format, P: Parts>(
    evaluator: &Evaluator,
    parts: &P,
    classes: usize,
    is_ignoring: bool,
) {
    for (seed, shape) in (100..).zip(shapes(classes)) {
        let random = &mut Random::new(seed);
        let pixels = shape.batch * shape.pixels();
        let z = logits::<T>(random, pixels * classes);
        let y = labels(random, pixels, classes as u64, is_ignoring);
        let nans = assert_same(evaluator, parts, Call::softmax(), &z, shape, &y);
        assert_eq!(nans, 0);
    }
}

/// Runs the same check in both formats.
macro_rules! in_both_formats {
    ($check:ident($($argument:expr),*)) => {{
        let evaluator = evaluator();
        $check::<f32, _>(&evaluator, $($argument),*);
        $check::<f64, _>(&evaluator, $($argument),*);
    }};
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
fn bce() {
    in_both_formats!(sigmoid(&pixel(1.0, Bce), 1, None));
}

#[test]
fn bce_of_many_channels_with_ignored_pixels() {
    in_both_formats!(sigmoid(&pixel(0.7, Bce), 3, Some(255)));
}

#[test]
fn dice_of_one_channel() {
    in_both_formats!(sigmoid(&region(1.0, Dice::default()), 1, None));
}

#[test]
fn bce_and_dice() {
    let parts = (pixel(0.3, Bce), region(0.7, Dice::default()));
    in_both_formats!(sigmoid(&parts, 1, Some(255)));
}

#[test]
fn pooled_dice_and_summed_bce_of_two_channels() {
    let dice = region(0.7, Dice::smooth(0.0).unwrap()).pool(Pool::Batch);
    let bce = pixel(0.3, Bce).reduction(Reduction::Sum);
    in_both_formats!(sigmoid(&(dice, bce), 2, None));
}

#[test]
fn plugins_of_pixels() {
    in_both_formats!(sigmoid(&pixel(1.0, SquaredError), 1, None));
    in_both_formats!(sigmoid(&(pixel(0.5, Everything), pixel(2.0, SquaredError)), 1, Some(255)));
}

#[test]
fn ce_with_ignored_pixels() {
    in_both_formats!(softmax(&class(1.0, Ce), 4, true));
}

#[test]
fn ce_of_two_classes() {
    in_both_formats!(softmax(&class(1.0, Ce), 2, false));
}

#[test]
fn dice_of_five_classes() {
    in_both_formats!(softmax(&region(1.0, Dice::default()), 5, false));
}

#[test]
fn ce_dice_and_a_plugin_with_ignored_pixels() {
    let parts = ((class(0.4, Ce), class(0.2, Focal)), region(0.6, Dice::default()));
    in_both_formats!(softmax(&parts, 5, true));
}

#[test]
fn a_coefficient_of_zero() {
    in_both_formats!(sigmoid(&(pixel(0.0, Everything), pixel(1.0, Bce)), 1, None));
}

#[test]
fn nothing_but_ignored_pixels() {
    let evaluator = evaluator();
    let shape = Shape::new(2, 1, &[40]).unwrap();
    let parts = (pixel(0.3, Bce), region(0.7, Dice::default()));
    let call = Call { ignore_index: Some(1), ..Call::sigmoid() };
    assert_same(&evaluator, &parts, call, &[f32::NAN; 80], shape, &[1u8; 80]);
}

#[test]
fn logits_that_are_not_finite() {
    let evaluator = evaluator();
    let z = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1.0, -2.0, f32::INFINITY];
    for (at, &infinite) in z.iter().enumerate() {
        let mut one_bad = [0.5, -1.5, 2.5, 0.0, -3.0, 4.0];
        one_bad[at] = infinite;
        let parts = (pixel(0.3, Bce), region(0.7, Dice::default()));
        let shape = Shape::new(1, 1, &[2, 3]).unwrap();
        let y = [1u8, 0, 1, 0, 1, 0];
        assert_same(&evaluator, &parts, Call::sigmoid(), &one_bad, shape, &y);
        let parts = (class(0.3, Ce), region(0.7, Dice::default()));
        let shape = Shape::new(1, 3, &[2]).unwrap();
        assert_same(&evaluator, &parts, Call::softmax(), &one_bad, shape, &[2u8, 0]);
    }
}

#[test]
fn targets_of_every_type() {
    fn check<E: DeviceTarget>(evaluator: &Evaluator, share: impl Fn(u64) -> E, ignored: E) {
        let random = &mut Random::new(7);
        let z = logits::<f32>(random, 1500);
        let one = |random: &mut Random| {
            if random.below(9) == 0 { ignored } else { share(random.below(1001)) }
        };
        let y: Vec<E> = (0..1500).map(|_| one(random)).collect();
        let parts = (pixel(0.3, Bce), region(0.7, Dice::default()));
        let call = Call { ignore_index: Some(77), ..Call::sigmoid() };
        let shape = Shape::new(1, 1, &[1500]).unwrap();
        assert_same(evaluator, &parts, call, &z, shape, &y);
        let shape = Shape::new(1, 3, &[500]).unwrap();
        let labels: Vec<E> =
            (0..500).map(|i| if i % 9 == 0 { ignored } else { label(i) }).collect();
        let parts = (class(0.3, Ce), region(0.7, Dice::default()));
        let call = Call { ignore_index: Some(77), ..Call::softmax() };
        assert_same(evaluator, &parts, call, &z, shape, &labels);
    }
    fn label<E: DeviceTarget>(i: usize) -> E {
        E::from_label(i as i64 % 3).unwrap()
    }
    let evaluator = evaluator();
    check(&evaluator, |n| (n % 3) as u8, 77);
    check(&evaluator, |n| n as i32 - 500, 77);
    check(&evaluator, |n| n as i64 - 500, 77);
    check(&evaluator, |n| n as f32 / 1000.0, 77.0);
}
