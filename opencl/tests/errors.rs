//! What does not fit is an error that names it, never a panic.

mod common;

use common::evaluator;
use segloss_core::compose::{class, pixel};
use segloss_core::engine::Call;
use segloss_core::pixel::Bce;
use segloss_core::view::{Shape, Write};
use segloss_opencl::{Error, Evaluator};

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

#[test]
fn inputs_that_do_not_fit() {
    let evaluator = evaluator();
    let shape = Shape::new(1, 1, &[4]).unwrap();
    let (bce, call) = (pixel(1.0, Bce), Call::sigmoid());
    let (z, y) = ([0.0f32; 4], [1u8; 4]);

    let error = evaluator.evaluate(&bce, call, &z[..3], shape, &y, true).unwrap_err();
    assert_eq!(error, Error::Length { argument: "logits", length: 3, expected: 4 });
    let error = evaluator.evaluate(&bce, call, &z, shape, &[1u8; 5], true).unwrap_err();
    assert_eq!(error, Error::Length { argument: "targets", length: 5, expected: 4 });
    let none = Shape::new(1, 1, &[0]).unwrap();
    let error = evaluator.evaluate(&bce, call, &[0f32; 0], none, &[0u8; 0], true).unwrap_err();
    assert!(matches!(error, Error::Call(segloss_core::Error::Empty { .. })), "{error}");
    let error = evaluator.evaluate(&bce, call, &z, shape, &[2f32; 4], true).unwrap_err();
    assert!(matches!(error, Error::Call(segloss_core::Error::Share { .. })), "{error}");
    let error = evaluator.evaluate(&bce, Call::softmax(), &z, shape, &y, true).unwrap_err();
    assert!(matches!(error, Error::Call(segloss_core::Error::Channels { .. })), "{error}");
    let classes = Shape::new(1, 2, &[2]).unwrap();
    let ce = class(1.0, segloss_core::class::Ce);
    let error = evaluator.evaluate(&ce, Call::softmax(), &z, classes, &[0u8, 2], true).unwrap_err();
    assert!(matches!(error, Error::Call(segloss_core::Error::Label { .. })), "{error}");
    let add = Call { write: Write::Accumulate, ..call };
    let error = evaluator.evaluate(&bce, add, &z, shape, &y, true).unwrap_err();
    assert_eq!(error, Error::Accumulate);
}

#[test]
fn a_value_without_a_gradient() {
    let evaluator = evaluator();
    let shape = Shape::new(1, 1, &[4]).unwrap();
    let z = [0.0f32, 1.0, 2.0, -1.0];
    let bce = pixel(1.0, Bce);
    let alone = evaluator.evaluate(&bce, Call::sigmoid(), &z, shape, &[1u8; 4], false).unwrap();
    let both = evaluator.evaluate(&bce, Call::sigmoid(), &z, shape, &[1u8; 4], true).unwrap();
    assert_eq!(alone.value.to_bits(), both.value.to_bits());
    assert!(alone.gradient.is_none() && both.gradient.is_some());
}
