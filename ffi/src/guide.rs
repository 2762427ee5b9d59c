//! What masks look like, and a loss for them.

use core::ffi::c_char;
use core::fmt::Write;
use core::mem::offset_of;

use crate::call::ignored;
use crate::entry;
use crate::fault::{Fault, Reason};
use crate::link::Link;
use crate::overlap::{Memory, check_apart, check_written};
use crate::result::ResultCode;
use crate::tensor::Tensor;
use crate::workspace::{self, Storage, Workspace};
use segloss_c_boundary::dlpack::DLTensor;
use segloss_c_boundary::options::{IgnoreFields, Ignored};
use segloss_c_boundary::pointer::{array_mut, check_array, check_pointer, list};
use segloss_c_boundary::versioned::{Versioned, read};
use segloss_c_boundary::{BadArgument, options, text};
use segloss_core::guide::{MaskStatistics, Priority, recommend};

/// The masks to look at. Start from SEGLOSS_MASKS_INIT.
///
/// Later versions add fields at the end. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Masks {
    /// sizeof(segloss_masks).
    pub struct_size: u32,
    /// A segloss_link: under sigmoid each channel is a binary mask of its own, under softmax targets are
    /// label maps of 1 channel.
    pub link: i32,
    /// Targets as of segloss_evaluate, each of a shape of its own.
    pub targets: *const *const DLTensor,
    /// Entries of `targets`.
    pub target_count: usize,
    /// A segloss_ignore.
    pub ignore: i32,
    /// 0.
    pub reserved: i32,
    /// The target of pixels that do not count, with SEGLOSS_IGNORE_INDEX; else 0.
    pub ignore_index: i64,
    /// The number of classes, background included: 2 under sigmoid.
    pub classes: usize,
    /// The targets of pixels that do not count, with SEGLOSS_IGNORE_INDICES. NULL: none.
    pub ignore_indices: *const i64,
    /// Entries of `ignore_indices`, up to 16; else 0.
    pub ignore_index_count: usize,
}

// SAFETY: its size comes first, and zeros are valid in every field.
unsafe impl Versioned for Masks {
    const FIRST: usize = offset_of!(Self, ignore_indices);
}

/// What masks look like. An image is one mask; an object is a connected component of foreground, or of
/// one class other than 0, by faces; a boundary pixel shares a face with one of another class, where those
/// that do not count have the class of the nearest one that does. NaN stands for a share of nothing. Since
/// 0.1.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Statistics {
    /// Masks, each channel of each sample one.
    pub images: u64,
    /// Pixels that count.
    pub pixels: u64,
    /// Classes with at least one pixel.
    pub present: u64,
    /// Objects in all masks.
    pub objects: u64,
    /// Objects that are smaller than 1/32 of the image along each axis.
    pub small_objects: u64,
    /// Pixels of the smallest object; 0 without objects.
    pub smallest_size: u64,
    /// Pixels on a boundary between classes, on either side, whether they count or not.
    pub boundary_pixels: u64,
    /// Pixels of an object on average.
    pub mean_size: f64,
    /// The rarest class's share over what each would have if all that occur were equally frequent: 1 if
    /// they are.
    pub balance: f64,
    /// Small objects over all objects.
    pub small_share: f64,
    /// Boundary pixels over pixels, whether they count or not.
    pub boundary_share: f64,
}

