//! Headers: generated from the sources, and taken by every kind of C and C++.

use std::fs;
use std::process::Command;

use crate::{Library, assert_checked_in};

/// Asserts that the checked-in header, at a path in the library's package, is the one that the sources give.
///
/// # Panics
/// If it is another one.
#[track_caller]
pub fn assert_up_to_date(library: &Library, header: &str) {
    let config = cbindgen::Config::from_file(library.path("cbindgen.toml")).unwrap();
    let bindings = cbindgen::generate_with_config(library.package, config).unwrap();
    let mut generated = Vec::new();
    bindings.write(&mut generated);
    assert_checked_in(&library.path(header), &String::from_utf8(generated).unwrap());
}

/// Asserts that a shared library exports functions of its header alone, all of which start with `prefix`, and
/// those that `symbols.txt` of its package lists.
///
/// # Panics
/// If it exports others.
#[track_caller]
pub fn assert_exports(library: &Library, header: &str, prefix: &str) {
    let exported = library.symbols("--defined-only");
    assert_checked_in(&library.path("symbols.txt"), &exported);
    let header = fs::read_to_string(library.path(header)).unwrap();
    for symbol in exported.lines() {
        assert!(symbol.starts_with(prefix), "{symbol}");
        assert!(header.contains(&format!("{symbol}(")), "{symbol} is not in the header");
    }
}

/// Asserts that compilers of C and C++ take a source that includes headers without a warning, in every standard.
/// Its file is called `name`.
///
/// # Panics
/// If one of them warns.
#[track_caller]
pub fn assert_compiles(library: &Library, [c, cpp]: [&str; 2], name: &str, includes: &str) {
    for (compiler, kind, standards) in
        [(c, "c", ["c99", "c11", "c17"]), (cpp, "cpp", ["c++11", "c++17", "c++20"])]
    {
        let file = library.scratch(&format!("{compiler}-{name}.{kind}"));
        fs::write(&file, includes).unwrap();
        for standard in standards {
            let mut command = Command::new(compiler);
            command
                .arg(format!("-std={standard}"))
                .args(["-Wall", "-Wextra", "-pedantic", "-Werror", "-fsyntax-only", "-I"])
                .arg(library.path(library.include))
                .arg(&file);
            crate::output(&mut command);
        }
    }
}
