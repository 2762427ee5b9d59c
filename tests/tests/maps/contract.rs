//! What happens to every odd input of the maps: design, section 8. Numbers are those of the source
//! findings.

use segloss_core::Error;
use segloss_core::view::Shape;
use segloss_simd::AnyLevel;
use segloss_simd::maps::band::Band;
use segloss_simd::maps::decay::{Decay, Empty};
use segloss_simd::maps::edt::{self, Spacing};
use segloss_simd::maps::morphology::Border;
use segloss_simd::maps::{Classes, Labels, MapBuffers, Mask, Serial, Void, bits};

fn buffers() -> MapBuffers<Serial> {
    MapBuffers::new(AnyLevel::best(), Serial)
}

fn decay(labels: &impl Labels, empty: Empty) -> Vec<f64> {
    let mut weights = vec![9.0; labels.spatial().iter().product()];
    let decay = Decay::new(5.0, empty).unwrap();
    buffers().decay_weights(&decay, labels, Spacing::UNIT, &mut weights).unwrap();
    weights
}

fn band(labels: &impl Labels, theta: i64, border: Border) -> Vec<f32> {
    let mut weights = vec![9.0; labels.spatial().iter().product()];
    let band = Band::new(theta, 5.0, border).unwrap();
    buffers().band_weights(&band, labels, &mut weights).unwrap();
    weights
}

/// A mask of one label has no boundary: infinite distances and weight 0, or 1 where that is asked for.
#[test]
fn b1_to_b5_masks_of_one_label() {
    for value in [0u8, 1] {
        let mask = [value; 30];
        let labels = Mask::new(&mask, &[5, 6]).unwrap();
        assert_eq!(decay(&labels, Empty::Zero), [0.0; 30]);
        assert_eq!(decay(&labels, Empty::One), [1.0; 30]);
        let mut signed = [0f64; 30];
        buffers().signed_distance(&labels, Spacing::UNIT, &mut signed).unwrap();
        let infinite = if value == 0 { f64::NEG_INFINITY } else { f64::INFINITY };
        assert_eq!(signed, [infinite; 30]);
        let mut squared = [0u32; 30];
        buffers().squared_distance_to_background(&labels, &mut squared).unwrap();
        assert_eq!(squared, [if value == 0 { 0 } else { u32::MAX }; 30]);
    }
}

/// The image's edge is a boundary of the foreground in the source, and may be none.
#[test]
fn b6_b7_boundaries_at_the_edge_of_the_image() {
    let full = [1u8; 144];
    let labels = Mask::new(&full, &[12, 12]).unwrap();
    let weighted = |weights: Vec<f32>| weights.into_iter().filter(|&weight| weight == 5.0).count();
    assert_eq!(weighted(band(&labels, 3, Border::Zero)), 128);
    assert_eq!(weighted(band(&labels, 3, Border::Keep)), 0);
    let empty = [0u8; 144];
    let labels = Mask::new(&empty, &[12, 12]).unwrap();
    assert_eq!(weighted(band(&labels, 3, Border::Zero)), 0);
    assert_eq!(weighted(band(&labels, 3, Border::Keep)), 0);
}

/// Axes of extent 1 stay axes: an image of one row has an outside above and below, one axis has not.
#[test]
fn c1_to_c6_sides_of_one_pixel() {
    let mask = [0u8, 1, 1, 1, 1, 1, 0];
    let row = Mask::new(&mask, &[1, 7]).unwrap();
    let column = Mask::new(&mask, &[7, 1]).unwrap();
    let line = Mask::new(&mask, &[7]).unwrap();
    assert_eq!(band(&row, 0, Border::Zero), [5.0; 7]);
    assert_eq!(band(&column, 0, Border::Zero), [5.0; 7]);
    assert_eq!(band(&line, 0, Border::Zero), [5.0, 5.0, 1.0, 1.0, 1.0, 5.0, 5.0]);
    let expected = decay(&line, Empty::Zero);
    assert_eq!(decay(&row, Empty::Zero), expected);
    assert_eq!(decay(&column, Empty::Zero), expected);
    assert_eq!(decay(&Mask::new(&mask, &[7, 1, 1]).unwrap(), Empty::Zero), expected);
    assert_eq!(decay(&Mask::new(&[1, 0], &[1, 2]).unwrap(), Empty::Zero), [(-0.2f64).exp(); 2]);
}

