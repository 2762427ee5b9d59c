//! Other programs.

use std::process::Command;

/// Runs a command that is to succeed, and returns what it wrote to standard output.
///
/// # Panics
/// If it cannot be run or fails, with all that it wrote.
#[track_caller]
pub fn output(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}\n{text}{errors}", output.status);
    text
}
