use core::ffi::{c_char, c_void};

use super::author::{Author, Fields};
use super::handle::{Plugin, Term, hand_out};
use super::parameters::PluginParameter;
use super::tiles::{Arrays, COUNT, Format, TileTerm};
use crate::entry;
use crate::result::ResultCode;
use segloss_c_boundary::versioned::{Versioned, read};
use segloss_core::compose::{self, Definition, TileClassTerm};
use segloss_core::summation::TILE;
use segloss_core::term::Arguments;

/// The probability of the true class at some pixels, as arrays of `count` numbers in double precision. Since
/// 0.1.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ClassTileF64 {
    /// sizeof(segloss_class_tile_f64), of the library.
    pub struct_size: u32,
    /// Numbers in each array: 256.
    pub count: u32,
    /// ln p.
    pub log_p: *const f64,
    /// The probability p of the pixel's label.
    pub p: *const f64,
    /// 1 - p, without cancellation.
    pub q: *const f64,
    /// Positive where a pixel counts: elsewhere inputs may be anything, and what is written is not read.
    /// NULL: all do.
    pub valid: *const f64,
}

/// The probability of the true class at some pixels, as arrays of `count` numbers in single precision. Since
/// 0.1.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ClassTileF32 {
    /// sizeof(segloss_class_tile_f32), of the library.
    pub struct_size: u32,
    /// Numbers in each array: 256.
    pub count: u32,
    /// ln p.
    pub log_p: *const f32,
    /// The probability p of the pixel's label.
    pub p: *const f32,
    /// 1 - p, without cancellation.
    pub q: *const f32,
    /// Positive where a pixel counts: elsewhere inputs may be anything, and what is written is not read.
    /// NULL: all do.
    pub valid: *const f32,
}

/// A class term: the loss of each pixel by the probability of its label, under the softmax link. Start
/// from SEGLOSS_CLASS_TERM_INIT.
///
/// Its functions may be called on any thread, several at the same time. They return normally: no
/// exception and no longjmp leaves them. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ClassTerm {
    /// sizeof(segloss_class_term).
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
    /// Writes the loss of each pixel of `tile` to `value`, and its derivative in ln p (p times the one in
    /// p) to `slope`. `parameters` are as many as declared, in that order.
    pub tile_f64: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            parameters: *const f64,
            tile: *const ClassTileF64,
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
            tile: *const ClassTileF32,
            value: *mut f32,
            slope: *mut f32,
        ),
    >,
    /// (optional) Called once with the context when the plugin and all losses made with it are freed.
    /// Not called if the plugin is refused.
    pub release: Option<unsafe extern "C" fn(context: *mut c_void)>,
}

// SAFETY: its size comes first, and zeros are valid in every field.
unsafe impl Versioned for ClassTerm {
    const FIRST: usize = size_of::<Self>();
}

/// A class term as a plugin, into `plugin`, as segloss_plugin_pixel does for pixel terms. Since 0.1.
///
/// # Safety
/// Pointers are NULL or point to what their types say; the functions do what their fields say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segloss_plugin_class(
    term: *const ClassTerm,
    plugin: *mut *mut Plugin,
) -> ResultCode {
    entry::run(|| {
        // SAFETY: the caller's word, here and below.
        let table = unsafe { read(term, "term")? };
        let ClassTerm { api_version, name, parameters, parameter_count, context, .. } = table;
        let fields = Fields { api_version, name, parameters, parameter_count, context };
        // SAFETY: as above.
        let author = unsafe { Author::read(fields)? };
        let term = Own::new(author, table.tile_f64, table.tile_f32)?;
        // SAFETY: as above.
        unsafe { hand_out(term, context, table.release, plugin) }
    })
}

/// A term of each pixel's label, by functions of the author's.
type Own = TileTerm<ClassTileF64, ClassTileF32>;

impl From<Arrays<'_, f64, 3>> for ClassTileF64 {
    fn from(arrays: Arrays<'_, f64, 3>) -> Self {
        let (struct_size, valid) = (size_of::<Self>() as u32, arrays.valid());
        let [log_p, p, q] = arrays.inputs();
        ClassTileF64 { struct_size, count: COUNT, log_p, p, q, valid }
    }
}

impl From<Arrays<'_, f32, 3>> for ClassTileF32 {
    fn from(arrays: Arrays<'_, f32, 3>) -> Self {
        let (struct_size, valid) = (size_of::<Self>() as u32, arrays.valid());
        let [log_p, p, q] = arrays.inputs();
        ClassTileF32 { struct_size, count: COUNT, log_p, p, q, valid }
    }
}

impl Term for Own {
    fn single(&'static self) -> Definition<'static, f32, f64> {
        Definition::class_tiles(self.author.name, self.author.parameters(), self)
    }

    fn double(&'static self) -> Definition<'static, f64, f64> {
        Definition::class_tiles(self.author.name, self.author.parameters(), self)
    }
}

impl<E: Format> TileClassTerm<E> for Own {
    fn tile(
        &self,
        arguments: Arguments<'_>,
        input: compose::ClassTile<'_, E>,
        value: &mut [E; TILE],
        slope: &mut [E; TILE],
    ) {
        // Not its weights: the engine multiplies by them.
        let compose::ClassTile { log_p, p, q, valid, .. } = input;
        E::compute(self, arguments, Arrays { inputs: [log_p, p, q], valid }, value, slope);
    }
}
