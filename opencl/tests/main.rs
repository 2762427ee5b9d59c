//! Tests of losses on OpenCL devices, in one binary: `cargo test -p segloss-opencl --test main maps::` runs a
//! topic.

mod common;
mod errors;
mod foreign;
mod maps;
mod properties;
mod same_bits;
mod small_kernels;
mod trace;
