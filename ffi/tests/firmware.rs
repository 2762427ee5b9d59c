//! The library for firmware: built without std, linked into a program, compared with the whole one.

mod program;

use std::path::Path;
use std::process::Command;

use program::{Linked, Program};

/// The functions of the library come from the list of terms; the header is written by hand.
#[test]
fn header_declares_a_function_for_every_term() {
    macro_rules! identifiers {
        ($($kind:ident $id:ident: $term:ty,)*) => {
            [$(stringify!($id)),*]
        };
    }
    let header = include_str!("../../include/segloss_firmware.h");
    for id in segloss_core::builtin_terms!(identifiers) {
        let declaration = format!("int32_t segloss_firmware_{id}(const segloss_firmware_planes *");
        assert!(header.contains(&declaration), "`{declaration}..` in segloss_firmware.h");
    }
}

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
