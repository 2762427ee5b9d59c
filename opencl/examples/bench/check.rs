use segloss_opencl::{Evaluator, Loss, Options, Slices};

use crate::Outcome;
use crate::host::Host;
use crate::inputs::Inputs;
use crate::work::Work;

/// What a comparison with the CPU found.
#[derive(Debug, serde::Serialize)]
pub struct Checked {
    pub loss: String,
    /// Whether value and gradient are equal in every bit.
    pub same_bits: bool,
    /// The value's distance, relative to it, and the gradient's, relative to its largest number.
    pub value_error: f64,
    pub gradient_error: f64,
    /// Whether that is within what is promised of `f32`.
    pub passed: bool,
}

/// Evaluates a loss on the device and on the CPU: two samples whose sides are primes.
pub fn check(evaluator: &Evaluator, host: &mut Host, work: &Work) -> Outcome<Checked> {
    let inputs = Inputs::new(work, 2, &[61, 67])?;
    let mut expected = vec![0.0; inputs.logits.len()];
    let on_host = host.evaluate(work, &inputs, &mut expected)?;
    let loss = Loss::new(&work.text, work.link).map_err(|error| error.to_string())?;
    let mut found = vec![0.0; inputs.logits.len()];
    let slices = Slices {
        gradient: Some(&mut found),
        ..Slices::new(inputs.shape, &inputs.logits, &inputs.targets)
    };
    let on_device = evaluator.evaluate(&loss, &Options::default(), slices)?;
    let bits = |numbers: &[f32]| numbers.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    let same_bits =
        on_device.value.to_bits() == on_host.value.to_bits() && bits(&found) == bits(&expected);
    let largest = expected.iter().fold(0f32, |most, x| most.max(x.abs()));
    let apart = found.iter().zip(&expected).fold(0f32, |most, (a, b)| most.max((a - b).abs()));
    let value_error = ((on_device.value - on_host.value) / on_host.value).abs();
    let gradient_error = f64::from(apart / largest);
    let is_exact = evaluator.device().is_exact::<f32>() && evaluator.device().has_double();
    let is_near = value_error <= 2e-6 && gradient_error <= 5e-7 * 8.0;
    let passed = on_device.valid == on_host.valid && if is_exact { same_bits } else { is_near };
    Ok(Checked { loss: work.name(), same_bits, value_error, gradient_error, passed })
}
