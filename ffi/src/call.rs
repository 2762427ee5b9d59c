//! What a call reads besides logits and targets.

use core::ffi::c_char;
use core::mem::offset_of;

use crate::fault::{Fault, Reason};
use crate::loss::Loss;
use crate::overlap::{Memory, check_read};
use crate::tensor::Tensor;
use segloss_c_boundary::dlpack::DLTensor;
use segloss_c_boundary::options::{IgnoreFields, Ignored};
use segloss_c_boundary::pointer::{array, list};
use segloss_c_boundary::tensor::Axes;
use segloss_c_boundary::versioned::Versioned;
use segloss_c_boundary::{BadArgument, options, text};
use segloss_core::compose::{MapCall, Plan};
use segloss_core::engine::{self, Link, Scale};
use segloss_core::maps::edt::Spacing;
use segloss_core::view::{Layout, Shape, View, Weights, Write};

/// Which target stands for pixels that do not count. Since 0.1.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ignore {
    /// Nothing is said. Losses and counts of classes then ignore 255 under softmax, of up to 255 classes; all else
    /// ignores nothing. Targets of two classes that hold 0 and 255 alone are refused: a mask of 0 and 255 would
    /// lose its foreground.
    Default = 0,
    /// None.
    Nothing = 1,
    /// `ignore_index`, compared before the target is read as anything else.
    Index = 2,
    /// Each of `ignore_indices`, up to 16.
    Indices = 3,
}

/// What happens to what the gradient's tensor holds. Since 0.1.
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
    /// A name of segloss_loss_options' `map_names`; or of a map that would be computed, as `band`, to use
    /// the same weights again.
    pub name: *const c_char,
    /// What each pixel's loss is multiplied by, in the form of segloss_call's `weights`.
    pub weights: *const DLTensor,
}

/// What a call reads besides logits and targets. Start from SEGLOSS_CALL_INIT: all else 0 is the usual
/// call.
///
/// Later versions add fields at the end, where 0 asks for what the library did before. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// sizeof(segloss_call).
    pub struct_size: u32,
    /// A segloss_ignore.
    pub ignore: i32,
    /// The target of pixels that do not count, with SEGLOSS_IGNORE_INDEX; else 0.
    pub ignore_index: i64,
    /// Pixels that count, those that are not 0: uint8 or bool, of the targets' shape or with 1 channel for
    /// all. The others may hold anything, NaN included, in all other inputs. NULL: all.
    pub mask: *const DLTensor,
    /// What each pixel's loss is multiplied by: float16, bfloat16, float32 or float64, of the targets' shape or with 1
    /// channel for all. Finite; not negative where a mean is divided by them (`normalise=weights`) or
    /// region terms take them (`weighted=true`). NULL: 1.
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
    /// A segloss_write_mode.
    pub write: i32,
    /// 0.
    pub reserved: i32,
    /// The targets of pixels that do not count, with SEGLOSS_IGNORE_INDICES. NULL: none.
    pub ignore_indices: *const i64,
    /// Entries of `ignore_indices`, up to 16; else 0.
    pub ignore_index_count: usize,
}

// SAFETY: its size comes first, and zeros are valid in every field.
unsafe impl Versioned for Call {
    const FIRST: usize = offset_of!(Self, ignore_indices);
}

/// The most maps of a call: as many as a loss can have.
pub(crate) const MAPS: usize = 16;

/// A call's options, read.
pub(crate) struct CallInputs<'a> {
    ignored: Ignored<'a>,
    axes: Axes,
    // Tensors have been read once, and make sense. They are left where they lie, because most calls have none,
    // and would move the room for them several times.
    mask: Option<&'a DLTensor>,
    weights: Option<&'a DLTensor>,
    maps: &'a [NamedMap],
    spacing: Option<&'a [f64]>,
    scale: Option<&'a f64>,
    sample_scales: Option<&'a [f64]>,
    write: Write,
}

/// Reads what a call, or a description of masks, says of pixels that do not count.
///
/// # Safety
/// The list is NULL or points to as many numbers as it says, which nobody writes for `'a`.
pub(crate) unsafe fn ignored<'a>(
    fields: IgnoreFields,
    argument: &'static str,
) -> Result<Ignored<'a>, Fault> {
    // SAFETY: the caller's word.
    Ok(unsafe { Ignored::read(fields, argument, "a segloss_ignore, 0 to 3")? })
}

