//! Evaluation of a loss from its text, into fresh buffers.

use segloss_core::Error;
use segloss_core::engine::Call;
use segloss_core::lanes::Real;
use segloss_core::view::{Layout, Logit, NoGradient, Shape, TargetSource, View, ViewMut, Weights};
use segloss_simd::{AnyLevel, Buffers, Library, Loss, Outputs};

/// What a call gave.
#[derive(Clone, Debug, PartialEq)]
pub struct Found<T> {
    /// The loss.
    pub value: f64,
    /// Pixels that counted.
    pub valid: u64,
    /// Channels first, packed.
    pub gradient: Vec<T>,
    /// The loss of each sample, if it was asked for.
    pub samples: Vec<f64>,
}

/// The loss `text` under the call's link, with packed logits of `shape`.
///
/// # Errors
/// The engine's, after checking that outputs are untouched.
///
/// # Panics
/// If the text is no loss.
#[allow(clippy::too_many_arguments, reason = "all that a call takes")]
pub fn evaluate<T, Y>(
    level: AnyLevel,
    text: &str,
    call: Call<'_>,
    logits: &[T],
    shape: Shape,
    targets: &Y,
    given: &[(&str, Weights<'_>)],
    with_samples: bool,
) -> Result<Found<T>, Error>
where
    T: Real + Logit<Compute = T>,
    Y: TargetSource,
{
    let library = Library::<T>::new(level);
    let loss = Loss::new(&library, text, call.link).unwrap_or_else(|error| panic!("{error}"));
    let before = T::round_from(-7.0);
    let mut gradient = vec![before; logits.len()];
    let mut samples = vec![-7.0; if with_samples { shape.batch } else { 0 }];
    let layout = Layout::channels_first(shape)?;
    let mut sink = ViewMut::new(&mut gradient, layout)?;
    let outputs = Outputs {
        gradient: Some(&mut sink),
        samples: with_samples.then_some(&mut samples[..]),
        loss_map: None::<&mut NoGradient>,
    };
    let z = View::new(logits, layout)?;
    match loss.evaluate(call, &z, targets, given, outputs, &mut Buffers::new()) {
        Ok(report) => Ok(Found { value: report.value, valid: report.valid, gradient, samples }),
        Err(error) => {
            assert!(gradient.iter().all(|g| *g == before), "gradient written despite {error}");
            assert!(samples.iter().all(|x| *x == -7.0), "samples written despite {error}");
            Err(error)
        }
    }
}
