//! Where the source's code fails: one test a case, by its number. Cases of maps are in
//! `maps/boundary_losses.rs` and `maps/contract.rs`, those of class weights in core's `class_weights.rs`,
//! those of the engine's own contract in `inputs.rs` and `accuracy/values.rs`.

use segloss_conformance::exact::Exact;
use segloss_conformance::from_text::{Asked, Format, Found, evaluate};
use segloss_conformance::objective::{Input, Objective, Term};
use segloss_conformance::oracle::{Dense, Extents, Labelled};
use segloss_conformance::views::packed;
use segloss_core::Error;
use segloss_core::engine::{Call, Ignore, Link};
use segloss_core::view::{Layout, Number, Shape, Strides, Targets, View};
use segloss_simd::{AnyLevel, Library, Loss};

/// One sample, one channel, on a line.
fn masks<'a, T, E>(text: &str, logits: &[T], targets: &'a [E]) -> Result<Found<T>, Error>
where
    T: Format,
    View<'a, E>: Into<Targets<'a>>,
{
    let shape = Shape::new(1, 1, &[logits.len()]).unwrap();
    let targets = packed(targets, shape);
    evaluate(AnyLevel::best(), text, Call::sigmoid(), logits, shape, targets)
}

/// One sample of `K` classes on a line.
fn labels<'a, T, E, const K: usize>(
    text: &str,
    logits: &[T],
    targets: &'a [E],
) -> Result<Found<T>, Error>
where
    T: Format,
    View<'a, E>: Into<Targets<'a>>,
{
    let shape = Shape::new(1, K, &[targets.len()]).unwrap();
    let targets = packed(targets, shape.with_channels(1));
    let call = Call { ignore_index: Ignore::Labels(&[255]), ..Call::softmax() };
    evaluate(AnyLevel::best(), text, call, logits, shape, targets)
}

#[test]
fn a1_a2_a3_every_pixel_ignored() {
    for text in ["ce", "ce(weights=[1, 2])", "dice", "focal", "focal(alpha=[0.5, 1])", "tversky"] {
        let found = labels::<_, _, 2>(text, &[0.5f32, -1.0, f32::NAN, 3.0], &[255u8, 255]).unwrap();
        assert_eq!((found.value, found.valid), (0.0, 0), "{text}");
        assert_eq!(found.gradient, [0.0; 4], "{text}");
    }
}

#[test]
fn a5_the_only_class_present_weighs_nothing() {
    let found = labels::<_, _, 2>("ce(weights=[0, 1])", &[0.5f64, -1.0, 2.0, 3.0], &[0u8, 0]);
    let found = found.unwrap();
    assert_eq!((found.value, found.valid), (0.0, 0));
    assert_eq!(found.gradient, [0.0; 4]);
}

#[test]
fn b8_b9_an_empty_mask_can_be_left_out() {
    let shape = Shape::new(2, 1, &[2]).unwrap();
    let (logits, targets) = ([-5.0f64, -5.0, 1.0, -1.0], [0u8, 0, 1, 0]);
    let run = |text| {
        f64::evaluate(Asked {
            code: AnyLevel::best().into(),
            text,
            call: Call::sigmoid(),
            logits: &logits,
            shape,
            targets: packed(&targets, shape).into(),
            given: &[],
            samples: true,
            loss_map: false,
        })
        .unwrap()
    };
    let (kept, skipped) = (run("dice"), run("dice(empty=skip)"));
    assert!(kept.samples[0] > 0.999);
    assert_eq!(skipped.samples[0], 0.0);
    assert_eq!(skipped.value, kept.samples[1]);
    assert_eq!(skipped.gradient[..2], [0.0; 2]);
    let both: Vec<f64> = kept.gradient[2..].iter().map(|g| 2.0 * g).collect();
    assert_eq!(skipped.gradient[2..], both);
}

