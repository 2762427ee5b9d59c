//! Every mask there is of a few small shapes.

use segloss_core::level::Scalar;
use segloss_core::maps::edt::{
    Spacing, scratch_words, signed_distance, squared_distance_to_background,
    squared_distance_to_other,
};
use segloss_core::maps::{Classes, Labels, Mask, Serial};

use super::brute;

fn integer(squared: f64) -> u32 {
    if squared.is_finite() { squared as u32 } else { u32::MAX }
}

/// All three transforms of one image.
pub fn check<S: Labels>(labels: &S) {
    let pixels = labels.spatial().iter().product();
    let mut scratch = vec![!0; scratch_words(labels, Spacing::UNIT, Serial).unwrap()];
    let (mut squared, mut signed) = (vec![7u32; pixels], vec![7f64; pixels]);

    squared_distance_to_background(Scalar, Serial, labels, &mut squared, &mut scratch).unwrap();
    let expected = brute::squared_to_background(labels, [1.0; 3]);
    assert_eq!(squared, expected.iter().map(|&d| integer(d)).collect::<Vec<_>>());

    squared_distance_to_other(Scalar, Serial, labels, &mut squared, &mut scratch).unwrap();
    let expected = brute::squared_to_other(labels, [1.0; 3]);
    assert_eq!(squared, expected.iter().map(|&d| integer(d)).collect::<Vec<_>>());

    signed_distance(Scalar, Serial, labels, Spacing::UNIT, &mut signed, &mut scratch).unwrap();
    let sides = brute::side(labels);
    let expected = expected.iter().zip(sides).map(|(d, b)| if b { -d.sqrt() } else { d.sqrt() });
    assert_eq!(signed, expected.collect::<Vec<_>>());
}

#[test]
fn every_mask_up_to_four_by_four() {
    for (h, w) in (1..=4).flat_map(|h| (1..=4).map(move |w| (h, w))) {
        for number in 0..1u32 << (h * w) {
            let mask: Vec<u8> = (0..h * w).map(|i| (number >> i & 1) as u8).collect();
            check(&Mask::new(&mask, &[h, w]).unwrap());
        }
    }
}

#[test]
fn every_mask_of_two_by_three_by_three() {
    for number in 0..1u32 << 18 {
        let mask: Vec<u8> = (0..18).map(|i| (number >> i & 1) as u8).collect();
        check(&Mask::new(&mask, &[2, 3, 3]).unwrap());
    }
}

#[test]
fn every_map_of_three_labels_and_an_ignored_one() {
    for number in 0..1u32 << 16 {
        let map: Vec<i32> = (0..8).map(|i| (number >> (2 * i) & 3) as i32).collect();
        for shape in [[1, 2, 4], [1, 4, 2], [2, 2, 2]] {
            check(&Classes::new(&map, &shape).unwrap());
            check(&Classes::new(&map, &shape).unwrap().ignoring(3));
        }
    }
}
