use core::ffi::{c_char, c_void};

use super::author::{Author, Fields};
use super::handle::{Plugin, Term, hand_out};
use super::parameters::PluginParameter;
use super::tiles::{Arrays, COUNT, Format, TileTerm};
use crate::entry;
use crate::result::ResultCode;
use segloss_c_boundary::versioned::{Versioned, read};
use segloss_core::compose::{Definition, PixelArrays, TilePixelTerm};
use segloss_core::summation::TILE;
use segloss_core::term::Arguments;

/// Some pixels of one channel, as arrays of `count` numbers in double precision. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct PixelTileF64 {
    /// sizeof(segloss_pixel_tile_f64), of the library.
    pub struct_size: u32,
    /// Numbers in each array: 256.
    pub count: u32,
    /// Logits.
    pub z: *const f64,
    /// Targets, 0 to 1.
    pub y: *const f64,
    /// sigmoid(z).
    pub p: *const f64,
    /// 1 - p, without cancellation.
    pub q: *const f64,
    /// ln(1 + exp(-|z|)), so that ln(1 + exp(z)) is max(z, 0) + tail.
    pub tail: *const f64,
    /// Positive where a pixel counts: elsewhere inputs may be anything, and what is written is not read.
    /// NULL: all do.
    pub valid: *const f64,
}

/// Some pixels of one channel, as arrays of `count` numbers in single precision. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct PixelTileF32 {
    /// sizeof(segloss_pixel_tile_f32), of the library.
    pub struct_size: u32,
    /// Numbers in each array: 256.
    pub count: u32,
    /// Logits.
    pub z: *const f32,
    /// Targets, 0 to 1.
    pub y: *const f32,
    /// sigmoid(z).
    pub p: *const f32,
    /// 1 - p, without cancellation.
    pub q: *const f32,
    /// ln(1 + exp(-|z|)), so that ln(1 + exp(z)) is max(z, 0) + tail.
    pub tail: *const f32,
    /// Positive where a pixel counts: elsewhere inputs may be anything, and what is written is not read.
    /// NULL: all do.
    pub valid: *const f32,
}

/// A pixel term: the loss of each pixel by itself, under the sigmoid link. Start from
/// SEGLOSS_PIXEL_TERM_INIT.
///
/// Its functions may be called on any thread, several at the same time. They return normally: no
/// exception and no longjmp leaves them. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct PixelTerm {
    /// sizeof(segloss_pixel_term).
    pub struct_size: u32,
    /// SEGLOSS_PLUGIN_API_VERSION.
    pub api_version: u32,
    /// Its name in text: letters, digits and `_`.
    pub name: *const c_char,
    /// Its parameters. NULL: none.
    pub parameters: *const PluginParameter,
    /// Entries of `parameters`, up to 8.
    pub parameter_count: usize,
    /// What its functions are given first.
    pub context: *mut c_void,
    /// Writes the loss of each pixel of `tile` to `value`, and its derivative in the logit to `slope`.
    /// `parameters` are as many as declared, in that order.
    pub tile_f64: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            parameters: *const f64,
            tile: *const PixelTileF64,
            value: *mut f64,
            slope: *mut f64,
        ),
    >,
    /// (optional) Does what `tile_f64` does for logits that are computed in single precision; without it
    /// they are converted, and the results rounded.
    pub tile_f32: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            parameters: *const f64,
            tile: *const PixelTileF32,
            value: *mut f32,
            slope: *mut f32,
        ),
    >,
    /// (optional) Called once with the context when the plugin and all losses made with it are freed.
    /// Not called if the plugin is refused.
    pub release: Option<unsafe extern "C" fn(context: *mut c_void)>,
}

// SAFETY: its size comes first, and zeros are valid in every field.
unsafe impl Versioned for PixelTerm {
    const FIRST: usize = size_of::<Self>();
}

/// A pixel term as a plugin, into `plugin`, for segloss_plugin_free to free.
///
/// Fails with SEGLOSS_RESULT_BAD_PLUGIN if the name is taken or no text can hold it, and likewise for
/// parameters. The struct and what it points to, `context` excepted, are not used after the call. Since
/// 0.1.
///
/// # Safety
/// Pointers are NULL or point to what their types say; the functions do what their fields say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segloss_plugin_pixel(
    term: *const PixelTerm,
    plugin: *mut *mut Plugin,
) -> ResultCode {
    entry::run(|| {
        // SAFETY: the caller's word, here and below.
        let table = unsafe { read(term, "term")? };
        let PixelTerm { api_version, name, parameters, parameter_count, context, .. } = table;
        let fields = Fields { api_version, name, parameters, parameter_count, context };
        // SAFETY: as above.
        let author = unsafe { Author::read(fields)? };
        let term = Own::new(author, table.tile_f64, table.tile_f32)?;
        // SAFETY: as above.
        unsafe { hand_out(term, context, table.release, plugin) }
    })
}

/// A term of each pixel by itself, by functions of the author's.
type Own = TileTerm<PixelTileF64, PixelTileF32>;

impl From<Arrays<'_, f64, 5>> for PixelTileF64 {
    fn from(arrays: Arrays<'_, f64, 5>) -> Self {
        let (struct_size, valid) = (size_of::<Self>() as u32, arrays.valid());
        let [z, y, p, q, tail] = arrays.inputs();
        PixelTileF64 { struct_size, count: COUNT, z, y, p, q, tail, valid }
    }
}

impl From<Arrays<'_, f32, 5>> for PixelTileF32 {
    fn from(arrays: Arrays<'_, f32, 5>) -> Self {
        let (struct_size, valid) = (size_of::<Self>() as u32, arrays.valid());
        let [z, y, p, q, tail] = arrays.inputs();
        PixelTileF32 { struct_size, count: COUNT, z, y, p, q, tail, valid }
    }
}

impl Term for Own {
    fn single(&'static self) -> Definition<'static, f32, f64> {
        Definition::pixel_tiles(self.author.name, self.author.parameters(), self)
    }

    fn double(&'static self) -> Definition<'static, f64, f64> {
        Definition::pixel_tiles(self.author.name, self.author.parameters(), self)
    }
}

impl<E: Format> TilePixelTerm<E> for Own {
    fn tile(
        &self,
        arguments: Arguments<'_>,
        input: PixelArrays<'_, E>,
        value: &mut [E; TILE],
        slope: &mut [E; TILE],
    ) {
        let PixelArrays { z, y, p, q, softplus_tail, valid } = input;
        E::compute(
            self,
            arguments,
            Arrays { inputs: [z, y, p, q, softplus_tail], valid },
            value,
            slope,
        );
    }
}
