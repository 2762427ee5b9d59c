//! A C library as Cargo builds it beside its tests.

use std::env;
use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Program;

/// What a Rust static library asks for beside itself on Linux.
const SYSTEM_LIBRARIES: [&str; 5] = ["-lgcc_s", "-lpthread", "-ldl", "-lutil", "-lm"];

/// How a program is linked with the library.
#[derive(Clone, Copy, Debug)]
pub enum Linked {
    /// The shared library.
    Shared,
    /// The static library.
    Static,
}

/// A C library, and what its programs need.
#[derive(Clone, Copy, Debug)]
pub struct Library {
    /// Its name, which a linker takes.
    pub name: &'static str,
    /// The folder of its package, where programs' sources are: `env!("CARGO_MANIFEST_DIR")`.
    pub package: &'static str,
    /// A folder for what tests write: `env!("CARGO_TARGET_TMPDIR")`.
    pub scratch: &'static str,
    /// The folder of headers, from the package's.
    pub include: &'static str,
    /// More flags of programs' compilers.
    pub flags: &'static [&'static str],
    /// More libraries that programs are linked with.
    pub links: &'static [&'static str],
    /// Added to programs' environment.
    pub environment: &'static [(&'static str, &'static str)],
}

impl Library {
    /// Returns the folder where Cargo leaves the library that it builds for these tests.
    ///
    /// # Panics
    /// If the process does not know its own program.
    pub fn folder(&self) -> PathBuf {
        env::current_exe().unwrap().parent().unwrap().to_owned()
    }

    /// Returns the path of the shared library.
    pub fn shared(&self) -> PathBuf {
        self.folder().join(format!("{DLL_PREFIX}{}{DLL_SUFFIX}", self.name))
    }

    /// Returns a path in the package.
    pub fn path(&self, path: &str) -> PathBuf {
        Path::new(self.package).join(path)
    }

    /// Returns a path for what a test writes.
    pub fn scratch(&self, path: &str) -> PathBuf {
        Path::new(self.scratch).join(path)
    }

    /// Returns a program in strict C99, whose source is at a path in the package.
    pub fn c99(&self, source: &'static str) -> Program<'_> {
        Program::new(self, "cc", "-std=c99", source)
    }

    /// Returns a program in strict C++17, whose source is at a path in the package.
    pub fn cpp17(&self, source: &'static str) -> Program<'_> {
        Program::new(self, "c++", "-std=c++17", source)
    }

    /// Returns the dynamic symbols of the shared library that `which` of `nm` selects, one a line.
    #[track_caller]
    pub fn symbols(&self, which: &str) -> String {
        let arguments = ["-D", which, "--format=just-symbols"];
        crate::output(Command::new("nm").args(arguments).arg(self.shared()))
    }

    /// Returns what a linker is told to link with, in its order.
    pub(crate) fn linker_arguments(&self, linked: Linked) -> Vec<String> {
        let folder = self.folder();
        let (library, system): (_, &[&str]) = match linked {
            Linked::Shared => (self.shared(), &[]),
            Linked::Static => (folder.join(format!("lib{}.a", self.name)), &SYSTEM_LIBRARIES),
        };
        let mut arguments = vec![library.display().to_string()];
        if matches!(linked, Linked::Shared) {
            arguments.push(format!("-Wl,-rpath,{}", folder.display()));
        }
        arguments.extend(self.links.iter().chain(system).map(|&flag| flag.into()));
        arguments
    }
}
