//! What terms of every kind say of themselves, read from C.

use core::ffi::{c_char, c_void};

use super::parameters::{Declared, PluginParameter};
use crate::fault::{Fault, Reason};
use segloss_c_boundary::{names, text};
use segloss_core::term::{Arguments, PARAMETERS, Parameter};

/// The interface between plugins and this library; a plugin says which it was written for.
pub const SEGLOSS_PLUGIN_API_VERSION: u32 = 1;

/// Frees what the author's functions are given first.
pub(super) type Release = unsafe extern "C" fn(context: *mut c_void);

/// The fields that tables of every kind of term have.
#[derive(Clone, Copy)]
pub(super) struct Fields {
    pub(super) api_version: u32,
    pub(super) name: *const c_char,
    pub(super) parameters: *const PluginParameter,
    pub(super) parameter_count: usize,
    pub(super) context: *mut c_void,
}

/// A term's name and parameters, and what its functions are given first.
#[derive(Debug)]
pub(super) struct Author {
    pub(super) name: &'static str,
    pub(super) context: *mut c_void,
    declared: Declared,
}

// SAFETY: the plugin's author says that its functions may be called on any thread, several at a time.
unsafe impl Send for Author {}
// SAFETY: as above.
unsafe impl Sync for Author {}

impl Author {
    /// Reads a term's fields.
    ///
    /// # Safety
    /// Name and parameters are NULL or what their types say; names end with a 0.
    pub(super) unsafe fn read(fields: Fields) -> Result<Self, Fault> {
        let Fields { api_version: version, name, parameters, parameter_count, context } = fields;
        let expected = SEGLOSS_PLUGIN_API_VERSION;
        if version != expected {
            return Err(Reason::ApiVersion { argument: "term", version, expected }.into());
        }
        // SAFETY: the caller's word, here and below.
        let name = names::keep(unsafe { text::read(name, "term", ".name")? });
        // SAFETY: as above.
        let declared = unsafe { Declared::read(name, parameters, parameter_count)? };
        Ok(Author { name, context, declared })
    }

    /// Returns the term's parameters as text refers to them.
    pub(super) fn parameters(&self) -> &'static [Parameter] {
        self.declared.parameters
    }

    /// Returns the values for the author's functions.
    pub(super) fn values(&self, arguments: Arguments<'_>) -> [f64; PARAMETERS] {
        self.declared.values(arguments)
    }
}
