//! The library for firmware: built without std, linked into a program, compared with the whole one.

use std::process::Command;

use segloss_c_tests::{Linked, output};

use crate::LIBRARY;

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
    let folder = LIBRARY.scratch("firmware");
    let mut build = Command::new(env!("CARGO"));
    build
        .args(["build", "--quiet", "--release", "--locked", "--target-dir"])
        .arg(&folder)
        .current_dir(LIBRARY.path("firmware"))
        // Flags for instruments and coverage would pull their run-time libraries in.
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("CARGO_BUILD_TARGET");
    output(&mut build);
    let library = folder.join("release/libsegloss_firmware.a");
    let library = library.to_str().unwrap();
    LIBRARY.c99("tests/firmware.c").flags(&[library]).run(Linked::Shared).passed();

    // What it asks a C library for: memory functions at most.
    let arguments = ["--undefined-only", "--format=just-symbols"];
    let text = output(Command::new("nm").args(arguments).arg(library));
    let of_operating_system = ["malloc", "free", "pthread_", "write", "_Unwind_", "abort", "exit"];
    let asks = |symbol: &str| of_operating_system.iter().any(|name| symbol.starts_with(name));
    let found: Vec<&str> = text.lines().filter(|symbol| asks(symbol)).collect();
    assert!(found.is_empty(), "{found:?}");
}
