//! The levels, and the choice among them.

mod any;
mod portable;
#[cfg(target_arch = "x86_64")]
mod x86_64;

pub use any::{AnyLevel, UnknownLevel};
pub use portable::{Portable, WideDouble, WideSingle};
pub use segloss_core::level::{Kernel, Level, Scalar};
#[cfg(target_arch = "x86_64")]
pub use x86_64::{Avx2, Avx512};
