use core::ffi::c_char;
use std::sync::Arc;

use crate::fault::{Fault, Reason};
use crate::level;
use crate::plugin::Plugin;
use segloss_c_boundary::pointer::{check_pointer, list};
use segloss_c_boundary::versioned::Versioned;
use segloss_c_boundary::{BadArgument, names, text};
use segloss_core::compose::MapDefinition;
use segloss_simd::{AnyLevel, Library};

/// How a loss is computed, and what its text may name besides the built-in terms. Start from
/// SEGLOSS_LOSS_OPTIONS_INIT.
///
/// Later versions add fields at the end, where 0 asks for what the library did before. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct LossOptions {
    /// sizeof(segloss_loss_options).
    pub struct_size: u32,
    /// A segloss_level; 0 is the fastest.
    pub level: i32,
    /// Threads of a call of segloss_evaluate. 0 and 1: the caller's alone. More: a pool of so many that
    /// the loss owns and all its calls share; UINT32_MAX: of as many as there are processors. A forked
    /// process has no pool: there, calls run on the caller's thread.
    pub threads: u32,
    /// Entries of `plugins`.
    pub plugin_count: u32,
    /// Plugins that the text may name; the loss keeps a share of each. NULL: none.
    pub plugins: *const *const Plugin,
    /// Names of weight maps that each call gives (segloss_call, `maps`). NULL: none besides the built-in
    /// ones, which are computed where a call does not give them.
    pub map_names: *const *const c_char,
    /// Entries of `map_names`.
    pub map_name_count: usize,
}

// SAFETY: its size comes first, and zeros are valid in every field.
unsafe impl Versioned for LossOptions {
    const FIRST: usize = size_of::<Self>();
}

/// Threads of a pool that nobody means.
const MOST_THREADS: u32 = 4096;

impl LossOptions {
    pub(super) fn level(&self) -> Result<AnyLevel, Fault> {
        level::read(self.level)
    }

    /// The threads that calls run on; none for the caller's.
    pub(super) fn pool(&self) -> Result<Option<rayon::ThreadPool>, Fault> {
        let threads = match self.threads {
            0 | 1 => return Ok(None),
            // Rayon's number for as many as there are processors.
            u32::MAX => 0,
            threads if threads <= MOST_THREADS => threads as usize,
            threads => {
                let expected = "at most 4096, or UINT32_MAX for all processors";
                return Err(BadArgument::option("options.threads", threads, expected).into());
            }
        };
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|index| format!("segloss-{index}"))
            .build();
        Ok(Some(pool.map_err(|error| Reason::Threads { reason: error.to_string() })?))
    }

    /// # Safety
    /// `plugins` is NULL or points to as many plugins as it says.
    pub(super) unsafe fn plugins(&self) -> Result<Vec<Arc<Plugin>>, Fault> {
        let count = self.plugin_count as usize;
        // SAFETY: the caller's word.
        let handles = unsafe { list(self.plugins, count, "options", ".plugins")? };
        let share = |&handle: &*const Plugin| {
            check_pointer(handle, "options", ".plugins[..]")?;
            // SAFETY: it was made by `Arc::into_raw` and is not freed yet.
            unsafe {
                Arc::increment_strong_count(handle);
                Ok(Arc::from_raw(handle))
            }
        };
        handles.unwrap_or_default().iter().map(share).collect()
    }

    /// # Safety
    /// `map_names` is NULL or points to as many texts as it says.
    pub(super) unsafe fn add_maps(
        &self,
        single: &mut Library<f32>,
        double: &mut Library<f64>,
    ) -> Result<(), Fault> {
        // SAFETY: the caller's word.
        let given = unsafe { list(self.map_names, self.map_name_count, "options", ".map_names")? };
        for &name in given.unwrap_or_default() {
            // SAFETY: the caller's word.
            let name = unsafe { text::read(name, "options", ".map_names[..]")? };
            let name = names::keep(name);
            single.add_map_definition(MapDefinition::given(name, &[]))?;
            double.add_map_definition(MapDefinition::given(name, &[]))?;
        }
        Ok(())
    }
}
