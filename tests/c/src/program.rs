//! Programs in C and C++ that are compiled with a library and run.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::{Library, Linked};

/// A source file, and how it is compiled.
#[derive(Clone, Debug)]
pub struct Program<'a> {
    library: &'a Library,
    compiler: &'static str,
    source: &'static str,
    flags: Vec<String>,
}

/// A program that is compiled.
#[derive(Clone, Debug)]
pub struct Executable<'a> {
    library: &'a Library,
    /// Where it is.
    pub path: PathBuf,
}

/// What a program wrote.
#[derive(Clone, Debug)]
pub struct Output {
    /// Standard output.
    pub text: String,
}

impl<'a> Program<'a> {
    pub(crate) fn new(
        library: &'a Library,
        compiler: &'static str,
        standard: &str,
        source: &'static str,
    ) -> Self {
        Program { library, compiler, source, flags: vec![standard.into()] }
    }

    /// Adds flags.
    pub fn flags(mut self, more: &[&str]) -> Self {
        self.flags.extend(more.iter().map(|&flag| flag.into()));
        self
    }

    /// Compiles it.
    ///
    /// # Panics
    /// If the compiler warns of anything.
    #[track_caller]
    pub fn compile(&self, linked: Linked) -> Executable<'a> {
        let library = self.library;
        let folder = library.scratch(&unique());
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("program");
        let mut command = Command::new(self.compiler);
        command
            .args(["-Wall", "-Wextra", "-pedantic", "-Werror", "-O1", "-g"])
            .args(library.flags)
            .arg("-I")
            .arg(library.path(library.include))
            .arg(library.path(self.source))
            .arg("-o")
            .arg(&path)
            .args(library.linker_arguments(linked))
            // Libraries among the flags come after what asks for them.
            .args(&self.flags)
            .args(["-lm", "-lpthread", "-ldl"]);
        crate::output(&mut command);
        Executable { library, path }
    }

    /// Compiles it and runs it.
    #[track_caller]
    pub fn run(&self, linked: Linked) -> Output {
        self.compile(linked).run(&[], &[])
    }
}

impl Executable<'_> {
    /// Runs it with arguments and more in its environment.
    ///
    /// # Panics
    /// If it fails.
    #[track_caller]
    pub fn run(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        let environment = self.library.environment.iter().chain(environment).copied();
        let mut command = Command::new(&self.path);
        Output { text: crate::output(command.args(arguments).envs(environment)) }
    }
}

impl Output {
    /// Asserts that the program's own checks all passed.
    #[track_caller]
    pub fn passed(&self) {
        assert_eq!(self.text.lines().last(), Some("all checks passed"), "{}", self.text);
    }
}

/// Returns a folder's name for one program of this process.
fn unique() -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}
