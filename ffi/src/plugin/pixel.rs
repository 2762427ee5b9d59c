use core::ffi::{c_char, c_void};
use core::ptr;

use super::parameters::Declared;
use super::tiles::TileFunctions;
use super::{Body, Plugin, PluginParameter, check_version};
use crate::entry;
use crate::fault::Fault;
use crate::names;
use crate::result::ResultCode;
use crate::text;
use crate::versioned::{Versioned, read};
use segloss_core::compose::{PixelArrays, TilePixelTerm};
use segloss_core::summation::TILE;
use segloss_core::term::Arguments;

/// Some pixels of one channel, as arrays of `count` numbers. Since 0.1.
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

/// The same in single precision. Since 0.1.
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
    /// (optional) The same for logits that are computed in single precision; without it they are
    /// converted, and the results rounded.
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
        let term = unsafe { read(term, "term")? };
        check_version(term.api_version)?;
        // SAFETY: as above.
        let name = names::keep(unsafe { text::read(term.name, "term", ".name")? });
        // SAFETY: as above.
        let declared = unsafe { Declared::read(name, term.parameters, term.parameter_count)? };
        let double = term.tile_f64.ok_or(Fault::Null { argument: "term", field: ".tile_f64" })?;
        let body = Body::Pixel(TileFunctions { double, single: term.tile_f32 });
        // SAFETY: as above.
        unsafe { super::give(name, declared, body, (term.context, term.release), plugin) }
    })
}

impl Plugin {
    fn pixel_tile(
        &self,
        functions: &TileFunctions<PixelTileF64, PixelTileF32>,
        arguments: Arguments<'_>,
        input: PixelArrays<'_, f64>,
        value: &mut [f64; TILE],
        slope: &mut [f64; TILE],
    ) {
        let tile = PixelTileF64 {
            struct_size: size_of::<PixelTileF64>() as u32,
            count: TILE as u32,
            z: input.z.as_ptr(),
            y: input.y.as_ptr(),
            p: input.p.as_ptr(),
            q: input.q.as_ptr(),
            tail: input.tail.as_ptr(),
            valid: input.valid.map_or(ptr::null(), |valid| valid.as_ptr()),
        };
        // SAFETY: the arrays are as long as the tile says, and the author's word for the rest.
        unsafe { self.call(functions.double, arguments, &tile, value, slope) };
    }
}

impl TilePixelTerm<f64> for Plugin {
    fn tile(
        &self,
        arguments: Arguments<'_>,
        input: PixelArrays<'_, f64>,
        value: &mut [f64; TILE],
        slope: &mut [f64; TILE],
    ) {
        if let Body::Pixel(functions) = &self.body {
            self.pixel_tile(functions, arguments, input, value, slope);
        }
    }
}

impl TilePixelTerm<f32> for Plugin {
    fn tile(
        &self,
        arguments: Arguments<'_>,
        input: PixelArrays<'_, f32>,
        value: &mut [f32; TILE],
        slope: &mut [f32; TILE],
    ) {
        let Body::Pixel(functions) = &self.body else { return };
        let Some(single) = functions.single else {
            let wide = |from: &[f32; TILE]| from.map(f64::from);
            let valid = input.valid.map(wide);
            let (z, y, p, q) = (wide(input.z), wide(input.y), wide(input.p), wide(input.q));
            let tail = wide(input.tail);
            let (z, y, p, q, tail, valid) = (&z, &y, &p, &q, &tail, valid.as_ref());
            let input = PixelArrays { z, y, p, q, tail, valid };
            let (mut values, mut slopes) = ([0.0; TILE], [0.0; TILE]);
            self.pixel_tile(functions, arguments, input, &mut values, &mut slopes);
            *value = values.map(|value| value as f32);
            *slope = slopes.map(|slope| slope as f32);
            return;
        };
        let tile = PixelTileF32 {
            struct_size: size_of::<PixelTileF32>() as u32,
            count: TILE as u32,
            z: input.z.as_ptr(),
            y: input.y.as_ptr(),
            p: input.p.as_ptr(),
            q: input.q.as_ptr(),
            tail: input.tail.as_ptr(),
            valid: input.valid.map_or(ptr::null(), |valid| valid.as_ptr()),
        };
        // SAFETY: the arrays are as long as the tile says, and the author's word for the rest.
        unsafe { self.call(single, arguments, &tile, value, slope) };
    }
}
