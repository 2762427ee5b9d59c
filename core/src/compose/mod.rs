//! Losses as text, and what texts name: terms, maps, presets and options.

mod byte_plane;
mod link_of;
mod map;
mod map_job;
mod parse;
mod plan;
mod presets;
mod print;
mod registry;
mod shorthands;

pub use crate::maps::{IGNORED, LabelBytes, LabelSource};
pub use crate::pixelwise::MOST_CLASSES;
pub use crate::tile::*;
pub use link_of::link_of;
pub use map::{LabelPlane, MapCall, MapDefinition, ObjectMap, WeightMap, check_labels};
pub use map_job::MapJob;
pub use parse::{parse, parse_map};
pub use plan::{Plan, Term};
pub use presets::{PRESETS, Preset};
pub use registry::Registry;
pub use shorthands::{SHORTHANDS, Shorthand};
