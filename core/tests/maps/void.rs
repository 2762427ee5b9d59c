//! Void filled, as the definition says: from the nearest of all pixels that count.

use bytemuck::Zeroable;
use proptest::prelude::*;
use segloss_core::Error;
use segloss_core::compose::{MapCall, MapDefinition};
use segloss_core::engine::{Call, Ignore, Link};
use segloss_core::level::Scalar;
use segloss_core::maps::band::Band;
use segloss_core::maps::decay::{Decay, Empty};
use segloss_core::maps::edt::Spacing;
use segloss_core::maps::morphology::Border;
use segloss_core::maps::{Classes, Code, Labels, Mask, Serial, Void, bits};
use segloss_core::view::{self, Layout, Shape, Targets, View};

/// Labels in which void has the one of the least (squared distance, label).
fn filled<S: Labels>(labels: &S, spacing: [f64; 3]) -> Vec<S::Code> {
    let [d, h, w] = labels.spatial();
    let mut all = Vec::new();
    for row in 0..d * h {
        let mut stage = vec![S::Code::zeroed(); w];
        all.extend_from_slice(labels.read(row, &mut stage));
    }
    let place = |i: usize| [i / (h * w), i / w % h, i % w];
    // The first axis that is there first, the last one last, as the squares are added up.
    let squared = |a: usize, b: usize| {
        let axes = place(a).into_iter().zip(place(b)).zip(spacing);
        axes.map(|((a, b), s)| (a.abs_diff(b) as f64).powi(2) * (s * s)).sum::<f64>()
    };
    let counts = |i: &usize| labels.ignored() != Some(all[*i]);
    let label = |i: usize| {
        if counts(&i) {
            return all[i];
        }
        let least = (0..all.len()).filter(counts).map(|j| (squared(i, j), all[j]));
        let least = least.reduce(|a, b| if b < a { b } else { a });
        least.map_or(S::Code::BACKGROUND, |(_, label)| label)
    };
    (0..all.len()).map(label).collect()
}

/// A band's bits, with as much storage as is asked for and rubbish in it.
fn band<S: Labels>(band: &Band, labels: &S) -> Vec<u64> {
    let mut packed = vec![!0; bits::words(labels.spatial()).unwrap()];
    let mut scratch = vec![!0; band.bits_scratch_words(labels, Serial).unwrap()];
    band.bits(Scalar, Serial, labels, &mut packed, &mut scratch).unwrap();
    let mut weights = vec![7f32; labels.spatial().iter().product()];
    let mut scratch = vec![!0; band.weights_scratch_words(labels, Serial).unwrap()];
    band.weights(Scalar, Serial, labels, &mut weights, &mut scratch).unwrap();
    let w = labels.spatial()[2];
    for (pixel, &weight) in weights.iter().enumerate() {
        let word = packed[pixel / w * bits::row_words(w) + pixel % w / 64];
        let expected = if word >> (pixel % w % 64) & 1 == 1 { 5.0 } else { 1.0 };
        assert_eq!(weight, expected, "pixel {pixel}");
    }
    packed
}

fn decay<S: Labels>(decay: &Decay, labels: &S, spacing: Spacing) -> Vec<u64> {
    let mut weights = vec![7f64; labels.spatial().iter().product()];
    let mut scratch = vec![!0; decay.scratch_words(labels, spacing, Serial).unwrap()];
    decay.weights(Scalar, Serial, labels, spacing, &mut weights, &mut scratch).unwrap();
    weights.into_iter().map(f64::to_bits).collect()
}

/// Asserts that both maps of `labels` are those of `full`, of which every pixel counts.
fn assert_maps_of(labels: &impl Labels, full: &impl Labels, spacing: Spacing) {
    for theta in [0, 1, 4] {
        for border in [Border::Zero, Border::Keep] {
            let of = Band::new(theta, 5.0, border).unwrap();
            let found = band(&of.with_spacing(spacing), labels);
            assert_eq!(found, band(&of, full), "theta {theta}, {border:?}");
        }
    }
    for empty in [Empty::Zero, Empty::One] {
        let of = Decay::new(2.0, empty).unwrap();
        assert_eq!(decay(&of, labels, spacing), decay(&of, full, spacing));
    }
}

fn along(shape: &[usize], spacing: [f64; 3]) -> ([f64; 3], Spacing) {
    let mut along = [1.0; 3];
    let first = 3 - shape.len();
    along[first..].copy_from_slice(&spacing[first..]);
    (along, Spacing::new(&along[first..]).unwrap())
}