#[test]
fn b11_no_mass_at_all() {
    for text in ["dice(smooth=0)", "tversky(smooth=0)", "focal_tversky(smooth=0, gamma=0.5)"] {
        let found = masks(text, &[-1e4f64, -1e4], &[0u8, 0]).unwrap();
        assert_eq!((found.value, found.gradient), (0.0, vec![0.0; 2]), "{text}");
    }
}

/// Four classes, only class 0 occurs, predicted with 0.98.
#[test]
fn b12_absent_classes_are_averaged_in_or_left_out() {
    let logits = [5f64, 0.0, 0.0, 0.0];
    let kept = labels::<_, _, 4>("dice", &logits, &[0u8]).unwrap();
    let skipped = labels::<_, _, 4>("dice(absent=skip)", &logits, &[0u8]).unwrap();
    let p = 5f64.exp() / (5f64.exp() + 3.0);
    let own = 1.0 - (2.0 * p + 1e-6) / (p + 1.0 + 1e-6);
    let q = (1.0 - p) / 3.0;
    let absent = 1.0 - 1e-6 / (q + 1e-6);
    assert!((kept.value - (own + 3.0 * absent) / 4.0).abs() < 1e-15);
    assert!((skipped.value - own).abs() < 1e-15);
}

#[test]
fn d1_d2_d3_d4_labels_that_are_no_class() {
    for text in ["ce", "ce(weights=[1, 1, 1, 1])", "focal", "dice", "tversky", "focal_tversky"] {
        for label in [7i64, -1, -100, 4, i64::MIN] {
            let found = labels::<_, _, 4>(text, &[0.5f32; 12], &[0, label, 255]).unwrap_err();
            let label = Number::Signed(label);
            let expected = Error::Label { label, sample: 0, pixel: 1, classes: 4 };
            assert_eq!(found, expected, "{text}");
        }
    }
}

/// The number of classes is that of the logits' channels: there is no other.
#[test]
fn d5_d6_all_channels_are_classes() {
    let found = labels::<_, _, 4>("dice", &[0f64; 4], &[3u8]).unwrap();
    assert!(found.gradient.iter().all(|&g| g != 0.0));
}

#[test]
fn d8_d10_d11_a_mask_of_0_and_255() {
    for text in ["bce", "dice", "tversky", "focal", "focal_tversky(gamma=0.75)"] {
        let integers = masks(text, &[0.5f64, -1.0], &[255u8, 0]).unwrap();
        assert_eq!(integers, masks(text, &[0.5f64, -1.0], &[1u8, 0]).unwrap(), "{text}");
        let found = masks(text, &[0.5f64, -1.0], &[255f32, 0.0]).unwrap_err();
        assert_eq!(
            found.to_string(),
            "`targets` holds 255 at pixel 0 of sample 0, channel 0, expected 0 to 1 (divide a mask of 0 and 255 by \
             255; clip what resizing left outside)",
            "{text}"
        );
    }
}

#[test]
fn d9_d12_d13_targets_of_every_type() {
    for text in ["bce", "focal", "dice", "tversky", "focal_tversky", "preset:boundary", "distance"]
    {
        let z = [0.5f64, -1.0, 2.0];
        let expected = masks(text, &z, &[true, false, true]).unwrap();
        assert_eq!(masks(text, &z, &[1u8, 0, 1]).unwrap(), expected, "{text}");
        assert_eq!(masks(text, &z, &[1i32, 0, 1]).unwrap(), expected, "{text}");
        assert_eq!(masks(text, &z, &[1i64, 0, 1]).unwrap(), expected, "{text}");
        assert_eq!(masks(text, &z, &[1f32, 0.0, 1.0]).unwrap(), expected, "{text}");
        assert_eq!(masks(text, &z, &[1f64, 0.0, 1.0]).unwrap(), expected, "{text}");
    }
    for text in ["ce", "focal", "dice", "preset:boundary", "distance"] {
        let z = [0.5f64, -1.0, 2.0, 0.0, 1.0, -3.0];
        let expected = labels::<_, _, 2>(text, &z, &[true, false, true]).unwrap();
        assert_eq!(labels::<_, _, 2>(text, &z, &[1u8, 0, 1]).unwrap(), expected, "{text}");
        assert_eq!(labels::<_, _, 2>(text, &z, &[1i32, 0, 1]).unwrap(), expected, "{text}");
        assert_eq!(labels::<_, _, 2>(text, &z, &[1i64, 0, 1]).unwrap(), expected, "{text}");
        assert_eq!(labels::<_, _, 2>(text, &z, &[1f32, 0.0, 1.0]).unwrap(), expected, "{text}");
    }
}

