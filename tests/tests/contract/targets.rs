//! What targets may hold, which of them count, and what a mean over classes is of.

use proptest::prelude::*;
use segloss_conformance::case::Case;
use segloss_conformance::code::Code;
use segloss_conformance::from_text::{Asked, Format, Found, evaluate};
use segloss_conformance::views::packed;
use segloss_core::Error;
use segloss_core::class_weights::ClassCounts;
use segloss_core::compose::check_labels;
use segloss_core::engine::{Call, Ignore, Link, MOST_IGNORED, Problem, merge_ranks};
use segloss_core::guide::MaskStatistics;
use segloss_core::maps::edt::Spacing;
use segloss_core::view::{Layout, Mask, Number, Shape, Targets, ViewMut, Weights, Write};
use segloss_simd::{AnyLevel, Buffers, Library, Loss, Outputs, stages};

fn line(channels: usize, pixels: usize) -> Shape {
    Shape::new(1, channels, &[pixels]).unwrap()
}

fn by_text<'a>(
    text: &str,
    call: Call<'_>,
    logits: &[f64],
    shape: Shape,
    targets: impl Into<Targets<'a>>,
) -> Result<Found<f64>, Error> {
    evaluate(AnyLevel::best(), text, call, logits, shape, targets)
}

/// `classes` logits a pixel, none like another.
fn logits(classes: usize, pixels: usize) -> Vec<f64> {
    (0..classes * pixels).map(|i| (i * 7 % 11) as f64 * 0.5 - 2.0).collect()
}

fn ignoring(labels: &[i64], link: Link) -> Call<'_> {
    Call { ignore_index: Ignore::Labels(labels), ..Call::of(link) }
}

/// What nothing is said of: 255 where it is no class, under softmax alone.
#[test]
fn label_255_by_default() {
    let z = logits(3, 4);
    let labels = [0u8, 255, 2, 1];
    let y = packed(&labels, line(1, 4));
    let by_default = by_text("ce + dice", Call::softmax(), &z, line(3, 4), y).unwrap();
    let asked = ignoring(&[255], Link::Softmax);
    assert_eq!(by_default, by_text("ce + dice", asked, &z, line(3, 4), y).unwrap());
    assert_eq!(by_default.valid, 3);
    let nothing = ignoring(&[], Link::Softmax);
    let found = by_text("ce", nothing, &z, line(3, 4), y).unwrap_err();
    let label = Number::Unsigned(255);
    assert_eq!(found, Error::Label { label, sample: 0, pixel: 1, classes: 3 });
    // A crop of background and void is one of several classes'.
    let crop = packed(&[0u8, 255, 255, 0], line(1, 4));
    assert_eq!(by_text("ce", Call::softmax(), &z, line(3, 4), crop).unwrap().valid, 2);

    // Of 256 classes it is one.
    let many = logits(256, 4);
    let found = by_text("ce", Call::softmax(), &many, line(256, 4), y).unwrap();
    assert_eq!(found.valid, 4);
    assert!(found.gradient.iter().skip(1).step_by(4).any(|&g| g != 0.0));
    let found = by_text("ce", Call::softmax(), &logits(255, 4), line(255, 4), y).unwrap();
    assert_eq!(found.valid, 3);
}

