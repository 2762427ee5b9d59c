use core::ffi::c_char;
use core::fmt::{self, Write};

/// Text for a person, in the caller's buffer: cut to fit, always terminated.
///
/// The caller's buffer rather than one of the thread's: no state outlives the call, so the message
/// is right for callers that move between threads, and nothing is allocated.
#[derive(Debug)]
pub(crate) struct Message {
    place: *mut u8,
    /// Bytes left, the terminator's not counted.
    left: usize,
}

impl Message {
    /// # Safety
    /// `buffer` is NULL or points to `capacity` bytes that this value alone may write.
    pub(crate) unsafe fn new(buffer: *mut c_char, capacity: usize) -> Option<Self> {
        if buffer.is_null() || capacity == 0 {
            return None;
        }
        let mut message = Message { place: buffer.cast(), left: capacity - 1 };
        message.terminate();
        Some(message)
    }

    fn terminate(&mut self) {
        // SAFETY: `left` leaves out one byte after `place`, for this.
        unsafe { self.place.write(0) };
    }
}

impl Write for Message {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut length = text.len().min(self.left);
        while !text.is_char_boundary(length) {
            length -= 1;
        }
        // SAFETY: `length` is at most `left`, and `text` is not in a buffer lent for writing.
        unsafe {
            self.place.copy_from_nonoverlapping(text.as_ptr(), length);
            self.place = self.place.add(length);
        }
        self.left -= length;
        self.terminate();
        if length == text.len() { Ok(()) } else { Err(fmt::Error) }
    }
}
