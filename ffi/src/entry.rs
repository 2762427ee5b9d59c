use crate::boundary::guard;
use crate::fault::Fault;
use crate::message;
use crate::result::ResultCode;

/// Runs the body of a function that C calls, and keeps the message of what was wrong.
pub(crate) fn run(body: impl FnOnce() -> Result<(), Fault>) -> ResultCode {
    match guard(Err(Fault::Panic), body) {
        Ok(()) => ResultCode::Ok,
        Err(fault) => {
            message::keep(&fault);
            fault.code()
        }
    }
}