/// The source's interpolation of both factors: at `p = y = 0.9` the gradient is not 0.
#[test]
fn d15_d16_focal_of_soft_targets() {
    let z = (0.9f64 / 0.1).ln();
    let found = masks("focal", &[z], &[0.9f64]).unwrap();
    assert!((found.value - 0.00316).abs() < 1e-5, "{}", found.value);
    assert!((found.gradient[0] + 0.0025).abs() < 1e-4, "{}", found.gradient[0]);
}

#[test]
fn d17_class_weights_are_converted() {
    let z = [0.5f64, -1.0, 2.0, 0.3];
    let single = z.map(|z| z as f32);
    let double = labels::<_, _, 2>("ce(weights=[0.1, 2.7])", &z, &[0u8, 1]).unwrap();
    let single = labels::<_, _, 2>("ce(weights=[0.1, 2.7])", &single, &[0u8, 1]).unwrap();
    assert!((double.value - single.value).abs() < 1e-6 * double.value);
}

#[test]
fn d18_d19_lists_of_another_length() {
    for (text, name) in
        [("focal(alpha=[0.5, 0.5])", "alpha"), ("ce(weights=[1, 1, 1, 1])", "weights")]
    {
        let found = labels::<_, _, 3>(text, &[0f32; 3], &[0u8]).unwrap_err();
        let length = if name == "alpha" { 2 } else { 4 };
        let term = if name == "alpha" { "focal" } else { "ce" };
        assert_eq!(found, Error::ClassWeights { term, name, length, classes: 3 });
    }
}

#[test]
fn f1_focal_tversky_of_a_perfect_prediction() {
    for gamma in [0.3, 0.5, 0.75] {
        let text = format!("focal_tversky(gamma={gamma})");
        for size in [20f64, 40.0, 100.0, 1e4] {
            let (single, double) = ([size as f32, -size as f32], [size, -size]);
            let single = masks(&text, &single, &[1u8, 0]).unwrap();
            let double = masks(&text, &double, &[1u8, 0]).unwrap();
            assert!(single.value.is_finite() && double.value.is_finite());
            assert!(single.gradient.iter().all(|g| g.is_finite()), "{gamma} {size}");
            assert!(double.gradient.iter().all(|g| g.is_finite()), "{gamma} {size}");
        }
    }
}

/// Finite at every logit, and falling to 0 where the prediction is right.
#[test]
fn f2_f3c_focal_of_gamma_below_1() {
    for gamma in [0.05, 0.5, 0.9] {
        let text = format!("focal(gamma={gamma})");
        let mut last = f32::INFINITY;
        for size in [1f32, 10.0, 20.0, 40.0, 90.0, 120.0, 1e4] {
            let found = masks(&text, &[size], &[1u8]).unwrap();
            assert!(found.gradient[0] <= 0.0 && -found.gradient[0] <= last, "{gamma} {size}");
            last = -found.gradient[0];
            let found = labels::<_, _, 2>(&text, &[size, 0.0], &[0u8]).unwrap();
            assert!(found.gradient.iter().all(|g| g.is_finite()), "{gamma} {size}");
        }
        assert_eq!(last, 0.0);
    }
}

