//! Maps of devices are those of core, in every pixel.

use segloss_core::compose::{MapCall, MapDefinition};
use segloss_core::engine::{Call, Ignore, Link};
use segloss_core::level::Scalar;
use segloss_core::maps::band::Band;
use segloss_core::maps::decay::{Decay, Empty};
use segloss_core::maps::edt::{self, Spacing};
use segloss_core::maps::morphology::{self, Border, Element, Extent};
use segloss_core::maps::{Classes, Mask, Serial, Void, bits};
use segloss_core::view::{self, Layout, Shape, View};
use segloss_opencl::trace::Format;
use segloss_opencl::{DeviceTarget, Error, HostLabels, MapTuning, Maps};

use crate::random::Random;

/// Lines, images, volumes; sides that are 1, primes, a word and one more.
const EXTENTS: [&[usize]; 13] = [
    &[1],
    &[67],
    &[1, 1],
    &[1, 61],
    &[61, 1],
    &[31, 37],
    &[64, 65],
    &[5, 131],
    &[1, 7, 11],
    &[13, 1, 17],
    &[13, 11, 1],
    &[11, 13, 17],
    &[3, 5, 67],
];

fn maps() -> Maps {
    Maps::new("", "").unwrap_or_else(|error| panic!("{error}"))
}

/// Along rows and across them, one item a group and many.
fn tunings() -> [Maps; 4] {
    [(1, false), (32, false), (1, true), (20, true)]
        .map(|(group, transpose)| maps().tuned(MapTuning { group, transpose }).unwrap())
}

/// Masks on which transforms behave differently.
fn masks(extents: &[usize]) -> Vec<Vec<u8>> {
    let len: usize = extents.iter().product();
    let w = extents[extents.len() - 1];
    let random = &mut Random::new(len as u64);
    let mut noise =
        |percent| -> Vec<u8> { (0..len).map(|_| u8::from(random.below(1000) < percent)).collect() };
    let mut masks = vec![vec![0; len], vec![1; len], noise(500), noise(990), noise(20)];
    // One background pixel, and one foreground pixel.
    for at in [0, len / 3, len - 1] {
        let mut single = vec![1; len];
        single[at] = 0;
        masks.push(single.clone());
        masks.push(single.iter().map(|&m| 1 - m).collect());
    }
    // A diagonal, whose parabolas all stay on the stack, and a bow, whose do not.
    let at = |i: usize| (i / w, i % w);
    masks.push((0..len).map(|i| u8::from(at(i).0 % w != at(i).1)).collect());
    let bow = |i: usize| (at(i).1.abs_diff(w / 2)).pow(2) / w;
    masks.push((0..len).map(|i| u8::from(at(i).0 != bow(i))).collect());
    // What is foreground may hold any number but 0.
    masks.push((0..len).map(|i| [0, 1, 2, 255][i * i % 7 % 4]).collect());
    masks
}

fn label_maps(extents: &[usize]) -> Vec<Vec<i64>> {
    let len: usize = extents.iter().product();
    let w = extents[extents.len() - 1];
    let random = &mut Random::new(len as u64 + 7);
    let names = [0, -5, 7, i64::MAX, 3];
    let noise = (0..len).map(|_| names[random.below(5) as usize]).collect();
    let blocks = (0..len).map(|i| names[(i / w / 5 + i % w / 5) % 5]).collect();
    let spots = (0..len).map(|_| names[usize::from(random.below(50) == 0) * 2]).collect();
    vec![noise, blocks, spots, vec![7; len]]
}

fn spacings(axes: usize) -> [Spacing; 3] {
    [[2.0, 0.75, 1.5], [0.1, 1.3, 0.7], [1e3, 1.0, 1e-3]]
        .map(|along| Spacing::new(&along[3 - axes..]).unwrap())
}

