//! What a call reads besides logits and targets.

use core::ffi::c_char;
use core::mem::offset_of;

use crate::fault::Fault;
use crate::tensor::Tensor;
use segloss_c_boundary::dlpack::DLTensor;
use segloss_c_boundary::options::{IgnoreFields, Ignored};
use segloss_c_boundary::pointer::{array, list};
use segloss_c_boundary::tensor::Axes;
use segloss_c_boundary::versioned::Versioned;
use segloss_c_boundary::{BadArgument, options, text};
use segloss_core::engine::Scale;
use segloss_core::maps::edt::Spacing;
use segloss_core::view::Write;
use segloss_opencl::{Loss, Options};

/// Which targets stand for pixels that do not count. Since 0.1.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ignore {
    /// Nothing is said: 255 under softmax, of up to 255 classes; none under sigmoid. Targets of two classes that hold 0
    /// and 255 alone are refused: a mask of 0 and 255 would lose its foreground.
    Default = 0,
    /// None.
    Nothing = 1,
    /// `ignore_index`, compared before the target is read as anything else.
    Index = 2,
    /// Each of `ignore_indices`, up to 16.
    Indices = 3,
}

/// What happens to what the gradient's buffer holds. Since 0.1.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteMode {
    /// It is replaced.
    Overwrite = 0,
    /// The gradient is added to it.
    Accumulate = 1,
}

/// A weight map, by the name that the loss's text refers to it by. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct NamedMap {
    /// A name of segloss_cl_loss_options' `map_names`, or of a built-in map, as `band`.
    pub name: *const c_char,
    /// What each pixel's loss is multiplied by, in the form of segloss_cl_call's `weights`.
    pub weights: *const DLTensor,
}

/// What a call reads besides logits and targets. Start from SEGLOSS_CL_CALL_INIT: all else 0 is the usual
/// call. Tensors are in buffers of the device; scales and spacing are numbers of the host, read during
/// the call.
///
/// Later versions add fields at the end, where 0 asks for what the library did before. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// sizeof(segloss_cl_call).
    pub struct_size: u32,
    /// A segloss_cl_ignore.
    pub ignore: i32,
    /// The target of pixels that do not count, with SEGLOSS_CL_IGNORE_INDEX; else 0.
    pub ignore_index: i64,
    /// Pixels that count, those that are not 0: uint8 or bool, of the targets' shape or with 1 channel, or
    /// without that axis, for all. The others may hold anything, NaN included, in all other inputs. NULL: all.
    pub mask: *const DLTensor,
    /// What each pixel's loss is multiplied by: float32, or float64 with float64 logits, of the targets'
    /// shape or with 1 channel, or without that axis, for all. Finite; not negative where a mean is divided by them
    /// (`normalise=weights`) or region terms take them (`weighted=true`). NULL: 1.
    pub weights: *const DLTensor,
    /// Weight maps by name. NULL: none.
    pub maps: *const NamedMap,
    /// Entries of `maps`, up to 16.
    pub map_count: usize,
    /// Distance between neighbours along each spatial axis, outermost first, for maps that measure
    /// distances; 1e-30 to 1e30. Other than 1 where none does, it is an error. NULL: 1.
    pub spacing: *const f64,
    /// Entries of `spacing`: as many as there are spatial axes.
    pub spacing_count: usize,
    /// What the gradient is multiplied by, not the value: the gradient of whatever follows. NULL: 1.
    pub scale: *const f64,
    /// What each sample's gradient is multiplied by, if what follows takes the samples' values: one number a
    /// sample, instead of `scale`. NULL: none.
    pub sample_scales: *const f64,
    /// Entries of `sample_scales`: as many as there are samples.
    pub sample_scale_count: usize,
    /// A segloss_cl_write_mode.
    pub write: i32,
    /// 0.
    pub reserved: i32,
    /// The targets of pixels that do not count, with SEGLOSS_CL_IGNORE_INDICES: numbers of the host. NULL: none.
    pub ignore_indices: *const i64,
    /// Entries of `ignore_indices`, up to 16; else 0.
    pub ignore_index_count: usize,
}

