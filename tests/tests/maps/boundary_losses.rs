//! The boundary and distance losses, their maps computed within the call: against the oracle
//! (the source's values: `golden/engine.rs`), and themselves at every level, from every type of target and in every layout.

use proptest::prelude::*;
use segloss_conformance::case::{Case, SoftCase};
use segloss_conformance::code::Code;
use segloss_conformance::from_text::{Asked, Format};
use segloss_conformance::objective::{Input, Map, Objective, Term};
use segloss_conformance::oracle::maps::{Border, Empty};
use segloss_conformance::oracle::{self, maps};
use segloss_conformance::views::packed;
use segloss_core::Error;
use segloss_core::engine::{Call, Ignore, Link};
use segloss_core::maps::edt::Spacing;
use segloss_core::view::{Layout, Mask, Shape, Strides, Targets, View, Weights};
use segloss_simd::{AnyLevel, Library, Loss};

/// Value and gradient in `f64`, as computed by this code.
fn computed_by<'a>(
    code: Code,
    text: &'a str,
    call: Call<'a>,
    (logits, shape): (&'a [f64], Shape),
    targets: Targets<'a>,
    given: &'a [(&'a str, Weights<'a>)],
) -> Result<(f64, Vec<f64>), Error> {
    let (samples, loss_map) = (false, false);
    let asked = Asked { code, text, call, logits, shape, targets, given, samples, loss_map };
    f64::evaluate(asked).map(|found| (found.value, found.gradient))
}

fn evaluate<'a>(
    text: &'a str,
    call: Call<'a>,
    logits: (&'a [f64], Shape),
    targets: impl Into<Targets<'a>>,
) -> (f64, Vec<f64>) {
    computed_by(AnyLevel::best().into(), text, call, logits, targets.into(), &[]).unwrap()
}

#[track_caller]
fn assert_close(found: &(f64, Vec<f64>), value: f64, gradient: &[f64], what: &str) {
    assert!((found.0 - value).abs() <= 1e-13 * value.abs(), "{what}: {} {value}", found.0);
    let largest = gradient.iter().fold(0f64, |m, g| m.max(g.abs()));
    for (found, expected) in found.1.iter().zip(gradient) {
        assert!((found - expected).abs() <= 1e-12 * largest, "{what}: {found} {expected}");
    }
}

fn spatial() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![
        (1usize..90).prop_map(|w| vec![w]),
        (1usize..12, 1usize..70).prop_map(|(h, w)| vec![h, w]),
        (1usize..5, 1usize..6, 1usize..9).prop_map(|(d, h, w)| vec![d, h, w]),
    ]
}

