//! The handle of a term of the caller's, of whatever kind.

use core::ffi::c_void;
use core::fmt;
use std::sync::Arc;

use super::author::Release;
use crate::fault::Fault;
use segloss_c_boundary::boundary::guard;
use segloss_c_boundary::pointer::check_pointer;
use segloss_core::compose::Definition;
use segloss_simd::Library;

/// A term of the caller's, which losses can name once it is among their options.
///
/// Immutable, and shared by the losses that are made with it: it may be freed before them. Since 0.1.
#[derive(Debug)]
pub struct Plugin {
    term: Box<dyn Term>,
    // Dropped after the term, whose functions are given the same context.
    context: Context,
}

/// A term by the author's functions.
pub(super) trait Term: fmt::Debug + Send + Sync {
    /// Returns it as losses computed in single precision take it.
    fn single(&'static self) -> Definition<'static, f32, f64>;

    /// Returns it as losses computed in double precision take it.
    fn double(&'static self) -> Definition<'static, f64, f64>;
}

/// What is released when the plugin is gone.
#[derive(Debug)]
struct Context {
    place: *mut c_void,
    release: Option<Release>,
}

// SAFETY: the plugin's author says that its functions may be called on any thread, several at a time.
unsafe impl Send for Context {}
// SAFETY: as above.
unsafe impl Sync for Context {}

impl Drop for Context {
    fn drop(&mut self) {
        if let Some(release) = self.release {
            // SAFETY: the author's word that it may be called once when nothing else is.
            unsafe { release(self.place) };
        }
    }
}

impl Plugin {
    /// Makes it one of the libraries' terms.
    ///
    /// # Safety
    /// The plugin outlives both libraries.
    pub(crate) unsafe fn add(
        self: &Arc<Self>,
        single: &mut Library<f32>,
        double: &mut Library<f64>,
    ) -> Result<(), Fault> {
        // SAFETY: the caller's word; an `Arc` does not move what it holds.
        let own: &'static Plugin = unsafe { &*Arc::as_ptr(self) };
        single.add_term(own.term.single())?;
        double.add_term(own.term.double())?;
        Ok(())
    }
}

/// Hands out `term` as a plugin, which releases `context` once it is gone.
///
/// # Safety
/// `place` is NULL or points to a place for a pointer.
pub(super) unsafe fn hand_out(
    term: impl Term + 'static,
    context: *mut c_void,
    release: Option<Release>,
    place: *mut *mut Plugin,
) -> Result<(), Fault> {
    check_pointer(place, "plugin", "")?;
    let context = Context { place: context, release: None };
    let mut own = Arc::new(Plugin { term: Box::new(term), context });
    // Whatever no text can hold is refused here, not in a loss to come.
    // SAFETY: both libraries are gone before it is.
    unsafe { own.add(&mut Library::default(), &mut Library::default())? };
    // Not before it is sure that there is something to release.
    if let Some(own) = Arc::get_mut(&mut own) {
        own.context.release = release;
    }
    // SAFETY: neither NULL nor misaligned, so the caller's to be written.
    unsafe { place.write(Arc::into_raw(own).cast_mut()) };
    Ok(())
}

/// Gives up a share of a plugin; losses that were made with it keep theirs. NULL is none, and nothing
/// happens.
///
/// Since 0.1.
///
/// # Safety
/// `plugin` is NULL or comes from segloss_plugin_pixel or its like and is not used any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segloss_plugin_free(plugin: *mut Plugin) {
    guard((), || {
        if !plugin.is_null() {
            // SAFETY: it was made by `Arc::into_raw` and is the caller's last pointer to it.
            drop(unsafe { Arc::from_raw(plugin.cast_const()) });
        }
    });
}
