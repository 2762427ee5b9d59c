//! The programs again with the sanitizers of addresses, leaks and undefined behaviour in them. The library
//! is not compiled with these, but allocates and frees through them.

use crate::program::{Linked, Program};

const SANITIZERS: [&str; 3] =
    ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"];

#[test]
fn sanitizers_find_nothing_in_c() {
    for source in
        ["tests/contract.c", "tests/maps.c", "tests/plugins.c", "tests/stages.c", "tests/threads.c"]
    {
        Program::c99(source).flags(&SANITIZERS).run(Linked::Shared).passed();
    }
}

#[test]
fn sanitizers_find_nothing_in_cpp() {
    Program::cpp17("tests/wrapper.cpp").flags(&SANITIZERS).run(Linked::Shared).passed();
}

/// Writes nothing that was not allocated, reads nothing that was not written.
#[test]
#[ignore = "minutes of valgrind, which .ci/run installs and asks for"]
fn valgrind_finds_nothing() {
    for source in ["tests/contract.c", "tests/maps.c", "tests/plugins.c"] {
        let program = Program::c99(source).compile(Linked::Shared);
        let output = std::process::Command::new("valgrind")
            .args(["--quiet", "--error-exitcode=9", "--leak-check=full"])
            .arg(concat!("--suppressions=", env!("CARGO_MANIFEST_DIR"), "/tests/valgrind.supp"))
            .args(["--show-leak-kinds=definite", "--errors-for-leak-kinds=definite"])
            .arg(&program)
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{source}: {text}{errors}");
    }
}
