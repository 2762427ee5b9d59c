//! A map's weights do not depend on the form that they or the targets have on the way: bits or numbers, bytes or wider
//! labels.

use proptest::prelude::*;
use rayon::ThreadPoolBuilder;
use segloss_conformance::case::Case;
use segloss_conformance::code::Code;
use segloss_conformance::from_text::{Asked, Format};
use segloss_conformance::views::packed;
use segloss_core::Error;
use segloss_core::compose::parse_map;
use segloss_core::engine::{Call, Ignore, Link};
use segloss_core::view::{BitWeights, Layout, Shape, Targets, View, ViewMut, Weights};
use segloss_simd::{AnyLevel, Buffers, Library, Loss, Outputs};

fn spatial() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![
        (1usize..700).prop_map(|w| vec![w]),
        (1usize..40, 1usize..150).prop_map(|(h, w)| vec![h, w]),
        (1usize..9, prop::sample::select(vec![64, 128, 256])).prop_map(|(h, w)| vec![h, w]),
        (1usize..5, 1usize..20, 1usize..70).prop_map(|(d, h, w)| vec![d, h, w]),
    ]
}

/// The bits of a loss and its gradient.
fn bits_of(asked: Asked<'_, f32>) -> Vec<u32> {
    let found = f32::evaluate(asked).unwrap();
    let gradient = found.gradient.iter().map(|x| x.to_bits());
    gradient.chain([(found.value as f32).to_bits()]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// The library lets the sweep choose weights by bits, core by itself reads an array of them.
    #[test]
    fn bits_choose_what_arrays_hold(
        seed in any::<u64>(), batch in 1usize..3, channels in 1usize..4, spatial in spatial(),
        ignored in prop::sample::select(vec![0.0, 0.2]), is_sigmoid: bool, is_weighted: bool, last: bool,
    ) {
        let channels = if is_sigmoid { channels } else { channels + 1 };
        let shape = Shape::new(batch, channels, &spatial).unwrap();
        let (case, planes, call, texts) = if is_sigmoid {
            let texts = [
                "bce @ band(theta=1)",
                "0.5*bce + 0.5*focal @ band(theta=2, weight=0.3)",
                "bce(normalise=weights) @ band(weight=0) @ decay",
            ];
            (Case::sigmoid(seed, shape, 6.0, ignored), shape, Call::sigmoid(), texts)
        } else {
            let texts = ["ce @ band(theta=1)", "0.5*ce + 0.5*focal @ band", "ce(normalise=weights) @ decay @ band"];
            let planes = shape.with_channels(1);
            (Case::softmax(seed, shape, 6.0, ignored), planes, Call::softmax(), texts)
        };
        let logits: Vec<f32> = case.logits.iter().map(|&z| z as f32).collect();
        let weights: Vec<f32> = (0..case.targets.len()).map(|i| (i % 7) as f32 / 3.0).collect();
        let weights = is_weighted.then(|| Weights::F32(packed(&weights, planes)));
        let call = Call { ignore_index: Ignore::Labels(&[255]), weights, ..call };
        // Channels next to each other, so that no run of targets is adjacent.
        let strided = Layout::channels_last(planes).unwrap();
        let mut moved = case.targets.clone();
        let packed_layout = Layout::channels_first(planes).unwrap();
        for sample in 0..batch {
            for channel in 0..planes.channels {
                for pixel in 0..planes.pixels() {
                    moved[strided.index(sample, channel, pixel)] =
                        case.targets[packed_layout.index(sample, channel, pixel)];
                }
            }
        }
        let targets = match last {
            true => View::new(&moved, strided).unwrap(),
            false => packed(&case.targets, planes),
        };
        for text in texts {
            let found = |code: Code| bits_of(Asked {
                code,
                text,
                call,
                logits: &logits,
                    shape,
                targets: targets.into(),
                given: &[],
                samples: false,
                loss_map: false,
            });
            let expected = found(Code::Scalar);
            for level in AnyLevel::available() {
                prop_assert!(found(level.into()) == expected, "{} at {}", text, level.name());
            }
        }
    }
}

/// Labels above 254 are not narrowed, and make the maps that small ones make.
#[test]
fn labels_that_bytes_do_not_hold() {
    let shape = Shape::new(2, 1, &[19, 70]).unwrap();
    let case = Case::softmax(8, shape.with_channels(4), 1.0, 0.1);
    let call = Call { ignore_index: Ignore::Labels(&[255]), ..Call::softmax() };
    // 127, 254 and 381: the largest byte that is a label, and one that is none.
    let large: Vec<i64> =
        case.targets.iter().map(|&y| if y == 255 { 255 } else { i64::from(y) * 127 }).collect();
    let small: Vec<i64> = case.targets.iter().map(|&y| i64::from(y)).collect();
    for text in ["band", "band(void=cut)", "decay", "decay(void=cut)"] {
        for level in AnyLevel::available() {
            let library = Library::<f32>::new(level);
            let map = parse_map(text, library.registry()).unwrap();
            let weights = |targets: Targets<'_>| {
                let mut scratch = vec![0; map.scratch(&call, &targets).unwrap()];
                let mut weights = vec![0.0; large.len()];
                map.compute(&call, &targets, &mut scratch, &mut weights).unwrap();
                weights
            };
            let expected = weights(packed(&case.targets, shape).into());
            assert_eq!(weights(packed(&small, shape).into()), expected, "{text}");
            assert_eq!(weights(packed(&large, shape).into()), expected, "{text}");
        }
    }
}

