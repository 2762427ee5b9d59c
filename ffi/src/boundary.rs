use std::panic::{AssertUnwindSafe, catch_unwind};

/// What `body` gives; `otherwise` if it panics. A panic must not unwind into C, which cannot handle it.
pub(crate) fn guard<X>(otherwise: X, body: impl FnOnce() -> X) -> X {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(otherwise)
}
