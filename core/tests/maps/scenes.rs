//! Scenes drawn of discs, and what void does to their bands.

use segloss_core::level::Scalar;
use segloss_core::maps::band::Band;
use segloss_core::maps::decay::{Decay, Empty};
use segloss_core::maps::edt::{Spacing, distance_to_other, scratch_words};
use segloss_core::maps::morphology::Border;
use segloss_core::maps::{Classes, Serial, Void};

const SIDE: usize = 256;
const VOID: u8 = 255;

/// Discs of two classes, apart from each other, before two others that meet in a wave.
fn scene(seed: u64) -> Vec<u8> {
    let mut state = seed * 2 + 1;
    let mut random = |below: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let wave = |y: usize| SIDE / 2 + (y / 4 % 32).abs_diff(16);
    let mut map: Vec<u8> =
        (0..SIDE * SIDE).map(|i| if i % SIDE < wave(i / SIDE) { 0 } else { 3 }).collect();
    let mut discs: Vec<([u64; 2], u64)> = Vec::new();
    for _ in 0..40 {
        let centre = [random(SIDE as u64), random(SIDE as u64)];
        let (radius, class) = (16 + random(30), 1 + random(2) as u8);
        let is_apart = |(other, reach): &([u64; 2], u64)| {
            let squares = centre.iter().zip(other).map(|(a, b)| a.abs_diff(*b).pow(2));
            squares.sum::<u64>() > (radius + reach + 8).pow(2)
        };
        if !discs.iter().all(is_apart) {
            continue;
        }
        discs.push((centre, radius));
        for (pixel, label) in map.iter_mut().enumerate() {
            let place = [(pixel / SIDE) as u64, (pixel % SIDE) as u64];
            let squares = place.into_iter().zip(centre).map(|(a, b)| a.abs_diff(b).pow(2));
            if squares.sum::<u64>() < radius * radius {
                *label = class;
            }
        }
    }
    map
}

/// The scene with a ring of void, `width` pixels wide, along every boundary.
fn ringed(map: &[u8], width: f64) -> Vec<u8> {
    let labels = Classes::new(map, &[SIDE, SIDE]).unwrap();
    let unit = Spacing::UNIT;
    let mut scratch = vec![0; scratch_words(&labels, unit, Serial).unwrap()];
    let mut distance = vec![0f64; map.len()];
    distance_to_other(Scalar, Serial, &labels, unit, &mut distance, &mut scratch).unwrap();
    // Beside a boundary the distance is 1, from its middle 1/2.
    let is_ring = distance.iter().map(|d| d - 0.5 < width / 2.0);
    map.iter().zip(is_ring).map(|(&label, is_ring)| if is_ring { VOID } else { label }).collect()
}

/// A frame of void, as around a crop that is padded.
fn padded(map: &[u8]) -> Vec<u8> {
    let inside = |i: usize| (20..SIDE - 13).contains(&i);
    let pixels = map.iter().enumerate();
    pixels.map(|(i, &l)| if inside(i / SIDE) && inside(i % SIDE) { l } else { VOID }).collect()
}

fn band(map: &[u8], void: Void) -> Vec<bool> {
    let labels = Classes::new(map, &[SIDE, SIDE]).unwrap().ignoring(VOID);
    let of = Band::new(3, 5.0, Border::Keep).unwrap().with_void(void);
    let mut scratch = vec![0; of.weights_scratch_words(&labels, Serial).unwrap()];
    let mut weights = vec![0f32; map.len()];
    of.weights(Scalar, Serial, &labels, &mut weights, &mut scratch).unwrap();
    weights.into_iter().map(|weight| weight == 5.0).collect()
}

fn decay(map: &[u8]) -> Vec<f64> {
    let labels = Classes::new(map, &[SIDE, SIDE]).unwrap().ignoring(VOID);
    let of = Decay::new(5.0, Empty::Zero).unwrap();
    let mut scratch = vec![0; of.scratch_words(&labels, Spacing::UNIT, Serial).unwrap()];
    let mut weights = vec![0f64; map.len()];
    of.weights(Scalar, Serial, &labels, Spacing::UNIT, &mut weights, &mut scratch).unwrap();
    weights
}

/// Of the scenes' true bands, at pixels that count: the share found with void, and the share that
/// is there too much.
fn shares(void: Void, draw: impl Fn(&[u8]) -> Vec<u8>) -> [f64; 2] {
    let (mut there, mut found, mut added) = (0, 0, 0);
    for map in (1..9).map(scene) {
        let drawn = draw(&map);
        let bands = band(&map, void).into_iter().zip(band(&drawn, void));
        for ((truth, here), _) in bands.zip(&drawn).filter(|(_, label)| **label != VOID) {
            there += usize::from(truth);
            found += usize::from(truth && here);
            added += usize::from(!truth && here);
        }
    }
    [found, added].map(|n| n as f64 / there as f64)
}

#[test]
fn the_band_is_found_over_rings() {
    let [found, added] = shares(Void::Nearest, |map| ringed(map, 4.0));
    println!("found {found:.4}, added {added:.4}");
    assert!(found >= 0.99 && added <= 0.005, "{found} {added}");
    assert_eq!(shares(Void::Cut, |map| ringed(map, 4.0)), [0.0, 0.0]);
}

#[test]
fn padding_adds_no_band() {
    let [found, added] = shares(Void::Nearest, padded);
    println!("found {found:.4}, added {added:.4}");
    assert!(found >= 0.99 && added <= 0.02, "{found} {added}");
}

#[test]
fn decay_is_close_over_rings() {
    let (mut sum, mut count) = (0.0, 0);
    for map in (1..9).map(scene) {
        let drawn = ringed(&map, 4.0);
        let both = decay(&map).into_iter().zip(decay(&drawn));
        for ((truth, here), _) in both.zip(&drawn).filter(|(_, label)| **label != VOID) {
            sum += (truth - here).abs();
            count += 1;
        }
    }
    let error = sum / f64::from(count);
    println!("mean error {error:.5}");
    assert!(error < 0.002, "{error}");
}
