//! Larger images drawn at random.

use proptest::prelude::*;
use segloss_core::level::Scalar;
use segloss_core::maps::edt::{Spacing, distance_to_background, distance_to_other, scratch_words};
use segloss_core::maps::{Classes, Labels, Mask, Serial};

use super::{brute, exhaustive};

fn shapes() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![
        (1usize..400).prop_map(|w| vec![w]),
        (1usize..40, 1usize..40).prop_map(|(h, w)| vec![h, w]),
        (1usize..5, 100usize..300).prop_map(|(h, w)| vec![h, w]),
        (100usize..300, 1usize..5).prop_map(|(h, w)| vec![h, w]),
        (1usize..9, 1usize..12, 1usize..12).prop_map(|(d, h, w)| vec![d, h, w]),
        (60usize..90, 1usize..4, 1usize..4).prop_map(|(d, h, w)| vec![d, h, w]),
        (1usize..3, 1usize..3, 70usize..200).prop_map(|(d, h, w)| vec![d, h, w]),
    ]
}

/// A shape, and as many labels; from mostly one label to noise.
fn images() -> impl Strategy<Value = (Vec<usize>, Vec<u8>)> {
    let rarity = prop_oneof![Just(1u32), Just(2), Just(10), Just(100), Just(1000)];
    (shapes(), rarity, 2u8..5, any::<u64>()).prop_map(|(shape, rarity, labels, seed)| {
        let mut state = seed | 1;
        let mut random = move |below: u32| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            ((state >> 33) as u32) % below
        };
        let common = random(2) as u8;
        let pixels = shape.iter().product();
        let draw = |_| if random(rarity) == 0 { random(u32::from(labels)) as u8 } else { common };
        let map = (0..pixels).map(draw).collect();
        (shape, map)
    })
}

fn close<S: Labels>(labels: &S, spacing: &[f64]) {
    let mut along = [1.0; 3];
    along[3 - spacing.len()..].copy_from_slice(spacing);
    let spacing = Spacing::new(spacing).unwrap();
    let mut scratch = vec![!0; scratch_words(labels, spacing, Serial).unwrap()];
    let mut distance = vec![0f64; labels.spatial().iter().product()];
    let near = |found: &[f64], squared: &[f64]| {
        for (&found, &squared) in found.iter().zip(squared) {
            let exact = squared.sqrt();
            assert!(found == exact || (found - exact).abs() <= 1e-15 * exact, "{found} {exact}");
        }
    };
    distance_to_background(Scalar, Serial, labels, spacing, &mut distance, &mut scratch).unwrap();
    near(&distance, &brute::squared_to_background(labels, along));
    distance_to_other(Scalar, Serial, labels, spacing, &mut distance, &mut scratch).unwrap();
    near(&distance, &brute::squared_to_other(labels, along));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn unit_spacing((shape, map) in images()) {
        exhaustive::check(&Mask::new(&map, &shape).unwrap());
        exhaustive::check(&Mask::new(&map, &shape).unwrap().ignoring(1));
        exhaustive::check(&Classes::new(&map, &shape).unwrap());
        exhaustive::check(&Classes::new(&map, &shape).unwrap().ignoring(2));
    }

    #[test]
    fn spacing((shape, map) in images(), along in prop::array::uniform3(0.01f64..100.0)) {
        close(&Classes::new(&map, &shape).unwrap(), &along[..shape.len()]);
        close(&Mask::new(&map, &shape).unwrap().ignoring(1), &along[..shape.len()]);
    }
}
