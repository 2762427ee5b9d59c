use core::ffi::{c_char, c_void};
use core::ptr;

use crate::entry;
use crate::handle::{self, ClContext, ClDevice, ClQueue};
use crate::result::ResultCode;
use segloss_c_boundary::boundary::guard;
use segloss_c_boundary::pointer::check_pointer;
use segloss_c_boundary::text;

/// Evaluates losses on a device, in a context: keeps the programs that are built for it.
///
/// Any number of threads may use one at the same time. Since 0.1.
#[derive(Debug)]
pub struct Evaluator(pub(crate) segloss_opencl::Evaluator);

/// An evaluator on the first device with `device` in its name, on a platform with `platform` in its name,
/// with a context and an in-order queue of its own; into `evaluator`, for segloss_cl_evaluator_free to
/// free. Empty texts are in every name.
///
/// Fails with SEGLOSS_CL_RESULT_NO_PLATFORM or SEGLOSS_CL_RESULT_NO_DEVICE, whose message names the
/// devices there are. Since 0.1.
///
/// # Safety
/// Pointers are NULL or point to what their types say; texts end with a 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segloss_cl_evaluator_new(
    platform: *const c_char,
    device: *const c_char,
    evaluator: *mut *mut Evaluator,
) -> ResultCode {
    entry::run(|| {
        // SAFETY: the caller's word, here and below.
        let platform = unsafe { text::read(platform, "platform", "")? };
        // SAFETY: as above.
        let device = unsafe { text::read(device, "device", "")? };
        let make = || Ok(Evaluator(segloss_opencl::Evaluator::new(platform, device)?));
        // SAFETY: as above.
        unsafe { handle::hand_out(evaluator, "evaluator", make) }
    })
}

/// An evaluator in the caller's own context, which it retains, on one of its devices; into `evaluator`,
/// for segloss_cl_evaluator_free to free. Calls name their queues; a call that names none is added to an
/// in-order queue that the evaluator makes.
///
/// Fails with SEGLOSS_CL_RESULT_OTHER_DEVICE if the context is without the device. Since 0.1.
///
/// # Safety
/// `context` and `device` are NULL or valid handles; `evaluator` is NULL or points to a place for a
/// pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segloss_cl_evaluator_within(
    context: *mut ClContext,
    device: *mut ClDevice,
    evaluator: *mut *mut Evaluator,
) -> ResultCode {
    entry::run(|| {
        check_pointer(context, "context", "")?;
        check_pointer(device, "device", "")?;
        let make = || {
            let (context, device) = (context.cast::<c_void>(), device.cast::<c_void>());
            // SAFETY: the caller's word.
            let own =
                unsafe { segloss_opencl::Evaluator::from_raw(context, device, ptr::null_mut())? };
            Ok(Evaluator(own))
        };
        // SAFETY: the caller's word.
        unsafe { handle::hand_out(evaluator, "evaluator", make) }
    })
}

/// The context that its buffers belong to, valid for as long as the evaluator; NULL of NULL. Since 0.1.
///
/// # Safety
/// `evaluator` is NULL or comes from one of the functions that make such and is not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segloss_cl_evaluator_context(
    evaluator: *const Evaluator,
) -> *mut ClContext {
    // SAFETY: the caller's word.
    let own = unsafe { evaluator.as_ref() };
    guard(ptr::null_mut(), || own.map_or(ptr::null_mut(), |own| own.0.context().as_ptr().cast()))
}

/// Its device; NULL of NULL. Since 0.1.
///
/// # Safety
/// `evaluator` is NULL or comes from one of the functions that make such and is not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segloss_cl_evaluator_device(evaluator: *const Evaluator) -> *mut ClDevice {
    // SAFETY: the caller's word.
    let own = unsafe { evaluator.as_ref() };
    guard(ptr::null_mut(), || {
        own.map_or(ptr::null_mut(), |own| own.0.device().id().as_raw().cast())
    })
}

/// The queue of calls that name none, valid for as long as the evaluator; NULL of NULL. Since 0.1.
///
/// # Safety
/// `evaluator` is NULL or comes from one of the functions that make such and is not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segloss_cl_evaluator_queue(evaluator: *const Evaluator) -> *mut ClQueue {
    // SAFETY: the caller's word.
    let own = unsafe { evaluator.as_ref() };
    guard(ptr::null_mut(), || own.map_or(ptr::null_mut(), |own| own.0.queue().as_ptr().cast()))
}

/// Frees an evaluator that no call uses; evaluations that were added to queues go on. NULL is none, and
/// nothing happens. Since 0.1.
///
/// # Safety
/// `evaluator` is NULL or comes from one of the functions that make such and is not used any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segloss_cl_evaluator_free(evaluator: *mut Evaluator) {
    // SAFETY: the caller's word.
    unsafe { handle::free(evaluator) }
}
