//! Terms whose formulas are functions of the caller's.

mod class;
mod parameters;
mod pixel;
mod region;
mod tiles;

pub use class::{ClassTerm, ClassTileF32, ClassTileF64, segloss_plugin_class};
pub use parameters::PluginParameter;
pub use pixel::{PixelTerm, PixelTileF32, PixelTileF64, segloss_plugin_pixel};
pub use region::{RegionSeed, RegionSums, RegionTerm, segloss_plugin_region};

use core::ffi::c_void;
use std::sync::Arc;

use crate::boundary::guard;
use crate::fault::Fault;
use crate::tensor::check_pointer;
use parameters::Declared;
use segloss_core::compose::{Definition, TileClassTerm, TilePixelTerm, TileRegionTerm};
use segloss_core::lanes::Real;
use segloss_simd::Library;
use tiles::TileFunctions;

/// The interface between plugins and this library; a plugin says which it was written for.
pub const SEGLOSS_PLUGIN_API_VERSION: u32 = 1;

/// A term of the caller's, which losses can name once it is among their options.
///
/// Immutable, and shared by the losses that are made with it: it may be freed before them. Since 0.1.
#[derive(Debug)]
pub struct Plugin {
    pub(crate) name: &'static str,
    pub(crate) declared: Declared,
    body: Body,
    context: Context,
}

#[derive(Debug)]
enum Body {
    Pixel(TileFunctions<PixelTileF64, PixelTileF32>),
    Class(TileFunctions<ClassTileF64, ClassTileF32>),
    Region(region::Functions),
}

/// What the plugin's functions are given first.
#[derive(Debug)]
struct Context {
    place: *mut c_void,
    release: Option<Release>,
}

// SAFETY: the plugin's author says that its functions may be called on any thread, several at a time.
unsafe impl Send for Context {}
// SAFETY: as above.
unsafe impl Sync for Context {}

impl Drop for Context {
    fn drop(&mut self) {
        if let Some(release) = self.release {
            // SAFETY: the author's word that it may be called once when nothing else is.
            unsafe { release(self.place) };
        }
    }
}

impl Plugin {
    /// Makes it one of the libraries' terms.
    ///
    /// # Safety
    /// The plugin outlives both libraries.
    pub(crate) unsafe fn add(
        self: &Arc<Self>,
        single: &mut Library<f32>,
        double: &mut Library<f64>,
    ) -> Result<(), Fault> {
        // SAFETY: the caller's word; an `Arc` does not move what it holds.
        let own: &'static Plugin = unsafe { &*Arc::as_ptr(self) };
        single.add_term(own.definition())?;
        double.add_term(own.definition())?;
        Ok(())
    }

    fn definition<T: Real>(&'static self) -> Definition<'static, T, f64>
    where
        Plugin: TilePixelTerm<T> + TileClassTerm<T> + TileRegionTerm<f64>,
    {
        let parameters = self.declared.parameters;
        match self.body {
            Body::Pixel(_) => Definition::pixel_tiles(self.name, parameters, self),
            Body::Class(_) => Definition::class_tiles(self.name, parameters, self),
            Body::Region(_) => Definition::region_tiles(self.name, parameters, self),
        }
    }
}

/// That a plugin was written for this library.
fn check_version(version: u32) -> Result<(), Fault> {
    let expected = SEGLOSS_PLUGIN_API_VERSION;
    if version == expected {
        return Ok(());
    }
    Err(Fault::ApiVersion { argument: "term", version, expected })
}

type Release = unsafe extern "C" fn(context: *mut c_void);

/// Hands out a plugin.
///
/// # Safety
/// `place` is NULL or points to a place for a pointer.
unsafe fn give(
    name: &'static str,
    declared: Declared,
    body: Body,
    (context, release): (*mut c_void, Option<Release>),
    place: *mut *mut Plugin,
) -> Result<(), Fault> {
    check_pointer(place, "plugin", "")?;
    let context = Context { place: context, release: None };
    let mut own = Arc::new(Plugin { name, declared, body, context });
    // Whatever no text can hold is refused here, not in a loss to come.
    // SAFETY: both libraries are gone before it is.
    unsafe { own.add(&mut Library::default(), &mut Library::default())? };
    // Not before it is sure that there is something to release.
    if let Some(own) = Arc::get_mut(&mut own) {
        own.context.release = release;
    }
    // SAFETY: neither NULL nor misaligned, so the caller's to be written.
    unsafe { place.write(Arc::into_raw(own).cast_mut()) };
    Ok(())
}

/// Gives up a share of a plugin; losses that were made with it keep theirs. NULL is none, and nothing
/// happens.
///
/// Since 0.1.
///
/// # Safety
/// `plugin` is NULL or comes from segloss_plugin_pixel or its like and is not used any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segloss_plugin_free(plugin: *mut Plugin) {
    guard((), || {
        if !plugin.is_null() {
            // SAFETY: it was made by `Arc::into_raw` and is the caller's last pointer to it.
            drop(unsafe { Arc::from_raw(plugin.cast_const()) });
        }
    });
}
