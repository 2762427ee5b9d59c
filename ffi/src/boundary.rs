use std::panic::{AssertUnwindSafe, catch_unwind};

/// Keeps a panic from unwinding into C, which cannot handle it: it becomes the error `panicked`.
pub(crate) fn guard<E>(panicked: E, body: impl FnOnce() -> Result<(), E>) -> Result<(), E> {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(Err(panicked))
}
