//! Tests of the C library for OpenCL devices, in one binary: `cargo test -p segloss-opencl-ffi --test main
//! c_call::` runs a topic.

mod c_call;
mod header;
mod symbols;

use segloss_c_tests::Library;

/// The library under test.
const LIBRARY: Library = Library {
    name: "segloss_cl",
    package: env!("CARGO_MANIFEST_DIR"),
    scratch: env!("CARGO_TARGET_TMPDIR"),
    include: "../../include",
    flags: &["-D_POSIX_C_SOURCE=200809L"],
    links: &["-lOpenCL"],
    // Programs are built by each of them.
    environment: &[("SEGLOSS_OPENCL_CACHE", "off")],
};

/// Its header, from its package.
const HEADER: &str = "../../include/segloss_opencl.h";
