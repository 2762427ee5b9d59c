/// How work is divided among threads. Results do not depend on it.
pub trait Fork: Copy + Send + Sync {
    /// Parts that are worth having, 1 or more.
    fn workers(self) -> usize;
    /// Runs both, at the same time if it can.
    fn join(self, one: impl FnOnce() + Send, other: impl FnOnce() + Send);
}

/// The calling thread alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct Serial;

impl Fork for Serial {
    fn workers(self) -> usize {
        1
    }

    fn join(self, one: impl FnOnce() + Send, other: impl FnOnce() + Send) {
        one();
        other();
    }
}
