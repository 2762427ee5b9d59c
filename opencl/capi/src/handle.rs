//! OpenCL's handles, and the library's own.

use core::ffi::c_void;

use ocl_core::{CommandQueue, Event, Mem, ffi};

use crate::fault::Fault;
use segloss_c_boundary::BadArgument;
use segloss_c_boundary::boundary::guard;
use segloss_c_boundary::pointer::check_pointer;

macro_rules! handle {
    ($($name:ident: $of:literal;)*) => {$(
        #[doc = concat!("What a `", $of, "` points to.")]
        #[repr(C)]
        #[derive(Debug)]
        pub struct $name {
            opaque: [u8; 0],
        }
    )*};
}
handle! {
    ClContext: "cl_context";
    ClDevice: "cl_device_id";
    ClQueue: "cl_command_queue";
    ClMem: "cl_mem";
    ClEvent: "cl_event";
}

fn retained(status: i32, what: &'static str) -> Result<(), Fault> {
    if status == 0 { Ok(()) } else { Err(Fault::Handle { what, status }) }
}

/// A share of a queue.
///
/// # Safety
/// `queue` is a command queue.
pub(crate) unsafe fn queue(queue: *mut c_void) -> Result<CommandQueue, Fault> {
    // SAFETY: the caller's word.
    retained(unsafe { ffi::clRetainCommandQueue(queue) }, "queue")?;
    // SAFETY: the share that was just taken is the one that is given back.
    Ok(unsafe { CommandQueue::from_raw_create_ptr(queue) })
}

/// A share of a buffer.
///
/// # Safety
/// `memory` is a memory object.
pub(crate) unsafe fn memory(memory: *mut c_void, what: &'static str) -> Result<Mem, Fault> {
    // SAFETY: the caller's word.
    retained(unsafe { ffi::clRetainMemObject(memory) }, what)?;
    // SAFETY: the share that was just taken is the one that is given back.
    Ok(unsafe { Mem::from_raw_create_ptr(memory) })
}

/// A share of an event.
///
/// # Safety
/// `event` is NULL or an event.
pub(crate) unsafe fn event(event: *mut c_void) -> Result<Event, Fault> {
    if event.is_null() {
        return Err(BadArgument::Null { argument: "wait", field: "[..]" }.into());
    }
    // SAFETY: the caller's word.
    retained(unsafe { ffi::clRetainEvent(event) }, "wait[..]")?;
    // SAFETY: the share that was just taken is the one that is given back.
    Ok(unsafe { Event::from_raw_create_ptr(event) })
}

/// What is behind one of the library's own handles.
///
/// # Safety
/// `handle` is NULL or comes from the function that makes such and is not freed for `'a`.
pub(crate) unsafe fn of<'a, X>(handle: *const X, argument: &'static str) -> Result<&'a X, Fault> {
    check_pointer(handle, argument, "")?;
    // SAFETY: the caller's word.
    Ok(unsafe { &*handle })
}

/// Hands out what `make` gives, if there is a place for it.
///
/// # Safety
/// `place` is NULL or points to a pointer that may be written.
pub(crate) unsafe fn hand_out<X>(
    place: *mut *mut X,
    argument: &'static str,
    make: impl FnOnce() -> Result<X, Fault>,
) -> Result<(), Fault> {
    check_pointer(place, argument, "")?;
    let own = Box::into_raw(Box::new(make()?));
    // SAFETY: neither NULL nor misaligned, so the caller's to be written.
    unsafe { place.write(own) };
    Ok(())
}

/// Frees what [`hand_out`] gave. NULL is nothing.
///
/// # Safety
/// `handle` is NULL or comes from [`hand_out`] and is not used any more.
pub(crate) unsafe fn free<X>(handle: *mut X) {
    guard((), || {
        if !handle.is_null() {
            // SAFETY: it was made by `Box::into_raw` and is the caller's last pointer to it.
            drop(unsafe { Box::from_raw(handle) });
        }
    });
}
