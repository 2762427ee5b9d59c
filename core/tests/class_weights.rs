//! Class weights against the source's `compute_class_weights`, and where it fails.

use segloss_core::Error;
use segloss_core::class_weights::{Absent, ClassCounts, class_weights};
use segloss_core::engine::Ignore;
use segloss_core::view::{Layout, Number, Shape, Strides, Target, Targets, View};

use crate::masks::packed;

fn mask<E: Target>(labels: &[E]) -> View<'_, E> {
    packed(labels, &[labels.len()])
}

/// One label as a whole row of pixels.
fn repeated<E: Target>(label: &[E; 1], pixels: usize) -> View<'_, E> {
    let shape = Shape::new(1, 1, &[pixels]).unwrap();
    View::new(label, Layout::strided(shape, Strides::default()).unwrap()).unwrap()
}

/// Counts and weights of masks with `K` classes and `ignore_index` 255.
fn weigh<const K: usize>(
    masks: &[Vec<i32>],
    absent: Absent,
) -> Result<([u64; K], [f64; K]), Error> {
    let (mut counts, mut weights) = ([7; K], [-1.0; K]);
    let views = masks.iter().map(|labels| mask(labels));
    let result = class_weights(views, Ignore::Default, absent, &mut counts, &mut weights);
    if result.is_err() {
        assert_eq!(weights, [-1.0; K]);
    }
    result.map(|()| (counts, weights))
}

/// Runs of (label, pixels), one after the other.
fn runs(runs: &[(i32, usize)]) -> Vec<i32> {
    runs.iter().flat_map(|&(label, pixels)| vec![label; pixels]).collect()
}

fn assert_close(weights: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(weights.len(), expected.len());
    for (&weight, &expected) in weights.iter().zip(expected) {
        assert!((weight - expected).abs() <= tolerance * expected, "{weight} for {expected}");
    }
}

/// The source in f64 and, as it stands, in f32.
fn assert_golden<const K: usize>(
    masks: &[Vec<i32>],
    counts: [u64; K],
    in_f64: [f64; K],
    in_f32: [f64; K],
) {
    let (counted, weights) = weigh::<K>(masks, Absent::Source).unwrap();
    assert_eq!(counted, counts);
    assert_close(&weights, &in_f64, 4.0 * f64::EPSILON);
    assert_close(&weights, &in_f32, 4.0 * f64::from(f32::EPSILON));
}

#[test]
fn golden_all_classes_occur() {
    assert_golden(
        &[runs(&[(0, 90), (1, 9), (2, 1)])],
        [90, 9, 1],
        [0.029702979119693856, 0.29702978129594587, 2.67326723958436],
        [0.02970297634601593, 0.2970297336578369, 2.673267364501953],
    );
}

#[test]
fn golden_one_class() {
    assert_golden(&[runs(&[(0, 5)])], [5], [1.0], [1.0]);
}

#[test]
fn golden_two_masks_and_ignored_pixels() {
    assert_golden(
        &[vec![0, 0, 1, 255], vec![2, 2, 2, 1, 0, 255]],
        [3, 2, 3],
        [0.8571428775510176, 1.285714244897965, 0.8571428775510176],
        [0.8571429252624512, 1.2857142686843872, 0.8571429252624512],
    );
}

/// The source gives NaN.
#[test]
fn i1_an_empty_data_set_is_an_error() {
    let error = weigh::<3>(&[], Absent::Source).unwrap_err();
    assert_eq!(error, Error::NothingCounted { classes: 3 });
    assert!(error.to_string().contains("there are no masks"), "{error}");
}

#[test]
fn i7_every_pixel_ignored_is_an_error() {
    for absent in [Absent::Source, Absent::Zero, Absent::One] {
        let error = weigh::<3>(&[vec![255; 4]], absent).unwrap_err();
        assert_eq!(error, Error::NothingCounted { classes: 3 });
        assert!(error.to_string().contains("every pixel holds `ignore_index`"), "{error}");
    }
}

#[test]
fn i2_a_class_that_never_occurs_gets_nearly_all_by_the_source() {
    assert_golden(
        &[runs(&[(0, 90), (1, 10)])],
        [90, 10, 0],
        [1.1111110658436242e-08, 9.999999296296343e-08, 2.9999998888888966],
        [1.1111110254091727e-08, 9.999998695775503e-08, 3.0],
    );
}