/// Channels are masks of their own, and three axes a volume: only the shape says which.
#[test]
fn c7_to_c11_channels_and_volumes() {
    let mut volume = [0u8; 2 * 3 * 5];
    volume[7] = 1;
    let both = decay(&Mask::new(&volume, &[2, 3, 5]).unwrap(), Empty::Zero);
    let first = decay(&Mask::new(&volume[..15], &[3, 5]).unwrap(), Empty::Zero);
    let second = decay(&Mask::new(&volume[15..], &[3, 5]).unwrap(), Empty::Zero);
    assert_eq!(both[..15], first);
    assert_eq!(second, [0.0; 15]);
    assert!((both[15 + 7] - (-0.2f64).exp()).abs() < 1e-15);
    let planes = band(&Mask::new(&volume, &[2, 3, 5]).unwrap(), 0, Border::Keep);
    assert_eq!(planes[15 + 7], 5.0);
}

#[test]
fn g1_theta_of_zero_is_the_bare_band_and_negative_an_error() {
    let mask = [0u8, 0, 0, 1, 1, 1];
    let labels = Mask::new(&mask, &[6]).unwrap();
    assert_eq!(band(&labels, 0, Border::Keep), [1.0, 1.0, 5.0, 5.0, 1.0, 1.0]);
    assert_eq!(band(&labels, 1, Border::Keep), [1.0, 5.0, 5.0, 5.0, 5.0, 1.0]);
    let error = Band::new(-1, 5.0, Border::Zero).unwrap_err();
    let expected = "`theta` of `band` is -1, expected an integer from 0 to 2^30";
    assert_eq!(error.to_string(), expected);
    for weight in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(
            Band::new(3, weight, Border::Zero),
            Err(Error::Parameter { name: "weight", .. })
        ));
    }
}

#[test]
fn g2_g3_sigma_that_is_not_positive_is_an_error() {
    for sigma in [0.0, -5.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(
            Decay::new(sigma, Empty::Zero),
            Err(Error::Parameter { name: "sigma", .. })
        ));
    }
}

/// H1 to H3: shapes and lengths that do not fit, with nothing written.
#[test]
fn h1_to_h3_lengths_that_do_not_fit() {
    let mask = [0u8, 1, 1, 0, 1, 1];
    let labels = Mask::new(&mask, &[2, 3]).unwrap();
    let mut short = [7f32; 5];
    let error = buffers().distance_to_background(&labels, Spacing::UNIT, &mut short).unwrap_err();
    assert_eq!(error, Error::Length { argument: "out", length: 5, expected: 6 });
    assert_eq!(error.to_string(), "`out` has 5 entries, expected 6");
    let words = edt::scratch_words(&labels, Spacing::UNIT, Serial).unwrap();
    let (mut out, mut scratch) = ([7f32; 6], vec![0; words - 1]);
    let level = segloss_core::level::Scalar;
    let unit = Spacing::UNIT;
    let found = edt::distance_to_other(level, Serial, &labels, unit, &mut out, &mut scratch);
    let (argument, length, expected) = ("scratch", words - 1, words);
    assert_eq!(found, Err(Error::Workspace { argument, length, expected }));
    assert_eq!((out, short), ([7.0; 6], [7.0; 5]));
    assert!(matches!(Mask::new(&mask, &[2, 4]), Err(Error::Extent { length: 6, .. })));
    assert!(matches!(Mask::new(&mask, &[0, 4]), Err(Error::Empty { argument: "labels", .. })));
    assert_eq!(
        Mask::new(&mask, &[1, 1, 2, 3]).unwrap_err(),
        Error::Axes { argument: "spatial", axes: 4 }
    );
    assert_eq!(Mask::new(&mask, &[]).unwrap_err(), Error::Axes { argument: "spatial", axes: 0 });
    assert!(matches!(Mask::new(&mask, &[usize::MAX, 2]), Err(Error::Extent { .. })));
}