fn map() -> impl Strategy<Value = Map> {
    let borders = prop::sample::select(vec![Border::Zero, Border::Keep]);
    let empties = prop::sample::select(vec![Empty::Zero, Empty::One]);
    prop_oneof![
        (0u32..4, 0.0..9.0, borders).prop_map(|(theta, weight, border)| Map::Band {
            theta,
            weight,
            border
        }),
        (0.5..9.0, empties).prop_map(|(sigma, empty)| Map::Decay { sigma, empty }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn masks(seed in any::<u64>(), batch in 1usize..3, channels in 1usize..3, spatial in spatial(),
        map in map(), ignored in prop::sample::select(vec![0.0, 0.2])) {
        let shape = Shape::new(batch, channels, &spatial).unwrap();
        let case = SoftCase::new(seed, shape, 6.0, ignored);
        let objective = Objective::Sum(vec![
            (0.5, Term::Mapped(Box::new(Term::Bce), map.clone())),
            (0.5, Term::Mapped(Box::new(Term::FOCAL), map)),
        ]);
        let expected = objective.evaluate::<f64>(&Input::Dense((&case).into())).rounded();
        let call = Call { ignore_index: Ignore::Labels(&[255]), ..Call::sigmoid() };
        let targets = packed(&case.targets, shape);
        let found = evaluate(&objective.to_string(), call, (&case.logits, shape), targets);
        assert_close(&found, expected.value, &expected.gradient, &objective.to_string());
    }

    #[test]
    fn label_maps(seed in any::<u64>(), batch in 1usize..3, classes in 2usize..5,
        spatial in spatial(), map in map(), ignored in prop::sample::select(vec![0.0, 0.2])) {
        let shape = Shape::new(batch, classes, &spatial).unwrap();
        let case = Case::softmax(seed, shape, 6.0, ignored);
        let ce = Term::Ce { weights: None };
        let objective = Objective::Sum(vec![(1.0, Term::Mapped(Box::new(ce), map))]);
        let expected = objective.evaluate::<f64>(&Input::Labelled((&case).into())).rounded();
        let targets = packed(&case.targets, shape.with_channels(1));
        let logits = (&case.logits[..], shape);
        let call = Call { ignore_index: Ignore::Labels(&[255]), ..Call::softmax() };
        let found = evaluate(&objective.to_string(), call, logits, targets);
        assert_close(&found, expected.value, &expected.gradient, &objective.to_string());
    }
}

/// Every level, every type of target and transposed targets: the same bits.
#[test]
fn same_bits_from_every_target_and_level() {
    let shape = Shape::new(2, 2, &[37, 141]).unwrap();
    let text = "bce @ band(theta=2) + bce @ decay(sigma=4)";
    let sigmoid = Case::sigmoid(3, shape, 9.0, 0.03);
    let call = Call { ignore_index: Ignore::Labels(&[255]), ..Call::sigmoid() };
    assert_same_bits(text, call, &sigmoid, shape);
    let softmax = Case::softmax(4, shape, 9.0, 0.03);
    let text = "ce @ band(theta=2) + ce @ decay(sigma=4)";
    let call = Call { ignore_index: Ignore::Labels(&[255]), ..Call::softmax() };
    assert_same_bits(text, call, &softmax, shape.with_channels(1));
}

fn assert_same_bits(text: &str, call: Call<'_>, case: &Case, targets_shape: Shape) {
    let layout = Layout::channels_first(targets_shape).unwrap();
    let mut outcomes = Vec::new();
    let mut add = |name: String, code: Code, targets: Targets<'_>| {
        let logits = (&case.logits[..], case.shape);
        let (value, gradient) = computed_by(code, text, call, logits, targets, &[]).unwrap();
        let bits: Vec<u64> = gradient.iter().chain([&value]).map(|x| x.to_bits()).collect();
        outcomes.push((name, bits));
    };
    macro_rules! from {
        ($variant:ident, $convert:expr) => {
            let converted: Vec<_> = case.targets.iter().map($convert).collect();
            let targets = Targets::$variant(View::new(&converted, layout).unwrap());
            for code in Code::all() {
                add(format!("{} {}", stringify!($variant), code.name()), code, targets);
            }
        };
    }
    from!(U8, |&y| y);
    from!(I16, |&y| i16::from(y));
    from!(U16, |&y| u16::from(y));
    from!(I32, |&y| i32::from(y));
    from!(U32, |&y| u32::from(y));
    from!(U64, |&y| u64::from(y));
    from!(F16, |&y| half::f16::from(y));
    from!(I64, |&y| i64::from(y));
    from!(F32, |&y| f32::from(y));
    from!(F64, |&y| f64::from(y));
    // Columns next to one another, so that rows are read with a stride.
    let [_, height, width] = targets_shape.spatial;
    let plane = height * width;
    let mut columns = case.targets.clone();
    for (from, to) in case.targets.chunks(plane).zip(columns.chunks_mut(plane)) {
        (0..plane).for_each(|i| to[i % width * height + i / width] = from[i]);
    }
    let batch = targets_shape.channels * plane;
    let strides = Strides { batch, channel: plane, spatial: [plane, 1, height] };
    let transposed = Layout::strided(targets_shape, strides).unwrap();
    let targets = Targets::U8(View::new(&columns, transposed).unwrap());
    add("columns".into(), AnyLevel::best().into(), targets);
    for (name, bits) in &outcomes {
        assert!(*bits == outcomes[0].1, "{name} differs from {}", outcomes[0].0);
    }
}

/// Pixels that a mask leaves out are as ignored ones.
#[test]
fn masked_pixels_make_no_boundary() {
    let shape = Shape::new(1, 1, &[24, 31]).unwrap();
    let ignoring = Case::sigmoid(5, shape, 5.0, 0.3);
    let keep: Vec<bool> = ignoring.targets.iter().map(|&y| y != 255).collect();
    let dense: Vec<u8> = ignoring.targets.iter().map(|&y| u8::from(y == 1)).collect();
    let text = "bce @ band + bce @ decay";
    let logits = (&ignoring.logits[..], shape);
    let call = Call { ignore_index: Ignore::Labels(&[255]), ..Call::sigmoid() };
    let expected = evaluate(text, call, logits, packed(&ignoring.targets, shape));
    let call = Call { mask: Some(Mask::Bool(packed(&keep, shape))), ..Call::sigmoid() };
    assert_eq!(evaluate(text, call, logits, packed(&dense, shape)), expected);
}

/// A map computed once serves again, under its name.
#[test]
fn a_map_given_is_used_instead_of_computed() {
    let shape = Shape::new(1, 1, &[9, 13]).unwrap();
    let case = Case::sigmoid(6, shape, 5.0, 0.0);
    let (logits, targets) = ((&case.logits[..], shape), packed(&case.targets, shape));
    let expected = evaluate("boundary", Call::sigmoid(), logits, targets);
    let input = Input::Dense((&case).into());
    let band = Map::Band { theta: 3, weight: 5.0, border: Border::Zero }.weights::<f64>(&input);
    let other = vec![2.0; band.len()];
    let found = |weights: &[f64]| {
        let given = [("band", Weights::F64(packed(weights, shape)))];
        computed_by(
            AnyLevel::best().into(),
            "boundary",
            Call::sigmoid(),
            logits,
            targets.into(),
            &given,
        )
        .unwrap()
    };
    assert_eq!(found(&band), expected);
    let bce = evaluate("bce", Call::sigmoid(), logits, targets);
    assert_eq!(found(&other).0, 2.0 * bce.0);
}

/// Voxels longer along one axis.
#[test]
fn spacing_is_that_of_the_call() {
    let shape = Shape::new(1, 1, &[4, 5, 6]).unwrap();
    let case = Case::sigmoid(7, shape, 5.0, 0.0);
    let dense: oracle::Dense<'_> = (&case).into();
    let along = [2.5, 1.0, 0.75];
    let weights: Vec<f64> =
        maps::decay_weights(&dense.labels(), &[4, 5, 6], &along, 5.0, Empty::Zero);
    let expected = oracle::bce_pixels::<f64>(&dense).weighted(&weights).mean().rounded();
    let call = Call { spacing: Spacing::new(&along).unwrap(), ..Call::sigmoid() };
    let logits = (&case.logits[..], shape);
    let found = evaluate("distance", call, logits, packed(&case.targets, shape));
    assert_close(&found, expected.value, &expected.gradient, "spacing");
    let call = Call { spacing: Spacing::new(&[1.0, 2.0]).unwrap(), ..Call::sigmoid() };
    let targets = packed(&case.targets, shape);
    let found = computed_by(AnyLevel::best().into(), "distance", call, logits, targets.into(), &[]);
    assert!(matches!(found, Err(Error::Spacing { given: 2, axes: 3 })), "{found:?}");
}

/// No map of images without a pixel: the error names the shape, before anything is computed. No images have none.
#[test]
fn e1_e2_e3_targets_without_a_pixel() {
    for (batch, spatial) in [(0, [3, 4]), (1, [0, 4]), (2, [3, 0]), (0, [0, 0]), (0, [3, 0])] {
        let shape = Shape { batch, channels: 1, spatial: [1, spatial[0], spatial[1]], axes: 2 };
        for text in ["boundary", "distance", "preset:boundary", "bce"] {
            let (call, targets) = (Call::sigmoid(), packed::<u8>(&[], shape).into());
            let found =
                computed_by(AnyLevel::best().into(), text, call, (&[], shape), targets, &[]);
            if batch == 0 && spatial == [3, 4] {
                assert_eq!(found.unwrap(), (0.0, vec![]), "{text}");
            } else {
                assert!(matches!(found, Err(Error::Empty { .. })), "{text}: {found:?}");
            }
        }
    }
}

fn binary(text: &str, spatial: &[usize], targets: &[u8]) -> f64 {
    let shape = Shape::new(1, 1, spatial).unwrap();
    let logits = vec![0.0; targets.len()];
    let value = evaluate(text, Call::sigmoid(), (&logits, shape), packed(targets, shape)).0;
    // Of the mean weight.
    value / core::f64::consts::LN_2
}

fn assert_weight(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-14, "{found} {expected}");
}

