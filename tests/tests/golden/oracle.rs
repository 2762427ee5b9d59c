//! The oracle and the golden vectors vouch for each other: the same formulas, derived and
//! computed twice. The engine has no part in it.

use std::collections::BTreeMap;
use std::fmt::Debug;

use segloss_conformance::exact::Exact;
use segloss_conformance::golden::{self, Case, Departure, Losses};
use segloss_conformance::oracle::maps::{Border, Empty, band, decay_weights, squared_distances};
use segloss_conformance::oracle::{self, Dense, Extents, Loss, Number};

/// The difference relative to `exact`; only 0 is close to 0.
fn relative(found: f64, exact: f64) -> f64 {
    if found == exact { 0.0 } else { (found - exact).abs() / exact.abs() }
}

/// The largest difference relative to the largest of `exact`.
fn relative_to_largest(found: &[f64], exact: &[f64]) -> f64 {
    assert_eq!(found.len(), exact.len());
    let largest = exact.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
    let errors = found.iter().zip(exact).map(|(a, b)| (a - b).abs());
    let worst =
        errors.fold(0.0, |m: f64, error| if error > m || error.is_nan() { error } else { m });
    if worst == 0.0 { 0.0 } else { worst / largest }
}

/// Values (one, or one a sample) and gradient of a case.
fn evaluate<N: Number>(golden: &Losses, case: &Case) -> (Vec<f64>, Vec<f64>) {
    let call = case.call();
    let input = call.input(golden.input(case));
    let loss: Loss<N> = call.objective.evaluate(&input);
    let loss = loss.rounded();
    let values = if call.per_sample {
        let samples = call.objective.samples::<N>(&input).expect("a region term");
        samples.iter().map(Number::rounded).collect()
    } else {
        vec![loss.value]
    };
    (values, loss.gradient)
}

fn check<N: Number>(golden: &Losses, value_bound: f64, gradient_bound: f64) -> usize {
    let mut checked = 0;
    for case in &golden.cases {
        let id = &case.id;
        if case.departure(golden.input(case)).is_some() {
            continue;
        }
        let (values, gradient) = evaluate::<N>(golden, case);
        let expected = case.expected_value().unwrap();
        assert_eq!(values.len(), expected.len(), "{id}");
        // Without an exact value, as that of one precision against another.
        let bound = if case.exact_value.is_some() { value_bound } else { 1e-13 };
        for (found, expected) in values.iter().zip(expected) {
            let error = relative(*found, *expected);
            assert!(error <= bound, "{id}: {found} not {expected}, off by {error:e}");
        }
        // `grad` stands for the exact gradient where it is within 1e-13.
        let bound = if case.exact_grad.is_some() { gradient_bound } else { 1.1e-13 };
        let error = relative_to_largest(&gradient, case.expected_gradient().unwrap());
        assert!(error <= bound, "{id}: gradient off by {error:e}");
        checked += 1;
    }
    checked
}

#[test]
fn exact_oracle_is_the_golden_one_to_the_last_place() {
    assert_eq!(check::<Exact>(&golden::binary(), 0.0, 0.0), 476);
    assert_eq!(check::<Exact>(&golden::multiclass(), 0.0, 0.0), 231);
}

#[test]
fn oracle_in_f64_is_close() {
    check::<f64>(&golden::binary(), 1e-13, 1e-12);
    check::<f64>(&golden::multiclass(), 1e-13, 1e-12);
}

#[test]
fn departures_are_counted() {
    let mut counts = BTreeMap::new();
    for golden in [golden::binary(), golden::multiclass()] {
        for case in &golden.cases {
            if let Some(departure) = case.departure(golden.input(case)) {
                println!("{departure:?}: {}", case.id);
                *counts.entry(departure).or_insert(0) += 1;
            }
        }
    }
    println!("{counts:?}");
    assert_eq!(
        counts.into_iter().collect::<Vec<_>>(),
        [
            (Departure::AllIgnored, 10),
            (Departure::OneLabel, 23),
            (Departure::LostAxis, 8),
            (Departure::Flooded, 4),
            (Departure::IgnoredClass, 2),
            (Departure::ShortAlpha, 22),
        ]
    );
}

