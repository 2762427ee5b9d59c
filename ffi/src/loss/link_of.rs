use core::ffi::c_char;

use super::LossOptions;
use super::libraries::Libraries;
use crate::entry;
use crate::link::Link;
use crate::result::ResultCode;
use segloss_c_boundary::pointer::check_pointer;
use segloss_c_boundary::versioned::read_or_zeros;
use segloss_c_boundary::{BadArgument, text};
use segloss_core::compose::link_of;
use segloss_core::engine;

/// The link that the terms of `text` need, into `link`: a segloss_link, or -1 where each has a meaning under
/// both, as in a preset. For programs that choose the link by the shapes of their tensors otherwise.
///
/// `text` and `options` are as for segloss_loss_new; names of no term are left for it to refuse. Fails with
/// SEGLOSS_RESULT_BAD_TEXT for a mistake in the syntax, and for terms that need different links. Since 0.1.
///
/// # Safety
/// Pointers are NULL or point to what their types say; `text` ends with a 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segloss_link_of(
    text: *const c_char,
    options: *const LossOptions,
    link: *mut i32,
) -> ResultCode {
    entry::run(|| {
        // SAFETY: the caller's word, here and below.
        let text = unsafe { text::read(text, "text", "")? };
        check_pointer(link, "link", "")?;
        // SAFETY: as above.
        let libraries = unsafe { Libraries::of(&read_or_zeros(options, "options")?)? };
        let found = link_of(text, libraries.double.registry())
            .map_err(|error| BadArgument::Text { message: error.to_string() })?;
        let number = match found {
            Some(engine::Link::Sigmoid) => Link::Sigmoid as i32,
            Some(engine::Link::Softmax) => Link::Softmax as i32,
            None => -1,
        };
        // SAFETY: neither NULL nor misaligned, so the caller's to be written.
        unsafe { link.write(number) };
        Ok(())
    })
}
