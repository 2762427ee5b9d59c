//! The library for firmware: built without std, linked into a program, compared with the whole one.

use std::path::Path;
use std::process::Command;

use crate::program::{Linked, Program};

#[test]
fn agrees_with_the_whole() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("firmware");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("firmware");
    let output = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--release", "--locked", "--target-dir"])
        .arg(&folder)
        .current_dir(package)
        // Flags for instruments and coverage would pull their run-time libraries in.
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("CARGO_BUILD_TARGET")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let library = folder.join("release/libsegloss_firmware.a");
    let library = library.to_str().unwrap();
    Program::c99("tests/firmware.c").flags(&[library]).run(Linked::Shared).passed();

    // What it asks a C library for: memory functions at most.
    let arguments = ["--undefined-only", "--format=just-symbols"];
    let output = Command::new("nm").args(arguments).arg(library).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let of_operating_system = ["malloc", "free", "pthread_", "write", "_Unwind_", "abort", "exit"];
    let asks = |symbol: &str| of_operating_system.iter().any(|name| symbol.starts_with(name));
    let found: Vec<&str> = text.lines().filter(|symbol| asks(symbol)).collect();
    assert!(found.is_empty(), "{found:?}");
}
