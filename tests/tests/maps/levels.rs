//! Maps of the same bits at every level and number of threads.

use fastrand::Rng;
use segloss_conformance::code::Code;
use segloss_core::Error;
use segloss_core::level::Scalar;
use segloss_simd::maps::band::Band;
use segloss_simd::maps::decay::{Decay, Empty};
use segloss_simd::maps::edt::{self, Spacing};
use segloss_simd::maps::morphology::Border;
use segloss_simd::maps::{Classes, Fork, Labels, MapLevel, Mask, Serial, Void, bits};
use segloss_simd::{AnyLevel, with_level};

/// Parts that run at the same time, each on a thread of its own.
#[derive(Clone, Copy)]
struct Split(usize);

impl Fork for Split {
    fn workers(self) -> usize {
        self.0
    }

    fn join(self, one: impl FnOnce() + Send, other: impl FnOnce() + Send) {
        std::thread::scope(|scope| {
            scope.spawn(one);
            other();
        });
    }
}

/// Every map of an image, as bits.
#[derive(PartialEq)]
struct Maps {
    background: Vec<u32>,
    other: Vec<u64>,
    signed: Vec<u32>,
    /// With void filled, and cut.
    decay: [Vec<u64>; 2],
    spaced: Vec<u64>,
    /// With void filled, filled by a spacing, and cut.
    band: [Vec<u64>; 3],
}

fn maps<S: Labels>(
    level: impl MapLevel,
    fork: impl Fork,
    labels: &S,
    spacing: Spacing,
) -> Result<Maps, Error> {
    let pixels = labels.spatial().iter().product();
    let unit = Spacing::UNIT;
    let words = edt::scratch_words(labels, unit, fork)?;
    let mut scratch = vec![!0; words.max(edt::scratch_words(labels, spacing, fork)?)];
    let (mut background, mut other) = (vec![0u32; pixels], vec![0u64; pixels]);
    edt::squared_distance_to_background(level, fork, labels, &mut background, &mut scratch)?;
    edt::squared_distance_to_other(level, fork, labels, &mut other, &mut scratch)?;
    let (mut signed, mut spaced) = (vec![0f32; pixels], vec![0f64; pixels]);
    edt::signed_distance(level, fork, labels, unit, &mut signed, &mut scratch)?;
    edt::distance_to_other(level, fork, labels, spacing, &mut spaced, &mut scratch)?;
    let decay = |void| {
        let maker = Decay::new(5.0, Empty::Zero)?.with_void(void);
        let mut scratch = vec![!0; maker.scratch_words(labels, unit, fork)?];
        let mut weights = vec![0f64; pixels];
        maker.weights(level, fork, labels, unit, &mut weights, &mut scratch)?;
        Ok::<_, Error>(weights.into_iter().map(f64::to_bits).collect())
    };
    let band = |void, spacing| {
        let maker = Band::new(3, 5.0, Border::Zero)?.with_void(void).with_spacing(spacing);
        let mut scratch = vec![!0; maker.bits_scratch_words(labels, fork)?];
        let mut band = vec![0; bits::words(labels.spatial())?];
        maker.bits(level, fork, labels, &mut band, &mut scratch)?;
        Ok::<_, Error>(band)
    };
    Ok(Maps {
        background,
        other,
        signed: signed.into_iter().map(f32::to_bits).collect(),
        decay: [decay(Void::Nearest)?, decay(Void::Cut)?],
        spaced: spaced.into_iter().map(f64::to_bits).collect(),
        band: [band(Void::Nearest, unit)?, band(Void::Nearest, spacing)?, band(Void::Cut, unit)?],
    })
}

fn assert_same_everywhere<S: Labels>(labels: &S, what: &str) {
    let along = [2.5, 0.7, 1.3];
    let spacing = Spacing::new(&along[3 - labels.axes()..]).unwrap();
    let expected = maps(Scalar, Serial, labels, spacing).unwrap();
    for level in AnyLevel::available() {
        for workers in [1, 2, 7] {
            let found = with_level!(level, level => maps(level, Split(workers), labels, spacing));
            assert!(found.unwrap() == expected, "{what}: {} on {workers}", level.name());
        }
    }
}

