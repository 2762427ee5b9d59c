//! Where panics end. They must not unwind into C, which cannot handle them.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `body`; gives `otherwise` if it panics.
pub fn guard<X>(otherwise: X, body: impl FnOnce() -> X) -> X {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(otherwise)
}

/// Runs the body of a function that C calls. Gives `success`, or what `fail` makes of the body's fault:
/// of `panicked` if it panics.
pub fn run<F, C>(
    success: C,
    panicked: impl FnOnce() -> F,
    fail: impl FnOnce(F) -> C,
    body: impl FnOnce() -> Result<(), F>,
) -> C {
    match guard(None, || Some(body())) {
        Some(Ok(())) => success,
        Some(Err(fault)) => fail(fault),
        None => fail(panicked()),
    }
}
