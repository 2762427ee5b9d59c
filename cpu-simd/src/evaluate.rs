use segloss_core::Error;
use segloss_core::compose::Program;
use segloss_core::engine::{self, Problem, Report};
use segloss_core::lanes::Real;
use segloss_core::summation::Accumulator;
use segloss_core::view::{GradientSink, LogitSource, TargetSource};

use crate::{AnyLevel, Buffers, with_level};

/// The loss, and its gradient if `gradient` is given, at `level`.
///
/// `buffers` serve any number of calls; once they have grown to the largest, nothing is allocated.
///
/// # Errors
/// Targets, shapes or options that do not fit, or no memory for the buffers. The gradient is then untouched.
pub fn evaluate<T, A, P, Z, Y, G>(
    level: AnyLevel,
    problem: &Problem<'_, T, A, P, Z, Y>,
    gradient: Option<&mut G>,
    buffers: &mut Buffers<T, A>,
) -> Result<Report<A::Real>, Error>
where
    T: Real,
    A: Accumulator,
    P: Program<T, A>,
    Z: LogitSource<T>,
    Y: TargetSource,
    G: GradientSink<T>,
{
    let mut workspace = buffers.lend(&problem.sizes())?;
    with_level!(level, level => engine::evaluate(level, problem, gradient, &mut workspace))
}