#[test]
fn b1_b2_b3_b4_one_label_is_infinitely_far_from_a_boundary() {
    for label in [0, 1] {
        assert_eq!(binary("distance", &[9, 7], &[label; 63]), 0.0);
        assert_weight(binary("distance(empty=one)", &[9, 7], &[label; 63]), 1.0);
    }
}

#[test]
fn b6_the_edge_of_a_full_mask_is_a_boundary_unless_kept() {
    let found = binary("boundary", &[12, 12], &[1; 144]);
    assert_weight(found, (128.0 * 5.0 + 16.0) / 144.0);
    assert_weight(binary("boundary(border=keep)", &[12, 12], &[1; 144]), 1.0);
}

#[test]
fn c1_c2_c3_c4_a_side_of_one_is_a_side() {
    let mask = [0, 1, 1, 1, 1, 1, 0];
    // In a row or a column every pixel has an outside beside it; on a line only the ends of the object.
    assert_weight(binary("boundary(theta=1)", &[1, 7], &mask), 5.0);
    assert_weight(binary("boundary(theta=1)", &[7, 1], &mask), 5.0);
    assert_weight(binary("boundary(theta=1)", &[7], &mask), (6.0 * 5.0 + 1.0) / 7.0);
    let decay = |d: f64| (-d / 5.0).exp();
    let expected = (4.0 * decay(1.0) + 2.0 * decay(2.0) + decay(3.0)) / 7.0;
    for spatial in [&[1, 7][..], &[7, 1], &[7]] {
        assert_weight(binary("distance", spatial, &mask), expected);
    }
}

