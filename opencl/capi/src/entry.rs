use crate::fault::Fault;
use crate::message;
use crate::result::ResultCode;
use segloss_c_boundary::boundary;

/// Runs the body of a function that C calls, and keeps the message of what was wrong.
pub(crate) fn run(body: impl FnOnce() -> Result<(), Fault>) -> ResultCode {
    let fail = |fault: Fault| {
        message::keep(&fault);
        fault.code()
    };
    boundary::run(ResultCode::Ok, || Fault::Panic, fail, body)
}
