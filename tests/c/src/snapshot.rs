//! Texts that are generated and checked in.

use std::path::Path;
use std::{env, fs};

/// Asserts that a file holds what was found, so that a change is seen in a diff. With `SEGLOSS_WRITE_HEADER` in
/// the environment the file is written first.
///
/// # Panics
/// If it holds something else.
#[track_caller]
pub fn assert_checked_in(file: &Path, found: &str) {
    if env::var_os("SEGLOSS_WRITE_HEADER").is_some() {
        fs::write(file, found).unwrap();
    }
    let checked_in = fs::read_to_string(file).unwrap_or_default();
    assert!(
        checked_in == found,
        "{} is stale: run this test with SEGLOSS_WRITE_HEADER=1",
        file.display()
    );
}
