//! The Python module, run by an interpreter that has NumPy. Without one this fails.

use std::path::Path;
use std::process::Command;

use crate::program;

/// Where interpreters are: the first that has NumPy is used.
const INTERPRETERS: [&str; 2] = ["python3", "/usr/bin/python3"];

#[test]
fn wrapper() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let has_numpy = |python: &&&str| {
        Command::new(python).args(["-c", "import numpy"]).output().is_ok_and(|o| o.status.success())
    };
    let python = INTERPRETERS.iter().find(has_numpy).expect("no Python with NumPy (python3-numpy)");
    let output = Command::new(python)
        .arg(package.join("tests/wrapper.py"))
        .env("PYTHONPATH", package.join("python"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("SEGLOSS_LIBRARY", program::shared_library())
        .output()
        .unwrap();
    let (text, errors) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{text}{errors}");
    assert_eq!(text.lines().last(), Some("all checks passed"));
}
