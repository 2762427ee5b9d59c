use super::{Request, at_best_level};
use crate::entry;
use crate::fault::Fault;
use crate::link::Link;
use crate::result::ResultCode;
use crate::workspace::{self, Storage, Workspace};
use segloss_c_boundary::BadArgument;
use segloss_c_boundary::dlpack::{DLDataType, DLTensor};
use segloss_core::compose::LabelPlane;
use segloss_core::maps::morphology::{self, Extent};
use segloss_core::maps::{Labels, MapLevel, MaskRows, Serial, bits};

/// The neighbourhood of a pixel. Since 0.1.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    /// The pixel and those that share a face with it: the default of SciPy.
    Cross = 0,
    /// The pixel and all around it.
    Full = 1,
}

/// What lies outside the image. Since 0.1.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Border {
    /// Background: what SciPy does.
    Zero = 0,
    /// More of what is at the edge.
    Keep = 1,
}

fn element(value: i32) -> Result<morphology::Element, Fault> {
    match value {
        0 => Ok(morphology::Element::Cross),
        1 => Ok(morphology::Element::Full),
        value => Err(BadArgument::option("element", value, "a segloss_element, 0 or 1").into()),
    }
}

fn border(value: i32) -> Result<morphology::Border, Fault> {
    match value {
        0 => Ok(morphology::Border::Zero),
        1 => Ok(morphology::Border::Keep),
        value => Err(BadArgument::option("border", value, "a segloss_border, 0 or 1").into()),
    }
}

/// The pixels from which `iterations` steps of `element` (a segloss_element) reach foreground, of each
/// sample and channel by itself: 1 or 0 into `out`.
///
/// `mask` holds integers of 8 to 64 bits or bool (0, and one positive number throughout, which is foreground), or floats
/// from 0 to 1 (foreground: above one half); `out`
/// uint8 or bool of its shape, packed within each image. `workspace` is NULL for the thread's own. Since
/// 0.1.
///
/// # Safety
/// Pointers are NULL or point to what their types say; tensors have the memory that their shape, strides
/// and type ask for.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segloss_dilate(
    mask: *const DLTensor,
    element: i32,
    iterations: u32,
    out: *const DLTensor,
    workspace: *mut Workspace,
) -> ResultCode {
    entry::run(|| {
        let step = Step { element: self::element(element)?, erode: None, iterations };
        // SAFETY: the caller's word.
        unsafe { run(&step, mask, out, workspace) }
    })
}

/// The pixels from which `iterations` steps of `element` reach nothing but foreground: 1 or 0 into `out`.
/// `border` is a segloss_border; the rest is as for segloss_dilate. Since 0.1.
///
/// # Safety
/// Pointers are NULL or point to what their types say; tensors have the memory that their shape, strides
/// and type ask for.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segloss_erode(
    mask: *const DLTensor,
    element: i32,
    border: i32,
    iterations: u32,
    out: *const DLTensor,
    workspace: *mut Workspace,
) -> ResultCode {
    entry::run(|| {
        let (element, erode) = (self::element(element)?, Some(self::border(border)?));
        // SAFETY: the caller's word.
        unsafe { run(&Step { element, erode, iterations }, mask, out, workspace) }
    })
}

struct Step {
    element: morphology::Element,
    /// What lies outside, to erode; none to dilate.
    erode: Option<morphology::Border>,
    iterations: u32,
}

/// # Safety
/// Pointers are NULL or point to what their types say; tensors have the memory that their shape, strides
/// and type ask for.
unsafe fn run(
    step: &Step,
    mask: *const DLTensor,
    out: *const DLTensor,
    workspace: *const Workspace,
) -> Result<(), Fault> {
    // SAFETY: the caller's word, here and below.
    let request = unsafe { Request::read(mask, Link::Sigmoid as i32, core::ptr::null(), out)? };
    request.out.holds(&[DLDataType::U8, DLDataType::BOOL], "uint8 or bool8")?;
    let (layout, pixels) = (request.out.layout, request.shape().pixels());
    // SAFETY: as above.
    let call = unsafe { request.call()? };
    // SAFETY: as above; the output is apart, and bytes 0 and 1 are of both types.
    let out = unsafe { request.out.elements_mut::<u8>()? };
    let each = |storage: &mut Storage| {
        for (sample, channel) in request.images() {
            let first = layout.index(sample, channel, 0);
            let out = &mut out[first..first + pixels];
            let plane = LabelPlane { call: &call, targets: &request.targets, sample, channel };
            at_best_level!(level => change(level, step, &MaskRows(&plane), out, storage))?;
        }
        Ok(())
    };
    // SAFETY: as above.
    unsafe { workspace::with(workspace, each) }
}

fn change<Lv: MapLevel>(
    level: Lv,
    step: &Step,
    mask: &MaskRows<'_>,
    out: &mut [u8],
    storage: &mut Storage,
) -> Result<(), Fault> {
    let (spatial, extent) = (mask.spatial(), Extent { spatial: mask.spatial(), axes: mask.axes() });
    let words = bits::scratch_words(mask)?.max(morphology::scratch_words(extent, Serial)?);
    let scratch = workspace::lend(&mut storage.words, words, "scratch")?;
    let packed = workspace::lend(&mut storage.bits, bits::words(spatial)?, "bits")?;
    bits::foreground(level, mask, packed, scratch)?;
    let Step { element, iterations, .. } = *step;
    match step.erode {
        None => morphology::dilate(level, Serial, extent, element, iterations, packed, scratch)?,
        Some(border) => {
            morphology::erode(level, Serial, extent, element, border, iterations, packed, scratch)?;
        }
    }
    let rows = out.chunks_exact_mut(spatial[2]);
    for (row, bits) in rows.zip(packed.chunks_exact(bits::row_words(spatial[2]))) {
        for (pixels, word) in row.chunks_mut(bits::WORD).zip(bits) {
            for (place, pixel) in pixels.iter_mut().enumerate() {
                *pixel = (word >> place & 1) as u8;
            }
        }
    }
    Ok(())
}
