//! A loss as a weighted sum of terms: fixed when the program is compiled ([`class`], [`pixel`],
//! [`region`] and pairs of them) or put together at run time ([`Listed`]). Both give the same bits.

mod definition;
mod fixed;
mod listed;
mod program;

pub use definition::{Body, Definition};
pub use fixed::{ClassPart, Parts, PixelPart, RegionPart, class, pixel, region};
pub use listed::{Listed, Term};
pub use program::{ClassTile, Kind, PixelTile, Program, Spec};
