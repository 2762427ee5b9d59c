//! Prints the table of bits: on a board in its emulator, on Linux without a standard library, in memory that
//! WebAssembly shows to its host, or on a host with a standard library.
#![cfg_attr(
    any(
        target_os = "none",
        target_arch = "s390x",
        all(target_arch = "wasm32", not(feature = "vectors"))
    ),
    no_std
)]
#![cfg_attr(any(target_os = "none", target_arch = "s390x", target_arch = "wasm32"), no_main)]

#[cfg(all(target_arch = "arm", target_os = "none"))]
#[path = "table/on_board.rs"]
mod run;
#[cfg(any(target_arch = "riscv32", target_arch = "s390x"))]
#[path = "table/on_linux.rs"]
mod run;
#[cfg(target_arch = "wasm32")]
#[path = "table/on_wasm.rs"]
mod run;
#[cfg(not(any(target_os = "none", target_arch = "s390x", target_arch = "wasm32")))]
#[path = "table/on_host.rs"]
mod run;

// With which vectors.
#[cfg(not(feature = "vectors"))]
use segloss_core::level::Scalar as Width;
#[cfg(feature = "vectors")]
use segloss_simd::level::Portable as Width;

#[cfg(not(any(target_os = "none", target_arch = "s390x", target_arch = "wasm32")))]
fn main() -> std::process::ExitCode {
    run::main()
}
