use core::ptr;

use ocl_core::Event;

use crate::entry;
use crate::fault::Fault;
use crate::handle::{self, ClMem};
use crate::result::ResultCode;
use segloss_c_boundary::BadArgument;
use segloss_c_boundary::boundary::guard;
use segloss_c_boundary::pointer::{array, check_pointer};
use segloss_core::engine::Report;

/// An evaluation that a device is to do, or has done. Any number of threads may use one at the same time.
/// Since 0.1.
#[derive(Debug)]
pub struct Pending(pub(crate) segloss_opencl::Pending);

impl Pending {
    /// The event of its last command.
    pub(crate) fn last(&self) -> Option<Event> {
        self.0.events().last().cloned()
    }
}

/// Numbers of a report.
pub const SEGLOSS_CL_REPORT_LENGTH: usize = 4;

/// Waits for the evaluation and reads its report, 32 bytes: the value, and how many pixels counted. `value`
/// and `valid` may be NULL.
///
/// Fails with SEGLOSS_CL_RESULT_BAD_TARGET, SEGLOSS_CL_RESULT_BAD_WEIGHT or SEGLOSS_CL_RESULT_BAD_VALUE
/// if the numbers in the buffers are of no use: the message says which and where, and the gradient is
/// untouched; with SEGLOSS_CL_RESULT_DEVICE_LOST if a command failed. Since 0.1.
///
/// # Safety
/// `pending` is NULL or comes from segloss_cl_enqueue and is not freed; `value` and `valid` are NULL or
/// may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segloss_cl_pending_wait(
    pending: *const Pending,
    value: *mut f64,
    valid: *mut u64,
) -> ResultCode {
    entry::run(|| {
        // SAFETY: the caller's word, here and below.
        let pending = unsafe { handle::of(pending, "pending")? };
        // SAFETY: as above.
        unsafe { tell(value, valid, || Ok(pending.0.wait()?)) }
    })
}

/// Where the report lies on the device, to be read by a command of the caller's, once the event of
/// segloss_cl_enqueue is complete, and given to segloss_cl_pending_interpret: SEGLOSS_CL_REPORT_LENGTH
/// numbers of 64 bits, the third the count of pixels, the fourth the bits of the value, a `double` where the
/// device has it, else a `float`; the first is 0 if nothing is wrong. Valid for as long as `pending`; NULL
/// of NULL. Since 0.1.
///
/// # Safety
/// `pending` is NULL or comes from segloss_cl_enqueue and is not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segloss_cl_pending_report(pending: *const Pending) -> *mut ClMem {
    // SAFETY: the caller's word.
    let own = unsafe { pending.as_ref() };
    guard(ptr::null_mut(), || own.map_or(ptr::null_mut(), |own| own.0.report().as_ptr().cast()))
}

/// What a `report` that the caller has read says, as segloss_cl_pending_wait does. Nothing is waited for
/// unless something is wrong in the buffers, which are read then to tell what. Since 0.1.
///
/// # Safety
/// `pending` is NULL or comes from segloss_cl_enqueue and is not freed; `report` is NULL or points to
/// SEGLOSS_CL_REPORT_LENGTH numbers; `value` and `valid` are NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segloss_cl_pending_interpret(
    pending: *const Pending,
    report: *const u64,
    value: *mut f64,
    valid: *mut u64,
) -> ResultCode {
    entry::run(|| {
        // SAFETY: the caller's word, here and below.
        let pending = unsafe { handle::of(pending, "pending")? };
        // SAFETY: as above.
        let report = unsafe { array(report, SEGLOSS_CL_REPORT_LENGTH, "report", "")? };
        let report =
            report.and_then(|report| <[u64; SEGLOSS_CL_REPORT_LENGTH]>::try_from(report).ok());
        let report = report.ok_or(BadArgument::Null { argument: "report", field: "" })?;
        // SAFETY: as above.
        unsafe { tell(value, valid, || Ok(pending.0.interpret(report)?)) }
    })
}

/// # Safety
/// `value` and `valid` are NULL or may be written.
unsafe fn tell(
    value: *mut f64,
    valid: *mut u64,
    report: impl FnOnce() -> Result<Report<f64>, Fault>,
) -> Result<(), Fault> {
    if !value.is_null() {
        check_pointer(value, "value", "")?;
    }
    if !valid.is_null() {
        check_pointer(valid, "valid", "")?;
    }
    let report = report()?;
    // SAFETY: NULL, or aligned and the caller's to be written.
    unsafe {
        if let Some(value) = value.as_mut() {
            *value = report.value;
        }
        if let Some(valid) = valid.as_mut() {
            *valid = report.valid;
        }
    }
    Ok(())
}

/// Frees a handle that no call uses; the evaluation goes on, and its buffers with it. NULL is none, and
/// nothing happens. Since 0.1.
///
/// # Safety
/// `pending` is NULL or comes from segloss_cl_enqueue and is not used any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segloss_cl_pending_free(pending: *mut Pending) {
    // SAFETY: the caller's word.
    unsafe { handle::free(pending) }
}