/// Of two classes, a mask of 0 and 255 has no foreground, and nobody is told: so it is refused.
#[test]
fn a_mask_of_0_and_255_as_labels() {
    let z = logits(2, 4);
    let unclear = |pixel| Err(Error::Unclear { sample: 0, pixel });
    for (labels, expected) in [
        ([0u8, 0, 255, 255], unclear(2)),
        ([255, 255, 255, 255], unclear(0)),
        ([0, 1, 255, 255], Ok(2)),
        ([1, 1, 1, 255], Ok(3)),
        ([0, 0, 0, 0], Ok(4)),
        ([1, 0, 0, 0], Ok(4)),
    ] {
        let y = packed(&labels, line(1, 4));
        for text in ["ce", "dice", "ce + dice", "boundary"] {
            let found = by_text(text, Call::softmax(), &z, line(2, 4), y);
            assert_eq!(found.map(|found| found.valid), expected, "{text} {labels:?}");
            let asked = by_text(text, ignoring(&[255], Link::Softmax), &z, line(2, 4), y);
            assert!(asked.is_ok(), "{text} {labels:?}");
        }
        let mut counts = [0; 2];
        let counted = ClassCounts::new(&mut counts).unwrap().add(y, Ignore::Default);
        assert_eq!(counted.err(), expected.err(), "{labels:?}");
    }
    assert_eq!(
        unclear(2).unwrap_err().to_string(),
        "`targets` holds nothing but 0 and 255 for 2 classes, 255 first at pixel 2 of sample 0: expected labels 0 and \
         1 (divide a mask of 0 and 255 by 255), or `ignore_index` of 255 if those pixels do not count"
    );
    // What the call's mask leaves out was said not to count.
    let counts = [1u8, 1, 0, 0];
    let y = packed(&[0u8, 0, 255, 255], line(1, 4));
    let masked =
        |counts| Call { mask: Some(Mask::U8(packed(counts, line(1, 4)))), ..Call::softmax() };
    let found = by_text("ce", masked(&counts), &z, line(2, 4), y);
    assert_eq!(found.map(|found| found.valid), Ok(2));
    let found = by_text("ce", masked(&[1, 1, 1, 0]), &z, line(2, 4), y);
    assert_eq!(found.map(|found| found.valid), unclear(2));
    // A part of an image may well hold no 1.
    let library = Library::<f64>::default();
    let loss = Loss::new(&library, "ce", Link::Softmax).unwrap();
    let (z, y) = (packed(&z, line(2, 4)), packed(&[0u8, 0, 255, 255], line(1, 4)));
    loss.with(|plan| {
        let problem = Problem::new(Call::softmax(), plan, z, y).unwrap();
        let mut sums = vec![0.0; problem.sizes().sums];
        stages::reduce(&problem, &mut sums, &mut Buffers::new()).unwrap();
        assert_eq!(sums.last(), Some(&2.0));
    });
}