/// Its last class saturated, where the source reads an ignored label as the last class.
#[test]
fn f3f_ignored_pixels_of_gamma_below_1() {
    let logits = [0f64, -1e4, 0.5, 1e4];
    let found = labels::<_, _, 2>("focal(gamma=0.5)", &logits, &[0u8, 255]).unwrap();
    assert!(found.value > 0.0 && found.value.is_finite());
    assert_eq!([found.gradient[1], found.gradient[3]], [0.0; 2]);
}

/// Rounding-level relative error at every logit, where `1 - p_t` by subtraction loses all digits.
#[test]
fn f9_focal_keeps_its_digits_at_every_logit() {
    for (logit, expected) in
        [(12.0, 5.798718003802366e-17), (16.0, 3.5629092044707267e-22), (40.0, 1.9169120184305e-53)]
    {
        let found = masks("focal", &[logit], &[1u8]).unwrap().value;
        assert!((found / expected - 1.0).abs() < 1e-15, "{logit}: {found}");
    }
    let focal = Objective::from(Term::FOCAL);
    let extents = |channels| Extents { batch: 1, channels, spatial: vec![1] };
    for step in 0..=16 {
        let logit = 2.5 * f64::from(step);
        let input =
            Input::Dense(Dense { extents: extents(1), logits: &[logit], targets: vec![Some(1.0)] });
        let exact = focal.evaluate::<Exact>(&input).rounded().value;
        let single = masks("focal", &[logit as f32], &[1u8]).unwrap().value;
        // Below 1.2e-38 numbers of `f32` have fewer digits.
        let smallest = if exact < 1.2e-38 { 1e-45 } else { 0.0 };
        assert!((single - exact).abs() <= 6e-7 * exact + smallest, "{logit}: {single} {exact}");
        let logits = [logit, 0.0, -1.0];
        let input = Input::Labelled(Labelled {
            extents: extents(3),
            logits: &logits,
            labels: vec![Some(0)],
            ignored_class: None,
        });
        let exact = focal.evaluate::<Exact>(&input).rounded().value;
        let double = labels::<_, _, 3>("focal", &logits, &[0u8]).unwrap().value;
        assert!((double / exact - 1.0).abs() < 2e-15, "{logit}: {double} {exact}");
    }
}

/// 512 x 512 pixels at 1/2: their sum is beyond what 16 bits hold.
#[test]
fn f10_dice_of_halves() {
    use half::f16;
    let shape = Shape::new(1, 1, &[512, 512]).unwrap();
    let (logits, targets) = (vec![f16::ZERO; 512 * 512], vec![1u8; 512 * 512]);
    let library = Library::<f32>::default();
    let loss = Loss::new(&library, "dice", Link::Sigmoid).unwrap();
    let mut gradient = vec![f16::NAN; 512 * 512];
    let layout = Layout::channels_first(shape).unwrap();
    let mut sink = segloss_core::view::ViewMut::new(&mut gradient, layout).unwrap();
    let outputs = segloss_simd::Outputs::gradient(&mut sink);
    let (z, y) = (packed(&logits, shape), packed(&targets, shape));
    let mut buffers = segloss_simd::Buffers::new();
    let report = loss.evaluate(Call::sigmoid(), z, y, &[], outputs, &mut buffers).unwrap();
    assert!((report.value - 1.0 / 3.0).abs() < 1e-6);
    assert!(gradient.iter().all(|g| g.to_f32().is_finite()));
}

/// Both formats average the same classes, however small their probabilities.
#[test]
fn f12_what_is_averaged_does_not_depend_on_the_precision() {
    let logits = [200f64, 0.0, 0.0, 0.0, 0.0, 0.0];
    let single = logits.map(|z| z as f32);
    for text in ["dice", "dice(absent=skip)"] {
        let double = labels::<_, _, 3>(text, &logits, &[0u8, 0]).unwrap();
        let single = labels::<_, _, 3>(text, &single, &[0u8, 0]).unwrap();
        assert!((double.value - single.value).abs() < 1e-6, "{text}");
    }
}

