//! Tests of losses on OpenCL devices, in one binary: `cargo test -p segloss-opencl --test main maps::` runs a
//! topic.

// With its own tests: the library would be compiled once more for those alone.
#[allow(dead_code, reason = "the environment is not read")]
#[path = "../src/cache.rs"]
mod cache;
mod case;
mod errors;
mod faults;
mod foreign;
mod maps;
mod plugins;
mod properties;
mod random;
mod same_bits;
mod small_kernels;
mod trace;
