//! Every recorded value of the source's code and its formulas, on a device in `f64`: where the CPU's tests
//! compare numbers with the record, these compare with the record and with the CPU's bits.

use segloss_conformance::from_text::{Asked, Format, Found};
use segloss_conformance::golden::{self, Case, Input, Losses};
use segloss_conformance::views::targets_shape;
use segloss_core::engine::{Call, Ignore, Link, Scale};
use segloss_core::view::{Layout, View};
use segloss_opencl::{Error, Evaluator, Loss, Options, Slices};
use segloss_simd::AnyLevel;

/// What the engine on the CPU gives, or why not.
fn on_cpu(case: &Case, input: &Input, scales: &[f64]) -> Result<Found<f64>, segloss_core::Error> {
    let asked = case.call();
    let shape = input.logit_shape();
    let base = if asked.softmax { Call::softmax() } else { Call::sigmoid() };
    let scale = if asked.per_sample { Scale::Samples(scales) } else { Scale::Batch(1.0) };
    let call = Call { ignore_index: Ignore::Labels(asked.ignore_index.as_slice()), scale, ..base };
    let layout = Layout::channels_first(targets_shape(base.link, shape))?;
    Format::evaluate(Asked {
        code: AnyLevel::best().into(),
        text: &asked.objective.to_string(),
        call,
        logits: &input.logits,
        shape,
        targets: View::new(&input.targets[..], layout)?.into(),
        given: &[],
        samples: false,
        loss_map: false,
    })
}

/// Compares one case with the CPU; gives whether it could be.
fn compare(evaluator: &Evaluator, losses: &Losses, case: &Case) -> bool {
    let (asked, input) = (case.call(), losses.input(case));
    let shape = input.logit_shape();
    let scales = vec![1.0; shape.batch];
    let expected = on_cpu(case, input, &scales);
    let link = if asked.softmax { Link::Softmax } else { Link::Sigmoid };
    let text = asked.objective.to_string();
    let loss = Loss::new(&text, link).unwrap_or_else(|error| panic!("{error}"));
    let scale = if asked.per_sample { Scale::Samples(&scales) } else { Scale::Batch(1.0) };
    let options = Options {
        ignore_index: Ignore::Labels(asked.ignore_index.as_slice()),
        scale,
        ..Options::default()
    };
    let mut gradient = vec![0.0; input.logits.len()];
    let slices = Slices {
        gradient: Some(&mut gradient),
        ..Slices::new(shape, &input.logits, &input.targets)
    };
    match (evaluator.evaluate(&loss, &options, slices), expected) {
        (Err(Error::NotGiven { .. }), _) => false,
        (Ok(found), Ok(expected)) => {
            let id = &case.id;
            assert_eq!(found.valid, expected.valid, "{id}");
            let same = |a: f64, b: f64| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
            assert!(same(found.value, expected.value), "{id}: {} {}", found.value, expected.value);
            for (i, (&a, &b)) in gradient.iter().zip(&expected.gradient).enumerate() {
                assert!(same(a, b), "{id}, gradient {i}: {a} {b}");
            }
            true
        }
        (Err(Error::Call(found)), Err(expected)) => {
            assert_eq!(found.to_string(), expected.to_string(), "{}", case.id);
            true
        }
        (found, expected) => panic!("{}: {found:?}, on the CPU {expected:?}", case.id),
    }
}

fn compare_all(losses: &Losses, least: usize) {
    let evaluator = Evaluator::new("", "").unwrap_or_else(|error| panic!("{error}"));
    let device = evaluator.device();
    if !device.has_double() {
        // `f64` logits are an error there, which `errors.rs` tests.
        return;
    }
    assert!(device.is_exact::<f64>(), "{device:?} rounds otherwise than IEEE arithmetic");
    let compared = losses.cases.iter().filter(|case| compare(&evaluator, losses, case)).count();
    assert!(compared >= least, "{compared} of {} cases", losses.cases.len());
}

#[test]
#[ignore = "slow: sh tests/run.sh --all"]
fn masks() {
    compare_all(&golden::binary(), 300);
}

#[test]
#[ignore = "slow: sh tests/run.sh --all"]
fn label_maps() {
    compare_all(&golden::multiclass(), 200);
}