/// Every distance of an image.
fn check_distances<S: HostLabels>(maps: &Maps, labels: &S, what: &str) {
    let [d, h, w] = labels.spatial();
    let len = d * h * w;
    let scratch = &mut vec![0; edt::scratch_words(labels, Spacing::UNIT, Serial).unwrap()];
    let (mut a, mut b) = (vec![0u32; len], vec![0u32; len]);
    edt::squared_distance_to_background(Scalar, Serial, labels, &mut a, scratch).unwrap();
    maps.squared_distance_to_background(labels, &mut b).unwrap();
    assert_eq!(a, b, "to background of {what}");
    let (mut a, mut b) = (vec![0u64; len], vec![0u64; len]);
    edt::squared_distance_to_other(Scalar, Serial, labels, &mut a, scratch).unwrap();
    maps.squared_distance_to_other(labels, &mut b).unwrap();
    assert_eq!(a, b, "to others of {what}");
    check_rounded::<S, f32>(maps, labels, what);
    if maps.device().has_double() {
        check_rounded::<S, f64>(maps, labels, what);
    }
}

/// What is rounded: distances, decay.
fn check_rounded<S: HostLabels, T: Format>(maps: &Maps, labels: &S, what: &str) {
    let [d, h, w] = labels.spatial();
    let mut all = vec![Spacing::UNIT];
    if T::DOUBLE {
        all.extend(&spacings(labels.axes())[..2]);
    } else if maps.device().has_double() {
        all.push(spacings(labels.axes())[2]);
    }
    for spacing in all {
        let scratch = &mut vec![0; edt::scratch_words(labels, spacing, Serial).unwrap()];
        let (mut a, mut b) = (vec![T::default(); d * h * w], vec![T::default(); d * h * w]);
        let what = format!("{what}, {spacing:?}");
        edt::distance_to_background(Scalar, Serial, labels, spacing, &mut a, scratch).unwrap();
        maps.distance_to_background(labels, spacing, &mut b).unwrap();
        assert_same(maps, &a, &b, &format!("to background of {what}"));
        edt::distance_to_other(Scalar, Serial, labels, spacing, &mut a, scratch).unwrap();
        maps.distance_to_other(labels, spacing, &mut b).unwrap();
        assert_same(maps, &a, &b, &format!("to others of {what}"));
        edt::signed_distance(Scalar, Serial, labels, spacing, &mut a, scratch).unwrap();
        maps.signed_distance(labels, spacing, &mut b).unwrap();
        assert_same(maps, &a, &b, &format!("signed, of {what}"));
        let decay = Decay::new(3.7, Empty::One).unwrap();
        for decay in [decay, decay.with_void(Void::Cut)] {
            let scratch = &mut vec![0; decay.scratch_words(labels, spacing, Serial).unwrap()];
            decay.weights(Scalar, Serial, labels, spacing, &mut a, scratch).unwrap();
            maps.decay_weights(&decay, labels, spacing, &mut b).unwrap();
            assert_same(maps, &a, &b, &format!("{decay:?} of {what}"));
        }
    }
}

/// Asserts equal bits where the device's arithmetic is the CPU's, else closeness.
fn assert_same<T: Format>(maps: &Maps, expected: &[T], found: &[T], what: &str) {
    let is_exact = maps.device().is_exact::<T>();
    for (i, (a, b)) in expected.iter().zip(found).enumerate() {
        let (a, b) = (a.widen(), b.widen());
        let near = !is_exact && (a == b || (a - b).abs() <= 1e-6 * a.abs());
        assert!(a.to_bits() == b.to_bits() || near, "pixel {i} is {b:e}, on the CPU {a:e}, {what}");
    }
}

fn check_band<S: HostLabels>(maps: &Maps, labels: &S, what: &str) {
    let [d, h, w] = labels.spatial();
    let spacing = spacings(labels.axes())[0];
    let spacing = if maps.device().has_double() { spacing } else { Spacing::UNIT };
    for (theta, border, void, spacing) in [
        (0, Border::Zero, Void::Nearest, Spacing::UNIT),
        (0, Border::Keep, Void::Nearest, spacing),
        (3, Border::Keep, Void::Cut, Spacing::UNIT),
        (70, Border::Zero, Void::Cut, Spacing::UNIT),
    ] {
        let band = Band::new(theta, 5.25, border).unwrap().with_void(void).with_spacing(spacing);
        let mut packed = vec![0; bits::words(labels.spatial()).unwrap()];
        let scratch = &mut vec![0; band.weights_scratch_words(labels, Serial).unwrap()];
        band.bits(Scalar, Serial, labels, &mut packed, scratch).unwrap();
        assert_eq!(maps.band_bits(&band, labels).unwrap(), packed, "{band:?} of {what}");
        let (mut a, mut b) = (vec![0f32; d * h * w], vec![0f32; d * h * w]);
        band.weights(Scalar, Serial, labels, &mut a, scratch).unwrap();
        maps.band_weights(&band, labels, &mut b).unwrap();
        assert_eq!(a, b, "{band:?} of {what}");
    }
}

