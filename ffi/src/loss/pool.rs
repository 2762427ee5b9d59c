//! The threads of a loss.

use core::mem;
use std::process;

use rayon::ThreadPool;

/// A pool, and the process that has its threads: a process forked from that one has lost them, and waiting
/// for them would be for ever.
#[derive(Debug)]
pub(super) struct Pool {
    threads: Option<ThreadPool>,
    process: u32,
}

impl Pool {
    /// `threads`, which this process has just started; none for the caller's alone.
    pub(super) fn new(threads: Option<ThreadPool>) -> Self {
        Pool { threads, process: process::id() }
    }

    /// The threads, if this process has them.
    pub(super) fn threads(&self) -> Option<&ThreadPool> {
        // The process is asked for only where there are threads.
        self.threads.as_ref().filter(|_| self.process == process::id())
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        if self.threads().is_none() {
            // There is nobody to stop, and a lock may have been held when the process was forked.
            mem::forget(self.threads.take());
        }
    }
}