/// Departures whose result here follows from the contract: no NaN, and a map of the image.
#[test]
fn departures_are_real() {
    for golden in [golden::binary(), golden::multiclass()] {
        for case in &golden.cases {
            let Some(departure) = case.departure(golden.input(case)) else { continue };
            if departure == Departure::ShortAlpha {
                continue;
            }
            let (values, gradient) = evaluate::<f64>(&golden, case);
            let largest = gradient.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
            match departure {
                Departure::AllIgnored => {
                    assert!(case.value.as_ref().unwrap()[0].is_nan(), "{}", case.id);
                    assert_eq!((values[0], largest), (0.0, 0.0), "{}", case.id);
                }
                _ => assert!(values[0].is_finite() && largest.is_finite(), "{}", case.id),
            }
        }
    }
}

#[test]
fn text_form_of_golden_cases() {
    let golden = [golden::binary(), golden::multiclass()];
    let cases = golden.iter().flat_map(|golden| &golden.cases);
    let text: BTreeMap<_, _> =
        cases.map(|case| (case.id.as_str(), case.call().objective.to_string())).collect();
    let expect = [
        ("bce@1x1x7/rand", "bce"),
        ("dice,smooth=0.5,reduction=sum@2x5x3/rand", "dice(smooth=0.5, reduction=sum)"),
        ("dice@1x1x7/rand", "dice(smooth=1e-6)"),
        ("tversky,alpha=0.3,beta=0.7@2x5x3/rand", "tversky(fp=0.3, fn=0.7, smooth=1e-6)"),
        (
            "focal_tversky,alpha=0.3,beta=0.7,gamma=1.3333333333333333,smooth=1.0@2x5x3/rand",
            "focal_tversky(fp=0.3, fn=0.7, gamma=1.3333333333333333, smooth=1)",
        ),
        ("focal,alpha=0.9,gamma=3.5@2x5x3/rand", "focal(alpha=0.9, gamma=3.5)"),
        ("focal@2x5x3/rand", "focal(gamma=2)"),
        ("boundary,theta=2,weight_factor=2.7@2x5x3/rand", "boundary(theta=2, weight=2.7)"),
        ("distmap,sigma=0.25@2x5x3/rand", "distance(sigma=0.25)"),
        ("preset,name=medical@2x5x3/rand", "preset:medical"),
        (
            "combined,ce_weight=0.1,dice_weight=0.2,focal_weight=0.3,boundary_weight=0.4@2x5x3/rand",
            "0.1*bce + 0.2*dice(smooth=1e-6) + 0.3*focal(gamma=2) + 0.4*boundary(theta=3, weight=5)",
        ),
        ("ce,ignore_index=255@2x4x5x3/rand", "ce"),
        ("wce,ignore_index=255,class_weights=list4@2x4x5x3/rand", "ce(weights=[0.2, 0.8, 1.4, 2])"),
        (
            "mcfocal,ignore_index=255,alpha=list4@2x4x5x3/rand",
            "focal(alpha=[0.2, 0.8, 1.4, 2], gamma=2)",
        ),
    ];
    for (id, expected) in expect {
        assert_eq!(text[id], expected, "{id}");
    }
}

fn labels(mask: &[bool]) -> Vec<Option<usize>> {
    mask.iter().map(|&inside| Some(usize::from(inside))).collect()
}

#[track_caller]
fn assert_all_eq<T: PartialEq + Debug>(found: &[T], expected: &[T], id: &str) {
    assert_eq!(found, expected, "{id}");
}

#[test]
fn distances_to_the_nearest_zero() {
    let (mut with, mut without) = (0, 0);
    for case in golden::distances() {
        let mask = golden::mask(&case.mask);
        let spacing = case.sampling.clone().unwrap_or(vec![1.0; case.shape.len()]);
        let found = squared_distances::<f64>(&labels(&mask), &case.shape, &spacing);
        let Some(expected) = &case.d2 else {
            assert!(found.iter().all(Option::is_none) && case.scipy_d2.is_some(), "{}", case.id);
            without += 1;
            continue;
        };
        for (i, &expected) in expected.iter().enumerate().filter(|&(i, _)| mask[i]) {
            let error = relative(found[i].unwrap(), expected);
            let bound = if case.sampling.is_some() { 1e-15 } else { 0.0 };
            assert!(error <= bound, "{}: {:?} not {expected}", case.id, found[i]);
        }
        with += 1;
    }
    assert_eq!((with, without), (86, 28));
}