fn check_all<S: HostLabels>(maps: &Maps, labels: &S, what: &str) {
    check_distances(maps, labels, what);
    check_band(maps, labels, what);
}

#[test]
fn masks_of_every_kind() {
    let maps = maps();
    for extents in EXTENTS {
        for (kind, mask) in masks(extents).iter().enumerate() {
            let labels = Mask::new(mask, extents).unwrap();
            let what = format!("mask {kind}, {extents:?}");
            check_all(&maps, &labels, &what);
            check_all(&maps, &labels.ignoring(1), &format!("{what}, without 1"));
        }
    }
}

/// Labels that do not appear in their order, which decides between two as near.
#[test]
fn void_of_label_maps_is_filled() {
    let maps = maps();
    for extents in [&[67][..], &[31, 37], &[61, 1], &[11, 13, 17]] {
        for (kind, names) in label_maps(extents)[..3].iter().enumerate() {
            for void in [7, 0] {
                let labels = Classes::new(names, extents).unwrap().ignoring(void);
                check_band(&maps, &labels, &format!("label map {kind}, {extents:?}"));
            }
        }
    }
}

#[test]
#[ignore = "slow: sh tests/run.sh --all"]
fn label_maps_of_every_kind() {
    let maps = maps();
    for extents in EXTENTS {
        for (kind, names) in label_maps(extents).iter().enumerate() {
            let labels = Classes::new(names, extents).unwrap();
            let what = format!("label map {kind}, {extents:?}");
            check_all(&maps, &labels, &what);
            check_all(&maps, &labels.ignoring(7), &format!("{what}, without 7"));
        }
    }
}

#[test]
#[ignore = "slow: sh tests/run.sh --all"]
fn kernels_run_in_other_ways() {
    for maps in tunings() {
        for extents in [&[5, 131][..], &[11, 13, 17]] {
            let mask = &masks(extents)[2];
            let labels = Mask::new(mask, extents).unwrap();
            let what = format!("{:?}, {extents:?}", maps.tuning());
            check_all(&maps, &labels, &what);
            let names = &label_maps(extents)[1];
            let labels = Classes::new(names, extents).unwrap();
            check_all(&maps, &labels.ignoring(7), &format!("{what}, without 7"));
        }
    }
}

#[test]
fn distances_past_narrow_numbers() {
    let maps = maps();
    for extents in [&[70_001][..], &[1, 65_537], &[65_537, 2], &[3, 40_009], &[2, 40_009, 2]] {
        let len: usize = extents.iter().product();
        let mut mask = vec![1; len];
        mask[len / 5] = 0;
        let labels = Mask::new(&mask, extents).unwrap();
        let scratch = &mut vec![0; edt::scratch_words(&labels, Spacing::UNIT, Serial).unwrap()];
        let (mut a, mut b) = (vec![0u64; len], vec![0u64; len]);
        edt::squared_distance_to_background(Scalar, Serial, &labels, &mut a, scratch).unwrap();
        maps.squared_distance_to_background(&labels, &mut b).unwrap();
        assert!(a == b, "{extents:?}");
        edt::squared_distance_to_other(Scalar, Serial, &labels, &mut a, scratch).unwrap();
        maps.squared_distance_to_other(&labels, &mut b).unwrap();
        assert!(a == b, "{extents:?}");
    }
}

