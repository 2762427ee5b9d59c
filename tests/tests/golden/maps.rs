//! SciPy's values for morphology, distances and the weights made of them (`golden/edt.json`,
//! `golden/morph.json`).

use segloss_core::level::Scalar;
use segloss_core::maps::band::Band;
use segloss_core::maps::decay::{Decay, Empty};
use segloss_core::maps::edt::{
    Spacing, distance_to_background, scratch_words, signed_distance, squared_distance_to_background,
};
use segloss_core::maps::morphology::{self, Border, Element, Extent, dilate, erode};
use segloss_core::maps::{Labels, Mask, Serial, bits};
use serde_json::Value;

fn cases(text: &str) -> Vec<Value> {
    let file: Value = serde_json::from_str(text).unwrap();
    file["cases"].as_array().unwrap().clone()
}

fn shape(case: &Value) -> Vec<usize> {
    case["shape"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap() as usize).collect()
}

fn numbers(list: &Value) -> Vec<f64> {
    list.as_array().unwrap().iter().map(|n| n.as_f64().unwrap()).collect()
}

/// Digits, in one string or one a row.
fn mask(digits: &Value) -> Vec<u8> {
    let rows = match digits {
        Value::Array(rows) => rows.iter().map(|row| row.as_str().unwrap()).collect(),
        _ => vec![digits.as_str().unwrap()],
    };
    rows.concat().bytes().map(|digit| digit - b'0').collect()
}

fn pack(pixels: &[u8], shape: &[usize]) -> Vec<u64> {
    let labels = Mask::new(pixels, shape).unwrap();
    let mut packed = vec![0; bits::words(labels.spatial()).unwrap()];
    let mut scratch = vec![0; bits::scratch_words(&labels).unwrap()];
    bits::foreground(Scalar, &labels, &mut packed, &mut scratch).unwrap();
    packed
}

#[test]
fn distances() {
    let mut infinite = 0;
    for case in cases(include_str!("../../golden/edt.json")) {
        let (shape, pixels) = (shape(&case), mask(&case["mask"]));
        let labels = Mask::new(&pixels, &shape).unwrap();
        let spacing = match &case["sampling"] {
            Value::Null => Spacing::UNIT,
            sampling => Spacing::new(&numbers(sampling)).unwrap(),
        };
        let mut scratch = vec![0; scratch_words(&labels, spacing, Serial).unwrap()];
        let mut distance = vec![0f64; pixels.len()];
        distance_to_background(Scalar, Serial, &labels, spacing, &mut distance, &mut scratch)
            .unwrap();
        if case["d2"].is_null() {
            // Nothing to measure to: SciPy's values are of a pixel outside the image.
            assert!(distance.iter().all(|&d| d == f64::INFINITY), "{}", case["id"]);
            infinite += 1;
            continue;
        }
        let expected = numbers(&case["d2"]);
        for (&found, &squared) in distance.iter().zip(&expected) {
            let close = (found - squared.sqrt()).abs() <= 1e-14 * squared.sqrt();
            assert!(close, "{}: {found} for {squared}", case["id"]);
        }
        if case["sampling"].is_null() {
            let mut found = vec![0u64; pixels.len()];
            squared_distance_to_background(Scalar, Serial, &labels, &mut found, &mut scratch)
                .unwrap();
            let expected: Vec<u64> = expected.iter().map(|&squared| squared as u64).collect();
            assert_eq!(found, expected, "{}", case["id"]);
        }
    }
    assert!(infinite > 10);
}

#[test]
fn erosion_dilation_and_bands() {
    for case in cases(include_str!("../../golden/morph.json")) {
        let (shape, pixels) = (shape(&case), mask(&case["mask"]));
        let labels = Mask::new(&pixels, &shape).unwrap();
        let extent = Extent::new(&shape).unwrap();
        let mut scratch = vec![0; morphology::scratch_words(extent, Serial).unwrap()];
        let (mut eroded, mut dilated) = (pack(&pixels, &shape), pack(&pixels, &shape));
        let (element, border) = (Element::Cross, Border::Zero);
        erode(Scalar, Serial, extent, element, border, 1, &mut eroded, &mut scratch).unwrap();
        dilate(Scalar, Serial, extent, element, 1, &mut dilated, &mut scratch).unwrap();
        assert_eq!(eroded, pack(&mask(&case["eroded"]), &shape), "{}", case["id"]);
        assert_eq!(dilated, pack(&mask(&case["dilated"]), &shape), "{}", case["id"]);

        for (theta, region) in case["region"].as_object().unwrap() {
            // SciPy repeats until nothing changes for theta 0; here that is the bare band.
            let theta: i64 = theta.parse().unwrap();
            let bare: Vec<u64> = eroded.iter().zip(&dilated).map(|(e, d)| e ^ d).collect();
            let expected = if theta == 0 { bare } else { pack(&mask(region), &shape) };
            let band = Band::new(theta, 5.0, border).unwrap();
            let mut scratch = vec![0; band.bits_scratch_words(&labels, Serial).unwrap()];
            let mut found = vec![0; expected.len()];
            band.bits(Scalar, Serial, &labels, &mut found, &mut scratch).unwrap();
            assert_eq!(found, expected, "{} theta {theta}", case["id"]);
        }
    }
}

#[test]
fn signed_distances_and_decay() {
    let mut seen = 0;
    for case in cases(include_str!("../../golden/morph.json")) {
        let (shape, pixels) = (shape(&case), mask(&case["mask"]));
        let labels = Mask::new(&pixels, &shape).unwrap();
        let mut scratch = vec![0; scratch_words(&labels, Spacing::UNIT, Serial).unwrap()];
        let one_label = pixels.iter().all(|&pixel| pixel == pixels[0]);
        let mut signed = vec![0f64; pixels.len()];
        signed_distance(Scalar, Serial, &labels, Spacing::UNIT, &mut signed, &mut scratch).unwrap();
        let expected = numbers(&case["signed_d2_abs"]);
        for ((&found, &squared), &pixel) in signed.iter().zip(&expected).zip(&pixels) {
            assert_eq!(found > 0.0, pixel != 0, "{}", case["id"]);
            assert!(
                one_label && found.is_infinite()
                    || (found * found - squared).abs() < 1e-9 * squared
            );
        }
        if case["distance_weight_sigma5"].is_null() || one_label {
            continue;
        }
        seen += 1;
        let expected = numbers(&case["distance_weight_sigma5"]);
        let decay = Decay::new(5.0, Empty::Zero).unwrap();
        let (mut double, mut single) = (vec![0f64; pixels.len()], vec![0f32; pixels.len()]);
        let unit = Spacing::UNIT;
        decay.weights(Scalar, Serial, &labels, unit, &mut double, &mut scratch).unwrap();
        decay.weights(Scalar, Serial, &labels, unit, &mut single, &mut scratch).unwrap();
        for ((&double, &single), &expected) in double.iter().zip(&single).zip(&expected) {
            assert!((double - expected).abs() <= 1e-14, "{}", case["id"]);
            assert!((f64::from(single) - expected).abs() <= 2e-7, "{}", case["id"]);
        }
    }
    assert!(seen >= 5);
}