/// Compares maps of labels of every width and of a mask, label 0, 1 or 2 being void.
fn check(shape: &[usize], map: &[u8], void: u8, spacing: [f64; 3]) {
    let (along, spacing) = along(shape, spacing);
    let labels = Classes::new(map, shape).unwrap().ignoring(void);
    let full = filled(&labels, along);
    assert_maps_of(&labels, &Classes::new(&full, shape).unwrap(), spacing);
    let labels = Mask::new(map, shape).unwrap().ignoring(void);
    let full = filled(&labels, along);
    assert_maps_of(&labels, &Mask::new(&full, shape).unwrap(), spacing);
    // Names far apart, one of them negative.
    let name = |label: &u8| [i64::MAX, 0, -7, 1 << 40, 5][usize::from(*label) % 5];
    let names: Vec<i64> = map.iter().map(name).collect();
    let labels = Classes::new(&names, shape).unwrap().ignoring(name(&void));
    let full = filled(&labels, along);
    let full: Vec<i64> = full.into_iter().map(|code| code as i64).collect();
    assert_maps_of(&labels, &Classes::new(&full, shape).unwrap(), spacing);
    let names: Vec<i32> = map.iter().map(|&label| 3 - i32::from(label)).collect();
    let labels = Classes::new(&names, shape).unwrap().ignoring(3 - i32::from(void));
    let full = filled(&labels, along);
    assert_maps_of(&labels, &Classes::new(&full, shape).unwrap(), spacing);
}

fn shapes() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![
        (1usize..200).prop_map(|w| vec![w]),
        (1usize..24, 1usize..30).prop_map(|(h, w)| vec![h, w]),
        (1usize..4, 60usize..150).prop_map(|(h, w)| vec![h, w]),
        (60usize..150, 1usize..4).prop_map(|(h, w)| vec![h, w]),
        (1usize..8, 1usize..9, 1usize..9).prop_map(|(d, h, w)| vec![d, h, w]),
        (1usize..3, 1usize..3, 60usize..100).prop_map(|(d, h, w)| vec![d, h, w]),
    ]
}

/// A shape and labels 0 to 4, of which from few to nearly all pixels hold `common`.
fn images() -> impl Strategy<Value = (Vec<usize>, Vec<u8>)> {
    (shapes(), 0u8..3, prop::sample::select(vec![2u32, 5, 20, 200])).prop_flat_map(
        |(shape, common, rarity)| {
            let pixels: usize = shape.iter().product();
            let label =
                (0..rarity, 0u8..5).prop_map(move |(n, label)| if n == 0 { label } else { common });
            (Just(shape), prop::collection::vec(label, pixels))
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(80))]

    #[test]
    fn void_is_filled_from_the_nearest((shape, map) in images(), void in 0u8..3) {
        check(&shape, &map, void, [1.0; 3]);
    }

    /// Squares of which every sum is exact, so that ties are.
    #[test]
    fn by_a_spacing_with_ties((shape, map) in images(), void in 0u8..3,
        spacing in prop::array::uniform3(prop::sample::select(vec![0.5, 1.0, 2.0, 3.0]))) {
        check(&shape, &map, void, spacing);
    }

    #[test]
    fn by_any_spacing((shape, map) in images(), void in 0u8..3,
        spacing in prop::array::uniform3(0.01f64..100.0)) {
        check(&shape, &map, void, spacing);
    }
}

#[test]
fn every_row_of_six_pixels() {
    for number in 0..4u32.pow(6) {
        let map: Vec<u8> = (0..6).map(|i| (number >> (2 * i) & 3) as u8).collect();
        for shape in [&[6][..], &[2, 3], &[3, 2], &[1, 2, 3], &[3, 2, 1]] {
            check(shape, &map, 3, [1.0; 3]);
        }
    }
}

/// Pixels in the bare band of a line.
fn at_boundary(map: &[i32], border: Border) -> Vec<usize> {
    let labels = Classes::new(map, &[map.len()]).unwrap().ignoring(255);
    let found = band(&Band::new(0, 5.0, border).unwrap(), &labels)[0];
    (0..map.len()).filter(|pixel| found >> pixel & 1 == 1).collect()
}

#[test]
fn the_smaller_label_is_nearer_of_two_as_near() {
    let keep = Border::Keep;
    assert_eq!(at_boundary(&[1, 255, 0], keep), [0, 1]);
    assert_eq!(at_boundary(&[0, 255, 1], keep), [1, 2]);
    assert_eq!(at_boundary(&[1, 1, 255, 255, 255, 2, 2], keep), [3, 4]);
    assert_eq!(at_boundary(&[2, 2, 255, 255, 255, 1, 1], keep), [2, 3]);
    assert_eq!(at_boundary(&[2, 255, 255, 1], keep), [1, 2]);
    // What is below 0 comes after all others.
    assert_eq!(at_boundary(&[-1, 255, 9], keep), [0, 1]);
}

