//! Tests of the C ABI, in one binary: `cargo test -p segloss-ffi --test main c_call::` runs a topic.

mod allocation;
mod boundary;
mod c_call;
mod firmware;
mod fuzz;
mod header;
mod memory;
mod package;
mod program;
mod python;
mod symbols;
mod unsafe_code;
