//! What happens to a tile of 256 pixels.
//!
//! A tile is all that loops over pixels ever see: numbers of one format in arrays. The loops are leaves,
//! functions compiled for one format and one level and kept in a table ([`Kernels`]); a loss is an object
//! ([`Program`]) that calls them for each tile, and the [engine](crate::engine), which reads tiles from
//! tensors and writes them back, is compiled once a format.
//!
//! | file | holds |
//! |---|---|
//! | `kernels` | the table of a level |
//! | `program`, `spec` | what the engine asks of a loss, and what a loss says of its terms |
//! | `inputs` | what loops over a tile are given |
//! | `parts` | a loss composed when the program is compiled |
//! | `fused`, `fusion` | one loop from logits to sums and gradient, and the losses from text that have one |
//! | `definition`, `object` | a term by name, compiled from a formula or computing tiles by itself |
//! | `options` | what a call in text may say of a term |
//! | `pixel`, `softmax`, `true_class`, `add_up` | leaves for any sum of terms |
//! | `targets`, `weights` | leaves that read what is adjacent, as it is stored |
//! | `read_targets`, `read_weights` | tiles of tensors, by way of those |
//! | `label_bytes` | tiles of targets as bytes, which maps are computed from |
//! | `check_targets` | whether targets are what they have to be |

mod add_up;
mod check_targets;
mod definition;
mod fused;
mod fusion;
mod inputs;
mod kernels;
mod label_bytes;
mod object;
mod options;
mod parts;
mod pixel;
mod program;
mod read_targets;
mod read_weights;
pub(crate) mod softmax;
mod spec;
mod targets;
mod true_class;
mod weights;

pub(crate) use add_up::{AddUp, AddValues, Sums};
pub(crate) use check_targets::{CheckKernels, Foreground};
pub(crate) use definition::{Body, ClassLoops, PixelLoops};
pub use definition::{ClassBody, Definition, PixelBody, RegionBody};
pub use fused::Fused;
pub(crate) use fused::{PixelPass, plus};
pub(crate) use fusion::{FusedClass, FusedPixels, RegionsAlone};
pub(crate) use inputs::PixelTile;
pub use inputs::{
    ClassTile, MadeOf, PixelArrays, PixelGradient, PixelInputs, PixelSweep, PixelTiles, Scratch,
    TileGradient, TileOutput, TileSweep, TileWeights, scaled,
};
pub use kernels::Kernels;
pub(crate) use label_bytes::LabelKernels;
pub use object::{TileClassTerm, TilePixelTerm, TileRegionTerm};
pub use options::CallOption;
pub(crate) use options::OPTIONS;
pub use parts::{At, ClassPart, PartVisitor, Parts, PixelPart, RegionPart, class, pixel, region};
pub(crate) use pixel::RegionTile;
pub use program::Program;
pub(crate) use read_targets::TargetTile;
pub use spec::{Kind, Spec, Weighting};
pub(crate) use targets::{Found, TargetKernels};
pub(crate) use true_class::TrueClass;
pub(crate) use weights::{WeightKernels, fits};

use crate::summation::TILE;

/// Numbers of a tile's pixels.
pub(crate) type Tile<T> = [T; TILE];
