//! The package for CMake and the one for pkg-config, from projects outside.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use crate::program;

/// Runs a command that is to succeed, and gives what it wrote.
#[track_caller]
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}\n{text}{errors}");
    text
}

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn prebuilt() -> String {
    format!("-DSEGLOSS_PREBUILT={}", program::libraries().display())
}

/// An empty folder of this test's.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Configures and builds a project, and runs its programs.
fn build_outside(build: &Path, option: String) {
    let project = package().join("tests/outside");
    run(Command::new("cmake")
        .arg("-S")
        .arg(project)
        .arg("-B")
        .arg(build)
        .arg(option)
        .arg(prebuilt()));
    run(Command::new("cmake").arg("--build").arg(build));
    for program in ["shared", "static", "cpp"] {
        assert_eq!(run(&mut Command::new(build.join(program))), "0.846574\n", "{program}");
    }
}

#[test]
fn installed_prefix() {
    let (build, first, prefix) = (folder("install-build"), folder("first"), folder("prefix"));
    run(Command::new("cmake").arg("-S").arg(package()).arg("-B").arg(&build).arg(prebuilt()));
    run(Command::new("cmake").arg("--install").arg(&build).arg("--prefix").arg(&first));
    // It can be moved.
    fs::remove_dir(&prefix).unwrap();
    fs::rename(&first, &prefix).unwrap();
    build_outside(&folder("outside"), format!("-DCMAKE_PREFIX_PATH={}", prefix.display()));

    let libraries = ["lib", "lib64", "lib/x86_64-linux-gnu", "lib/aarch64-linux-gnu"];
    let found = |folder: &&&str| prefix.join(folder).join("pkgconfig/segloss.pc").exists();
    let libraries = prefix.join(libraries.iter().find(found).expect("segloss.pc"));
    let flags = run(Command::new("pkg-config")
        .args(["--cflags", "--libs", "segloss"])
        .env("PKG_CONFIG_PATH", libraries.join("pkgconfig")));
    let program = folder("pkg-config").join("program");
    run(Command::new("cc")
        .arg(package().join("examples/quick_start.c"))
        .args(flags.split_whitespace())
        .arg(format!("-Wl,-rpath,{}", libraries.display()))
        .arg("-o")
        .arg(&program));
    assert_eq!(run(&mut Command::new(&program)), "0.846574\n");
}

#[test]
fn added_as_a_folder() {
    build_outside(&folder("added"), format!("-DSEGLOSS_SOURCE={}", package().display()));
}
