//! Where calls from C come in and results go out.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::fault::Fault;
use crate::message;
use crate::result::ResultCode;

/// Runs the body of a function that C calls: keeps the message of what was wrong, and keeps a panic
/// from unwinding into C, which cannot handle it.
pub(crate) fn run(body: impl FnOnce() -> Result<(), Fault>) -> ResultCode {
    let Err(fault) = catch_unwind(AssertUnwindSafe(body)).unwrap_or(Err(Fault::Panic)) else {
        return ResultCode::Ok;
    };
    message::keep(&fault);
    fault.code()
}

/// The same for what cannot fail: `otherwise` stands for a panic.
pub(crate) fn give<X>(otherwise: X, body: impl FnOnce() -> X) -> X {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(otherwise)
}
