//! Evaluation in stages, for images in tiles and for samples on several machines, with the vectors and
//! threads of [`evaluate`](crate::evaluate()) and its bits.
//!
//! Each tile or worker calls [`reduce`]; [`Problem::close`] makes totals of the sums, and
//! [`merge_ranks`](segloss_core::engine::merge_ranks) adds up those of all workers; [`finish`] gives the
//! loss, and the gradient of the tile or worker.

use segloss_core::Error;
use segloss_core::engine::{Problem, Workspace};
#[cfg(feature = "rayon")]
use segloss_core::engine::{Purpose, Sweeps};
use segloss_core::lanes::Real;
use segloss_core::summation::Accumulator;
use segloss_core::view::GradientSink;

use crate::Buffers;
#[cfg(feature = "rayon")]
use crate::threads::{ParallelSweeps, Places};

/// Checks the inputs and adds the sums of each sample to its row of `sums`, zeros before the first tile.
///
/// Going on with the sums of an earlier tile of the same samples gives the bits of one call on the
/// whole, if each tile before the last is a whole number of
/// [`SEGMENT`](segloss_core::summation::SEGMENT)s.
///
/// # Errors
/// Those of [`Problem::check`]; [`Error::Length`] unless there are as many sums as [`Problem::sizes`] says;
/// no memory. `sums` are untouched then.
pub fn reduce<T: Real, A: Accumulator>(
    problem: &Problem<'_, T, A>,
    sums: &mut [A],
    buffers: &mut Buffers<T, A>,
) -> Result<(), Error> {
    let sizes = problem.sizes();
    check_length("sums", sums.len(), sizes.sums)?;
    let mut workspace = buffers.workspace.lend(&sizes)?;
    workspace.sums.copy_from_slice(sums);
    problem.check(&mut workspace)?;
    #[cfg(feature = "rayon")]
    if buffers.is_parallel {
        let mut sweeps = ParallelSweeps { places: None, buffers: &mut buffers.threads };
        sweeps.run(problem, &mut workspace, Purpose::Sums)?;
        sums.copy_from_slice(workspace.sums);
        return Ok(());
    }
    problem.reduce(&mut workspace)?;
    sums.copy_from_slice(workspace.sums);
    Ok(())
}

/// Computes the loss of these totals, of all tiles and workers, and, if `gradient` is given, its gradient in
/// these logits, whose own sums are `sums`.
///
/// # Errors
/// Those of [`Problem::check`] and [`Problem::finish`]; [`Error::Length`] unless there are as many sums and
/// totals as [`Problem::sizes`] says; [`Error::Shape`]; no memory. The gradient is untouched then.
pub fn finish<T: Real, A: Accumulator>(
    problem: &Problem<'_, T, A>,
    sums: &[A],
    totals: &[A],
    gradient: Option<&mut dyn GradientSink<T>>,
    buffers: &mut Buffers<T, A>,
) -> Result<A::Real, Error> {
    let sizes = problem.sizes();
    check_length("sums", sums.len(), sizes.sums)?;
    check_length("totals", totals.len(), sizes.totals)?;
    if let Some(gradient) = &gradient {
        problem.check_gradient(&**gradient)?;
    }
    let mut workspace = buffers.workspace.lend(&sizes)?;
    let Workspace { factors, slopes, .. } = &mut workspace;
    let value = problem.finish(totals, sums, factors, slopes)?;
    if let Some(gradient) = gradient {
        // Also loads class weights. Its counts go nowhere.
        workspace.sums.fill(A::default());
        problem.check(&mut workspace)?;
        #[cfg(feature = "rayon")]
        if buffers.is_parallel {
            let places = Some(Places::new(gradient)?);
            let mut sweeps = ParallelSweeps { places, buffers: &mut buffers.threads };
            sweeps.run(problem, &mut workspace, Purpose::Gradient)?;
            return Ok(value);
        }
        problem.gradient(&mut workspace, gradient)?;
    }
    Ok(value)
}

fn check_length(argument: &'static str, length: usize, expected: usize) -> Result<(), Error> {
    if length == expected {
        return Ok(());
    }
    Err(Error::Length { argument, length, expected })
}
