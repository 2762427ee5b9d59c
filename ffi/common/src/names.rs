//! Names that last as long as the process: definitions of terms and maps hold them, and errors.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());

/// Keeps `name` for ever. An equal name is kept once, so that using a plugin again takes no memory.
pub fn keep(name: &str) -> &'static str {
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = names.get(name) {
        return known;
    }
    let own: &'static str = Box::leak(name.into());
    names.insert(own);
    own
}
