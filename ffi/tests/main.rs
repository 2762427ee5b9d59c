//! Tests of the C ABI, in one binary: `cargo test -p segloss-ffi --test main c_call::` runs a topic.

mod allocation;
mod boundary;
mod c_call;
mod firmware;
mod fuzz;
mod header;
mod memory;
mod package;
mod python;
mod symbols;
mod unsafe_code;

use segloss_c_tests::Library;

/// The library under test.
const LIBRARY: Library = Library {
    name: "segloss",
    package: env!("CARGO_MANIFEST_DIR"),
    scratch: env!("CARGO_TARGET_TMPDIR"),
    include: "../include",
    flags: &[],
    links: &[],
    // A test asks for more memory than there is, which ends a program with the sanitizer otherwise.
    environment: &[("ASAN_OPTIONS", "allocator_may_return_null=1")],
};

/// Its header, from its package.
const HEADER: &str = "../include/segloss.h";