#[test]
fn g4_g5_coefficients() {
    let found = masks("0*bce + 0*dice", &[0.5f64, f64::NAN], &[1u8, 0]).unwrap();
    assert_eq!((found.value, found.gradient), (0.0, vec![0.0; 2]));
    let library = Library::<f32>::default();
    let found = Loss::new(&library, "bce + -0.5*dice", Link::Sigmoid).unwrap_err();
    assert_eq!(
        found.to_string(),
        "at 7: `coefficient` is -0.5, expected a finite number, 0 or larger"
    );
}

#[test]
fn g6_a_reduction_misspelt() {
    let library = Library::<f32>::default();
    let found = Loss::new(&library, "dice(reduction=maen)", Link::Sigmoid).unwrap_err();
    assert_eq!(found.to_string(), "at 16: `reduction` is `maen`, did you mean `mean`?");
}

#[test]
fn g8_g9_tversky_of_one_half_is_dice_with_twice_the_smoothing() {
    let (z, y) = ([0.5f64, -1.0, 2.0], [1u8, 0, 1]);
    let dice = masks("dice(smooth=0.5)", &z, &y).unwrap();
    let tversky = masks("tversky(smooth=0.25)", &z, &y).unwrap();
    assert!((dice.value - tversky.value).abs() < 1e-15);
}

/// Strides are part of the view: channels last and transposed images.
#[test]
fn h4_h5_any_strides() {
    let shape = Shape::new(2, 3, &[4, 5]).unwrap();
    let logits: Vec<f64> = (0..120).map(|i| f64::from(i * 37 % 101) * 0.1 - 5.0).collect();
    let targets: Vec<u8> = (0..40).map(|i| (i * 7 % 3) as u8).collect();
    let mut columns = targets.clone();
    for (from, to) in targets.chunks(20).zip(columns.chunks_mut(20)) {
        (0..20).for_each(|i| to[i % 5 * 4 + i / 5] = from[i]);
    }
    let strides = Strides { batch: 20, channel: 20, spatial: [20, 1, 4] };
    let transposed = Layout::strided(shape.with_channels(1), strides).unwrap();
    let (level, call) = (AnyLevel::best(), Call::softmax());
    for text in ["ce", "focal", "dice", "preset:boundary", "distance"] {
        let packed = packed(&targets, shape.with_channels(1));
        let expected = evaluate(level, text, call, &logits, shape, packed).unwrap();
        let strided = View::new(&columns, transposed).unwrap();
        let found = evaluate(level, text, call, &logits, shape, strided).unwrap();
        assert_eq!(found, expected, "{text}");
    }
}

/// A volume is an image of more pixels to every loss without a map.
#[test]
fn h6_volumes() {
    let logits: Vec<f64> = (0..72).map(|i| f64::from(i * 37 % 101) * 0.1 - 5.0).collect();
    let targets: Vec<u8> = (0..24).map(|i| (i * 7 % 3) as u8).collect();
    let (level, call) = (AnyLevel::best(), Call::softmax());
    for text in ["ce", "focal(alpha=[1, 2, 3])", "dice", "tversky", "focal_tversky(gamma=1.5)"] {
        let mut found = [&[2, 3, 4][..], &[6, 4], &[24]].map(|spatial| {
            let shape = Shape::new(1, 3, spatial).unwrap();
            let targets = packed(&targets, shape.with_channels(1));
            evaluate(level, text, call, &logits, shape, targets).unwrap()
        });
        let volume = &found[0];
        assert!(volume.value > 0.0);
        found.rotate_left(1);
        assert_eq!(found[0], found[1], "{text}");
        assert_eq!(found[0], found[2], "{text}");
    }
}