/// Of a map of two weights, and of no other, there are bits, and too few of them are an error.
#[test]
fn bits_are_asked_for_by_length() {
    let shape = Shape::new(2, 3, &[5, 65]).unwrap();
    // Two words a row.
    assert_eq!(BitWeights::words(shape), Ok(2 * 3 * 5 * 2));
    let library = Library::<f32>::default();
    let map = |text| parse_map(text, library.registry()).unwrap();
    assert_eq!(map("band(weight=4)").two_weights(), Some([4.0, 1.0]));
    assert_eq!(map("decay").two_weights(), None);
    let error = |length| BitWeights::new(&vec![0; length], shape, [4.0, 1.0]).err();
    assert_eq!(error(60), None);
    let expected = Error::Workspace { argument: "bits", length: 59, expected: 60 };
    assert_eq!(error(59), Some(expected));
}

/// A share above one half is foreground, whatever it is stored as and however it lies.
#[test]
fn shares_above_one_half_are_foreground() {
    let shape = Shape::new(1, 2, &[7, 101]).unwrap();
    let shares = [0.0, 0.5, 0.500_000_06, 1.0, -0.0, 1.000_000_1, 0.499_999_97, 0.75];
    let floats: Vec<f32> = (0..shape.pixels() * 2).map(|i| shares[i / 3 % 8]).collect();
    let sides: Vec<u8> = floats.iter().map(|&share| u8::from(share > 0.5)).collect();
    // What is a rounding step above 1 in `f32` is many in `f64`.
    let double = |&share: &f32| if share > 1.0 { 0.9 } else { f64::from(share) };
    let doubles: Vec<f64> = floats.iter().map(double).collect();
    let last = Layout::channels_last(shape).unwrap();
    let mut moved = vec![0f32; floats.len()];
    for (i, &share) in floats.iter().enumerate() {
        moved[last.index(0, i / shape.pixels(), i % shape.pixels())] = share;
    }
    // Of a float that is ignored, too.
    for call in [Call::sigmoid(), Call { ignore_index: Ignore::Labels(&[1]), ..Call::sigmoid() }] {
        let sides: Vec<u8> = match call.ignore_index {
            Ignore::Default => sides.clone(),
            _ => floats
                .iter()
                .zip(&sides)
                .map(|(&y, &side)| if y == 1.0 { 9 } else { side })
                .collect(),
        };
        let of_sides = Call { ignore_index: Ignore::Labels(&[9]), ..Call::sigmoid() };
        for (text, level) in ["band(theta=1)", "decay(void=cut)"]
            .into_iter()
            .flat_map(|text| AnyLevel::available().map(move |level| (text, level)))
        {
            let library = Library::<f64>::new(level);
            let map = parse_map(text, library.registry()).unwrap();
            let weights = |call: &Call<'_>, targets: Targets<'_>| {
                let mut scratch = vec![0; map.scratch(call, &targets).unwrap()];
                let mut weights = vec![0.0; floats.len()];
                map.compute(call, &targets, &mut scratch, &mut weights).unwrap();
                weights
            };
            let expected = weights(&of_sides, packed(&sides, shape).into());
            assert_eq!(weights(&call, packed(&floats, shape).into()), expected, "{text}");
            assert_eq!(weights(&call, packed(&doubles, shape).into()), expected, "{text}");
            let moved = View::new(&moved, last).unwrap();
            assert_eq!(weights(&call, moved.into()), expected, "{text}");
        }
    }
}

