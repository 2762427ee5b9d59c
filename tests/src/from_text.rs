//! Evaluation of a loss from its text, into fresh buffers.

use segloss_core::Error;
use segloss_core::compose::Registry;
use segloss_core::engine::Call;
use segloss_core::lanes::Real;
use segloss_core::level::Scalar;
use segloss_core::view::{
    GradientSink, Layout, Logit, Shape, Targets, View, ViewMut, Weights, Write,
};
use segloss_simd::{Buffers, Library, Loss, Outputs};

use crate::code::{Code, evaluate_by_core};

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
    /// The loss of each pixel, packed, if it was asked for.
    pub loss_map: Vec<T>,
}

/// A call by text, and what it is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a, T> {
    /// What computes it.
    pub code: Code,
    /// The loss, under the call's link.
    pub text: &'a str,
    /// The rest of the call.
    pub call: Call<'a>,
    /// Packed, channels first.
    pub logits: &'a [T],
    /// The logits' shape.
    pub shape: Shape,
    /// Targets of any type.
    pub targets: Targets<'a>,
    /// Maps by name.
    pub given: &'a [(&'a str, Weights<'a>)],
    /// Whether the loss of each sample is asked for.
    pub samples: bool,
    /// Whether the loss of each pixel is asked for.
    pub loss_map: bool,
}

/// A format of logits for which every loss is compiled once, here, instead of in every test.
pub trait Format: Real + Logit<Compute = Self> {
    /// Evaluates with packed logits.
    ///
    /// # Errors
    /// The engine's, after checking that outputs are untouched.
    ///
    /// # Panics
    /// If the text is no loss.
    fn evaluate(asked: Asked<'_, Self>) -> Result<Found<Self>, Error>;
}

macro_rules! format {
    ($($float:ident),*) => {$(
        impl Format for $float {
            #[inline(never)]
            fn evaluate(asked: Asked<'_, Self>) -> Result<Found<Self>, Error> {
                evaluate_as(asked)
            }
        }
    )*};
}
format!(f32, f64);

fn evaluate_as<T: Format>(asked: Asked<'_, T>) -> Result<Found<T>, Error> {
    let Asked { call, shape, targets, .. } = asked;
    let before = T::round_from(-7.0);
    let mut gradient = vec![before; asked.logits.len()];
    let mut samples = vec![-7.0; if asked.samples { shape.batch } else { 0 }];
    let of_targets = *targets.layout().shape();
    let pixels = of_targets.batch * of_targets.channels * of_targets.pixels();
    let mut loss_map = vec![before; if asked.loss_map { pixels } else { 0 }];
    let layout = Layout::channels_first(shape)?;
    let mut sink = ViewMut::new(&mut gradient, layout)?;
    let mut map = match asked.loss_map {
        true => Some(ViewMut::new(&mut loss_map, Layout::channels_first(of_targets)?)?),
        false => None,
    };
    let outputs = Outputs {
        gradient: Some(&mut sink),
        samples: asked.samples.then_some(&mut samples[..]),
        loss_map: map.as_mut().map(|map| map as &mut dyn GradientSink<T>),
    };
    let z = View::new(asked.logits, layout)?;
    let report = match asked.code {
        Code::Scalar => {
            let registry = Registry::builtin::<Scalar>();
            evaluate_by_core(registry, asked.text, call, z.into(), targets, asked.given, outputs)
        }
        Code::Level(level) => {
            let library = Library::<T>::new(level);
            let loss = Loss::new(&library, asked.text, call.link);
            let loss = loss.unwrap_or_else(|error| panic!("{error}"));
            loss.evaluate(call, z, targets, asked.given, outputs, &mut Buffers::new())
        }
    };
    match report {
        Ok(report) => {
            Ok(Found { value: report.value, valid: report.valid, gradient, samples, loss_map })
        }
        Err(error) => {
            // A share that is none may be found by the sweep that writes the gradient.
            let may_be_written =
                matches!(error, Error::Share { .. }) && call.write == Write::Overwrite;
            let values = gradient.iter().filter(|_| !may_be_written).chain(&loss_map);
            assert!(values.into_iter().all(|x| *x == before), "written despite {error}");
            assert!(samples.iter().all(|x| *x == -7.0), "samples written despite {error}");
            Err(error)
        }
    }
}

/// Evaluates `text` under the call's link, with packed logits of `shape`: value and gradient.
///
/// # Errors
/// The engine's, after checking that outputs are untouched.
///
/// # Panics
/// If the text is no loss.
pub fn evaluate<'a, T: Format>(
    code: impl Into<Code>,
    text: &str,
    call: Call<'_>,
    logits: &[T],
    shape: Shape,
    targets: impl Into<Targets<'a>>,
) -> Result<Found<T>, Error> {
    let (code, targets) = (code.into(), targets.into());
    let (given, samples, loss_map) = (&[][..], false, false);
    T::evaluate(Asked { code, text, call, logits, shape, targets, given, samples, loss_map })
}
