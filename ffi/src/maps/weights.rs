use core::ffi::c_char;

use super::Request;
use crate::call::Call;
use crate::entry;
use crate::fault::{Fault, Reason};
use crate::result::ResultCode;
use crate::tensor::Plain;
use crate::workspace::{self, Storage, Workspace};
use segloss_c_boundary::dlpack::{DLDataType, DLTensor};
use segloss_c_boundary::pointer::check_pointer;
use segloss_c_boundary::{BadArgument, text};
use segloss_core::compose::{MapCall, parse_map};
use segloss_core::lanes::Real;
use segloss_simd::Library;

/// The weights of a map, as `text` describes it and as a loss would compute it, into `out`:
///
/// | map | weights |
/// |---|---|
/// | `band(theta=3, weight=5, border=auto, void=nearest)` | `weight` within `theta` steps of a pixel at a boundary, 1 elsewhere; outside the image is background (`border=zero`, that of masks) or more of the same (`border=keep`, that of label maps) |
/// | `decay(sigma=5, empty=zero, void=nearest)` | exp(-d / sigma), d the distance to the nearest pixel of another label; where there is none 0, or with `empty=one` 1 |
///
/// Pixels that do not count are void. They have the label of the nearest pixel that counts, by the spacing, of
/// several as near the smallest: over a ring of w void pixels a band shows from theta w / 2 on. With `void=cut`
/// none is at a boundary, and no distance is measured to them. Masks without foreground have weight 0 in
/// `decay`: false positives there are learned from with `empty=one`.
///
/// `targets` are as for segloss_evaluate under `link`: masks, one a channel, or label maps of 1 channel.
/// Of `call`, which may be NULL, `ignore`, `mask` and `spacing` count; the rest is as in
/// SEGLOSS_CALL_INIT. `out` is float32 or float64 of the targets' shape, packed. `workspace` is NULL for the
/// thread's own. `out` is written only on success. Since 0.1.
///
/// # Safety
/// Pointers are NULL or point to what their types say; tensors have the memory that their shape, strides
/// and type ask for; `text` is NULL or ends with a 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segloss_map_weights(
    text: *const c_char,
    link: i32,
    targets: *const DLTensor,
    call: *const Call,
    out: *const DLTensor,
    workspace: *mut Workspace,
) -> ResultCode {
    entry::run(|| {
        // SAFETY: the caller's word, here and below.
        let text = unsafe { text::read(text, "text", "")? };
        check_pointer(out, "out", "")?;
        // SAFETY: as above.
        let request = unsafe { Request::read(targets, link, call, out)? };
        request.out.holds(&[DLDataType::F32, DLDataType::F64], "float32 or float64")?;
        // SAFETY: as above; the output is apart and stored so.
        unsafe {
            workspace::with(workspace, |storage| match request.out.dtype {
                DLDataType::F64 => compute::<f64>(text, &request, storage),
                _ => compute::<f32>(text, &request, storage),
            })
        }
    })
}

/// # Safety
/// Nobody else uses the output's memory, and it is stored as `T`.
unsafe fn compute<T: Real + Plain>(
    text: &str,
    request: &Request<'_>,
    storage: &mut Storage,
) -> Result<(), Fault> {
    if !request.out.is_packed() {
        return Err(Reason::Packed { argument: "out" }.into());
    }
    let library = Library::<T>::default();
    let map = parse_map(text, library.registry());
    let map = map.map_err(|error| BadArgument::Text { message: error.to_string() })?;
    // SAFETY: the caller's word, here and below.
    let call = unsafe { request.call()? };
    MapCall::check_spacing(&[map], call.spacing)?;
    let words = map.scratch(&call, &request.targets)?;
    let scratch = workspace::lend(&mut storage.words, words, "map scratch")?;
    // SAFETY: as above.
    let weights = unsafe { request.out.elements_mut::<T>()? };
    Ok(map.compute(&call, &request.targets, scratch, weights)?)
}