/// Distances, maps and statistics ignore nothing unless asked.
#[test]
fn maps_and_statistics_ignore_what_they_are_told() {
    let labels = [0u8, 255, 255, 1];
    let y: Targets<'_> = packed(&labels, line(1, 4)).into();
    assert_eq!(check_labels(&Call::softmax(), &y), Ok(()));
    let mut counts = [0; 256];
    let mut statistics = MaskStatistics::multiclass(&mut counts).unwrap();
    let scratch = MaskStatistics::scratch_length(y.layout().shape()).unwrap();
    statistics.add(y, Ignore::Default, &mut vec![0; scratch]).unwrap();
    assert_eq!((statistics.pixels(), statistics.counts()[255]), (4, 2));
    let map =
        segloss_core::compose::parse_map("decay(sigma=1)", Library::<f64>::default().registry())
            .map(|map| {
                let mut weights = [0.0; 4];
                let mut scratch = vec![0; map.scratch(&Call::softmax(), &y).unwrap()];
                map.compute(&Call::softmax(), &y, &mut scratch, &mut weights).unwrap();
                weights
            });
    // Each pixel is beside one of another label.
    assert_eq!(map.unwrap(), [(-1f64).exp(); 4]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Several ignored labels are what a mask leaves out.
    #[test]
    fn several_ignored_labels(
        seed in any::<u64>(), count in 2usize..=MOST_IGNORED, first in -100i64..100, masked: bool,
    ) {
        let ignored: Vec<i64> = (0..count as i64).map(|i| first + 17 * i).collect();
        let mut rng = fastrand::Rng::with_seed(seed);
        let (shape, pixels) = (Shape::new(2, 3, &[5, 9]).unwrap(), 90);
        let z: Vec<f64> = (0..3 * pixels).map(|_| rng.f64() * 8.0 - 4.0).collect();
        let mask: Vec<u8> = (0..pixels).map(|_| u8::from(!masked || rng.f64() < 0.8)).collect();
        let labels: Vec<i64> = (0..pixels)
            .map(|_| match rng.bool() { true => rng.i64(0..3), false => *rng.choice(&ignored).unwrap() })
            .collect();
        let is_ignored = |label: &i64| ignored.contains(label);
        let kept: Vec<u8> =
            labels.iter().zip(&mask).map(|(y, m)| m & u8::from(!is_ignored(y))).collect();
        let plain: Vec<i64> = labels.iter().map(|y| if is_ignored(y) { 0 } else { *y }).collect();
        let plane = shape.with_channels(1);
        for text in ["ce", "0.5*ce + 0.5*dice", "ce @ band(theta=1) + tversky", "ce @ decay"] {
            let listed = Call {
                mask: masked.then(|| Mask::U8(packed(&mask, plane))),
                ..ignoring(&ignored, Link::Softmax)
            };
            // Classes whose labels are ignored have no part in a mean, which a mask does not say.
            if text.contains("dice") && ignored.iter().any(|label| (0..3).contains(label)) {
                continue;
            }
            if text.contains("tversky") && ignored.iter().any(|label| (0..3).contains(label)) {
                continue;
            }
            let left_out = Call {
                mask: Some(Mask::U8(packed(&kept, plane))),
                ..ignoring(&[], Link::Softmax)
            };
            for code in Code::all() {
                let by_list = evaluate(code, text, listed, &z, shape, packed(&labels, plane)).unwrap();
                let by_mask = evaluate(code, text, left_out, &z, shape, packed(&plain, plane)).unwrap();
                prop_assert_eq!(&by_list, &by_mask, "{} {:?}", text, ignored);
            }
        }
    }
}

#[test]
fn more_ignored_labels_than_there_may_be() {
    let many: Vec<i64> = (100..100 + MOST_IGNORED as i64 + 1).collect();
    let y = packed(&[0u8, 1, 100, 116], line(1, 4));
    let found = by_text("ce", ignoring(&many, Link::Softmax), &logits(2, 4), line(2, 4), y);
    assert_eq!(found.unwrap_err(), Error::Ignored { length: 17 });
    let found = by_text("ce", ignoring(&many[1..], Link::Softmax), &logits(2, 4), line(2, 4), y);
    let expected = Error::Label { label: Number::Unsigned(100), sample: 0, pixel: 2, classes: 2 };
    assert_eq!(found.unwrap_err(), expected);
    let found = by_text("ce", ignoring(&many[..16], Link::Softmax), &logits(2, 4), line(2, 4), y);
    let expected = Error::Label { label: Number::Unsigned(116), sample: 0, pixel: 3, classes: 2 };
    assert_eq!(found.unwrap_err(), expected);
}

/// A label that no element of the storage can hold ignores nothing, and takes nothing for another.
#[test]
fn labels_that_a_type_does_not_hold() {
    let z = logits(2, 3);
    for index in [-1i64, 256 + 1, i64::MIN, i64::MAX, (1 << 53) + 1] {
        let call = ignoring(std::slice::from_ref(&index), Link::Softmax);
        let found = by_text("ce", call, &z, line(2, 3), packed(&[0u8, 1, 1], line(1, 3)));
        assert_eq!(found.unwrap().valid, 3, "{index}");
    }
    let floats = [0.0, 1.0, 9_007_199_254_740_992.0];
    let index = [(1i64 << 53) + 1];
    let found =
        by_text("ce", ignoring(&index, Link::Softmax), &z, line(2, 3), packed(&floats, line(1, 3)));
    assert!(matches!(found, Err(Error::Label { pixel: 2, .. })), "{found:?}");
    let large = [0u64, 1, u64::MAX];
    let found =
        by_text("ce", ignoring(&[-1], Link::Softmax), &z, line(2, 3), packed(&large, line(1, 3)));
    let label = Number::Unsigned(u64::MAX);
    assert_eq!(found.unwrap_err(), Error::Label { label, sample: 0, pixel: 2, classes: 2 });
    assert!(
        Error::Label { label, sample: 0, pixel: 2, classes: 2 }
            .to_string()
            .contains("label 18446744073709551615 at")
    );
}

/// Whatever stands for foreground, a mask gives the bits of 0 and 1.
#[test]
fn masks_of_every_type() {
    let shape = Shape::new(2, 2, &[3, 100]).unwrap();
    let case = Case::sigmoid(7, shape, 6.0, 0.0);
    let text = "0.5*bce + 0.5*dice + 0.1*bce @ band(theta=2)";
    let expected =
        by_text(text, Call::sigmoid(), &case.logits, shape, packed(&case.targets, shape)).unwrap();
    macro_rules! assert_same {
        ($($element:ty: $($foreground:expr),*;)*) => {$($({
            let zero = <$element>::default();
            let targets: Vec<$element> =
                case.targets.iter().map(|&y| if y == 0 { zero } else { $foreground }).collect();
            let y = packed(&targets, shape);
            for code in Code::all() {
                let found = evaluate(code, text, Call::sigmoid(), &case.logits, shape, y).unwrap();
                assert_eq!(found, expected, "{} {}", stringify!($element), $foreground);
            }
        })*)*};
    }
    assert_same! {
        u8: 1, 7, 255;
        i8: 1, 127;
        i16: 255, i16::MAX;
        u16: 1, u16::MAX;
        i32: 255, i32::MAX;
        u32: 1, u32::MAX;
        i64: 255, i64::MAX;
        u64: 255, i64::MAX as u64;
        bool: true;
        f32: 1.0;
        f64: 1.0;
        half::f16: half::f16::ONE;
        half::bf16: half::bf16::ONE;
    }
}

/// Checks of floats ride along with a sweep that goes over segments and channels in another order, on threads too.
#[test]
fn the_first_bad_share_is_named() {
    let shape = Shape::new(2, 2, &[70_000]).unwrap();
    let z: Vec<f32> = (0..280_000).map(|i| (i % 13) as f32 - 6.0).collect();
    let mut y: Vec<f32> = (0..280_000).map(|i| (i % 3 / 2) as f32).collect();
    // Sample 1: the last segment of channel 0, and the first of channel 1.
    y[2 * 70_000 + 69_999] = 1.5;
    y[3 * 70_000 + 5] = f32::NAN;
    let expected =
        Error::Share { target: Number::Float(1.5), sample: 1, channel: 0, pixel: 69_999 };
    for code in Code::all() {
        for text in ["bce", "dice", "0.5*bce + 0.5*focal + dice"] {
            let y = packed(&y, shape);
            let found = evaluate(code, text, Call::sigmoid(), &z, shape, y).unwrap_err();
            assert_eq!(found, expected, "{} {text}", code.name());
        }
    }
}

/// A gradient that is added to is checked for first, whatever the targets are.
#[test]
fn nothing_is_added_after_a_bad_share() {
    let shape = line(1, 2000);
    let z = logits(1, 2000);
    let mut y = vec![1.0; 2000];
    y[1999] = -1.0;
    let library = Library::<f64>::new(AnyLevel::best());
    for text in ["bce", "dice"] {
        let loss = Loss::new(&library, text, Link::Sigmoid).unwrap();
        let call = Call { write: Write::Accumulate, ..Call::sigmoid() };
        let mut gradient = vec![7.0; 2000];
        let layout = Layout::channels_first(shape).unwrap();
        let mut sink = ViewMut::new(&mut gradient, layout).unwrap();
        let outputs = Outputs::gradient(&mut sink);
        let (z, y) = (packed(&z, shape), packed(&y, shape));
        let found = loss.evaluate(call, z, y, &[], outputs, &mut Buffers::new()).unwrap_err();
        assert!(matches!(found, Error::Share { pixel: 1999, .. }), "{text}: {found}");
        assert!(gradient.iter().all(|&slope| slope == 7.0), "{text}");
    }
}

/// Tiles of hard targets and of soft ones, whole and not, in one call: what a sweep leaves for the next differs, and the
/// gradient is that of stages, which leave nothing.
#[test]
fn hard_and_soft_tiles() {
    let shape = line(2, 3 * 1024 + 700);
    let pixels = shape.pixels();
    let z: Vec<f32> = (0..2 * pixels).map(|i| (i * 7 % 23) as f32 * 0.6 - 6.0).collect();
    let hard = |i: usize| if i % 5 < 2 { 1.0 } else { 0.0 };
    let all_hard: Vec<f32> = (0..2 * pixels).map(hard).collect();
    // Some tiles of some blocks.
    let is_soft = |i: usize| i / 256 % 3 == 1 && i.is_multiple_of(7);
    let mixed: Vec<f32> = (0..2 * pixels).map(|i| if is_soft(i) { 0.3 } else { hard(i) }).collect();
    for (y, text) in [&all_hard, &mixed].into_iter().flat_map(|y| {
        let texts =
            ["dice", "0.5*bce + 0.5*dice", "0.5*dice + 0.5*focal", "bce + focal(gamma=1.5) + dice"];
        texts.map(|text| (y, text))
    }) {
        for level in AnyLevel::available() {
            let library = Library::<f32>::new(level);
            let loss = Loss::new(&library, text, Link::Sigmoid).unwrap();
            let layout = Layout::channels_first(shape).unwrap();
            let (z, y) = (packed(&z, shape), packed(y, shape));
            let mut buffers = Buffers::new();
            let [mut at_once, mut in_stages] = [vec![f32::NAN; 2 * pixels], vec![0.0; 2 * pixels]];
            let mut sink = ViewMut::new(&mut at_once, layout).unwrap();
            let outputs = Outputs::gradient(&mut sink);
            loss.evaluate(Call::sigmoid(), z, y, &[], outputs, &mut buffers).unwrap();
            // What is added to is not where anything is kept.
            let call = Call { write: Write::Accumulate, ..Call::sigmoid() };
            let mut sink = ViewMut::new(&mut in_stages, layout).unwrap();
            let outputs = Outputs::gradient(&mut sink);
            loss.evaluate(call, z, y, &[], outputs, &mut buffers).unwrap();
            let bits =
                |all: &[f32]| -> Vec<u32> { all.iter().map(|x| (x + 0.0).to_bits()).collect() };
            assert_eq!(bits(&at_once), bits(&in_stages), "{text} {}", level.name());
        }
    }
}

/// An integer mask holds 0 and one positive number, in the whole tensor.
#[test]
fn masks_that_are_none() {
    let bad = |targets: &[i32], call: Call<'_>| {
        let shape = Shape::new(2, 2, &[targets.len() / 4]).unwrap();
        let z = logits(4, targets.len() / 4);
        let y = packed(targets, shape);
        let found = by_text("bce", call, &z, shape, y).map(|found| found.valid);
        assert_eq!(found.err(), check_labels(&call, &y.into()).err());
        found
    };
    let error = |target: i64, foreground: Option<i64>, (sample, channel, pixel)| {
        let (target, foreground) = (Number::Signed(target), foreground.map(Number::Signed));
        Err(Error::Mask { target, foreground, sample, channel, pixel })
    };
    let sigmoid = Call::sigmoid();
    assert_eq!(bad(&[0, 0, 0, 0, 0, 0, 0, 0], sigmoid), Ok(8));
    assert_eq!(bad(&[0, 9, 0, 0, 0, 0, 9, 9], sigmoid), Ok(8));
    assert_eq!(bad(&[0, -1, 0, 1, 0, 0, 1, 1], sigmoid), error(-1, None, (0, 0, 1)));
    assert_eq!(bad(&[0, -100, 0, -100, 0, 0, 0, 0], sigmoid), error(-100, None, (0, 0, 1)));
    assert_eq!(bad(&[0, 3, 254, 255, 0, 0, 0, 0], sigmoid), error(254, Some(3), (0, 1, 0)));
    // One in this sample, another in that one.
    assert_eq!(bad(&[0, 1, 1, 0, 0, 0, 0, 255], sigmoid), error(255, Some(1), (1, 1, 1)));
    assert_eq!(bad(&[0, 1, 1, 0, 0, -1, 0, 1], sigmoid), error(-1, Some(1), (1, 0, 1)));
    let index = ignoring(&[255], Link::Sigmoid);
    assert_eq!(bad(&[0, 1, 1, 0, 0, 0, 0, 255], index), Ok(7));
    assert_eq!(bad(&[255, 1, 1, 0, 0, 0, 2, 255], index), error(2, Some(1), (1, 1, 0)));
    assert_eq!(bad(&[-1, 1, 1, 0, -100, 0, 2, 0], ignoring(&[-1, -100, 2], Link::Sigmoid)), Ok(5));
    assert_eq!(
        error(254, Some(3), (0, 1, 0)).unwrap_err().to_string(),
        "`targets` holds 254 at pixel 0 of sample 0, channel 1, and 3 before it, expected a mask of 0 and one \
         positive number (threshold grey values; numbers that do not count are for `ignore_index`)"
    );
    // What the call's mask leaves out may hold anything.
    let counts = [1u8, 0, 1, 1, 0, 1, 1, 1];
    let shape = Shape::new(2, 2, &[2]).unwrap();
    let call = Call { mask: Some(Mask::U8(packed(&counts, shape))), ..sigmoid };
    assert_eq!(bad(&[0, -5, 7, 0, 6, 7, 7, 0], call), Ok(6));
}

