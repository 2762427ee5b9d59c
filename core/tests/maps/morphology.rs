//! Erosion, dilation and bands against one step at a time on plain arrays.

use proptest::prelude::*;
use segloss_core::level::Scalar;
use segloss_core::maps::band::Band;
use segloss_core::maps::morphology::{Border, Element, Extent, dilate, erode, scratch_words};
use segloss_core::maps::{Classes, Labels, Mask, Serial, Void, bits};

/// What is at an offset from a pixel: `None` outside.
fn beside<T: Copy>(image: &[T], [d, h, w]: [usize; 3], pixel: usize, by: [isize; 3]) -> Option<T> {
    let place = [pixel / (h * w), pixel / w % h, pixel % w];
    let mut at = [0; 3];
    for axis in 0..3 {
        at[axis] = place[axis].checked_add_signed(by[axis])?;
    }
    (at[0] < d && at[1] < h && at[2] < w).then(|| image[(at[0] * h + at[1]) * w + at[2]])
}

fn offsets(axes: usize, element: Element) -> Vec<[isize; 3]> {
    let all = (-1..=1).flat_map(|z| (-1..=1).flat_map(move |y| (-1..=1).map(move |x| [z, y, x])));
    let axis_is_there = |by: &[isize; 3]| (0..3 - axes).all(|axis| by[axis] == 0);
    let length = |by: &[isize; 3]| by.iter().map(|by| by.abs()).sum::<isize>();
    all.filter(axis_is_there).filter(|by| element == Element::Full || length(by) <= 1).collect()
}

/// One step: the pixels for which all, or any, of those around them are set.
fn step(image: &[bool], extent: Extent, element: Element, all: bool, outside: bool) -> Vec<bool> {
    let around = offsets(extent.axes, element);
    (0..image.len())
        .map(|pixel| {
            let mut seen = around
                .iter()
                .map(|&by| beside(image, extent.spatial, pixel, by).unwrap_or(outside));
            if all { seen.all(|set| set) } else { seen.any(|set| set) }
        })
        .collect()
}

fn pack(image: &[bool], spatial: [usize; 3]) -> Vec<u64> {
    let mut packed = vec![0; bits::words(spatial).unwrap()];
    let words = bits::row_words(spatial[2]);
    for (pixel, _) in image.iter().enumerate().filter(|(_, set)| **set) {
        let (row, x) = (pixel / spatial[2], pixel % spatial[2]);
        packed[row * words + x / 64] |= 1 << (x % 64);
    }
    packed
}

/// The band that void cuts, by its definition.
fn band<S: Labels<Code = u8>>(labels: &S, map: &[u8], theta: u32, border: Border) -> Vec<bool> {
    let extent = Extent { spatial: labels.spatial(), axes: labels.axes() };
    let known = |label: u8| labels.ignored() != Some(label);
    let mut image: Vec<bool> = (0..map.len())
        .map(|pixel| {
            let here = map[pixel];
            offsets(extent.axes, Element::Cross).into_iter().any(|by| {
                match beside(map, extent.spatial, pixel, by) {
                    Some(there) => known(here) && known(there) && !labels.same(here, there),
                    None => border == Border::Zero && known(here) && here != 0,
                }
            })
        })
        .collect();
    for _ in 0..theta {
        image = step(&image, extent, Element::Cross, false, false);
    }
    image
}

fn check_band<S: Labels<Code = u8>>(labels: &S, map: &[u8], theta: u32, border: Border) {
    let expected = band(labels, map, theta, border);
    let maker = Band::new(theta.into(), 5.0, border).unwrap().with_void(Void::Cut);
    let mut packed = vec![!0; bits::words(labels.spatial()).unwrap()];
    let mut scratch = vec![!0; maker.bits_scratch_words(labels, Serial).unwrap()];
    maker.bits(Scalar, Serial, labels, &mut packed, &mut scratch).unwrap();
    assert_eq!(packed, pack(&expected, labels.spatial()));
    let mut weights = vec![0f32; map.len()];
    let mut scratch = vec![!0; maker.weights_scratch_words(labels, Serial).unwrap()];
    maker.weights(Scalar, Serial, labels, &mut weights, &mut scratch).unwrap();
    let expected: Vec<f32> = expected.iter().map(|&set| if set { 5.0 } else { 1.0 }).collect();
    assert_eq!(weights, expected);
}