#[test]
fn c7_c8_c9_channels_are_masks_of_their_own() {
    let shape = Shape::new(1, 2, &[5, 6]).unwrap();
    let case = Case::sigmoid(8, shape, 4.0, 0.0);
    let one = Shape::new(2, 1, &[5, 6]).unwrap();
    for text in ["boundary", "distance"] {
        let of = |shape| {
            evaluate(text, Call::sigmoid(), (&case.logits, shape), packed(&case.targets, shape))
        };
        assert_eq!(of(shape), of(one), "{text}");
    }
}

#[test]
fn g1_g2_g3_parameters_of_maps() {
    let mut mask = [0; 81];
    mask[40] = 1;
    let in_band = |theta: u32| {
        let mean = binary(&format!("boundary(theta={theta}, weight=2)"), &[9, 9], &mask);
        ((mean - 1.0) * 81.0).round()
    };
    assert_eq!([in_band(0), in_band(1), in_band(2)], [5.0, 13.0, 25.0]);
    let library = Library::<f64>::default();
    let message = |text| Loss::new(&library, text, Link::Sigmoid).unwrap_err().to_string();
    assert_eq!(
        message("boundary(theta=-1)"),
        "at 16: `theta` is -1, expected an integer from 0 to 2^30"
    );
    assert_eq!(
        message("boundary(theta=1.5)"),
        "at 16: `theta` is 1.5, expected an integer from 0 to 2^30"
    );
    for sigma in ["0", "-3"] {
        let text = format!("bce + distance(sigma={sigma})");
        let expected = "expected 1e-30 to 1e30";
        let found = Loss::new(&library, &text, Link::Sigmoid).unwrap_err().to_string();
        assert_eq!(found, format!("at 22: `sigma` is {sigma}, {expected}"));
    }
}
