//! Programs in C that are compiled with the library and run.

#![allow(dead_code, reason = "each test uses some of it")]

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// Where Cargo leaves the library that it builds for these tests.
fn libraries() -> PathBuf {
    env::current_exe().unwrap().parent().unwrap().to_owned()
}

/// The shared library.
pub fn shared_library() -> PathBuf {
    libraries().join(format!("{DLL_PREFIX}segloss_cl{DLL_SUFFIX}"))
}

/// A program of one file of this package.
pub struct Program {
    path: PathBuf,
}

impl Program {
    /// Compiles `tests/{name}.c` as strict C99, with the shared library.
    pub fn c99(name: &str) -> Self {
        let folder = libraries();
        let found = format!("-Wl,-rpath,{}", folder.display());
        Program::linked(name, name, &[shared_library().to_str().unwrap(), &found])
    }

    /// The same with the static library.
    pub fn with_static_library(name: &str) -> Self {
        let library = libraries().join("libsegloss_cl.a");
        let system = ["-lgcc_s", "-lutil"];
        let own = [library.to_str().unwrap(), system[0], system[1]];
        Program::linked(name, &format!("{name}_static"), &own)
    }

    fn linked(name: &str, program: &str, libraries: &[&str]) -> Self {
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        fs::create_dir_all(folder).unwrap();
        let path = folder.join(program);
        let output = Command::new("cc")
            .args(["-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror", "-O1", "-g"])
            .args(["-D_POSIX_C_SOURCE=200809L"])
            .arg("-I")
            .arg(package.join("../../include"))
            .arg(package.join("tests").join(name).with_extension("c"))
            .arg("-o")
            .arg(&path)
            .args(libraries)
            .args(["-lOpenCL", "-lm", "-lpthread", "-ldl"])
            .output()
            .unwrap_or_else(|error| panic!("cc: {error}"));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Program { path }
    }

    /// Runs it, and takes its word that its checks all passed.
    #[track_caller]
    pub fn passes(&self, arguments: &[&str], environment: &[(&str, &str)]) {
        let text = self.run(arguments, environment);
        assert_eq!(text.lines().last(), Some("all checks passed"), "{text}");
    }

    /// Runs it, and gives what it writes.
    #[track_caller]
    pub fn writes(&self) -> String {
        self.run(&[], &[])
    }

    #[track_caller]
    fn run(&self, arguments: &[&str], environment: &[(&str, &str)]) -> String {
        let mut command = Command::new(&self.path);
        // Programs are built by each of them.
        command.env("SEGLOSS_OPENCL_CACHE", "off");
        command.args(arguments).envs(environment.iter().copied());
        let output = command.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}\n{text}{errors}", output.status);
        text
    }
}