/// Discs or balls of labels drawn one over the other.
fn discs(rng: &mut Rng, shape: &[usize], labels: u8, count: usize) -> Vec<u8> {
    let mut spatial = [1; 3];
    spatial[3 - shape.len()..].copy_from_slice(shape);
    let [d, h, w] = spatial;
    let mut map = vec![0; d * h * w];
    for _ in 0..count {
        let centre = spatial.map(|side| rng.f32() * side as f32);
        let radius = rng.f32() * w.min(120) as f32 * 0.6;
        let label = rng.u8(0..labels);
        for (pixel, place) in map.iter_mut().enumerate() {
            let at = [pixel / (h * w), pixel / w % h, pixel % w];
            let squares = at.into_iter().zip(centre).map(|(at, c)| (at as f32 - c).powi(2));
            if squares.sum::<f32>() < radius * radius {
                *place = label;
            }
        }
    }
    map
}

#[test]
fn shapes_with_inner_and_outer_distances() {
    let mut rng = Rng::with_seed(11);
    for shape in [&[1000][..], &[200, 317], &[129, 64], &[700, 33], &[66, 40, 70], &[200, 5, 30]] {
        for (labels, count) in [(2, 3), (2, 40), (5, 30)] {
            let map = discs(&mut rng, shape, labels, count);
            let what = format!("{labels} labels, {count} discs, {shape:?}");
            assert_same_everywhere(&Mask::new(&map, shape).unwrap(), &what);
            assert_same_everywhere(&Classes::new(&map, shape).unwrap(), &what);
            assert_same_everywhere(&Classes::new(&map, shape).unwrap().ignoring(1), &what);
        }
    }
}

#[test]
fn noise_and_lone_pixels() {
    let mut rng = Rng::with_seed(12);
    for shape in [&[400, 333][..], &[3, 5000], &[67, 65, 66]] {
        for chance in [0.5, 0.03, 0.001, 0.00002, 0.0] {
            let map: Vec<u8> =
                (0..shape.iter().product()).map(|_| u8::from(rng.f64() >= chance)).collect();
            assert_same_everywhere(
                &Mask::new(&map, shape).unwrap(),
                &format!("{chance} {shape:?}"),
            );
        }
    }
}

/// One background pixel in all the rest: every distance is known, however long the image.
fn check_lone_pixel(shape: [usize; 3], at: [usize; 3]) {
    let [d, h, w] = shape;
    let mut mask = vec![1u8; d * h * w];
    mask[(at[0] * h + at[1]) * w + at[2]] = 0;
    let labels = Mask::new(&mask, &shape).unwrap();
    let mut scratch = vec![!0; edt::scratch_words(&labels, Spacing::UNIT, Serial).unwrap()];
    let mut squared = vec![0u64; mask.len()];
    for code in Code::all() {
        let (squared, scratch) = (&mut squared, &mut scratch);
        match code {
            Code::Scalar => {
                edt::squared_distance_to_background(Scalar, Serial, &labels, squared, scratch)
            }
            Code::Level(level) => with_level!(level, level => {
                edt::squared_distance_to_background(level, Serial, &labels, squared, scratch)
            }),
        }
        .unwrap();
        for (pixel, &squared) in squared.iter().enumerate() {
            let place = [pixel / (h * w), pixel / w % h, pixel % w];
            let steps = place.into_iter().zip(at).map(|(a, b)| a.abs_diff(b) as u64);
            assert_eq!(squared, steps.map(|n| n * n).sum::<u64>(), "{shape:?} {pixel}");
        }
    }
}

/// Sides beyond 46,341, whose square no longer fits into 31 bits, and beyond 65,536 and 2^20.
#[test]
fn thin_images_are_exact() {
    for length in [16_383, 16_400, 23_100, 46_342, 65_535, 65_536, 70_001, (1 << 20) + 3] {
        check_lone_pixel([1, 1, length], [0, 0, length - 1]);
        check_lone_pixel([1, 2, length], [0, 1, 0]);
        check_lone_pixel([1, length, 2], [0, length / 3, 0]);
        check_lone_pixel([length, 1, 1], [0, 0, 0]);
    }
    check_lone_pixel([3, 2, 50_000], [1, 0, 0]);
    check_lone_pixel([50_000, 2, 3], [49_999, 1, 1]);
    check_lone_pixel([2, 50_000, 3], [0, 17, 2]);
}
