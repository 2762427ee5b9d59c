//! What a board and its host both run.
#![no_std]

#[cfg(target_os = "none")]
pub mod board;
pub mod tile;
pub mod train;
