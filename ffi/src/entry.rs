use crate::fault::{Fault, Reason};
use crate::result::ResultCode;
use segloss_c_boundary::boundary;

/// Runs the body of a function that C calls.
pub(crate) fn run(body: impl FnOnce() -> Result<(), Fault>) -> ResultCode {
    boundary::run(ResultCode::Ok, || Reason::Panic.into(), Fault::code, body)
}
