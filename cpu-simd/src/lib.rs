//! The losses of `segloss-core` at full width on any CPU.
//!
//! A [`level`] says with which vectors and instructions: [`Portable`](level::Portable) uses `wide`
//! at whatever width the build's target has; on x86-64, [`Avx2`](level::Avx2) and
//! [`Avx512`](level::Avx512) are chosen at run time. Every level gives the same bits.

mod buffers;
mod computed_maps;
mod evaluate;
pub mod level;
mod library;
mod loss;
pub mod maps;
mod parsed_loss;
pub mod stages;
#[cfg(feature = "rayon")]
mod threads;
mod workspace;

pub use buffers::Buffers;
pub use evaluate::evaluate;
pub use level::AnyLevel;
pub use library::Library;
pub use loss::{Loss, Outputs};

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

#[cfg(doctest)]
#[doc = include_str!("../../docs/targets.md")]
struct Targets;
