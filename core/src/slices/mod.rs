//! Losses composed at compile time on plain slices of one sample, pixel by pixel: for microcontrollers.
//!
//! [`engine`](crate::engine) computes tiles of 256 pixels, which take stack and loops for every layout;
//! here a pixel is read, computed and added to the caller's accumulators before the next. Formulas, shape
//! of summation and order of operations are the same, so **value and gradient have the engine's bits** of
//! one sample with the same [`Accumulator`](crate::summation::Accumulator). Without `f64` in hardware that is
//! [`Compensated`](crate::summation::Compensated): a server that is to give the same bits computes with it
//! too, because sums in `f64` are rounded elsewhere.
//!
//! [`Binary`] is the sigmoid link, [`Multiclass`] softmax. Neither has the call's weights, masks, class
//! weights, means divided by weights, weighted regions or several samples: those take the engine.
//!
//! ```
//! use segloss_core::compose::{pixel, region};
//! use segloss_core::pixel::Bce;
//! use segloss_core::region::Dice;
//! use segloss_core::slices::{Binary, Workspace};
//! use segloss_core::summation::Compensated;
//! use segloss_core::term::Maps;
//!
//! let band = [5.0, 5.0, 1.0];
//! let plane = Binary { logits: &[0.5f32, -1.0, 2.0], targets: &[1u8, 0, 1], ignored: None, maps: &[&band] };
//! let edges = pixel(0.3, Bce::default()).weighted(Maps::NONE.and(0)?);
//! let loss = (pixel(0.3, Bce::default()), (region(0.4, Dice::default()), edges));
//! // One of the first and two of the second for each term, and for each of a class's three region sums.
//! let (mut partials, mut sums) = ([[0.0; 32]; 6], [Compensated::ZERO; 12]);
//! let mut gradient = [0.0; 3];
//! let workspace = Workspace { partials: &mut partials, sums: &mut sums };
//! let report = plane.evaluate(loss, Some(&mut gradient), workspace)?;
//! assert!(report.value > 0.0 && report.valid == 3 && gradient[1] > 0.0);
//! # Ok::<(), segloss_core::Error>(())
//! ```
//!
//! All of it is inlined into the caller, so that the constants of a loss leave nothing but their own
//! operations: call it from one function, which is not inlined, for each loss.

mod binary;
mod evaluate;
mod fault;
mod multiclass;
mod sums;
mod terms;

pub use binary::Binary;
pub use fault::Fault;
pub use multiclass::{Classes, Multiclass};
pub use sums::{Workspace, accumulators};
