//! What does not fit is an error that names it, never a panic, and leaves the gradient as it is.

use segloss_core::engine::{Ignore, Link, Report, Scale};
use segloss_core::maps::edt::Spacing;
use segloss_core::view::{Number, Shape};
use segloss_opencl::{
    Array, Element, Error, Evaluator, Loss, Options, Signature, Slices, Storage, Tensors, Tuning,
};

use crate::case::evaluator;

#[test]
fn a_device_that_is_not_there() {
    let error = Evaluator::new("no such platform", "").unwrap_err();
    assert!(matches!(error, Error::NoDevice { ref found, .. } if !found.is_empty()), "{error}");
    assert!(error.to_string().contains("no such platform"));
}

#[test]
fn a_device_by_its_name() {
    let first = evaluator();
    let (platform, name) = (first.device().platform(), first.device().name());
    let same = Evaluator::new(platform, name).unwrap();
    assert_eq!(same.device().name(), name);
}

/// Evaluates with a gradient that is to stay as it is.
fn failed<E: segloss_opencl::DeviceTarget>(
    link: Link,
    text: &str,
    options: Options<'_>,
    slices: Slices<'_, f32, E>,
) -> Error {
    let loss = Loss::new(text, link).unwrap();
    let mut gradient = vec![7f32; slices.logits.len()];
    let slices = Slices { gradient: Some(&mut gradient), ..slices };
    let error = evaluator().evaluate(&loss, &options, slices).unwrap_err();
    assert!(gradient.iter().all(|&x| x == 7.0), "{error}: {gradient:?}");
    error
}

#[test]
fn slices_that_do_not_fit() {
    let shape = Shape::new(1, 1, &[4]).unwrap();
    let (z, y) = ([0f32; 4], [1u8; 4]);
    let error = failed(Link::Sigmoid, "bce", Options::default(), Slices::new(shape, &z[..3], &y));
    assert_eq!(error, Error::Length { argument: "logits", length: 3, expected: 4 });
    let five = [1u8; 5];
    let error = failed(Link::Sigmoid, "bce", Options::default(), Slices::new(shape, &z, &five));
    assert_eq!(error, Error::Length { argument: "targets", length: 5, expected: 4 });
    let slices = Slices { mask: Some(&[1; 3]), ..Slices::new(shape, &z, &y) };
    let error = failed(Link::Sigmoid, "bce", Options::default(), slices);
    assert_eq!(error, Error::Length { argument: "mask", length: 3, expected: 4 });
    let none = Shape::new(1, 1, &[0]).unwrap();
    let slices = Slices::new(none, &[], &[0u8; 0]);
    let error = failed(Link::Sigmoid, "bce", Options::default(), slices);
    assert!(matches!(error, Error::Call(segloss_core::Error::Empty { .. })), "{error}");
    let error = failed(Link::Softmax, "ce", Options::default(), Slices::new(shape, &z, &y));
    assert!(matches!(error, Error::Call(segloss_core::Error::Channels { .. })), "{error}");
}

/// The device finds these, and where they are.
#[test]
fn numbers_of_no_use() {
    let shape = Shape::new(2, 2, &[3, 700]).unwrap();
    let z = vec![0f32; 8400];
    let mut shares = vec![1f32; 8400];
    shares[2100 * 3 + 1500] = 1.5;
    shares[2100 * 3 + 1501] = f32::NAN;
    let error = failed(Link::Sigmoid, "bce", Options::default(), Slices::new(shape, &z, &shares));
    let expected = segloss_core::Error::Share {
        target: Number::Float(1.5),
        sample: 1,
        channel: 1,
        pixel: 1500,
    };
    assert_eq!(error, Error::Call(expected));

    let mut labels = vec![0i64; 4200];
    labels[2100 + 2099] = -3;
    let error = failed(Link::Softmax, "dice", Options::default(), Slices::new(shape, &z, &labels));
    let expected = segloss_core::Error::Label {
        label: Number::Signed(-3),
        sample: 1,
        pixel: 2099,
        classes: 2,
    };
    assert_eq!(error, Error::Call(expected));

    let mut weights = vec![1f32; 4200];
    weights[2100 + 7] = f32::INFINITY;
    let y = vec![1u8; 8400];
    let slices = Slices { weights: Some(&weights), ..Slices::new(shape, &z, &y) };
    let error = failed(Link::Sigmoid, "bce", Options::default(), slices);
    let is_expected = matches!(
        error,
        Error::Call(segloss_core::Error::Weight { argument: "weights", sample: 1, pixel: 7, value, .. })
            if value == f64::INFINITY
    );
    assert!(is_expected, "{error}");

    let options = Options { scale: Scale::Batch(f64::NAN), ..Options::default() };
    let error = failed(Link::Sigmoid, "bce", options, Slices::new(shape, &z, &y));
    assert!(matches!(error, Error::Call(segloss_core::Error::Scale { .. })), "{error}");
    let options = Options { scale: Scale::Batch(1e300), ..Options::default() };
    let error = failed(Link::Sigmoid, "bce", options, Slices::new(shape, &z, &y));
    assert_eq!(error, Error::Call(segloss_core::Error::Scale { value: 1e300 }));
    let options = Options { scale: Scale::Samples(&[1.0; 3]), ..Options::default() };
    let error = failed(Link::Sigmoid, "bce", options, Slices::new(shape, &z, &y));
    assert!(matches!(error, Error::Call(segloss_core::Error::Samples { .. })), "{error}");
}

