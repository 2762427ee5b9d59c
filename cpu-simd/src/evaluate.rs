use segloss_core::Error;
use segloss_core::compose::Program;
use segloss_core::engine::{self, Problem, Report, Workspace};
use segloss_core::lanes::Real;
use segloss_core::level::Level;
use segloss_core::summation::Accumulator;
use segloss_core::view::{LogitSource, TargetSource};

use crate::sink::MemorySink;
#[cfg(feature = "rayon")]
use crate::threads::{AtOnce, Places, ThreadBuffers};
use crate::{AnyLevel, Buffers, with_level};

/// The loss, and its gradient if `gradient` is given, at `level`; with feature `rayon` on the threads of
/// the caller's pool, with the same bits.
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
    G: MemorySink<T>,
{
    let mut workspace = buffers.workspace.lend(&problem.sizes())?;
    with_level!(level, level => run(
        level,
        problem,
        gradient,
        &mut workspace,
        #[cfg(feature = "rayon")]
        buffers.at_once.then_some(&mut buffers.threads),
    ))
}

pub(crate) fn run<Lv, T, A, P, Z, Y, G>(
    level: Lv,
    problem: &Problem<'_, T, A, P, Z, Y>,
    gradient: Option<&mut G>,
    workspace: &mut Workspace<'_, T, A>,
    #[cfg(feature = "rayon")] threads: Option<&mut ThreadBuffers<T, A>>,
) -> Result<Report<A::Real>, Error>
where
    Lv: Level,
    T: Real,
    A: Accumulator,
    P: Program<T, A>,
    Z: LogitSource<T>,
    Y: TargetSource,
    G: MemorySink<T>,
{
    #[cfg(feature = "rayon")]
    {
        if let Some(gradient) = &gradient {
            problem.check_gradient(&**gradient)?;
        }
        let places = gradient.map(Places::new).transpose()?;
        let mut sweeps = AtOnce { level, places, buffers: threads };
        engine::evaluate_with(&mut sweeps, problem, workspace)
    }
    #[cfg(not(feature = "rayon"))]
    engine::evaluate(level, problem, gradient, workspace)
}
