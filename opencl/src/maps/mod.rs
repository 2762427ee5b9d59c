//! Distance transforms, morphology and weight maps on the device, as in [`segloss_core::maps`].

mod distance;
mod face;
mod fill;
mod host;
mod labels;
mod launch;
mod morphology;
mod source;
mod weights;

pub use face::Maps;
pub use host::HostLabels;
pub(crate) use labels::{Targets, Validity};
pub use launch::MapTuning;
pub(crate) use weights::{BuiltinMap, weights};
