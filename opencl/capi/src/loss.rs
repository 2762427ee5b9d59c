use core::ffi::c_char;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::entry;
use crate::fault::Fault;
use crate::handle;
use crate::result::ResultCode;
use segloss_c_boundary::pointer::list;
use segloss_c_boundary::versioned::{Versioned, read_or_zeros};
use segloss_c_boundary::{BadArgument, names, options, text};
use segloss_core::compose::MapDefinition;
use segloss_opencl::Library;

/// How logits become probabilities. Since 0.1.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// Each channel by itself, with targets of the logits' shape from 0 to 1 (integers: 0 and one positive number).
    Sigmoid = 0,
    /// All channels together, with one label per pixel, from 0 to the number of channels less 1; pixels
    /// labelled 255 do not count unless the call says otherwise.
    Softmax = 1,
}

/// A loss: a sum of terms, read from text.
///
/// Immutable: any number of threads and evaluators may use one at the same time. Since 0.1.
#[derive(Debug)]
pub struct Loss(pub(crate) segloss_opencl::Loss);

/// What a loss's text may name besides the built-in terms and maps. Start from
/// SEGLOSS_CL_LOSS_OPTIONS_INIT.
///
/// Later versions add fields at the end, where 0 asks for what the library did before. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct LossOptions {
    /// sizeof(segloss_cl_loss_options).
    pub struct_size: u32,
    /// 0.
    pub reserved: i32,
    /// Names of weight maps that each call gives (segloss_cl_call, `maps`). NULL: none.
    pub map_names: *const *const c_char,
    /// Entries of `map_names`.
    pub map_name_count: usize,
}

// SAFETY: its size comes first, and zeros are valid in every field.
unsafe impl Versioned for LossOptions {
    const FIRST: usize = size_of::<Self>();
}

/// The loss that `text` describes under `link` (a segloss_cl_link), as segloss_loss_new reads it; into
/// `loss`, for segloss_cl_loss_free to free. `options` is NULL for no maps but the built-in ones.
///
/// Fails with SEGLOSS_CL_RESULT_BAD_TEXT at the first mistake in the text: the message says where it is and
/// what was expected there. Since 0.1.
///
/// # Safety
/// Pointers are NULL or point to what their types say; texts end with a 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segloss_cl_loss_new(
    text: *const c_char,
    link: i32,
    options: *const LossOptions,
    loss: *mut *mut Loss,
) -> ResultCode {
    entry::run(|| {
        // SAFETY: the caller's word, here and below.
        let text = unsafe { text::read(text, "text", "")? };
        let expected = "SEGLOSS_CL_LINK_SIGMOID (0) or SEGLOSS_CL_LINK_SOFTMAX (1)";
        let link = options::link(link, expected)?;
        // SAFETY: as above.
        let options = unsafe { read_or_zeros(options, "options")? };
        // SAFETY: as above.
        let library = unsafe { options.library()? };
        let make = || {
            let loss = segloss_opencl::Loss::with_library(library, text, link);
            Ok(Loss(loss.map_err(|error| BadArgument::Text { message: error.to_string() })?))
        };
        // SAFETY: as above.
        unsafe { handle::hand_out(loss, "loss", make) }
    })
}

/// Frees a loss that no call uses. NULL is no loss, and nothing happens. Since 0.1.
///
/// # Safety
/// `loss` is NULL or comes from segloss_cl_loss_new and is not used any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segloss_cl_loss_free(loss: *mut Loss) {
    // SAFETY: the caller's word.
    unsafe { handle::free(loss) }
}

/// Libraries by the names of their maps. An evaluator tells losses apart by their library, so that the
/// program of a loss that is made anew is found again.
static LIBRARIES: Mutex<BTreeMap<Vec<&'static str>, Arc<Library>>> = Mutex::new(BTreeMap::new());

impl LossOptions {
    /// # Safety
    /// `map_names` is NULL or points to as many texts as it says.
    unsafe fn library(&self) -> Result<Arc<Library>, Fault> {
        options::reserved("options.reserved", self.reserved)?;
        // SAFETY: the caller's word.
        let given = unsafe { list(self.map_names, self.map_name_count, "options", ".map_names")? };
        let read = |&name: &*const c_char| {
            // SAFETY: the caller's word.
            unsafe { text::read(name, "options", ".map_names[..]") }
        };
        let names = given.unwrap_or_default().iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let mut libraries = LIBRARIES.lock().unwrap_or_else(PoisonError::into_inner);
        let known: &BTreeMap<Vec<&str>, _> = &libraries;
        if let Some(library) = known.get(&names) {
            let library: &Arc<Library> = library;
            return Ok(library.clone());
        }
        let mut library = Library::new();
        let names: Vec<&'static str> = names.into_iter().map(names::keep).collect();
        for &name in &names {
            library.add_map(MapDefinition::given(name, &[]))?;
        }
        let library = Arc::new(library);
        libraries.insert(names, library.clone());
        Ok(library)
    }
}
