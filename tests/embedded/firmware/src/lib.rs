//! What a board and its host both run.
#![no_std]

#[cfg(all(target_arch = "arm", target_os = "none"))]
pub mod board;
pub mod table;
pub mod tile;
pub mod train;
