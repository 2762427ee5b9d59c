//! Segmentation losses and their gradients with respect to the logits: no std, no allocator, no
//! unsafe.
//!
//! Each loss is written once, over the arithmetic of [`lanes`]: see [`pixel::Bce`], [`class::Ce`] and
//! [`region::Dice`]. [`compose`] makes weighted sums of them, in Rust or from [`text`], [`engine`]
//! evaluates those on the tensors of [`view`], and [`level`] says with which vectors. All storage is
//! the caller's:
//!
//! ```
//! use segloss_core::{compose::pixel, engine::*, level::Scalar, pixel::Bce, view::*};
//!
//! let (logits, mask, mut gradient) = ([0.5f32, -1.0], [1u8, 0], [0f32; 2]);
//! let packed = Layout::channels_first(Shape::new(1, 1, &[2])?)?;
//! let (z, y) = (View::new(&logits, packed)?, View::new(&mask, packed)?);
//! let loss = pixel(1.0, Bce::default());
//! let problem = Problem::<f32, f64>::new(Call::sigmoid(), &loss, &z, &y)?;
//!
//! // As long as `problem.sizes()` says, or longer.
//! let mut workspace = Workspace {
//!     partials: &mut [[0.0; 32]; 1],
//!     sums: &mut [0.0; 2],
//!     segment: &mut [0.0; 2],
//!     totals: &mut [0.0; 3],
//!     factors: &mut [0.0; 1],
//!     slopes: &mut [],
//!     weights: &mut [],
//!     class_weights: &mut [],
//! };
//! let mut sink = ViewMut::new(&mut gradient, packed)?;
//! let report = evaluate(&problem, Some(&mut sink), &mut workspace)?;
//! assert_eq!(report.valid, 2);
//! assert!(gradient[0] < 0.0 && gradient[1] > 0.0);
//! # Ok::<(), segloss_core::Error>(())
//! ```
#![no_std]
#![forbid(unsafe_code)]

mod aligned;
pub mod builtin;
pub mod class;
pub mod class_weights;
pub mod compose;
pub mod engine;
mod error;
pub mod guide;
mod ignore;
pub mod lanes;
pub mod level;
mod link;
pub mod maps;
mod number;
mod parameter;
pub mod pixel;
mod pixelwise;
mod poly1;
mod range;
pub mod region;
mod shape;
pub mod slices;
pub mod summation;
pub mod term;
pub mod text;
pub mod tile;
pub mod view;

pub use error::Error;
pub use link::Link;
