//! A loss as a weighted sum of terms: fixed when the program is compiled ([`class`], [`pixel`],
//! [`region`] and pairs of them) or put together at run time ([`Listed`], from a [`Registry`] of
//! definitions). Both give the same bits.

mod add_up;
mod definition;
mod fixed;
mod listed;
mod map;
mod options;
mod parse;
mod presets;
mod print;
mod program;
mod registry;
mod shorthands;
mod tiles;

pub use definition::{
    ClassBody, Definition, PixelArrays, PixelBody, PixelInputs, RegionBody, TileOutput,
};
pub(crate) use fixed::plus;
pub use fixed::{
    ClassPart, PartVisitor, Parts, PixelPart, RegionPart, class, pixel, region, weigh,
};
pub use listed::{Listed, Term};
pub use map::{
    IGNORED, LabelBytes, LabelPlane, LabelSource, MapCall, MapDefinition, ObjectMap, WeightMap,
};
pub use options::CallOption;
pub use parse::{parse, parse_map};
pub use presets::{PRESETS, Preset};
pub use program::{
    ClassTile, Kind, PixelTile, Program, Scratch, Spec, TileWeights, Weighting, part,
};
pub use registry::Registry;
pub use shorthands::{SHORTHANDS, Shorthand};
pub use tiles::{TileClassTerm, TilePixelTerm, TileRegionTerm};