/// H4, H5: strides are part of the image.
#[test]
fn h4_h5_strided_labels() {
    let (h, w) = (9, 70);
    let dense: Vec<u8> = (0..h * w).map(|i| u8::from(i % 11 < 5)).collect();
    let mut spread = vec![9u8; h * w * 3];
    dense.iter().enumerate().for_each(|(i, &label)| spread[3 * i] = label);
    let apart = Mask::strided(&spread, &[h, w], &[3 * w, 3]).unwrap();
    let together = Mask::new(&dense, &[h, w]).unwrap();
    assert_eq!(decay(&apart, Empty::Zero), decay(&together, Empty::Zero));
    assert_eq!(band(&apart, 2, Border::Zero), band(&together, 2, Border::Zero));
    let turned = Mask::strided(&dense, &[w, h], &[1, w]).unwrap();
    let weights = decay(&turned, Empty::Zero);
    let expected = decay(&together, Empty::Zero);
    (0..h * w).for_each(|i| assert_eq!(weights[i % w * h + i / w], expected[i]));
    let wrong = Mask::strided(&dense, &[h, w], &[w]);
    assert_eq!(wrong.unwrap_err(), Error::Axes { argument: "strides", axes: 1 });
}

/// H6: three axes everywhere, and D12: labels of any kind.
#[test]
fn h6_d12_volumes_of_any_label() {
    let small: Vec<u8> = (0..4 * 5 * 6).map(|i| (i * i % 7 / 3) as u8).collect();
    let medium: Vec<i32> = small.iter().map(|&label| i32::from(label)).collect();
    let large: Vec<i64> = small.iter().map(|&label| i64::from(label)).collect();
    let shape = [4, 5, 6];
    let expected = decay(&Classes::new(&small, &shape).unwrap(), Empty::Zero);
    assert_eq!(decay(&Classes::new(&medium, &shape).unwrap(), Empty::Zero), expected);
    assert_eq!(decay(&Classes::new(&large, &shape).unwrap(), Empty::Zero), expected);
    let truths: Vec<bool> = small.iter().map(|&label| label != 0).collect();
    let bytes: Vec<u8> = small.iter().map(|&label| if label == 0 { 0 } else { 255 }).collect();
    let of_bools = decay(&Mask::of_bools(&truths, &shape).unwrap(), Empty::Zero);
    assert_eq!(of_bools, decay(&Mask::new(&bytes, &shape).unwrap(), Empty::Zero));
    assert_eq!(of_bools, decay(&Mask::new(&small, &shape).unwrap(), Empty::Zero));
}

