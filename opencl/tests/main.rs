//! Tests of losses on OpenCL devices, in one binary: `cargo test -p segloss-opencl --test main maps::` runs a
//! topic.

mod case;
mod errors;
mod foreign;
mod maps;
mod plugins;
mod properties;
mod random;
mod same_bits;
mod small_kernels;
mod trace;
