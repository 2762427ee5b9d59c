//! The Python module, run by an interpreter that has NumPy. Without one this fails.

use std::process::Command;

use segloss_c_tests::output;

use crate::LIBRARY;

/// Where interpreters are: the first that has NumPy is used.
const INTERPRETERS: [&str; 2] = ["python3", "/usr/bin/python3"];

/// Runs a file of `tests/python`.
fn run(file: &str) {
    let has_numpy = |python: &&&str| {
        Command::new(python).args(["-c", "import numpy"]).output().is_ok_and(|o| o.status.success())
    };
    let python = INTERPRETERS.iter().find(has_numpy).expect("no Python with NumPy (python3-numpy)");
    let mut command = Command::new(python);
    command
        .arg(LIBRARY.path(&format!("tests/python/{file}.py")))
        .env("PYTHONPATH", LIBRARY.path("python"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("SEGLOSS_LIBRARY", LIBRARY.shared());
    let text = output(&mut command);
    assert_eq!(text.lines().last(), Some("all checks passed"), "{file}");
}

macro_rules! files {
    ($($file:ident)*) => {$(
        #[test]
        fn $file() {
            run(stringify!($file));
        }
    )*};
}

files! { arguments empty links maps masks pages stages terms values }
