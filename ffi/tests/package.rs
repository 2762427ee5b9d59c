//! The package for CMake and the one for pkg-config, from projects outside.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use segloss_c_tests::output;

use crate::LIBRARY;

fn prebuilt() -> String {
    format!("-DSEGLOSS_PREBUILT={}", LIBRARY.folder().display())
}

/// An empty folder of this test's.
fn folder(name: &str) -> PathBuf {
    let folder = LIBRARY.scratch(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Configures and builds a project, and runs its programs.
fn build_outside(build: &Path, option: String) {
    let project = LIBRARY.path("tests/outside");
    output(
        Command::new("cmake")
            .arg("-S")
            .arg(project)
            .arg("-B")
            .arg(build)
            .arg(option)
            .arg(prebuilt()),
    );
    output(Command::new("cmake").arg("--build").arg(build));
    for program in ["shared", "static", "cpp"] {
        assert_eq!(output(&mut Command::new(build.join(program))), "0.846574\n", "{program}");
    }
}

#[test]
fn installed_prefix() {
    let (build, first, prefix) = (folder("install-build"), folder("first"), folder("prefix"));
    output(
        Command::new("cmake").arg("-S").arg(LIBRARY.package).arg("-B").arg(&build).arg(prebuilt()),
    );
    output(Command::new("cmake").arg("--install").arg(&build).arg("--prefix").arg(&first));
    // It can be moved.
    fs::remove_dir(&prefix).unwrap();
    fs::rename(&first, &prefix).unwrap();
    build_outside(&folder("outside"), format!("-DCMAKE_PREFIX_PATH={}", prefix.display()));

    let libraries = ["lib", "lib64", "lib/x86_64-linux-gnu", "lib/aarch64-linux-gnu"];
    let found = |folder: &&&str| prefix.join(folder).join("pkgconfig/segloss.pc").exists();
    let libraries = prefix.join(libraries.iter().find(found).expect("segloss.pc"));
    let flags = output(
        Command::new("pkg-config")
            .args(["--cflags", "--libs", "segloss"])
            .env("PKG_CONFIG_PATH", libraries.join("pkgconfig")),
    );
    let program = folder("pkg-config").join("program");
    output(
        Command::new("cc")
            .arg(LIBRARY.path("examples/quick_start.c"))
            .args(flags.split_whitespace())
            .arg(format!("-Wl,-rpath,{}", libraries.display()))
            .arg("-o")
            .arg(&program),
    );
    assert_eq!(output(&mut Command::new(&program)), "0.846574\n");
}

#[test]
fn added_as_a_folder() {
    build_outside(&folder("added"), format!("-DSEGLOSS_SOURCE={}", LIBRARY.package));
}