/// Counts alone, in any order and with any class absent.
fn weights_of<const K: usize>(mut counts: [u64; K], absent: Absent) -> [f64; K] {
    let mut weights = [-1.0; K];
    ClassCounts::new(&mut counts).unwrap().weights(absent, &mut weights).unwrap();
    weights
}

#[test]
fn i2_the_others_are_weighted_as_if_an_absent_class_were_not_there() {
    let [first, second] = weights_of([1000, 100], Absent::default());
    // 1/1000 and 1/100 as shares, times two.
    assert_close(&[first, second], &[2.0 / 11.0, 20.0 / 11.0], 1e-8);
    assert_eq!(weights_of([1000, 100, 0], Absent::default()), [first, second, 1.0]);
    assert_eq!(weights_of([1000, 100, 0], Absent::One), [first, second, 1.0]);
    assert_eq!(weights_of([0, 1000, 0, 100], Absent::Zero), [0.0, first, 0.0, second]);
    assert_eq!(weights_of([0, 7, 0], Absent::default()), [1.0; 3]);
    let source = weights_of([1000, 100, 0], Absent::Source);
    assert_close(&source, &[1e-9, 1e-8, 3.0], 1e-6);
}

#[test]
fn where_all_classes_occur_the_rules_agree() {
    let masks = [runs(&[(0, 90), (1, 9), (2, 1)])];
    let source = weigh::<3>(&masks, Absent::Source).unwrap();
    assert_eq!(weigh::<3>(&masks, Absent::Zero).unwrap(), source);
    assert_eq!(weigh::<3>(&masks, Absent::One).unwrap(), source);
}

#[test]
fn i4_an_ignored_class_is_not_counted() {
    let mut counts = [0; 3];
    let mut counter = ClassCounts::new(&mut counts).unwrap();
    counter.add(mask(&[0u8, 1, 1, 2, 0]), Ignore::Labels(&[1])).unwrap();
    assert_eq!(counter.counts(), [2, 0, 1]);
}

/// The source's f32 counts stay at 2^24.
#[test]
fn i6_counts_go_past_2_to_the_24() {
    let pixels = (1 << 24) + 1;
    let mut counts = [0; 2];
    let mut counter = ClassCounts::new(&mut counts).unwrap();
    counter.add(repeated(&[1u8], pixels), Ignore::Default).unwrap();
    counter.add(mask(&[0u8, 1]), Ignore::Default).unwrap();
    assert_eq!(counter.counts(), [1, pixels as u64 + 1]);
}

#[test]
fn counts_go_on_and_stop_short_of_overflow() {
    let mut counts = [u64::MAX - 2, 5];
    let mut counter = ClassCounts::new(&mut counts).unwrap();
    let error = counter.add(mask(&[1u8, 1, 1]), Ignore::NOTHING).unwrap_err();
    assert_eq!(error, Error::Count { class: 0, count: u64::MAX - 2, more: 3 });
    counter.add(mask(&[1u8, 0]), Ignore::NOTHING).unwrap();
    assert_eq!(counter.counts(), [u64::MAX - 1, 6]);
    let mut weights = [0.0; 2];
    counter.weights(Absent::Source, &mut weights).unwrap();
    assert_close(&weights, &[12.0 / 2f64.powi(64), 2.0], 1e-6);
}

/// Labels of 0 and 255 alone are a mask by mistake only where no mask has a 1.
#[test]
fn masks_of_0_and_255_among_others() {
    let (void, full) = (vec![0, 255, 0], vec![1, 0, 255]);
    let unclear = |sample, pixel| Err(Error::Unclear { sample, pixel });
    let counts = |masks: &[Vec<i32>]| {
        let (mut counts, mut weights) = ([7; 2], [-1.0; 2]);
        let views = masks.iter().map(|labels| mask(labels));
        let by = class_weights(views, Ignore::Default, Absent::One, &mut counts, &mut weights);
        by.map(|()| counts)
    };
    assert_eq!(counts(&[void.clone(), full.clone()]), Ok([3, 1]));
    assert_eq!(counts(&[full.clone(), void.clone()]), Ok([3, 1]));
    assert_eq!(counts(&[vec![0; 3], void.clone()]), unclear(1, 1));
    let mut counts = [0; 2];
    let mut counter = ClassCounts::new(&mut counts).unwrap();
    let found = counter.add(mask(&void), Ignore::Default);
    assert_eq!(found, Err(Error::Unclear { sample: 0, pixel: 1 }));
    counter.add(mask(&full), Ignore::Default).unwrap();
    counter.add(mask(&void), Ignore::Default).unwrap();
    assert_eq!(counter.counts(), [3, 1]);
}

