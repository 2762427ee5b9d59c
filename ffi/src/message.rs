//! What was wrong with a thread's last call that failed.

use core::ffi::c_char;
use core::fmt::{self, Write};
use std::cell::RefCell;

use crate::fault::Reason;
use segloss_c_boundary::boundary::guard;
use segloss_c_boundary::text::copy;

/// Bytes of a message; longer ones are cut.
const LENGTH: usize = 1024;

/// A text of limited length, without an allocation.
struct Message {
    bytes: [u8; LENGTH],
    length: usize,
}

impl Write for Message {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut length = text.len().min(LENGTH - self.length);
        while !text.is_char_boundary(length) {
            length -= 1;
        }
        let end = self.length + length;
        self.bytes[self.length..end].copy_from_slice(&text.as_bytes()[..length]);
        self.length = end;
        if length == text.len() { Ok(()) } else { Err(fmt::Error) }
    }
}

thread_local! {
    // Without a destructor, so that it serves until the thread has ended.
    static LAST: RefCell<Message> =
        const { RefCell::new(Message { bytes: [0; LENGTH], length: 0 }) };
}

/// Keeps the message of `reason` for [`segloss_last_message`].
pub(crate) fn keep(reason: &Reason) {
    LAST.with_borrow_mut(|last| {
        last.length = 0;
        // A message that is cut is better than none.
        let _ = write!(last, "{reason}");
    });
}

/// What was wrong with this thread's last call that failed: the argument, its value, and what was
/// expected. UTF-8, up to 1024 bytes.
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
pub unsafe extern "C" fn segloss_last_message(buffer: *mut c_char, capacity: usize) -> usize {
    guard(0, || {
        LAST.with_borrow(|last| {
            let text = str::from_utf8(&last.bytes[..last.length]).unwrap_or_default();
            // SAFETY: the caller's word.
            unsafe { copy(text, buffer, capacity) }
        })
    })
}