#[test]
fn erosion_and_dilation() {
    for maps in tunings() {
        for extents in EXTENTS {
            let extent = Extent::new(extents).unwrap();
            let words = bits::words(extent.spatial).unwrap();
            let scratch = &mut vec![0; morphology::scratch_words(extent, Serial).unwrap()];
            for percent in [3, 50, 97] {
                let start = packed(extent, percent);
                let elements = [Element::Cross, Element::Full];
                for (element, iterations) in
                    elements.into_iter().flat_map(|e| [0, 1, 2, 5, 66, 400].map(|n| (e, n)))
                {
                    let what = format!("{element:?}, {iterations} times, of {extents:?}");
                    let (mut a, mut b) = (start.clone(), start.clone());
                    assert_eq!(a.len(), words);
                    morphology::dilate(
                        Scalar, Serial, extent, element, iterations, &mut a, scratch,
                    )
                    .unwrap();
                    maps.dilate(extent, element, iterations, &mut b).unwrap();
                    assert_eq!(a, b, "dilated by {what}");
                    for border in [Border::Zero, Border::Keep] {
                        let (mut a, mut b) = (start.clone(), start.clone());
                        morphology::erode(
                            Scalar, Serial, extent, element, border, iterations, &mut a, scratch,
                        )
                        .unwrap();
                        maps.erode(extent, element, border, iterations, &mut b).unwrap();
                        assert_eq!(a, b, "{border:?}, eroded by {what}");
                    }
                }
            }
        }
    }
}

/// Noise of one bit a pixel.
fn packed(extent: Extent, percent: u64) -> Vec<u64> {
    let [d, h, w] = extent.spatial;
    let random = &mut Random::new(percent);
    let row = bits::row_words(w);
    let mut words = vec![0u64; d * h * row];
    for (line, x) in (0..d * h).flat_map(|line| (0..w).map(move |x| (line, x))) {
        words[line * row + x / 64] |= u64::from(random.below(100) < percent) << (x % 64);
    }
    words
}

/// The weights of targets by core and by the device.
fn check_targets<T: Format, E: DeviceTarget>(
    maps: &Maps,
    map: &MapCall<'_, T>,
    call: &Call<'_>,
    targets: &[E],
    shape: Shape,
) where
    for<'v> view::Targets<'v>: From<View<'v, E>>,
{
    let view = View::new(targets, Layout::channels_first(shape).unwrap()).unwrap().into();
    let mut expected = vec![T::default(); targets.len()];
    let scratch = &mut vec![0; map.scratch(call, &view).unwrap()];
    map.compute(call, &view, scratch, &mut expected).unwrap();
    let mut found = vec![T::default(); targets.len()];
    maps.weights(map, call, targets, shape, &mut found).unwrap();
    let what = format!("{map:?} of {:?} targets, {shape}, {call:?}", E::ELEMENT);
    assert_same(maps, &expected, &found, &what[..what.len().min(400)]);
}

