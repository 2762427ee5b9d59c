use core::ffi::c_char;

use crate::fault::Fault;
use crate::names;
use crate::tensor::array;
use crate::text;
use segloss_core::term::{Arguments, Parameter};

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
        let given = unsafe { array(first, count, "term", ".parameters")? };
        if given.is_none() && count > 0 {
            return Err(Fault::Null { argument: "term", field: ".parameters" });
        }
        let mut parameters = Vec::new();
        for parameter in given.unwrap_or_default() {
            let PluginParameter { name, default_value, smallest, largest } = *parameter;
            // SAFETY: as above.
            let name = names::keep(unsafe { text::read(name, "term", ".parameters[..].name")? });
            let parameter = Parameter::number(name, default_value).within(smallest, largest);
            parameter.check(term, default_value)?;
            parameters.push(parameter);
        }
        Ok(Declared { parameters: names::keep_parameters(&parameters) })
    }

    /// The values for the plugin's functions.
    pub(super) fn values(&self, arguments: Arguments<'_>) -> [f64; PARAMETERS] {
        core::array::from_fn(
            |index| {
                if index < self.parameters.len() { arguments.get(index) } else { 0.0 }
            },
        )
    }
}

pub(super) use segloss_core::term::PARAMETERS;
