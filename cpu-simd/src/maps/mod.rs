//! The maps of `segloss-core` with each level's instructions, and on several threads.

#[cfg(feature = "rayon")]
mod threads;
#[cfg(target_arch = "x86_64")]
mod x86_64;

pub use segloss_core::maps::*;
#[cfg(feature = "rayon")]
pub use threads::Threads;

use crate::level::Portable;

impl MapLevel for Portable {}