/// Found in each block, whatever came before.
#[test]
fn a_mask_that_is_none_in_a_late_block() {
    let shape = Shape::new(1, 1, &[97, 131]).unwrap();
    let z = vec![0.5; 97 * 131];
    for place in [0, 255, 4095, 4096, 9000, 97 * 131 - 1] {
        let mut targets = vec![0u16; 97 * 131];
        targets[place] = 300;
        let y = packed(&targets, shape);
        assert!(by_text("dice", Call::sigmoid(), &z, shape, y).is_ok());
        if place > 0 {
            targets[place - 1] = 299;
            let y = packed(&targets, shape);
            let found = by_text("dice", Call::sigmoid(), &z, shape, y).unwrap_err();
            let (target, foreground) = (Number::Unsigned(300), Some(Number::Signed(299)));
            assert_eq!(
                found,
                Error::Mask { target, foreground, sample: 0, channel: 0, pixel: place }
            );
        }
    }
}

/// A rounding step or four outside of 0 to 1 is 0 or 1; more is an error.
#[test]
fn soft_masks_a_rounding_step_outside() {
    macro_rules! assert_rounds {
        ($($float:ty: $epsilon:expr;)*) => {$({
            let of = |x: f64| <$float>::from_f64(x);
            let steps = f64::from($epsilon);
            let outside = [of(-4.0 * steps), of(0.25), of(1.0 + 4.0 * steps), of(1.0 + steps)];
            let inside = [of(0.0), of(0.25), of(1.0), of(1.0)];
            let z = logits(1, 4);
            for text in ["bce + dice", "bce @ band(theta=0)"] {
                let found = |targets: &[$float; 4]| {
                    by_text(text, Call::sigmoid(), &z, line(1, 4), packed(targets, line(1, 4)))
                };
                assert_eq!(found(&outside).unwrap(), found(&inside).unwrap(), "{text}");
                for bad in [-5.0 * steps, 1.0 + 6.0 * steps, f64::NAN, f64::INFINITY, 255.0] {
                    let found = found(&[of(0.5), of(bad), of(1.0), of(0.0)]);
                    assert!(matches!(found, Err(Error::Share { pixel: 1, .. })), "{text} {bad}");
                }
                // Not the label that is ignored, to which they round.
                for label in [0i64, 1] {
                    let labels = [label];
                    let call = ignoring(&labels, Link::Sigmoid);
                    let y = packed(&outside, line(1, 4));
                    let found = by_text(text, call, &z, line(1, 4), y).unwrap();
                    assert_eq!(found.valid, 4, "{text} {label}");
                }
            }
        })*};
    }
    trait FromF64 {
        fn from_f64(x: f64) -> Self;
    }
    impl FromF64 for f32 {
        fn from_f64(x: f64) -> Self {
            x as f32
        }
    }
    impl FromF64 for f64 {
        fn from_f64(x: f64) -> Self {
            x
        }
    }
    assert_rounds! {
        f32: f32::EPSILON;
        f64: f64::EPSILON;
        half::f16: half::f16::EPSILON;
        half::bf16: half::bf16::EPSILON;
    }
}