// SAFETY: its size comes first, and zeros are valid in every field.
unsafe impl Versioned for Call {
    const FIRST: usize = offset_of!(Self, ignore_indices);
}

/// The most maps of a call.
const MAPS: usize = 16;

/// A call's options, read.
#[derive(Debug)]
pub(crate) struct CallInputs<'a> {
    pub(crate) ignored: Ignored<'a>,
    pub(crate) mask: Option<Tensor>,
    pub(crate) weights: Option<Tensor>,
    pub(crate) maps: Vec<(&'a str, Tensor)>,
    spacing: Option<&'a [f64]>,
    pub(crate) scale: Scale<'a>,
    write: Write,
}

impl<'a> CallInputs<'a> {
    /// # Safety
    /// The call's pointers are NULL or point to what their types say, which nobody writes for `'a`.
    pub(crate) unsafe fn read(call: &Call, loss: &Loss, axes: Axes) -> Result<Self, Fault> {
        options::reserved("call.reserved", call.reserved)?;
        // SAFETY: the caller's word, here and below.
        let (scale, samples, spacing) = unsafe {
            (
                array(call.scale, 1, "call", ".scale")?.and_then(<[f64]>::first),
                list(call.sample_scales, call.sample_scale_count, "call", ".sample_scales")?,
                list(call.spacing, call.spacing_count, "call", ".spacing")?,
            )
        };
        let scale = match (scale, samples) {
            (Some(_), Some(_)) => {
                let (one, other) = ("call.scale", "call.sample_scales");
                return Err(BadArgument::Both { one, other }.into());
            }
            (_, Some(scales)) => Scale::Samples(scales),
            (scale, None) => Scale::Batch(scale.copied().unwrap_or(1.0)),
        };
        let Call { ignore, ignore_index, ignore_indices, ignore_index_count, .. } = *call;
        let (kind, index, count) = (ignore, ignore_index, ignore_index_count);
        let fields = IgnoreFields { kind, index, indices: ignore_indices, count };
        Ok(CallInputs {
            // SAFETY: as above.
            ignored: unsafe { Ignored::read(fields, "call", "a segloss_cl_ignore, 0 to 3")? },
            // SAFETY: as above.
            mask: unsafe { Tensor::read_any(call.mask, "call.mask", axes)? },
            // SAFETY: as above.
            weights: unsafe { Tensor::read_any(call.weights, "call.weights", axes)? },
            // SAFETY: as above.
            maps: unsafe { maps(call, loss, axes)? },
            spacing,
            scale,
            write: options::write_mode(call.write, "a segloss_cl_write_mode, 0 or 1")?,
        })
    }

    pub(crate) fn options(&self) -> Result<Options<'_>, Fault> {
        Ok(Options {
            ignore_index: self.ignored.of_core(),
            spacing: self.spacing.map_or(Ok(Spacing::UNIT), Spacing::new)?,
            scale: self.scale,
            write: self.write,
        })
    }
}

/// The call's maps, all of them known to the loss.
///
/// # Safety
/// Names and tensors are NULL or what their types say, which nobody writes for `'a`.
unsafe fn maps<'a>(call: &Call, loss: &Loss, axes: Axes) -> Result<Vec<(&'a str, Tensor)>, Fault> {
    if call.map_count > MAPS {
        let (argument, count, limit) = ("call.maps", call.map_count, MAPS);
        return Err(BadArgument::Many { argument, count, limit }.into());
    }
    // SAFETY: the caller's word, here and below.
    let named = unsafe { list(call.maps, call.map_count, "call", ".maps")? };
    let read = |map: &NamedMap| {
        // SAFETY: as above.
        let name = unsafe { text::read(map.name, "call", ".maps[..].name")? };
        if !loss.refers_to(name) {
            return Err(BadArgument::NoMap { name: name.into() }.into());
        }
        // SAFETY: as above.
        Ok((name, unsafe { Tensor::read(map.weights, "call.maps[..].weights", axes)? }))
    };
    named.unwrap_or_default().iter().map(read).collect()
}
