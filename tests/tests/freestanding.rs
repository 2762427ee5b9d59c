//! Core links and runs without std, allocator and C library, and computes there what it computes
//! here, in every bit.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

#[path = "../freestanding/src/cases.rs"]
mod cases;

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use cases::Storage;
use segloss_core::summation::Compensated;

fn package() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("freestanding")
}

fn build(features: &str) -> (Output, PathBuf) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("freestanding");
    let output = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--release", "--locked", "--target-dir"])
        .arg(&folder)
        .args(["--features", features])
        .current_dir(package())
        // Flags for instruments and coverage would pull their run-time libraries in.
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("CARGO_BUILD_TARGET")
        .output()
        .unwrap();
    (output, folder.join("release/segloss-freestanding"))
}

/// The text that the program prints.
#[derive(Default)]
struct Text(String);

impl cases::Output for Text {
    fn title(&mut self, title: &str) {
        writeln!(self.0, "{title}").unwrap();
    }

    fn number(&mut self, bits: u64) {
        writeln!(self.0, "{bits:016x}").unwrap();
    }
}

/// At core's own level: that all levels agree has a test of its own.
fn on_host() -> String {
    let mut text = Text::default();
    macro_rules! format {
        ($title:literal, $float:ty, $accumulator:ty) => {{
            cases::Output::title(&mut text, $title);
            let mut storage = Box::new(Storage::<$float, $accumulator>::new());
            cases::run(&mut storage, &mut text).unwrap();
        }};
    }
    format!("f32", f32, f64);
    format!("f64", f64, f64);
    format!("f32 alone", f32, Compensated);
    text.0
}

#[test]
fn same_bits_as_on_the_host() {
    let (output, program) = build("");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let output = Command::new(program).output().unwrap();
    assert!(output.status.success(), "{}", output.status);
    let bare = String::from_utf8(output.stdout).unwrap();
    let host = on_host();
    let differs = bare.lines().zip(host.lines()).position(|(bare, host)| bare != host);
    assert_eq!(differs, None, "line, counted from 0");
    assert_eq!(bare.len(), host.len());
}

/// The proof is worth something only if it would fail.
#[test]
fn std_and_alloc_do_not_link() {
    for (feature, error) in
        [("plant-std", "duplicate lang item"), ("plant-alloc", "no global memory allocator")]
    {
        let (output, _) = build(feature);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{feature} builds");
        assert!(errors.contains(error), "{feature}: {errors}");
    }
}

/// Nothing undefined, and nothing of a C library but the memory functions that compilers call.
#[test]
fn has_no_symbols_of_a_c_library() {
    let (output, program) = build("");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let symbols = Command::new("nm").arg(program).output().unwrap();
    assert!(symbols.status.success());
    let symbols = String::from_utf8(symbols.stdout).unwrap();
    assert!(symbols.lines().any(|line| line.ends_with(" _start")));
    for line in symbols.lines() {
        let [.., kind, name] = line.split(' ').collect::<Vec<_>>()[..] else { continue };
        assert_ne!(kind, "U", "{name} is undefined");
        let forbidden = ["malloc", "calloc", "free", "__rust_alloc", "__libc_start_main"];
        assert!(!forbidden.contains(&name), "{name} is linked");
    }
}
