//! A C program calls the library, linked both ways.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// What a Rust static library asks for beside itself on Linux.
const SYSTEM_LIBRARIES: [&str; 5] = ["-lgcc_s", "-lpthread", "-ldl", "-lutil", "-lm"];

/// Where Cargo leaves the library that it builds for these tests.
fn libraries() -> PathBuf {
    env::current_exe().unwrap().parent().unwrap().to_owned()
}

/// Compiles `call.c` as strict C99, links it and runs it.
fn run(name: &str, flags: &[&str], libraries: &[&str]) {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    fs::create_dir_all(folder).unwrap();
    let program = folder.join(name);
    let compiler = env::var_os("CC").unwrap_or("cc".into());
    let output = Command::new(&compiler)
        .args(["-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror", "-O1"])
        .args(flags)
        .arg("-I")
        .arg(package.join("../include"))
        .arg(package.join("tests/call.c"))
        .arg("-o")
        .arg(&program)
        .args(libraries)
        .arg("-lm")
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}", compiler.display()));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let output = Command::new(&program).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}\n{text}{errors}", output.status);
    assert_eq!(text.lines().last(), Some("all checks passed"));
}

#[test]
fn shared_library() {
    let library = libraries().join(format!("{DLL_PREFIX}segloss{DLL_SUFFIX}"));
    let search = format!("-Wl,-rpath,{}", libraries().display());
    run("call-shared", &[], &[library.to_str().unwrap(), &search]);
}

#[test]
fn static_library() {
    let library = libraries().join("libsegloss.a");
    let mut libraries = vec![library.to_str().unwrap()];
    libraries.extend(SYSTEM_LIBRARIES);
    run("call-static", &[], &libraries);
}

/// With declarations as in DLPack's header before the library's own.
#[test]
fn beside_dlpack() {
    let library = libraries().join("libsegloss.a");
    let mut libraries = vec![library.to_str().unwrap()];
    libraries.extend(SYSTEM_LIBRARIES);
    let header = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dlpack.h");
    run("call-dlpack", &["-include", header.to_str().unwrap()], &libraries);
}
