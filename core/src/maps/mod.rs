//! Weight maps and what they are made of: binary morphology and exact Euclidean distance transforms
//! of masks and label maps, in one to three dimensions.
//!
//! Everything works on whole images (never on tiles of one), takes time linear in the number of
//! pixels on every mask, and gives the same results at every [`MapLevel`]. Storage is the caller's,
//! as long as a function beside each operation says.
//!
//! | module | gives |
//! |---|---|
//! | [`band`] | weights for pixels near a boundary |
//! | [`decay`] | weights that fall with the distance to the other label |
//! | [`edt`] | exact distances: to background, to the nearest other label, signed |
//! | [`morphology`] | erosion and dilation of bit-packed masks |
//!
//! Pixels that do not count are void, which [`Void`] says what to make of: boundaries, and distances
//! to them, are found in labels that void has from the nearest pixel that counts.
//!
//! An axis of extent 1 is an axis: the pixels of a 1 x 7 image have an outside above and below. Images
//! with fewer than three axes have leading axes of extent 1 that do not count.

pub mod band;
pub mod bits;
pub mod decay;
pub mod edt;
mod fork;
mod labels;
mod level;
pub mod morphology;
mod named;
mod planes;
mod scratch;
mod segment;
mod source;
mod void;

pub use edt::grid::divide;
pub use fork::{Fork, Serial};
pub(crate) use fork::{Join, Workers};
pub use labels::{Adjacent, Classes, Code, Label, Labels, Mask};
pub use level::MapLevel;
pub(crate) use named::{NamedBits, NamedMap};
pub use planes::{LabelRows, MaskRows};
pub(crate) use scratch::{Scratch, Words};
pub use segment::{Clipped, Segment};
pub use source::{IGNORED, LabelBytes, LabelSource};
pub use void::Void;
pub(crate) use void::{Fill, line_words};
