//! The host calls `table`, and reads the text from memory.

use core::fmt::{self, Write};

use segloss_embedded::table;

/// Text up to a fixed length.
#[repr(C)]
struct Text {
    bytes: [u8; 4096],
    length: usize,
}

impl Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length + text.len();
        let place = self.bytes.get_mut(self.length..end).ok_or(fmt::Error)?;
        place.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}

static mut TEXT: Text = Text { bytes: [0; _], length: 0 };

/// Fills the text: 0 if all is as it must be.
#[unsafe(no_mangle)]
extern "C" fn table() -> i32 {
    // SAFETY: there is one thread, and the host calls one function at a time.
    let text = unsafe { &mut *(&raw mut TEXT) };
    text.length = 0;
    i32::from(table::print::<crate::Width>(text).is_err())
}

/// Where the text is.
#[unsafe(no_mangle)]
extern "C" fn text() -> *const u8 {
    (&raw const TEXT).cast()
}

/// How long it is.
#[unsafe(no_mangle)]
extern "C" fn length() -> usize {
    // SAFETY: as above.
    unsafe { (*(&raw const TEXT)).length }
}

#[cfg(not(feature = "vectors"))]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