/// A loss that computes maps names what is no mask as one without maps does.
#[test]
fn masks_are_checked_by_the_loss() {
    let shape = Shape::new(1, 1, &[3, 200]).unwrap();
    let (logits, mut floats, mut bytes) = (vec![0f32; 600], vec![0f32; 600], vec![0u8; 600]);
    (floats[411], bytes[7], bytes[411]) = (2.0, 1, 2);
    let mut gradient = vec![0f32; 600];
    let library = Library::<f32>::default();
    let mut error = |text: &str, targets: Targets<'_>| {
        let loss = Loss::new(&library, text, Link::Sigmoid).unwrap();
        let mut sink = ViewMut::new(&mut gradient, Layout::channels_first(shape).unwrap()).unwrap();
        let (call, outputs) = (Call::sigmoid(), Outputs::gradient(&mut sink));
        let z = packed(&logits, shape);
        loss.evaluate(call, z, targets, &[], outputs, &mut Buffers::new()).unwrap_err()
    };
    for text in ["boundary", "distance", "preset:boundary", "0*bce @ band"] {
        for targets in [packed(&floats, shape).into(), Targets::U8(packed(&bytes, shape))] {
            let found = error(text, targets);
            assert_eq!(found, error("bce", targets), "{text}");
            assert!(matches!(
                found,
                Error::Share { pixel: 411, .. } | Error::Mask { pixel: 411, .. }
            ));
        }
    }
}

/// Planes are divided among threads, or each of a few planes is.
#[test]
fn maps_are_the_same_on_any_number_of_threads() {
    let text = "bce @ band(theta=2) + bce @ decay(sigma=4)";
    for (batch, channels, spatial, ignored) in
        [(3, 3, &[90, 131][..], 0.0), (1, 1, &[301, 467], 0.05), (1, 2, &[30, 41, 67], 0.0)]
    {
        let shape = Shape::new(batch, channels, spatial).unwrap();
        let case = Case::sigmoid(11, shape, 7.0, ignored);
        let logits = case.single();
        let call = Call { ignore_index: Ignore::Labels(&[255]), ..Call::sigmoid() };
        let library = Library::<f32>::default();
        let loss = Loss::new(&library, text, Link::Sigmoid).unwrap();
        let layout = Layout::channels_first(shape).unwrap();
        let found = |may_use_threads| {
            let mut gradient = vec![0f32; logits.len()];
            let mut sink = ViewMut::new(&mut gradient, layout).unwrap();
            let (z, y) = (packed(&logits, shape), packed(&case.targets, shape));
            let (outputs, mut buffers) = (Outputs::gradient(&mut sink), Buffers::new());
            buffers.use_threads(may_use_threads);
            let value = loss.evaluate(call, z, y, &[], outputs, &mut buffers).unwrap().value;
            (value.to_bits(), gradient.iter().map(|g| g.to_bits()).collect::<Vec<_>>())
        };
        let expected = found(false);
        for threads in [2, 3, 7] {
            let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            assert!(pool.install(|| found(true)) == expected, "{shape:?} on {threads} threads");
        }
    }
}
