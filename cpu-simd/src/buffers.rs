use crate::computed_maps::ComputedMaps;
#[cfg(feature = "rayon")]
use crate::threads::ThreadBuffers;
use crate::workspace::WorkspaceBuffers;
use segloss_core::Error;
use segloss_core::engine::{Sizes, Workspace};
use segloss_core::lanes::Real;
use segloss_core::summation::Accumulator;

/// Owned storage for evaluations. Grows to what the largest call needs, then allocates no more.
#[derive(Debug)]
pub struct Buffers<T, A = f64> {
    pub(crate) workspace: WorkspaceBuffers<T, A>,
    pub(crate) maps: ComputedMaps<T>,
    #[cfg(feature = "rayon")]
    pub(crate) threads: ThreadBuffers<T, A>,
    /// Whether there may be several threads.
    #[cfg(feature = "rayon")]
    pub(crate) is_parallel: bool,
}

impl<T, A> Default for Buffers<T, A> {
    fn default() -> Self {
        Buffers {
            workspace: WorkspaceBuffers::default(),
            maps: ComputedMaps::default(),
            #[cfg(feature = "rayon")]
            threads: ThreadBuffers::default(),
            #[cfg(feature = "rayon")]
            is_parallel: true,
        }
    }
}

impl<T: Real, A: Accumulator> Buffers<T, A> {
    /// Nothing allocated yet.
    pub fn new() -> Self {
        Buffers::default()
    }

    /// Whether calls may run on several threads, as they do at first, or stay on the caller's: then
    /// nothing is asked of rayon, which would start its threads to answer.
    #[cfg(feature = "rayon")]
    pub fn use_threads(&mut self, may_use: bool) {
        self.is_parallel = may_use;
    }

    /// A workspace of these sizes.
    ///
    /// # Errors
    /// [`Error::Memory`] if the system does not give that much.
    pub fn lend(&mut self, sizes: &Sizes) -> Result<Workspace<'_, T, A>, Error> {
        self.workspace.lend(sizes)
    }
}