fn shapes() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![
        (1usize..300).prop_map(|w| vec![w]),
        (1usize..20, 1usize..150).prop_map(|(h, w)| vec![h, w]),
        (1usize..8, 1usize..8, 1usize..80).prop_map(|(d, h, w)| vec![d, h, w]),
    ]
}

fn maps() -> impl Strategy<Value = (Vec<usize>, Vec<u8>)> {
    (shapes(), 1u8..60).prop_flat_map(|(shape, rarity)| {
        let pixels: usize = shape.iter().product();
        let label = (0..rarity).prop_map(|draw| if draw < 3 { draw } else { 1 });
        (Just(shape), prop::collection::vec(label, pixels))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn many_iterations_are_that_many_steps((shape, map) in maps(), iterations in 0u32..40) {
        let extent = Extent::new(&shape).unwrap();
        let mut scratch = vec![!0; scratch_words(extent, Serial).unwrap()];
        let image: Vec<bool> = map.iter().map(|&label| label != 1).collect();
        for element in [Element::Cross, Element::Full] {
            let (mut dilated, mut zero, mut keep) = (image.clone(), image.clone(), image.clone());
            for _ in 0..iterations {
                dilated = step(&dilated, extent, element, false, false);
                zero = step(&zero, extent, element, true, false);
                keep = step(&keep, extent, element, true, true);
            }
            let mut packed = pack(&image, extent.spatial);
            dilate(Scalar, Serial, extent, element, iterations, &mut packed, &mut scratch).unwrap();
            prop_assert_eq!(&packed, &pack(&dilated, extent.spatial));
            for (border, expected) in [(Border::Zero, zero), (Border::Keep, keep)] {
                let mut packed = pack(&image, extent.spatial);
                let bits = &mut packed;
                erode(Scalar, Serial, extent, element, border, iterations, bits, &mut scratch).unwrap();
                prop_assert_eq!(&packed, &pack(&expected, extent.spatial));
            }
        }
    }

    #[test]
    fn bands((shape, map) in maps(), theta in 0u32..12) {
        for border in [Border::Zero, Border::Keep] {
            check_band(&Mask::new(&map, &shape).unwrap(), &map, theta, border);
            check_band(&Mask::new(&map, &shape).unwrap().ignoring(2), &map, theta, border);
            check_band(&Classes::new(&map, &shape).unwrap(), &map, theta, border);
            check_band(&Classes::new(&map, &shape).unwrap().ignoring(2), &map, theta, border);
        }
    }
}

#[test]
fn more_iterations_than_pixels() {
    let extent = Extent::new(&[3, 70]).unwrap();
    let mut scratch = vec![0; scratch_words(extent, Serial).unwrap()];
    let mut image = vec![false; 210];
    image[100] = true;
    for element in [Element::Cross, Element::Full] {
        let mut packed = pack(&image, extent.spatial);
        dilate(Scalar, Serial, extent, element, u32::MAX, &mut packed, &mut scratch).unwrap();
        assert_eq!(packed, pack(&[true; 210], extent.spatial));
    }
}

#[test]
fn images_without_pixels() {
    for shape in [&[0][..], &[0, 5], &[5, 0], &[0, 0, 0]] {
        let extent = Extent::new(shape).unwrap();
        let mut scratch = vec![0; scratch_words(extent, Serial).unwrap()];
        dilate(Scalar, Serial, extent, Element::Cross, 3, &mut [], &mut scratch).unwrap();
    }
}

#[test]
fn foreground_is_what_is_not_background() {
    let map: Vec<u8> = (0..3 * 130).map(|i| [0, 7, 0, 255, 1][i % 5]).collect();
    let mask = Mask::new(&map, &[3, 130]).unwrap();
    let mut packed = vec![!0; bits::words(mask.spatial()).unwrap()];
    let mut scratch = vec![!0; bits::scratch_words(&mask).unwrap()];
    bits::foreground(Scalar, &mask, &mut packed, &mut scratch).unwrap();
    let image: Vec<bool> = map.iter().map(|&label| label != 0).collect();
    assert_eq!(packed, pack(&image, mask.spatial()));
}