/// For a band and decay an ignored pixel is as the nearest one that counts, unless it is to cut them; no
/// distance is measured to it.
#[test]
fn ignored_pixels() {
    let map = [1i32, 1, 255, 2, 2, 2];
    let labels = Classes::new(&map, &[6]).unwrap().ignoring(255);
    assert_eq!(band(&labels, 1, Border::Keep), [1.0, 5.0, 5.0, 5.0, 5.0, 1.0]);
    let full = Classes::new(&[1i32, 1, 1, 2, 2, 2], &[6]).unwrap();
    assert_eq!(decay(&labels, Empty::Zero), decay(&full, Empty::Zero));
    let (mut cut, mut weights) = ([9f32; 6], [9f64; 6]);
    let of = Band::new(1, 5.0, Border::Keep).unwrap().with_void(Void::Cut);
    buffers().band_weights(&of, &labels, &mut cut).unwrap();
    assert_eq!(cut, [1.0; 6]);
    let of = Decay::new(5.0, Empty::One).unwrap().with_void(Void::Cut);
    buffers().decay_weights(&of, &labels, Spacing::UNIT, &mut weights).unwrap();
    let expected = [3.0, 2.0, 0.0, 2.0, 3.0, 4.0].map(|d: f64| (-d / 5.0).exp());
    assert!(weights.iter().zip(expected).all(|(w, e)| (w - e).abs() < 1e-15), "{weights:?}");
    let mut distance = [0f64; 6];
    buffers().distance_to_other(&labels, Spacing::UNIT, &mut distance).unwrap();
    assert_eq!(distance, [3.0, 2.0, f64::INFINITY, 2.0, 3.0, 4.0]);
    let all = [255i32; 4];
    let labels = Classes::new(&all, &[2, 2]).unwrap().ignoring(255);
    assert_eq!(decay(&labels, Empty::One), [1.0; 4]);
    assert_eq!(decay(&labels, Empty::Zero), [0.0; 4]);
}

#[test]
fn spacings_and_integers_that_do_not_fit() {
    for value in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e31] {
        assert!(matches!(
            Spacing::new(&[1.0, value]),
            Err(Error::Parameter { name: "spacing", .. })
        ));
    }
    assert_eq!(Spacing::new(&[]).unwrap_err(), Error::Axes { argument: "spacing", axes: 0 });
    let mask = [0u8, 1, 1, 0];
    let labels = Mask::new(&mask, &[2, 2]).unwrap();
    let spacing = Spacing::new(&[1.0, 2.0, 3.0]).unwrap();
    let found = buffers().distance_to_other(&labels, spacing, &mut [0f32; 4]);
    assert_eq!(found, Err(Error::Spacing { given: 3, axes: 2 }));
    let long = vec![1u8; 65_537];
    let labels = Mask::new(&long, &[long.len()]).unwrap();
    let shape = Shape::new(1, 1, &[long.len()]).unwrap();
    let found = buffers().squared_distance_to_background(&labels, &mut vec![0u32; long.len()]);
    let expected = "a shape with a diagonal whose square fits";
    assert_eq!(found, Err(Error::TooLong { shape, expected }));
    buffers().squared_distance_to_background(&labels, &mut vec![0u64; long.len()]).unwrap();
}

/// What the storage is said to be at most.
#[test]
fn scratch_is_as_small_as_promised() {
    let bytes = |shape: &[usize], spacing: &[f64]| {
        let mask = vec![0u8; shape.iter().product()];
        let labels = Mask::new(&mask, shape).unwrap();
        let spacing =
            if spacing.is_empty() { Spacing::UNIT } else { Spacing::new(spacing).unwrap() };
        let words = edt::scratch_words(&labels, spacing, Serial).unwrap();
        let band = Band::new(3, 5.0, Border::Zero).unwrap();
        let band = band.weights_scratch_words(&labels, Serial).unwrap();
        let of = |words: usize| words as f64 * 8.0 / mask.len() as f64;
        (of(words), of(band))
    };
    for side in [32, 40, 64, 100, 128, 256, 512, 2048] {
        let (distance, band) = bytes(&[side, side], &[]);
        assert!(distance <= 6.0, "{side}: {distance}");
        assert!(band <= 2.0, "{side}: {band}");
    }
    assert!(bytes(&[2048, 2048], &[]).0 < 0.2);
    let spaced = [3.0, 1.0, 0.5];
    for side in [32, 64, 128] {
        assert!(bytes(&[side; 3], &[]).0 <= 6.0, "{side}");
        assert!(bytes(&[side; 3], &spaced).0 <= 12.0, "{side}");
    }
    assert!(bytes(&[256; 3], &[]).0 < 0.4);
    let mask = [0u8; 64];
    let labels = Mask::new(&mask, &[64]).unwrap();
    assert_eq!(bits::words(labels.spatial()).unwrap(), 1);
}