/// Maps refuse what losses refuse: no mask, and labels that are no whole numbers from 0 on.
#[test]
fn maps_of_what_is_no_mask() {
    let library = Library::<f64>::default();
    let map = segloss_core::compose::parse_map("band(theta=1)", library.registry()).unwrap();
    let compute = |call: Call<'_>, targets: Targets<'_>| {
        let mut scratch = vec![0; map.scratch(&call, &targets).unwrap()];
        let mut weights = vec![-7.0; 4];
        let result = map.compute(&call, &targets, &mut scratch, &mut weights);
        assert!(result.is_ok() || weights == [-7.0; 4]);
        result
    };
    for bad in [f32::NAN, -1.0, f32::INFINITY, 255.0] {
        let targets = [0.0, 1.0, bad, 0.5];
        let found = compute(Call::sigmoid(), packed(&targets, line(1, 4)).into());
        assert!(matches!(found, Err(Error::Share { pixel: 2, .. })), "{bad}: {found:?}");
    }
    for bad in [f32::NAN, -1.0, f32::INFINITY, 0.5] {
        let targets = [0.0, 300.0, bad, 7.0];
        let found = compute(Call::softmax(), packed(&targets, line(1, 4)).into());
        assert!(matches!(found, Err(Error::Label { pixel: 2, .. })), "{bad}: {found:?}");
    }
    let targets = [0i64, 5, 1 << 24, 7];
    let found = compute(Call::softmax(), packed(&targets, line(1, 4)).into());
    assert!(matches!(found, Err(Error::Label { pixel: 2, .. })), "{found:?}");
    assert_eq!(
        compute(ignoring(&[1 << 24], Link::Softmax), packed(&targets, line(1, 4)).into()),
        Ok(())
    );
    let found = compute(Call::sigmoid(), packed(&[0i16, 1, 2, 1], line(1, 4)).into());
    assert!(matches!(found, Err(Error::Mask { pixel: 2, .. })), "{found:?}");
}

