//! The checked-in header is the one that the sources give, and every kind of C and C++ takes it.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

#[test]
fn is_up_to_date() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(package.join("cbindgen.toml")).unwrap();
    let bindings = cbindgen::generate_with_config(package, config).unwrap();
    let mut generated = Vec::new();
    bindings.write(&mut generated);
    let generated = String::from_utf8(generated).unwrap();

    let header = package.join("../include/segloss.h");
    if env::var_os("SEGLOSS_WRITE_HEADER").is_some() {
        fs::write(&header, &generated).unwrap();
    }
    let checked_in = fs::read_to_string(&header).unwrap_or_default();
    assert!(
        checked_in == generated,
        "include/segloss.h is stale: run this test with SEGLOSS_WRITE_HEADER=1"
    );
}

/// That C and C++ compilers take the header without a warning.
#[track_caller]
fn compile(c: &str, cpp: &str) {
    let include = Path::new(env!("CARGO_MANIFEST_DIR")).join("../include");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    for (compiler, name, standards) in
        [(c, "header.c", ["c99", "c11", "c17"]), (cpp, "header.cpp", ["c++11", "c++17", "c++20"])]
    {
        let source = folder.join(format!("{compiler}-{name}"));
        fs::write(&source, "#include <segloss.h>\n").unwrap();
        for standard in standards {
            let output = Command::new(compiler)
                .arg(format!("-std={standard}"))
                .args(["-Wall", "-Wextra", "-pedantic", "-Werror", "-fsyntax-only", "-I"])
                .arg(&include)
                .arg(&source)
                .output()
                .unwrap_or_else(|error| panic!("{compiler}: {error}"));
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{compiler} {standard}: {errors}");
        }
    }
}

#[test]
fn compiles_as_every_standard() {
    compile("cc", "c++");
}

#[test]
#[ignore = "clang, which .ci/run installs and asks for"]
fn compiles_as_every_standard_of_clang() {
    compile("clang", "clang++");
}

/// The wrapper as well, whose warnings are not those of GCC.
#[test]
#[ignore = "clang, which .ci/run installs and asks for"]
fn wrapper_compiles_with_clang() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    for standard in ["c++17", "c++20"] {
        let output = Command::new("clang++")
            .arg(format!("-std={standard}"))
            .args(["-Wall", "-Wextra", "-pedantic", "-Werror", "-fsyntax-only", "-I"])
            .arg(package.join("../include"))
            .arg(package.join("tests/wrapper.cpp"))
            .output()
            .unwrap_or_else(|error| panic!("clang++: {error}"));
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{standard}: {errors}");
    }
}