impl<'a> CallInputs<'a> {
    /// # Safety
    /// The call's pointers are NULL or point to what their types say, which nobody writes for `'a`.
    pub(crate) unsafe fn read(call: &Call, axes: Axes) -> Result<Self, Fault> {
        let write = options::write_mode(call.write, "a segloss_write_mode, 0 or 1")?;
        options::reserved("call.reserved", call.reserved)?;
        if call.map_count > MAPS {
            let (argument, count, limit) = ("call.maps", call.map_count, MAPS);
            return Err(BadArgument::Many { argument, count, limit }.into());
        }
        // SAFETY: the caller's word, here and below.
        let named = unsafe { list(call.maps, call.map_count, "call", ".maps")? };
        let maps = named.unwrap_or_default();
        // SAFETY: as above.
        maps.iter().try_for_each(|map| unsafe { map.read(axes).map(|_| ()) })?;
        // SAFETY: as above.
        let (scale, sample_scales, spacing) = unsafe {
            (
                array(call.scale, 1, "call", ".scale")?,
                list(call.sample_scales, call.sample_scale_count, "call", ".sample_scales")?,
                list(call.spacing, call.spacing_count, "call", ".spacing")?,
            )
        };
        if scale.is_some() && sample_scales.is_some() {
            let (one, other) = ("call.scale", "call.sample_scales");
            return Err(BadArgument::Both { one, other }.into());
        }
        let Call { ignore, ignore_index, ignore_indices, ignore_index_count, .. } = *call;
        let (kind, index, count) = (ignore, ignore_index, ignore_index_count);
        let fields = IgnoreFields { kind, index, indices: ignore_indices, count };
        Ok(CallInputs {
            // SAFETY: as above.
            ignored: unsafe { ignored(fields, "call")? },
            axes,
            // SAFETY: as above.
            mask: unsafe { check_any(call.mask, MASK, axes)? },
            // SAFETY: as above.
            weights: unsafe { check_any(call.weights, WEIGHTS, axes)? },
            maps,
            spacing,
            scale: scale.and_then(<[f64]>::first),
            sample_scales,
            write,
        })
    }

    /// Returns the targets of pixels that do not count.
    pub(crate) fn ignored(&self) -> engine::Ignore<'_> {
        self.ignored.of_core()
    }

    /// That nothing is given that counts of classes have no use for.
    pub(crate) fn is_for_counts(&self) -> Result<(), Fault> {
        let given = [("call.mask", self.mask.is_some()), ("call.spacing", self.spacing.is_some())];
        is_unused(&given, "a count of classes")?;
        self.is_without_weights("a count of classes")
    }

    /// That nothing is given that maps have no use for.
    pub(crate) fn is_for_maps(&self) -> Result<(), Fault> {
        self.is_without_weights("a map")
    }

    fn is_without_weights(&self, by: &'static str) -> Result<(), Fault> {
        let given = [
            ("call.weights", self.weights.is_some()),
            ("call.maps", !self.maps.is_empty()),
            ("call.scale", self.scale.is_some()),
            ("call.sample_scales", self.sample_scales.is_some()),
            ("call.write", self.write != Write::Overwrite),
        ];
        is_unused(&given, by)
    }

    /// That the mask, if there is one, goes with targets of this shape.
    pub(crate) fn has_mask_of(&self, targets: Shape) -> Result<(), Fault> {
        // SAFETY: it was read before.
        let Some(mask) = (unsafe { read_any(self.mask, MASK, self.axes)? }) else { return Ok(()) };
        let for_all = mask.layout.shape().channels == 1;
        mask.has_shape(if for_all { targets.with_channels(1) } else { targets })
    }

    /// Checks that no output is where something is that is read.
    #[inline]
    pub(crate) fn check_apart(&self, outputs: &[Memory]) -> Result<(), Fault> {
        for (tensor, argument) in [(self.mask, MASK), (self.weights, WEIGHTS)] {
            // SAFETY: it was read before.
            if let Some(tensor) = unsafe { read_any(tensor, argument, self.axes)? } {
                check_read(outputs, &tensor.memory())?;
            }
        }
        for map in self.maps {
            // SAFETY: it was read before.
            let (_, weights) = unsafe { map.read(self.axes)? };
            check_read(outputs, &weights.memory())?;
        }
        if let Ignored::Indices(indices) = self.ignored {
            let (first, count) = (indices.as_ptr(), indices.len());
            check_read(outputs, &Memory::of("call.ignore_indices", first, count))?;
        }
        if let Some(scales) = self.sample_scales {
            let (first, count) = (scales.as_ptr(), scales.len());
            check_read(outputs, &Memory::of("call.sample_scales", first, count))?;
        }
        if let Some(scale) = self.scale {
            check_read(outputs, &Memory::of("call.scale", scale, 1))?;
        }
        if let Some(spacing) = self.spacing {
            let (first, count) = (spacing.as_ptr(), spacing.len());
            check_read(outputs, &Memory::of("call.spacing", first, count))?;
        }
        Ok(())
    }

    /// For core.
    ///
    /// # Safety
    /// Nobody writes the tensors' memory for `'a`.
    pub(crate) unsafe fn call(&self, link: Link) -> Result<engine::Call<'_>, Fault> {
        let mut call = self.options(link);
        // SAFETY: the caller's word.
        unsafe { self.add_arrays(&mut call)? };
        Ok(call)
    }

    /// For core, without what [`CallInputs::add_arrays`] adds.
    #[inline]
    pub(crate) fn options(&self, link: Link) -> engine::Call<'_> {
        let scale = match (self.sample_scales, self.scale) {
            (Some(scales), _) => Scale::Samples(scales),
            (None, Some(&scale)) => Scale::Batch(scale),
            (None, None) => Scale::Batch(1.0),
        };
        let (ignore_index, write) = (self.ignored.of_core(), self.write);
        engine::Call { ignore_index, scale, write, ..engine::Call::of(link) }
    }

    /// Adds mask, weights and spacing. Most calls have none, and are made where they stay.
    ///
    /// # Safety
    /// Nobody writes the tensors' memory for `'a`.
    #[inline]
    pub(crate) unsafe fn add_arrays<'s>(
        &'s self,
        call: &mut engine::Call<'s>,
    ) -> Result<(), Fault> {
        if self.mask.is_some() || self.weights.is_some() || self.spacing.is_some() {
            // SAFETY: the caller's word.
            unsafe { self.add_those_given(call)? };
        }
        Ok(())
    }

    /// # Safety
    /// Nobody writes the tensors' memory for `'a`.
    #[inline(never)]
    unsafe fn add_those_given<'s>(&'s self, call: &mut engine::Call<'s>) -> Result<(), Fault> {
        // SAFETY: the caller's word, here and below.
        if let Some(mask) = unsafe { read_any(self.mask, MASK, self.axes)? } {
            // SAFETY: as above.
            call.mask = Some(unsafe { mask.mask()? });
        }
        // SAFETY: as above.
        if let Some(weights) = unsafe { read_any(self.weights, WEIGHTS, self.axes)? } {
            // SAFETY: as above.
            call.weights = Some(unsafe { weights.weights()? });
        }
        if let Some(spacing) = self.spacing {
            call.spacing = Spacing::new(spacing)?;
        }
        Ok(())
    }

    /// Reads the maps by name, which the loss is to refer to, into `room`.
    ///
    /// # Safety
    /// Nobody writes the tensors' memory for `'a`.
    pub(crate) unsafe fn maps<'r>(
        &self,
        loss: &Loss,
        room: &'r mut MapRoom<'a>,
    ) -> Result<&'r [(&'a str, Weights<'a>)], Fault> {
        if self.maps.is_empty() {
            return Ok(&[]);
        }
        let nothing = Shape { batch: 0, channels: 0, spatial: [0; 3], axes: 1 };
        let none = Weights::F32(View::new(&[], Layout::channels_first(nothing)?)?);
        let all = room.insert([("", none); MAPS]);
        for (place, map) in all.iter_mut().zip(self.maps) {
            // SAFETY: the caller's word.
            let (name, weights) = unsafe { map.read(self.axes)? };
            let is_own = |plan: &Plan<'_, f64>| {
                let mut own = plan.map_calls().iter().filter_map(MapCall::definition);
                own.any(|own| own.name == name)
            };
            if !loss.double.with(is_own) {
                return Err(BadArgument::NoMap { name: name.into() }.into());
            }
            // SAFETY: as above.
            *place = (name, unsafe { weights.weights()? });
        }
        Ok(&all[..self.maps.len()])
    }
}