/// A batch without samples is worth 0.
#[test]
fn no_samples() {
    for (link, texts) in [
        (
            Link::Sigmoid,
            ["bce", "dice(pool=sample)", "preset:imbalanced", "0.5*bce + 0.5*dice", "distance"],
        ),
        (Link::Softmax, ["ce", "dice", "ce(weights=[1, 2, 3])", "preset:boundary", "tversky"]),
    ] {
        let shape = Shape::new(0, 3, &[4, 5]).unwrap();
        let of_targets = if link == Link::Softmax { shape.with_channels(1) } else { shape };
        for text in texts {
            for code in Code::all() {
                let asked = Asked {
                    code,
                    text,
                    call: Call::of(link),
                    logits: &[0f32; 0],
                    shape,
                    targets: packed(&[0u8; 0], of_targets).into(),
                    given: &[],
                    samples: !matches!(
                        text,
                        "preset:imbalanced"
                            | "0.5*bce + 0.5*dice"
                            | "dice"
                            | "tversky"
                            | "preset:boundary"
                    ),
                    loss_map: matches!(text, "bce" | "ce"),
                };
                let found = f32::evaluate(asked).unwrap();
                assert_eq!((found.value, found.valid), (0.0, 0), "{text}");
                assert!(found.gradient.is_empty() && found.samples.is_empty());
            }
        }
    }
}

