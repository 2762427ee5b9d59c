use core::ffi::c_char;
use std::sync::{Mutex, PoisonError};

use crate::fault::Fault;
use segloss_c_boundary::pointer::list;
use segloss_c_boundary::{names, text};
use segloss_core::term::{Arguments, PARAMETERS, Parameter};

/// A parameter of a plugin. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct PluginParameter {
    /// Its name in text: letters, digits and `_`.
    pub name: *const c_char,
    /// Its value where the text gives none: finite, and within the range.
    pub default_value: f64,
    /// The smallest value; -INFINITY for none.
    pub smallest: f64,
    /// The largest value; INFINITY for none.
    pub largest: f64,
}

/// A plugin's parameters.
#[derive(Debug)]
pub(crate) struct Declared {
    pub(crate) parameters: &'static [Parameter],
}

impl Declared {
    /// # Safety
    /// `first` is NULL or points to `count` parameters with names that end with a 0.
    pub(super) unsafe fn read(
        term: &'static str,
        first: *const PluginParameter,
        count: usize,
    ) -> Result<Self, Fault> {
        // SAFETY: the caller's word.
        let given = unsafe { list(first, count, "term", ".parameters")? };
        let mut parameters = Vec::new();
        for parameter in given.unwrap_or_default() {
            let PluginParameter { name, default_value, smallest, largest } = *parameter;
            // SAFETY: as above.
            let name = names::keep(unsafe { text::read(name, "term", ".parameters[..].name")? });
            let parameter = Parameter::number(name, default_value).within(smallest, largest);
            parameter.check(term, default_value)?;
            parameters.push(parameter);
        }
        Ok(Declared { parameters: keep(&parameters) })
    }

    /// Returns the values for the plugin's functions.
    pub(super) fn values(&self, arguments: Arguments<'_>) -> [f64; PARAMETERS] {
        core::array::from_fn(
            |index| {
                if index < self.parameters.len() { arguments.get(index) } else { 0.0 }
            },
        )
    }
}

static KEPT: Mutex<Vec<&'static [Parameter]>> = Mutex::new(Vec::new());

/// Keeps parameters for ever. Equal ones are kept once, so that using a plugin again takes no memory.
fn keep(parameters: &[Parameter]) -> &'static [Parameter] {
    let mut all = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = all.iter().find(|known| **known == parameters) {
        return known;
    }
    let own: &'static [Parameter] = Box::leak(parameters.into());
    all.push(own);
    own
}
