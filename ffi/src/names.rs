//! Names that last as long as the process: definitions of terms and maps hold them, and errors.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use segloss_core::term::Parameter;

static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
static PARAMETERS: Mutex<Vec<&'static [Parameter]>> = Mutex::new(Vec::new());

/// `name`, kept for ever. The same name is kept once, so that using a plugin again takes no memory.
pub(crate) fn keep(name: &str) -> &'static str {
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = names.get(name) {
        return known;
    }
    let own: &'static str = Box::leak(name.into());
    names.insert(own);
    own
}

/// The same of parameters.
pub(crate) fn keep_parameters(parameters: &[Parameter]) -> &'static [Parameter] {
    let mut all = PARAMETERS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = all.iter().find(|known| **known == parameters) {
        return known;
    }
    let own: &'static [Parameter] = Box::leak(parameters.into());
    all.push(own);
    own
}