/// A rank without samples takes part, and changes nothing.
#[test]
fn a_rank_without_samples() {
    let library = Library::<f64>::default();
    for (text, link) in
        [("0.5*bce + 0.5*dice", Link::Sigmoid), ("ce(weights=[1, 2]) + dice", Link::Softmax)]
    {
        let loss = Loss::new(&library, text, link).unwrap();
        let totals = |batch: usize| {
            let shape = Shape::new(batch, 2, &[6]).unwrap();
            let of_targets = if link == Link::Softmax { shape.with_channels(1) } else { shape };
            let count = of_targets.batch * of_targets.channels * 6;
            let y: Vec<u8> = (0..count).map(|i| (i % 2) as u8).collect();
            let z = logits(2 * batch, 6);
            loss.with(|plan| {
                let (z, y) = (packed(&z, shape), packed(&y, of_targets));
                let problem = Problem::new(Call::of(link), plan, z, y).unwrap();
                let mut sums = vec![0.0; problem.sizes().sums];
                stages::reduce(&problem, &mut sums, &mut Buffers::new()).unwrap();
                let mut totals = vec![0.0; problem.sizes().totals];
                problem.close(&sums, &mut totals).unwrap();
                totals
            })
        };
        let (with, without) = (totals(2), totals(0));
        let mut merged = with.clone();
        merge_ranks(&mut merged, &without).unwrap();
        assert_eq!(merged, with, "{text}");
    }
}

/// A channel without a pixel that counts has no share in a mean over channels.
#[test]
fn a_structure_that_is_not_annotated() {
    let shape = Shape::new(2, 3, &[2, 4]).unwrap();
    let z = logits(6, 8);
    let mut y: Vec<u8> = (0..48).map(|i| u8::from(i * 5 % 7 < 3)).collect();
    // Channel 2 in no sample, channel 1 not in the second.
    for (plane, targets) in y.chunks_mut(8).enumerate() {
        if plane % 3 == 2 || plane == 4 {
            targets.fill(255);
        }
    }
    let call = ignoring(&[255], Link::Sigmoid);
    for name in ["dice", "tversky(fp=0.3, fn=0.7)", "focal_tversky"] {
        let open = if name.ends_with(')') {
            name.trim_end_matches(')').to_owned() + ", "
        } else {
            name.to_owned() + "("
        };
        let pooled = |pool: &str| format!("{open}pool={pool})");
        let alone = |planes: &[usize], pool: &str| {
            let shape = Shape::new(planes.len(), 1, &[2, 4]).unwrap();
            let of = |plane: &usize| plane * 8..plane * 8 + 8;
            let z: Vec<f64> = planes.iter().flat_map(|p| z[of(p)].to_vec()).collect();
            let y: Vec<u8> = planes.iter().flat_map(|p| y[of(p)].to_vec()).collect();
            by_text(&pooled(pool), call, &z, shape, packed(&y, shape)).unwrap().value
        };
        let close = |a: f64, b: f64| assert!((a - b).abs() <= 1e-15 * b.abs(), "{name}: {a} {b}");
        let found = by_text(&pooled("batch"), call, &z, shape, packed(&y, shape)).unwrap();
        close(found.value, (alone(&[0, 3], "batch") + alone(&[1], "batch")) / 2.0);
        assert!(found.gradient[16..24].iter().all(|&g| g == 0.0));
        let found = by_text(&pooled("sample"), call, &z, shape, packed(&y, shape)).unwrap();
        let first = (alone(&[0], "sample") + alone(&[1], "sample")) / 2.0;
        close(found.value, (first + alone(&[3], "sample")) / 2.0);
    }
}