/// A crop that is padded, and a part that nobody labelled, have no boundary; nor has what reaches the
/// frame, unless the frame is background.
#[test]
fn void_at_one_side_makes_no_boundary() {
    assert_eq!(at_boundary(&[255, 255, 4, 4, 255], Border::Keep), []);
    assert_eq!(at_boundary(&[255, 255, 4, 4, 255], Border::Zero), [0, 4]);
    assert_eq!(at_boundary(&[255, 255, 0, 0, 255], Border::Zero), []);
}

#[test]
fn an_image_that_is_all_void_has_no_boundary() {
    for shape in [&[5][..], &[3, 4], &[1, 1], &[4, 1], &[2, 3, 4], &[4, 3, 1]] {
        let map = vec![255u8; shape.iter().product()];
        for spacing in [[1.0; 3], [2.0, 0.5, 3.0]] {
            let (_, spacing) = along(shape, spacing);
            let labels = Classes::new(&map, shape).unwrap().ignoring(255);
            for border in [Border::Zero, Border::Keep] {
                let of = Band::new(3, 5.0, border).unwrap().with_spacing(spacing);
                assert!(band(&of, &labels).iter().all(|&word| word == 0), "{shape:?}");
            }
            for (empty, weight) in [(Empty::Zero, 0f64), (Empty::One, 1.0)] {
                let found = decay(&Decay::new(5.0, empty).unwrap(), &labels, spacing);
                assert_eq!(found, vec![weight.to_bits(); map.len()], "{shape:?}");
            }
        }
    }
}

/// Over a ring of `w` pixels, the band shows from `theta >= w / 2` on.
#[test]
fn a_band_shows_beside_a_ring_from_half_its_width_on() {
    for width in 1..9 {
        let map: Vec<i32> = (0..40).map(|i| i32::from(i >= 20)).collect();
        let mut ring = map.clone();
        let first = 20 - width / 2;
        ring[first..first + width].fill(255);
        for theta in 0..6 {
            let labels = Classes::new(&ring, &[40]).unwrap().ignoring(255);
            let of = Band::new(theta, 5.0, Border::Keep).unwrap();
            let found = band(&of, &labels)[0];
            let shows = (0..40).any(|i| found >> i & 1 == 1 && ring[i] != 255);
            assert_eq!(shows, theta as usize >= width / 2, "ring of {width}, theta {theta}");
        }
    }
}

/// What a call ignores by label, by its mask or by both is void, each channel by itself.
#[test]
fn what_a_call_ignores_is_void() {
    let shape = Shape::new(2, 2, &[5, 13]).unwrap();
    let one = shape.with_channels(1);
    let draw = |n: usize| [0u8, 1, 1, 0, 7, 1, 0, 0, 0, 1][n * n % 97 % 10];
    let drawn: Vec<u8> = (0..260).map(draw).collect();
    // A mask of 0 and 1 where 7 is not ignored.
    let plain: Vec<u8> = drawn.iter().map(|&target| target.min(1)).collect();
    let counts: Vec<bool> = (0..260).map(|n| n * 7 % 11 > 1).collect();
    let map = MapDefinition::<f32>::band::<Scalar>();
    let map = MapCall::new(&map, &[1.0, 5.0, 2.0]).unwrap();
    for (base, shape) in [(Call::sigmoid(), shape), (Call::softmax(), one)] {
        let layout = Layout::channels_first(shape).unwrap();
        let pixels = shape.batch * shape.channels * 65;
        let mask = view::Mask::Bool(View::new(&counts[..pixels], layout).unwrap());
        for (is_listed, mask) in [(true, None), (false, Some(mask)), (true, Some(mask))] {
            let targets = if is_listed { &drawn } else { &plain };
            let view: Targets<'_> = View::new(&targets[..pixels], layout).unwrap().into();
            let ignore_index = if is_listed { Ignore::Labels(&[7]) } else { Ignore::Default };
            let call = Call { ignore_index, mask, ..base };
            let mut scratch = vec![!0; map.scratch(&call, &view).unwrap()];
            let mut weights = vec![0f32; pixels];
            map.compute(&call, &view, &mut scratch, &mut weights).unwrap();
            for (plane, weights) in weights.chunks(65).enumerate() {
                let own = plane * 65..(plane + 1) * 65;
                let is_void =
                    |n: usize| is_listed && targets[n] == 7 || mask.is_some() && !counts[n];
                let is_mask = base.link == Link::Sigmoid;
                let class = |n: usize| if is_mask { u8::from(targets[n] != 0) } else { targets[n] };
                let labels: Vec<u8> =
                    own.map(|n| if is_void(n) { 255 } else { class(n) }).collect();
                let labels = Classes::new(&labels, &[5, 13]).unwrap().ignoring(255);
                let full = filled(&labels, [1.0; 3]);
                let full = Classes::new(&full, &[5, 13]).unwrap();
                let expected = band(&Band::new(1, 5.0, Border::Keep).unwrap(), &full);
                for (pixel, &weight) in weights.iter().enumerate() {
                    let is_set = expected[pixel / 13] >> (pixel % 13) & 1 == 1;
                    assert_eq!(weight, if is_set { 5.0 } else { 1.0 }, "{plane} {pixel}");
                }
            }
        }
    }
}

