use segloss_core::maps::Fork;

/// The threads of rayon: those of the pool that the caller is in, else of the global one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Threads;

impl Fork for Threads {
    fn workers(self) -> usize {
        rayon::current_num_threads()
    }

    fn join(self, one: impl FnOnce() + Send, other: impl FnOnce() + Send) {
        rayon::join(one, other);
    }
}