/// A class whose label is ignored is not one that is wrong everywhere.
#[test]
fn the_ignored_class_has_no_share() {
    let labels = [1u8, 1, 2, 2, 0, 0];
    // Certain of what the labels are; of the ignored ones, of class 0.
    let z: Vec<f64> =
        (0..3).flat_map(|k| labels.map(|y| if y == k { 60.0 } else { -60.0 })).collect();
    let y = packed(&labels, line(1, 6));
    for pool in ["batch", "sample"] {
        for index in 0..3i64 {
            let index = [index];
            let call = ignoring(&index, Link::Softmax);
            let text = format!("dice(smooth=0, pool={pool})");
            let found = by_text(&text, call, &z, line(3, 6), y).unwrap();
            assert!(found.value < 1e-40, "{pool} {index:?}: {}", found.value);
            assert_eq!(found.valid, 4);
        }
    }
    let call = ignoring(&[0, 1, 2], Link::Softmax);
    let found = by_text("dice + tversky", call, &z, line(3, 6), y).unwrap();
    assert_eq!((found.value, found.valid), (0.0, 0));
}

/// What nothing uses is refused.
#[test]
fn arguments_without_a_use() {
    let weights = [1f32; 4];
    let by_pixel = Weights::F32(packed(&weights, line(1, 4)));
    let call = Call { weights: Some(by_pixel), ..Call::sigmoid() };
    let (z, y) = (logits(1, 4), packed(&[0u8, 1, 1, 0], line(1, 4)));
    let found = |text, call| by_text(text, call, &z, line(1, 4), y).map(|_| ());
    let unused = |argument, expected| Err(Error::Unused { argument, expected });
    let by_whom = "a pixel or class term, or a region term with `weighted=true`";
    for text in ["dice", "tversky", "dice + 0.5*focal_tversky"] {
        assert_eq!(found(text, call), unused("weights", by_whom), "{text}");
    }
    assert_eq!(found("dice(weighted=true)", call), Ok(()));
    assert_eq!(found("dice + bce", call), Ok(()));
    let spacing = Spacing::new(&[2.0]).unwrap();
    let call = Call { spacing, ..Call::sigmoid() };
    let by_whom = "1 along every axis, or a map that measures distances";
    assert_eq!(found("bce", call), unused("spacing", by_whom));
    assert_eq!(found("bce @ decay", call), Ok(()));
    let library = Library::<f64>::default();
    let loss = Loss::new(&library, "bce @ decay", Link::Sigmoid).unwrap();
    let found = |name| {
        let (given, outputs) = ([(name, by_pixel)], Outputs::none());
        let z = packed(&z, line(1, 4));
        loss.evaluate(Call::sigmoid(), z, y, &given, outputs, &mut Buffers::new()).map(|_| ())
    };
    assert_eq!(found("band"), unused("given", "the names of maps that the loss has"));
    assert_eq!(found("decay"), Ok(()));
}

/// Weights of 16 bits have the bits of the same numbers in `f32`.
#[test]
fn weights_of_16_bits() {
    let shape = Shape::new(2, 1, &[7, 50]).unwrap();
    let case = Case::sigmoid(9, shape, 5.0, 0.0);
    let weights: Vec<half::f16> =
        (0..700).map(|i| half::f16::from_f32((i % 13) as f32 * 0.125)).collect();
    let brief: Vec<half::bf16> = weights.iter().map(|w| half::bf16::from_f32(w.to_f32())).collect();
    let single: Vec<f32> = weights.iter().map(|w| w.to_f32()).collect();
    let text = "bce(normalise=weights) + 0.3*dice(weighted=true)";
    let found = |weights: Weights<'_>| {
        let call = Call { weights: Some(weights), ..Call::sigmoid() };
        by_text(text, call, &case.logits, shape, packed(&case.targets, shape)).unwrap()
    };
    let expected = found(Weights::F32(packed(&single, shape)));
    assert_eq!(found(Weights::F16(packed(&weights, shape))), expected);
    assert_eq!(found(Weights::Bf16(packed(&brief, shape))), expected);
}