#[test]
fn bands_and_decay() {
    for case in golden::morphology() {
        let labels = labels(&golden::mask_of_rows(&case.mask));
        let eroded = golden::mask_of_rows(&case.eroded);
        let dilated = golden::mask_of_rows(&case.dilated);
        let bare: Vec<bool> = eroded.iter().zip(&dilated).map(|(e, d)| e != d).collect();
        assert_all_eq(&band(&labels, &case.shape, 0, Border::Zero), &bare, &case.id);
        for (&theta, region) in case.region.iter().filter(|(theta, _)| **theta > 0) {
            let found = band(&labels, &case.shape, theta, Border::Zero);
            assert_all_eq(&found, &golden::mask_of_rows(region), &case.id);
        }
        let distances = squared_distances::<f64>(&labels, &case.shape, &[1.0, 1.0]);
        let one_label = distances.iter().any(Option::is_none);
        assert_eq!(one_label, labels.iter().all(|label| *label == labels[0]), "{}", case.id);
        let weights = decay_weights::<Exact>(&labels, &case.shape, &[1.0, 1.0], 5.0, Empty::Zero);
        let weights: Vec<f64> = weights.iter().map(Number::rounded).collect();
        if one_label {
            assert!(weights.iter().all(|&w| w == 0.0), "{}", case.id);
            continue;
        }
        let distances: Vec<f64> = distances.into_iter().flatten().collect();
        assert_all_eq(&distances, &case.signed_d2_abs, &case.id);
        for (found, expected) in weights.iter().zip(case.distance_weight_sigma5.iter().flatten()) {
            assert!(relative(*found, *expected) <= 1e-15, "{}: {found}", case.id);
        }
    }
}

/// Finding B6: the edge of the image is a boundary, unless asked otherwise.
#[test]
fn b6_band_of_a_full_mask() {
    let full = labels(&[true; 144]);
    let inside = |border| band(&full, &[12, 12], 3, border).iter().filter(|&&b| b).count();
    assert_eq!((inside(Border::Zero), inside(Border::Keep)), (128, 0));
}

/// Ignored pixels neither make a boundary nor are at one, nor are they another label.
#[test]
fn ignored_pixels_and_maps() {
    let row = [Some(0), Some(0), None, Some(1), Some(1), Some(2)];
    let found = band(&row, &[6], 0, Border::Keep);
    assert_eq!(found, [false, false, false, false, true, true]);
    let distances = squared_distances::<f64>(&row, &[6], &[1.0]);
    assert_eq!(
        distances,
        [Some(9.0), Some(4.0), None, Some(4.0), Some(1.0), Some(1.0)],
        "to labels, over the ignored pixel"
    );
}

#[test]
fn class_weights() {
    let mut checked = 0;
    for case in golden::class_weights() {
        let count = |class: usize| {
            let all = case.masks.iter().flatten();
            all.filter(|&&label| label == class as i64).count() as u64
        };
        let counts: Vec<u64> = (0..case.num_classes).map(count).collect();
        assert_eq!(counts, case.counts, "{}", case.id);
        if counts.iter().all(|&n| n == 0) {
            assert!(case.weights_f64.iter().all(|w| w.is_nan()), "{}", case.id);
            continue;
        }
        for weights in [
            oracle::class_weights::<f64>(&counts),
            oracle::class_weights::<Exact>(&counts).iter().map(Number::rounded).collect(),
        ] {
            for (found, expected) in weights.iter().zip(&case.weights_f64) {
                assert!(relative(*found, *expected) <= 1e-15, "{}: {found}", case.id);
            }
        }
        checked += 1;
    }
    assert_eq!(checked, 5);
}

fn one_pixel(logit: &f64, target: f64) -> Dense<'_> {
    let extents = Extents { batch: 1, channels: 1, spatial: vec![1, 1] };
    Dense { extents, logits: std::slice::from_ref(logit), targets: vec![Some(target)] }
}

/// Focal (alpha 0.25, gamma 2) of a foreground pixel that is right, where `1 - p` by subtraction
/// loses all digits, and the largest weight of the decay at sigma 5. The
/// numbers are correctly rounded, from decimal arithmetic.
#[test]
fn numbers_of_the_findings() {
    for (logit, expected) in
        [(12.0, 5.798718003802366e-17), (16.0, 3.5629092044707267e-22), (40.0, 1.9169120184305e-53)]
    {
        let exact: Loss<Exact> = oracle::focal(one_pixel(&logit, 1.0), 0.25, 2.0);
        assert_eq!(exact.value.rounded(), expected);
        let double: Loss = oracle::focal(one_pixel(&logit, 1.0), 0.25, 2.0);
        assert!(relative(double.value, expected) < 1e-15, "{}", double.value);
    }
    let pair = [Some(0), Some(1)];
    let weights = decay_weights::<Exact>(&pair, &[1, 2], &[1.0, 1.0], 5.0, Empty::Zero);
    assert_eq!(weights[0].rounded(), 0.8187307530779818);
}
