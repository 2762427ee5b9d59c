use std::sync::Arc;

use super::LossOptions;
use crate::fault::Fault;
use crate::plugin::Plugin;
use segloss_simd::Library;

/// What the text of a loss can name, in both computing formats.
pub(super) struct Libraries {
    // Before the plugins, to which they refer.
    pub(super) single: Library<f32>,
    pub(super) double: Library<f64>,
    pub(super) plugins: Vec<Arc<Plugin>>,
}

impl Libraries {
    /// Makes them of the built-in terms and those of `options`.
    ///
    /// # Safety
    /// The options' pointers are NULL or point to what their types say. The libraries are gone before the
    /// plugins.
    pub(super) unsafe fn of(options: &LossOptions) -> Result<Self, Fault> {
        let level = options.level()?;
        let (single, double) = (Library::new(level), Library::new(level));
        // SAFETY: the caller's word, here and below.
        let plugins = unsafe { options.plugins()? };
        let mut own = Libraries { single, double, plugins };
        for plugin in &own.plugins {
            // SAFETY: as above.
            unsafe { plugin.add(&mut own.single, &mut own.double)? };
        }
        // SAFETY: as above.
        unsafe { options.add_maps(&mut own.single, &mut own.double)? };
        Ok(own)
    }
}
