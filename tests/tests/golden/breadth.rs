//! Recorded values of losses that the source does not have, through the text form: in `f64` to its last digits, in `f32`,
//! and with the same bits by all code there is.

use segloss_conformance::code::Code;
use segloss_conformance::from_text::{Asked, Format, Found};
use segloss_conformance::golden::{self, Recorded, RecordedCase};
use segloss_conformance::views::{packed, targets_shape};
use segloss_core::engine::{Call, Ignore};
use segloss_core::view::Weights;

fn run<T: Format>(recorded: &Recorded, case: &RecordedCase, code: Code) -> Found<T> {
    let input = recorded.input(case);
    let logits: Vec<T> = input.logits.iter().map(|&z| T::round_from(z)).collect();
    let (link, shape) = (input.link(), input.shape());
    let map = input.map.as_ref().map(|map| Weights::F64(packed(map, shape.with_channels(1))));
    let text = case.text();
    let call = Call {
        ignore_index: Ignore::Labels(&[255]),
        weights: map.filter(|_| text.contains("weighted")),
        ..Call::of(link)
    };
    let targets = packed(input.targets(), targets_shape(link, shape)).into();
    let (samples, loss_map) = (false, false);
    let (text, logits) = (&text, &logits);
    T::evaluate(Asked { code, text, call, logits, shape, targets, given: &[], samples, loss_map })
        .unwrap_or_else(|error| panic!("{}: {error}", case.id))
}

/// Compares a case; `value` is relative, `gradient` relative to the largest.
fn compare<T: Format>(recorded: &Recorded, case: &RecordedCase, value: f64, gradient: f64) {
    let found = run::<T>(recorded, case, Code::Scalar);
    let (id, floor) = (&case.id, if T::DOUBLE { 1e-300 } else { 1e-30 });
    let error = (found.value - case.exact_value).abs();
    assert!(
        error <= value * case.exact_value.abs() + floor,
        "{id}: {} {}",
        found.value,
        case.exact_value
    );
    let largest = case.exact_grad.iter().fold(0f64, |m, g| m.max(g.abs()));
    for (found, exact) in found.gradient.iter().zip(&case.exact_grad) {
        let error = (found.widen() - exact).abs();
        assert!(error <= gradient * largest + floor, "{id}: {found:?} {exact} of {largest}");
    }
    let bits = |found: &Found<T>| -> Vec<u64> {
        let gradient = found.gradient.iter().map(|g| g.widen());
        gradient.chain([found.value]).map(f64::to_bits).collect()
    };
    for code in Code::all() {
        let again = run::<T>(recorded, case, code);
        assert_eq!(bits(&again), bits(&found), "{id} by {}", code.name());
    }
}

/// How much larger the bound of `f32` is where logits of a pixel are far apart.
fn conditioning(recorded: &Recorded, case: &RecordedCase) -> f64 {
    1.0 + recorded.input(case).logits.iter().fold(0f64, |m, z| m.max(z.abs())).min(90.0)
}

fn compare_all(recorded: &Recorded, count: usize) {
    for case in &recorded.cases {
        compare::<f64>(recorded, case, 1e-13, 1e-12);
        compare::<f32>(recorded, case, 2e-7, 2e-7 * conditioning(recorded, case));
    }
    assert_eq!(recorded.cases.len(), count);
}

#[test]
fn regions() {
    compare_all(&golden::regions(), 180);
}

#[test]
fn pixels() {
    compare_all(&golden::pixels(), 32);
}

/// Evaluates the sums of `docs/losses.md`. The mean of focal loss is over the number of pixels plus 1e-6, of which there are 40.
#[test]
fn sums_with_names() {
    let recorded = golden::sums();
    for case in &recorded.cases {
        compare::<f64>(&recorded, case, 3e-8, 3e-8);
        compare::<f32>(&recorded, case, 2e-7, 2e-7 * conditioning(&recorded, case));
    }
    assert_eq!(recorded.cases.len(), 9);
}
