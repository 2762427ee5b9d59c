//! Programs in C and C++ that are compiled with the library and run.

#![allow(dead_code, reason = "each test uses some of it")]

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// What a Rust static library asks for beside itself on Linux.
const SYSTEM_LIBRARIES: [&str; 5] = ["-lgcc_s", "-lpthread", "-ldl", "-lutil", "-lm"];

/// Which library a program is linked with.
#[derive(Clone, Copy, Debug)]
pub enum Linked {
    Shared,
    Static,
}

/// A source file of this package, and how it is compiled.
pub struct Program {
    compiler: &'static str,
    source: &'static str,
    flags: Vec<String>,
}

/// What a program wrote.
pub struct Output {
    pub text: String,
}

/// Where Cargo leaves the library that it builds for these tests.
pub fn libraries() -> PathBuf {
    env::current_exe().unwrap().parent().unwrap().to_owned()
}

/// The shared library.
pub fn shared_library() -> PathBuf {
    libraries().join(format!("{DLL_PREFIX}segloss{DLL_SUFFIX}"))
}

impl Program {
    /// Strict C99.
    pub fn c99(source: &'static str) -> Self {
        Program { compiler: "cc", source, flags: vec!["-std=c99".into()] }
    }

    /// Strict C++17.
    pub fn cpp17(source: &'static str) -> Self {
        Program { compiler: "c++", source, flags: vec!["-std=c++17".into()] }
    }

    /// With more flags.
    pub fn flags(mut self, more: &[&str]) -> Self {
        self.flags.extend(more.iter().map(|&flag| flag.into()));
        self
    }

    /// Compiles it and runs it.
    pub fn run(&self, linked: Linked) -> Output {
        let program = self.compile(linked);
        // A test asks for more memory than there is, which ends a program with the sanitizer otherwise.
        let asan = ("ASAN_OPTIONS", "allocator_may_return_null=1");
        let output = Command::new(&program).env(asan.0, asan.1).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {}\n{text}{errors}", self.source, output.status);
        Output { text }
    }

    /// Compiles it.
    pub fn compile(&self, linked: Linked) -> PathBuf {
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(unique());
        fs::create_dir_all(&folder).unwrap();
        let program = folder.join("program");
        let mut command = Command::new(self.compiler);
        command.args(["-Wall", "-Wextra", "-pedantic", "-Werror", "-O1", "-g"]);
        command.arg("-I").arg(package.join("../include")).arg(package.join(self.source));
        command.arg("-o").arg(&program);
        match linked {
            Linked::Shared => {
                command.arg(shared_library()).arg(format!("-Wl,-rpath,{}", libraries().display()));
            }
            Linked::Static => {
                command.arg(libraries().join("libsegloss.a")).args(SYSTEM_LIBRARIES);
            }
        }
        // Libraries among the flags come after what asks for them.
        command.args(&self.flags).args(["-lm", "-lpthread"]);
        let output = command.output().unwrap_or_else(|error| panic!("{}: {error}", self.compiler));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        program
    }
}

/// A folder's name for this program of this test.
fn unique() -> String {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

impl Output {
    /// That its own checks all passed.
    #[track_caller]
    pub fn passed(&self) {
        assert_eq!(self.text.lines().last(), Some("all checks passed"), "{}", self.text);
    }
}
