//! The checked-in header is the one that the sources give, and every kind of C and C++ takes it.

use std::fs;
use std::process::Command;

use segloss_c_tests::{header, output};
use segloss_core::compose::{Registry, SHORTHANDS};
use segloss_core::level::Scalar;

use crate::{HEADER, LIBRARY};

#[test]
fn is_up_to_date() {
    header::assert_up_to_date(&LIBRARY, HEADER);
}

/// A row begins with the name in quotes.
#[test]
fn the_table_of_losses_has_every_term() {
    let header = fs::read_to_string(LIBRARY.path(HEADER)).unwrap();
    let (before, _) = header.split_once("segloss_loss_new(").unwrap();
    let (_, table) = before.rsplit_once("/**").unwrap();
    let terms = Registry::<f32>::builtin::<Scalar>().terms().map(|term| term.name);
    for name in terms.chain(SHORTHANDS.iter().map(|shorthand| shorthand.name)) {
        let row = format!(" * | `{name}`");
        assert!(table.lines().any(|line| line.starts_with(&row)), "{name} in:\n{table}");
    }
}

#[test]
fn compiles_as_every_standard() {
    header::assert_compiles(&LIBRARY, ["cc", "c++"], "header", "#include <segloss.h>\n");
}

#[test]
#[ignore = "clang, which .ci/run installs and asks for"]
fn compiles_as_every_standard_of_clang() {
    header::assert_compiles(&LIBRARY, ["clang", "clang++"], "header", "#include <segloss.h>\n");
}

/// The wrapper as well, whose warnings are not those of GCC.
#[test]
#[ignore = "clang, which .ci/run installs and asks for"]
fn wrapper_compiles_with_clang() {
    for standard in ["c++17", "c++20"] {
        let mut command = Command::new("clang++");
        command
            .arg(format!("-std={standard}"))
            .args(["-Wall", "-Wextra", "-pedantic", "-Werror", "-fsyntax-only", "-I"])
            .arg(LIBRARY.path(LIBRARY.include))
            .arg(LIBRARY.path("tests/wrapper.cpp"));
        output(&mut command);
    }
}