/// The source counts none of them, in silence.
#[test]
fn a_label_out_of_range_is_an_error() {
    let error = weigh::<2>(&[vec![0, 1, 7, -1]], Absent::Source).unwrap_err();
    assert_eq!(error, Error::Label { label: Number::Signed(7), sample: 0, pixel: 2, classes: 2 });
    let error = weigh::<2>(&[vec![0], vec![1, 0, 1, -1]], Absent::Source).unwrap_err();
    assert_eq!(error, Error::Label { label: Number::Signed(-1), sample: 1, pixel: 3, classes: 2 });
}

#[test]
fn a_bad_mask_leaves_the_counts_alone() {
    let labels = [[0u8, 1, 1], [0, 0, 3]].concat();
    let layout = Layout::channels_first(Shape::new(2, 1, &[3]).unwrap()).unwrap();
    let mut counts = [4, 0];
    let mut counter = ClassCounts::new(&mut counts).unwrap();
    let error = counter.add(View::new(&labels, layout).unwrap(), Ignore::NOTHING).unwrap_err();
    assert_eq!(error, Error::Label { label: Number::Unsigned(3), sample: 1, pixel: 2, classes: 2 });
    assert_eq!(counter.counts(), [4, 0]);
}

/// A mask of 2 x 3 x 5 pixels with gaps and axes in any order, in every format.
#[test]
fn any_layout_and_format_counts_alike() {
    let shape = Shape::new(2, 1, &[3, 5]).unwrap();
    let strides = Strides { batch: 1, channel: 0, spatial: [0, 2, 7] };
    let layout = Layout::strided(shape, strides).unwrap();
    let label = |place: usize| (place % 2 + place / 7 % 2) as u8;
    let stored: Vec<u8> = (0..layout.span()).map(label).collect();
    let mut expected = [0; 3];
    for (batch, y, x) in (0..30).map(|i| (i / 15, i / 5 % 3, i % 5)) {
        expected[usize::from(stored[batch + 2 * y + 7 * x])] += 1;
    }
    fn counted(targets: Targets<'_>) -> [u64; 3] {
        let mut counts = [0; 3];
        ClassCounts::new(&mut counts).unwrap().add(targets, Ignore::Default).unwrap();
        counts
    }
    let wide: Vec<i64> = stored.iter().map(|&label| label.into()).collect();
    let float: Vec<f32> = stored.iter().map(|&label| label.into()).collect();
    assert!(expected.iter().all(|&count| count > 0));
    assert_eq!(counted(Targets::U8(View::new(&stored, layout).unwrap())), expected);
    assert_eq!(counted(Targets::I64(View::new(&wide, layout).unwrap())), expected);
    assert_eq!(counted(Targets::F32(View::new(&float, layout).unwrap())), expected);
}

#[test]
fn shapes_and_lengths_that_do_not_fit() {
    assert!(matches!(ClassCounts::new(&mut []), Err(Error::Classes { classes: 0, .. })));
    let mut many = vec![0; (1 << 24) + 1];
    assert!(matches!(ClassCounts::new(&mut many), Err(Error::Classes { classes: 16_777_217, .. })));

    let mut counts = [1, 1];
    let mut counter = ClassCounts::new(&mut counts).unwrap();
    let mut weights = [0.5; 3];
    let error = counter.weights(Absent::Source, &mut weights).unwrap_err();
    assert_eq!(error, Error::Length { argument: "weights", length: 3, expected: 2 });
    assert_eq!(weights, [0.5; 3]);

    let two = Layout::channels_first(Shape::new(1, 2, &[2]).unwrap()).unwrap();
    let error = counter.add(View::new(&[0u8; 4], two).unwrap(), Ignore::NOTHING).unwrap_err();
    assert!(matches!(error, Error::Shape { argument: "targets", .. }));
    let none = Layout::channels_first(Shape::new(1, 1, &[0, 4]).unwrap()).unwrap();
    let error = counter.add(View::new(&[0u8; 0], none).unwrap(), Ignore::NOTHING).unwrap_err();
    assert!(matches!(error, Error::Empty { argument: "targets", .. }));
    // A batch without samples adds nothing.
    let none = Layout::channels_first(Shape::new(0, 1, &[4]).unwrap()).unwrap();
    counter.add(View::new(&[0u8; 0], none).unwrap(), Ignore::NOTHING).unwrap();
    assert_eq!(counter.counts(), [1, 1]);
}