fn each_map<T: Format>(mut check: impl FnMut(&MapCall<'_, T>)) {
    let band = MapDefinition::<T>::band::<Scalar>();
    let decay = MapDefinition::<T>::decay::<Scalar>();
    check(&MapCall::new(&band, &[2.0, 3.5, 2.0]).unwrap());
    check(&MapCall::new(&band, &[]).unwrap());
    check(&MapCall::new(&decay, &[]).unwrap());
    check(&MapCall::new(&decay, &[1.3, 1.0]).unwrap());
    check(&MapCall::new(&decay, &[1.3, 0.0, 1.0]).unwrap());
}

/// Targets of a type: masks of `share`'s numbers or labels below 4, and what `call` ignores.
fn targets<E: DeviceTarget>(len: usize, call: &Call<'_>, share: impl Fn(u64) -> E) -> Vec<E> {
    let random = &mut Random::new(len as u64);
    let mut last = 0;
    let mut next = || {
        if random.below(4) == 0 {
            last = random.below(4);
        }
        let ignored = call.ignore_index.labels();
        match ignored.len() as u64 {
            count @ 1.. if random.below(30) == 0 => ignored[random.below(count) as usize],
            _ if call.link == Link::Softmax => last as i64,
            _ => -1 - last as i64,
        }
    };
    let of = |number: i64| match number {
        0.. => E::from_label(number).unwrap(),
        _ => share((-1 - number) as u64),
    };
    (0..len).map(|_| of(next())).collect()
}

/// Maps of masks of the numbers that `share` gives for 0 to 3, and of labels of the same type.
fn check_calls<T: Format, E: DeviceTarget>(maps: &Maps, share: impl Fn(u64) -> E + Copy)
where
    for<'v> view::Targets<'v>: From<View<'v, E>>,
{
    let masks =
        [Shape::new(2, 3, &[9, 31]), Shape::new(3, 1, &[5, 7, 11]), Shape::new(2, 2, &[97])];
    let mut calls: Vec<(Call<'_>, Shape)> = Vec::new();
    for shape in masks.into_iter().map(Result::unwrap) {
        calls.push((Call { ignore_index: Ignore::NOTHING, ..Call::sigmoid() }, shape));
        calls.push((Call { ignore_index: Ignore::Labels(&[77]), ..Call::sigmoid() }, shape));
        for ignore_index in [Ignore::Labels(&[77]), Ignore::Labels(&[77, 9])] {
            calls.push((Call { ignore_index, ..Call::softmax() }, shape.with_channels(1)));
        }
    }
    for (call, shape) in calls {
        let len = shape.batch * shape.channels * shape.pixels();
        let y = targets(len, &call, share);
        let random = &mut Random::new(5);
        let counts: Vec<u8> = (0..len).map(|_| (random.below(9) * 3) as u8).collect();
        let one_channel = shape.with_channels(1);
        each_map::<T>(|map| {
            check_targets(maps, map, &call, &y, shape);
            for of_mask in [shape, one_channel] {
                let counts = &counts[..of_mask.batch * of_mask.channels * of_mask.pixels()];
                let layout = Layout::channels_first(of_mask).unwrap();
                let mask = Some(view::Mask::U8(View::new(counts, layout).unwrap()));
                let spacing = if maps.device().has_double() {
                    spacings(shape.axes)[0]
                } else {
                    Spacing::UNIT
                };
                check_targets(maps, map, &Call { mask, spacing, ..call }, &y, shape);
            }
        });
    }
}

#[test]
fn weights_of_targets_of_every_type() {
    let maps = maps();
    check_calls::<f32, u8>(&maps, |n| u8::from(n > 1) * 200);
    check_calls::<f32, i64>(&maps, |n| i64::from(n > 1) << 40);
    check_calls::<f32, f32>(&maps, |n| n as f32 / 3.0);
    if maps.device().has_double() {
        check_calls::<f64, u8>(&maps, |n| u8::from(n > 1));
    }
    for maps in tunings() {
        check_calls::<f32, u8>(&maps, |n| u8::from(n > 1));
    }
}

#[test]
#[ignore = "slow: sh tests/run.sh --all"]
fn weights_of_targets_of_other_types() {
    let maps = maps();
    check_calls::<f32, i8>(&maps, |n| i8::from(n > 1) * 100);
    check_calls::<f32, i16>(&maps, |n| i16::from(n > 1) * 300);
    check_calls::<f32, u16>(&maps, |n| u16::from(n > 1) * 300);
    check_calls::<f32, i32>(&maps, |n| i32::from(n > 1) * 300);
    check_calls::<f32, u32>(&maps, |n| u32::from(n > 1) * 300);
    check_calls::<f32, u64>(&maps, |n| u64::from(n > 1) * 300);
    check_calls::<f32, half::f16>(&maps, |n| half::f16::from_f64(n as f64 / 3.0));
    check_calls::<f32, half::bf16>(&maps, |n| half::bf16::from_f64(n as f64 / 3.0));
    if maps.device().has_double() {
        // The first above one half is one half as `f32`.
        let shares = [0.0, 0.5 + 1e-12, 0.500_001, 1.0];
        check_calls::<f32, f64>(&maps, |n| shares[n as usize]);
    }
}

#[test]
fn shares_above_one_half_are_foreground() {
    let y: Vec<f32> = (0..40).map(|i| [0.0, 0.5, 0.500_001, 1.0, 0.3][i % 5]).collect();
    let shape = Shape::new(1, 2, &[4, 5]).unwrap();
    let maps = maps();
    each_map::<f32>(|map| check_targets(&maps, map, &Call::sigmoid(), &y, shape));
}

#[test]
fn nothing_but_ignored_targets() {
    let maps = maps();
    let shape = Shape::new(1, 1, &[4, 5]).unwrap();
    for call in [Call::sigmoid(), Call::softmax()] {
        let call = Call { ignore_index: Ignore::Labels(&[3]), ..call };
        each_map::<f32>(|map| check_targets(&maps, map, &call, &[3u8; 20], shape));
    }
}

#[test]
fn what_is_no_mask_or_label() {
    let maps = maps();
    let shape = Shape::new(1, 1, &[2, 3]).unwrap();
    let refused = |call: &Call<'_>, targets: &[i32; 6]| {
        let mut out = [9f32; 6];
        let mut error = None;
        each_map::<f32>(|map| {
            let view = View::new(&targets[..], Layout::channels_first(shape).unwrap()).unwrap();
            let expected = segloss_core::compose::check_labels(call, &view.into()).unwrap_err();
            let found = maps.weights(map, call, &targets[..], shape, &mut out).unwrap_err();
            assert_eq!(found, Error::Call(expected));
            error = Some(expected);
        });
        assert_eq!(out, [9.0; 6]);
        error.unwrap()
    };
    let error = refused(&Call::sigmoid(), &[0, 2, 2, 0, 1, 3]);
    assert!(matches!(error, segloss_core::Error::Mask { pixel: 4, .. }), "{error}");
    let error = refused(&Call::softmax(), &[0, 255, 1 << 24, 0, -1, 3]);
    assert!(matches!(error, segloss_core::Error::Label { pixel: 2, .. }), "{error}");
    let call = Call { ignore_index: Ignore::Labels(&[1; 17]), ..Call::softmax() };
    let error = refused(&call, &[0; 6]);
    assert!(matches!(error, segloss_core::Error::Ignored { length: 17 }), "{error}");
}

#[test]
fn a_batch_without_samples() {
    let (maps, shape) = (maps(), Shape::new(0, 2, &[2, 3]).unwrap());
    let call = Call::sigmoid();
    each_map::<f32>(|map| maps.weights(map, &call, &[0u8; 0], shape, &mut []).unwrap());
}

#[test]
fn what_does_not_fit() {
    let maps = maps();
    let (data, mut out) = ([0u8, 1, 1, 0, 0, 1], [9f32; 6]);
    let labels = Mask::new(&data, &[2, 3]).unwrap();
    let error = maps.distance_to_other(&labels, Spacing::UNIT, &mut out[..5]).unwrap_err();
    assert_eq!(error, Error::Length { argument: "out", length: 5, expected: 6 });
    let spacing = Spacing::new(&[1.0, 1.0, 2.0]).unwrap();
    let error = maps.distance_to_other(&labels, spacing, &mut out).unwrap_err();
    let expected = segloss_core::Error::Spacing { given: 3, axes: 2 };
    assert_eq!(error, Error::Call(expected));
    let decay = Decay::new(1.0, Empty::Zero).unwrap();
    let error = maps.decay_weights(&decay, &labels, spacing, &mut out).unwrap_err();
    assert_eq!(error, Error::Call(expected));
    let extent = Extent::new(&[2, 65]).unwrap();
    let error = maps.dilate(extent, Element::Cross, 1, &mut [0; 3]).unwrap_err();
    let core = segloss_core::Error::Workspace { argument: "bits", length: 3, expected: 4 };
    assert_eq!(error, Error::Call(core));
    assert_eq!(out, [9.0; 6]);
    let long = vec![1u8; 70_000];
    let labels = Mask::new(&long, &[70_000]).unwrap();
    let error = maps.squared_distance_to_background(&labels, &mut vec![0u32; 70_000]).unwrap_err();
    assert!(matches!(error, Error::Call(segloss_core::Error::TooLong { .. })), "{error}");
    let tuning = MapTuning { group: 0, transpose: false };
    let error = maps.tuned(tuning).unwrap_err();
    assert!(matches!(error, Error::WorkGroup { expected: 0, .. }), "{error}");
}

#[test]
fn maps_that_devices_do_not_compute() {
    let maps = maps();
    let given = MapDefinition::<f32>::given("band", &[]);
    let map = MapCall::new(&given, &[]).unwrap();
    let shape = Shape::new(1, 1, &[2, 2]).unwrap();
    let call = Call::sigmoid();
    let error = maps.weights(&map, &call, &[0u8; 4], shape, &mut [0.0; 4]).unwrap_err();
    assert!(matches!(error, Error::NotGiven { .. }), "{error}");
}
