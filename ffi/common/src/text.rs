//! Texts from C and to C.

use core::ffi::{CStr, c_char};

use crate::argument::BadArgument;

/// Reads a text that the caller lends.
///
/// # Errors
/// A text that is NULL or no UTF-8.
///
/// # Safety
/// `text` is NULL or points to bytes that end with a 0 and are there, unwritten, for `'a`.
pub unsafe fn read<'a>(
    text: *const c_char,
    argument: &'static str,
    field: &'static str,
) -> Result<&'a str, BadArgument> {
    if text.is_null() {
        return Err(BadArgument::Null { argument, field });
    }
    // SAFETY: not NULL, so it ends with a 0.
    let bytes = unsafe { CStr::from_ptr(text) };
    bytes.to_str().map_err(|error| BadArgument::Utf8 { argument, field, at: error.valid_up_to() })
}

/// Writes as much of `text` as fits, and a 0, and returns the length of all of it.
///
/// # Safety
/// `buffer` is NULL or points to `capacity` bytes that may be written.
pub unsafe fn copy(text: &str, buffer: *mut c_char, capacity: usize) -> usize {
    let Some(room) = capacity.checked_sub(1).filter(|_| !buffer.is_null()) else {
        return text.len();
    };
    let mut length = text.len().min(room);
    while !text.is_char_boundary(length) {
        length -= 1;
    }
    let place = buffer.cast::<u8>();
    // SAFETY: `length` bytes and one more are within the capacity, and no Rust text is there.
    unsafe {
        place.copy_from_nonoverlapping(text.as_ptr(), length);
        place.add(length).write(0);
    }
    text.len()
}
