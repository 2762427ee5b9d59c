//! Losses as text, and what texts name: terms, maps, presets and options.

mod map;
mod options;
mod parse;
mod presets;
mod print;
mod registry;
mod shorthands;

pub use crate::tile::*;
pub use map::{
    IGNORED, LabelBytes, LabelPlane, LabelSource, MapCall, MapDefinition, ObjectMap, WeightMap,
};
pub use options::CallOption;
pub(crate) use options::foreign;
pub use parse::{parse, parse_map};
pub use presets::{PRESETS, Preset};
pub use registry::Registry;
pub use shorthands::{SHORTHANDS, Shorthand};
