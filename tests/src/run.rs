//! Evaluation of anything into fresh buffers.

use segloss_core::Error;
use segloss_core::compose::Program;
use segloss_core::engine::{Call, Problem, evaluate};
use segloss_core::lanes::Real;
use segloss_core::view::{Layout, Logit, Logits, Targets, ViewMut};
use segloss_simd::Buffers;

/// What a call gave.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome<T> {
    /// The loss.
    pub value: f64,
    /// Pixels that counted.
    pub valid: u64,
    /// The gradient buffer, in its own layout.
    pub gradient: Vec<T>,
}

impl<T: Real> Outcome<T> {
    /// All of it, so that it compares bit for bit, as [`bits`] do.
    pub fn bits(&self) -> Vec<u64> {
        let gradient = self.gradient.iter().map(|g| bits(g.widen()));
        [bits(self.value), self.valid].into_iter().chain(gradient).collect()
    }
}

/// Returns bits that compare. NaN compares as NaN, whatever its payload.
pub fn bits(x: f64) -> u64 {
    if x.is_nan() { f64::NAN.to_bits() } else { x.to_bits() }
}

/// Evaluates with a gradient buffer that holds `before` and is laid out as `layout` says.
///
/// # Errors
/// The engine's, after checking that the gradient is untouched.
pub fn run<'a, E>(
    call: Call<'a>,
    program: &'a dyn Program<E::Compute, f64>,
    logits: impl Into<Logits<'a, E::Compute>>,
    targets: impl Into<Targets<'a>>,
    layout: Layout,
    before: E,
) -> Result<Outcome<E>, Error>
where
    E: Logit + PartialEq + core::fmt::Debug,
{
    let problem = Problem::new(call, program, logits, targets)?;
    let mut buffers = Buffers::<E::Compute>::new();
    let mut workspace = buffers.lend(&problem.sizes())?;
    let mut gradient = vec![before; layout.span()];
    let report = {
        let mut sink = ViewMut::new(&mut gradient, layout)?;
        evaluate(&problem, Some(&mut sink), &mut workspace)
    };
    match report {
        Ok(report) => Ok(Outcome { value: report.value, valid: report.valid, gradient }),
        Err(error) => {
            assert!(gradient.iter().all(|g| *g == before), "gradient written despite {error}");
            Err(error)
        }
    }
}
