use core::ffi::c_char;

use crate::fault::Fault;
use crate::message::Message;
use crate::tensor::check_pointer;

/// How logits become probabilities.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// Each channel by itself, with targets of the logits' shape from 0 to 1. The loss is
    /// 0.5 bce + 0.5 dice.
    Sigmoid = 0,
    /// All channels together, with one label per pixel and 255 for pixels that do not count. The
    /// loss is 0.5 ce + 0.5 dice.
    Softmax = 1,
}

/// What a call is asked to do. Start from SEGLOSS_OPTIONS_INIT.
///
/// Later versions add fields at the end, where 0 asks for what the library did before.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Bytes of this struct as the caller knows it: sizeof(segloss_options).
    pub struct_size: u32,
    /// A segloss_link.
    pub link: i32,
    /// NULL, or where a message for a person goes: what was wrong, by argument and value; empty
    /// after success. UTF-8, terminated, cut to fit. Not written if `struct_size` is not known.
    pub message: *mut c_char,
    /// Bytes at `message`.
    pub message_capacity: usize,
}

/// A struct larger than this is a mistake, not a later version, and is not looked at.
const LARGEST: usize = 4096;

impl Options {
    /// # Safety
    /// `options` is NULL or points to as many readable bytes as it says at its start.
    pub(crate) unsafe fn read(options: *const Self) -> Result<Self, Fault> {
        check_pointer(options, "options", "")?;
        let expected = size_of::<Self>();
        // SAFETY: at least the size itself is there, aligned like the struct.
        let size = unsafe { options.cast::<u32>().read() };
        let unknown = Fault::StructSize { size, expected };
        let bytes = size as usize;
        if !(expected..=LARGEST).contains(&bytes) {
            return Err(unknown);
        }
        // SAFETY: `size` bytes are readable, `expected` among them.
        let (options, is_rest_zero) = unsafe {
            let first = options.cast::<u8>();
            (options.read(), (expected..bytes).all(|at| first.add(at).read() == 0))
        };
        if is_rest_zero { Ok(options) } else { Err(unknown) }
    }

    pub(crate) fn link(&self) -> Result<Link, Fault> {
        match self.link {
            0 => Ok(Link::Sigmoid),
            1 => Ok(Link::Softmax),
            value => Err(Fault::Link { value }),
        }
    }

    /// # Safety
    /// As for [`Message::new`].
    pub(crate) unsafe fn message(&self) -> Option<Message> {
        // SAFETY: the caller's word.
        unsafe { Message::new(self.message, self.message_capacity) }
    }
}
