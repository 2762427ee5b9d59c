//! The maps of `segloss-core` with each level's instructions, and with feature `rayon` on several threads.
//!
//! [`MapBuffers`] owns the storage and takes a level chosen at run time. The functions of core, which
//! take both from the caller, are all here too.

mod buffers;
#[cfg(feature = "rayon")]
mod threads;
#[cfg(target_arch = "x86_64")]
mod x86_64;

pub use buffers::MapBuffers;
pub use segloss_core::maps::*;
#[cfg(feature = "rayon")]
pub use threads::Threads;

use crate::level::Portable;

impl MapLevel for Portable {}
