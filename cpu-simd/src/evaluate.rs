use segloss_core::Error;
use segloss_core::engine::{self, Problem, Report, Workspace};
use segloss_core::lanes::Real;
use segloss_core::summation::Accumulator;
use segloss_core::view::GradientSink;

use crate::Buffers;
#[cfg(feature = "rayon")]
use crate::threads::{ParallelSweeps, Places, ThreadBuffers};

/// Computes the loss, and its gradient if `gradient` is given; with feature `rayon` on the threads of the
/// caller's pool, with the same bits.
///
/// `buffers` serve any number of calls; once they have grown to the largest, nothing is allocated.
///
/// # Errors
/// Targets, shapes or options that do not fit, or no memory for the buffers. A gradient that is added to is then
/// untouched; one that is overwritten may hold anything.
pub fn evaluate<T: Real, A: Accumulator>(
    problem: &Problem<'_, T, A>,
    gradient: Option<&mut dyn GradientSink<T>>,
    buffers: &mut Buffers<T, A>,
) -> Result<Report<A::Real>, Error> {
    let mut workspace = buffers.workspace.lend(&problem.sizes())?;
    run(
        problem,
        gradient,
        &mut workspace,
        #[cfg(feature = "rayon")]
        buffers.is_parallel.then_some(&mut buffers.threads),
    )
}

pub(crate) fn run<T: Real, A: Accumulator>(
    problem: &Problem<'_, T, A>,
    gradient: Option<&mut dyn GradientSink<T>>,
    workspace: &mut Workspace<'_, T, A>,
    #[cfg(feature = "rayon")] threads: Option<&mut ThreadBuffers<T, A>>,
) -> Result<Report<A::Real>, Error> {
    #[cfg(feature = "rayon")]
    {
        if let Some(gradient) = &gradient {
            problem.check_gradient(&**gradient)?;
        }
        let Some(threads) = threads else {
            return engine::evaluate(problem, gradient, workspace);
        };
        let places = gradient.map(Places::new).transpose()?;
        engine::evaluate_with(&mut ParallelSweeps { places, buffers: threads }, problem, workspace)
    }
    #[cfg(not(feature = "rayon"))]
    engine::evaluate(problem, gradient, workspace)
}