/// Calls `use_it` with the statistics of the masks.
///
/// # Safety
/// `masks` is NULL or points to masks whose pointers point to what their types say.
unsafe fn with_statistics<R>(
    masks: *const Masks,
    outputs: &[Memory],
    storage: &mut Storage,
    use_it: impl FnOnce(&MaskStatistics<'_>) -> Result<R, Fault>,
) -> Result<R, Fault> {
    // SAFETY: the caller's word, here and below.
    let masks = unsafe { read(masks, "masks")? };
    let link = Link::read(masks.link)?;
    options::reserved("masks.reserved", masks.reserved)?;
    if link == Link::Sigmoid && masks.classes != 2 {
        let (argument, length) = ("masks.classes", masks.classes);
        return Err(Reason::Length { argument, length, expected: 2 }.into());
    }
    let Masks { ignore, ignore_index, ignore_indices, ignore_index_count, .. } = masks;
    let (kind, index, count) = (ignore, ignore_index, ignore_index_count);
    let fields = IgnoreFields { kind, index, indices: ignore_indices, count };
    // SAFETY: as above.
    let ignored = unsafe { ignored(fields, "masks")? };
    if let Ignored::Indices(indices) = ignored {
        let (first, count) = (indices.as_ptr(), indices.len());
        check_apart(outputs, [Memory::of("masks.ignore_indices", first, count)])?;
    }
    // SAFETY: as above.
    let all = unsafe { list(masks.targets, masks.target_count, "masks", ".targets")? };
    let mut pair = [0; 2];
    let counts = match link {
        Link::Sigmoid => &mut pair[..],
        // Before anything is allocated for them.
        Link::Softmax if !(2..=1 << 24).contains(&masks.classes) => {
            let (argument, classes) = ("masks.classes", masks.classes);
            let expected = "2 to 2^24";
            return Err(segloss_core::Error::Classes { argument, classes, expected }.into());
        }
        Link::Softmax => workspace::lend(&mut storage.bits, masks.classes, "counts")?,
    };
    let mut statistics = match (link, <&mut [u64; 2]>::try_from(&mut *counts)) {
        (Link::Sigmoid, Ok(pair)) => MaskStatistics::binary(pair),
        _ => MaskStatistics::multiclass(counts)?,
    };
    for &targets in all.unwrap_or_default() {
        // SAFETY: as above.
        let targets = unsafe { Tensor::read(targets, "masks.targets[..]")? };
        check_apart(outputs, [targets.memory()])?;
        let length = MaskStatistics::scratch_length(targets.layout.shape())?;
        let scratch = workspace::lend(&mut storage.numbers, length, "scratch")?;
        // SAFETY: as above, and outputs are apart.
        statistics.add(unsafe { targets.targets()? }, ignored.of_core(), scratch)?;
    }
    use_it(&statistics)
}

/// What masks look like, into `statistics`, and the pixels of each class (background and foreground, under
/// sigmoid) into `counts`, of as many numbers as `masks` says there are classes, or NULL.
///
/// `workspace` is NULL for the thread's own. Since 0.1.
///
/// # Safety
/// Pointers are NULL or point to what their types say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segloss_statistics_of(
    masks: *const Masks,
    statistics: *mut Statistics,
    counts: *mut u64,
    count_length: usize,
    workspace: *mut Workspace,
) -> ResultCode {
    entry::run(|| {
        check_pointer(statistics, "statistics", "")?;
        if !counts.is_null() {
            check_array(counts, count_length, "counts", "")?;
        }
        let outputs = [
            Memory::of("statistics", statistics, 1),
            Memory::of_any("counts", counts, count_length),
        ];
        check_written(&outputs)?;
        let tell = |found: &MaskStatistics<'_>| {
            let expected = found.counts().len();
            if !counts.is_null() && count_length != expected {
                let (argument, length) = ("counts", count_length);
                return Err(Reason::Length { argument, length, expected }.into());
            }
            // SAFETY: the caller's word, and no mask is there.
            let places = unsafe { array_mut(counts, count_length, "counts", "")? };
            if let Some(places) = places {
                places.copy_from_slice(found.counts());
            }
            // SAFETY: neither NULL nor misaligned, so the caller's to be written.
            unsafe { statistics.write(Statistics::of(found)) };
            Ok(())
        };
        // SAFETY: the caller's word.
        unsafe { workspace::with(workspace, |own| with_statistics(masks, &outputs, own, tell)) }
    })
}

impl Statistics {
    fn of(found: &MaskStatistics<'_>) -> Self {
        let or_nan = |share: Option<f64>| share.unwrap_or(f64::NAN);
        Statistics {
            images: found.images(),
            pixels: found.pixels(),
            present: found.present() as u64,
            objects: found.objects(),
            small_objects: found.small_objects(),
            smallest_size: found.smallest_size().unwrap_or(0),
            boundary_pixels: found.boundary_pixels(),
            mean_size: or_nan(found.mean_size()),
            balance: or_nan(found.balance()),
            small_share: or_nan(found.small_share()),
            boundary_share: or_nan(found.boundary_share()),
        }
    }
}

/// The loss to start from for masks like these, as text for segloss_loss_new under the masks' link, into
/// `loss`, and why, into `reason`; either may be NULL, with a capacity of 0.
///
/// `priority` is `balanced`, `speed`, `boundary`, `recall` or `overlap`; `boundary` is as `balanced` if no
/// pixel that counts is within 3 steps of a boundary. Each buffer gets as much as fits
/// and a terminating 0; no text is longer than 200 bytes. Fails with SEGLOSS_RESULT_NOTHING_TO_LEARN if no
/// pixel counts or all are of one class. `workspace` is NULL for the thread's own. Since 0.1.
///
/// # Safety
/// Pointers are NULL or point to what their types say; `priority` ends with a 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn segloss_recommend(
    masks: *const Masks,
    priority: *const c_char,
    loss: *mut c_char,
    loss_capacity: usize,
    reason: *mut c_char,
    reason_capacity: usize,
    workspace: *mut Workspace,
) -> ResultCode {
    entry::run(|| {
        // SAFETY: the caller's word, here and below.
        let priority = unsafe { text::read(priority, "priority", "")? };
        let priority = Priority::from_name(priority)
            .map_err(|unknown| BadArgument::Text { message: unknown.to_string() })?;
        let outputs = [
            Memory::of_any("loss", loss, loss_capacity),
            Memory::of_any("reason", reason, reason_capacity),
        ];
        check_written(&outputs)?;
        let tell = |found: &MaskStatistics<'_>| {
            let recommended = recommend(found, priority)?;
            let mut why = String::new();
            let _ = write!(why, "{}: {}", recommended.situation.name(), recommended.reason);
            // SAFETY: the caller's word, and no mask is there.
            unsafe {
                text::copy(recommended.loss, loss, loss_capacity);
                text::copy(&why, reason, reason_capacity);
            }
            Ok(())
        };
        // SAFETY: as above.
        unsafe { workspace::with(workspace, |own| with_statistics(masks, &outputs, own, tell)) }
    })
}
