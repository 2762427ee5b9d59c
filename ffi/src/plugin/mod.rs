//! Terms whose formulas are functions of the caller's.

mod author;
mod class;
mod handle;
mod parameters;
mod pixel;
mod region;
mod tiles;

pub use author::SEGLOSS_PLUGIN_API_VERSION;
pub use class::{ClassTerm, ClassTileF32, ClassTileF64, segloss_plugin_class};
pub use handle::{Plugin, segloss_plugin_free};
pub use parameters::PluginParameter;
pub use pixel::{PixelTerm, PixelTileF32, PixelTileF64, segloss_plugin_pixel};
pub use region::{RegionSeed, RegionSums, RegionTerm, segloss_plugin_region};