/// Columns of more than 2^16 steps, and rows whose squared steps take more than 32 bits.
#[test]
fn long_images_are_filled() {
    for (shape, beside) in [([70_003, 3], 3), ([1, 70_003], 1), ([70_003, 1], 1)] {
        let mut map = vec![255u8; shape[0] * shape[1]];
        map[10 * beside..11 * beside].fill(1);
        map[70_001 * beside..70_002 * beside].fill(2);
        let labels = Classes::new(&map, &shape).unwrap().ignoring(255);
        let found = band(&Band::new(0, 5.0, Border::Keep).unwrap(), &labels);
        let words = bits::row_words(shape[1]);
        let places = (0..70_003).filter(|&i| {
            let (y, x) = if shape[0] > 1 { (i, 0) } else { (0, i) };
            found[y * words + x / 64] >> (x % 64) & 1 == 1
        });
        // From 10 to 70,001 it is an odd number of steps: no pixel is as near to both.
        assert_eq!(places.collect::<Vec<_>>(), [35_005, 35_006], "{shape:?}");
        let count: u32 = found.iter().map(|word| word.count_ones()).sum();
        assert_eq!(count as usize, 2 * beside, "{shape:?}");
    }
}

/// Labels that are not ignored, and void that is not filled, take what they took before.
#[test]
fn only_void_that_is_filled_takes_storage() {
    let map = vec![0u8; 64 * 100];
    let labels = Classes::new(&map, &[64, 100]).unwrap();
    let ignoring = labels.ignoring(255);
    let of = Band::new(3, 5.0, Border::Zero).unwrap();
    let plain = of.weights_scratch_words(&labels, Serial).unwrap();
    let cut = of.with_void(Void::Cut).weights_scratch_words(&ignoring, Serial).unwrap();
    let filled = of.weights_scratch_words(&ignoring, Serial).unwrap();
    assert_eq!(plain, cut);
    // A code and two bytes a pixel, and two words a row of 100 for each of four lists.
    assert!((3 * 800..3 * 800 + 400).contains(&(filled - 64 * 2)), "{filled}");
    let of = Decay::new(3.0, Empty::Zero).unwrap();
    let plain = of.scratch_words(&labels, Spacing::UNIT, Serial).unwrap();
    let cut = of.with_void(Void::Cut).scratch_words(&ignoring, Spacing::UNIT, Serial).unwrap();
    assert_eq!(plain, cut);
    let filled = of.scratch_words(&ignoring, Spacing::UNIT, Serial).unwrap();
    assert!(filled > plain);
    // One word less is refused, and nothing written.
    let (mut out, mut scratch) = ([7f32; 6400], vec![0; filled - 1]);
    let found = of.weights(Scalar, Serial, &ignoring, Spacing::UNIT, &mut out, &mut scratch);
    let (argument, length, expected) = ("scratch", filled - 1, filled);
    assert_eq!(found, Err(Error::Workspace { argument, length, expected }));
    assert_eq!(out, [7.0; 6400]);
}

#[test]
fn a_spacing_of_other_axes_is_refused() {
    let map = [0u8, 1, 255, 1];
    let labels = Classes::new(&map, &[2, 2]).unwrap();
    let spacing = Spacing::new(&[1.0, 1.0, 1.0]).unwrap();
    let of = Band::new(3, 5.0, Border::Zero).unwrap().with_spacing(spacing);
    for of in [of, of.with_void(Void::Cut)] {
        for labels in [labels, labels.ignoring(255)] {
            let found = of.bits_scratch_words(&labels, Serial);
            assert_eq!(found, Err(Error::Spacing { given: 3, axes: 2 }));
        }
    }
}