#[test]
fn what_nothing_uses() {
    let shape = Shape::new(1, 1, &[4]).unwrap();
    let (z, y, ones) = ([0f32; 4], [1u8; 4], [1f32; 4]);
    let unused =
        |argument, expected| Error::Call(segloss_core::Error::Unused { argument, expected });
    let slices = Slices { maps: &[("band", &ones)], ..Slices::new(shape, &z, &y) };
    let error = failed(Link::Sigmoid, "bce", Options::default(), slices);
    assert_eq!(error, unused("maps", "the names of maps that the loss has"));
    let options = Options { spacing: Spacing::new(&[2.0]).unwrap(), ..Options::default() };
    let error = failed(Link::Sigmoid, "bce", options, Slices::new(shape, &z, &y));
    assert_eq!(error, unused("spacing", "a map that measures distances, such as `decay`"));
    let slices = Slices { weights: Some(&ones), ..Slices::new(shape, &z, &y) };
    let error = failed(Link::Sigmoid, "dice", Options::default(), slices);
    let expected = "a pixel or class term, or a region term with `weighted=true`";
    assert_eq!(error, unused("weights", expected));
}

#[test]
fn too_many_labels_to_ignore() {
    let shape = Shape::new(1, 1, &[4]).unwrap();
    let options = Options { ignore_index: Ignore::Labels(&[1; 17]), ..Options::default() };
    let slices = Slices::new(shape, &[0f32; 4], &[1u8; 4]);
    let error = failed(Link::Sigmoid, "bce", options, slices);
    assert_eq!(error, Error::Call(segloss_core::Error::Ignored { length: 17 }));
}

#[test]
fn buffers_that_do_not_fit() {
    let (own, other) = (evaluator(), evaluator());
    let buffer = |evaluator: &Evaluator, len| {
        let flags = ocl_core::MemFlags::READ_WRITE;
        // SAFETY: no host memory is given.
        unsafe { ocl_core::create_buffer::<_, f32>(evaluator.context(), flags, len, None) }.unwrap()
    };
    let (logits, targets, foreign) = (buffer(&own, 16), buffer(&own, 16), buffer(&other, 16));
    let loss = Loss::new("bce", Link::Sigmoid).unwrap();
    let tensors = Tensors {
        shape: Shape::new(1, 1, &[4, 4]).unwrap(),
        storage: Storage::F32,
        logits: Array::new(&logits),
        element: Element::F32,
        targets: Array::new(&targets),
        mask: None,
        weights: None,
        maps: &[],
        gradient: None,
    };
    let failed = |tensors: Tensors<'_>| {
        own.enqueue(&loss, &Options::default(), &tensors, &[]).err().unwrap()
    };
    let error = failed(Tensors { targets: Array { memory: &targets, first: 1 }, ..tensors });
    assert_eq!(error, Error::Length { argument: "targets", length: 15, expected: 16 });
    let error = failed(Tensors { gradient: Some(Array::new(&foreign)), ..tensors });
    assert_eq!(error, Error::OtherContext { argument: "gradient" });
    let vast = Shape::new(1, 1, &[usize::MAX / 2, 3]);
    if let Ok(shape) = vast {
        assert!(
            own.enqueue(&loss, &Options::default(), &Tensors { shape, ..tensors }, &[]).is_err()
        );
    }
}

#[test]
fn classes_without_end() {
    let loss = Loss::new("dice", Link::Softmax).unwrap();
    let shape = Shape::new(1, 5000, &[4]).unwrap();
    let error =
        evaluator().source(&loss, &Signature::new(shape, Storage::F32, Element::U8)).unwrap_err();
    assert_eq!(error, Error::Classes { channels: 5000, most: 256 });
}

#[test]
fn work_that_cannot_be_cut() {
    for tuning in [Tuning::Vectors { single: 3, double: 2 }, Tuning::Groups { blocks: 1 << 20 }] {
        assert_eq!(evaluator().tuned(tuning).unwrap_err(), Error::Tuning { tuning });
    }
}

#[test]
fn a_value_without_a_gradient() {
    let (evaluator, loss) = (evaluator(), Loss::new("bce", Link::Sigmoid).unwrap());
    let shape = Shape::new(1, 1, &[4]).unwrap();
    let (z, y) = ([0f32, 1.0, 2.0, -1.0], [1u8; 4]);
    let mut gradient = [0f32; 4];
    let evaluate =
        |slices| -> Report<f64> { evaluator.evaluate(&loss, &Options::default(), slices).unwrap() };
    let alone = evaluate(Slices::new(shape, &z, &y));
    let both = evaluate(Slices { gradient: Some(&mut gradient), ..Slices::new(shape, &z, &y) });
    assert_eq!(alone.value.to_bits(), both.value.to_bits());
    assert!(gradient.iter().all(|&x| x != 0.0));
}
