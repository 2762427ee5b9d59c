//! The programs again with the sanitizers of addresses, leaks and undefined behaviour in them. The library
//! is not compiled with these, but allocates and frees through them.

use std::process::Command;

use segloss_c_tests::{Linked, output};

use crate::LIBRARY;

const SANITIZERS: [&str; 3] =
    ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"];

#[test]
fn sanitizers_find_nothing_in_c() {
    for source in
        ["tests/contract.c", "tests/maps.c", "tests/plugins.c", "tests/stages.c", "tests/threads.c"]
    {
        LIBRARY.c99(source).flags(&SANITIZERS).run(Linked::Shared).passed();
    }
}

#[test]
fn sanitizers_find_nothing_in_cpp() {
    LIBRARY.cpp17("tests/wrapper.cpp").flags(&SANITIZERS).run(Linked::Shared).passed();
}

/// Writes nothing that was not allocated, reads nothing that was not written.
#[test]
#[ignore = "minutes of valgrind, which .ci/run installs and asks for"]
fn valgrind_finds_nothing() {
    for source in ["tests/contract.c", "tests/maps.c", "tests/plugins.c"] {
        let program = LIBRARY.c99(source).compile(Linked::Shared);
        let mut command = Command::new("valgrind");
        command
            .args(["--quiet", "--error-exitcode=9", "--leak-check=full"])
            .arg(concat!("--suppressions=", env!("CARGO_MANIFEST_DIR"), "/tests/valgrind.supp"))
            .args(["--show-leak-kinds=definite", "--errors-for-leak-kinds=definite"])
            .arg(&program.path);
        output(&mut command);
    }
}
