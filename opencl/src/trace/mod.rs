//! Formulas over [`Lanes`](segloss_core::lanes::Lanes), recorded and written as OpenCL C.
//!
//! A formula called with [`Expr`] does not compute: it notes its operations in a [`Graph`], each
//! distinct one once, and the graph prints them as a function. The operations are the very ones the
//! formula performs on numbers, in their order, so a device whose arithmetic is IEEE gives the bits
//! of the CPU.
//!
//! ```
//! use segloss_core::pixel::{Bce, Pixel, PixelTerm};
//! use segloss_opencl::trace::{Graph, Numbers};
//!
//! let graph = Graph::<f32>::new();
//! let (z, y) = (graph.input("z"), graph.input("y"));
//! let loss = Bce::default().loss(&Pixel::new(z, y));
//! let text = graph.function(Numbers::Lanes, "lanes bce(lanes z, lanes y)", &[("return".into(), loss)]);
//! assert!(text.starts_with("lanes bce(lanes z, lanes y) {"));
//! ```

mod constant;
mod expr;
mod format;
mod graph;
mod print;

pub use constant::literal;
pub use expr::{Expr, Mask};
pub use format::Format;
pub use graph::Graph;
pub use print::Numbers;
