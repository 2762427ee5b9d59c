//! What was wrong with a thread's last call that failed.

use core::ffi::c_char;
use std::cell::RefCell;

use crate::fault::Fault;
use segloss_c_boundary::boundary::guard;
use segloss_c_boundary::text::copy;

thread_local! {
    static LAST: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Keeps the message of `fault` for [`segloss_cl_last_message`].
pub(crate) fn keep(fault: &Fault) {
    let message = fault.to_string();
    // A thread that is ending has no use for it.
    let _ = LAST.try_with(|last| last.replace(message));
}

/// What was wrong with this thread's last call that failed: the argument, its value, and what was
/// expected; or what OpenCL reported, with the whole log of a program that did not build. UTF-8.
///
/// Writes as much as fits, and a terminating 0, to `buffer`, of `capacity` bytes; NULL and 0 write
/// nothing. Returns the length of the whole message, the 0 not counted: as much or more than `capacity`
/// means that it was cut. A call that succeeds leaves the message as it was.
///
/// May be called from any thread; each has a message of its own. Since 0.1.
///
/// # Safety
/// `buffer` is NULL or points to `capacity` bytes that may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segloss_cl_last_message(buffer: *mut c_char, capacity: usize) -> usize {
    guard(0, || {
        let text = LAST.try_with(|last| last.borrow().clone()).unwrap_or_default();
        // SAFETY: the caller's word.
        unsafe { copy(&text, buffer, capacity) }
    })
}