fn is_unused(given: &[(&'static str, bool)], by: &'static str) -> Result<(), Fault> {
    match given.iter().find(|(_, given)| *given) {
        Some(&(argument, _)) => Err(Reason::Unused { argument, by }.into()),
        None => Ok(()),
    }
}

/// Room for a call's maps by name.
pub(crate) type MapRoom<'a> = Option<[(&'a str, Weights<'a>); MAPS]>;

const MASK: &str = "call.mask";
const WEIGHTS: &str = "call.weights";

/// Reads a tensor, if there is one, and leaves it where it lies.
///
/// # Safety
/// The tensor is NULL or one that [`Tensor::read`] may read.
#[inline]
unsafe fn check_any<'a>(
    tensor: *const DLTensor,
    argument: &'static str,
    axes: Axes,
) -> Result<Option<&'a DLTensor>, Fault> {
    if tensor.is_null() {
        return Ok(None);
    }
    // SAFETY: the caller's word.
    unsafe { Tensor::read_with(tensor, argument, axes)? };
    // SAFETY: neither NULL nor misaligned, so the caller's tensor.
    Ok(Some(unsafe { &*tensor }))
}

/// Reads a tensor, if there is one.
///
/// # Safety
/// [`Tensor::read`] may read it.
#[inline]
unsafe fn read_any<'a>(
    tensor: Option<&'a DLTensor>,
    argument: &'static str,
    axes: Axes,
) -> Result<Option<Tensor<'a>>, Fault> {
    match tensor {
        // SAFETY: the caller's word.
        Some(tensor) => Ok(Some(unsafe { Tensor::read_with(tensor, argument, axes)? })),
        None => Ok(None),
    }
}

impl NamedMap {
    /// # Safety
    /// Name and weights are NULL or what their types say, which nobody writes for `'a`.
    unsafe fn read<'a>(&self, axes: Axes) -> Result<(&'a str, Tensor<'a>), Fault> {
        // SAFETY: the caller's word.
        unsafe {
            let name = text::read(self.name, "call", ".maps[..].name")?;
            Ok((name, Tensor::read_with(self.weights, "call.maps[..].weights", axes)?))
        }
    }
}
