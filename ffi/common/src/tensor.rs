//! A C tensor's fields, checked as far as they do not depend on where its memory is.

use core::slice;

use crate::argument::BadArgument;
use crate::dlpack::{DLTensor, DeviceType};
use crate::pointer::check_pointer;
use segloss_core::view::Shape;

/// A tensor's fields.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a> {
    /// The tensor. Its `data` has not been looked at.
    pub tensor: DLTensor,
    /// Its extents, one an axis.
    pub extents: &'a [i64],
    /// Batch, channels and 1 to 3 axes of space.
    pub shape: Shape,
    /// Its strides in elements, one an axis; none if it is packed in row-major order.
    pub strides: Option<&'a [i64]>,
    /// Whether it has an axis of channels.
    pub has_channels: bool,
}

/// The axes that a tensor may have.
#[derive(Clone, Copy, Debug)]
pub enum Axes {
    /// Batch, channels and 1 to 3 of space.
    All,
    /// Those of logits of so many axes, with or without that of channels: one channel if without.
    Beside(usize),
}

impl<'a> Fields<'a> {
    /// Reads a tensor in memory of `device`.
    ///
    /// # Errors
    /// A pointer that is NULL or misaligned, another device, or extents that are no shape.
    ///
    /// # Safety
    /// `tensor` is NULL or points to a tensor whose `shape` and `strides` are NULL or point to `ndim`
    /// numbers that nobody writes for `'a`.
    #[inline]
    pub unsafe fn read(
        tensor: *const DLTensor,
        argument: &'static str,
        device: DeviceType,
        allowed: Axes,
    ) -> Result<Self, BadArgument> {
        check_pointer(tensor, argument, "")?;
        // SAFETY: neither NULL nor misaligned, so the caller's tensor.
        let tensor = unsafe { tensor.read() };
        let own = tensor.device.device_type;
        if own != device.number {
            return Err(BadArgument::Device { argument, device: own, expected: device });
        }
        let (axes, has_channels) = match (tensor.ndim, allowed) {
            (ndim @ 2..=4, Axes::Beside(logits)) if ndim as usize + 1 == logits => {
                (ndim as usize, false)
            }
            (ndim @ 3..=5, _) => (ndim as usize, true),
            (ndim, _) => return Err(BadArgument::Axes { argument, ndim }),
        };
        check_pointer(tensor.shape, argument, ".shape")?;
        // SAFETY: neither NULL nor misaligned, so `ndim` numbers.
        let extents = unsafe { slice::from_raw_parts(tensor.shape, axes) };
        let shape = shape(extents, has_channels, argument)?;
        let strides = if tensor.strides.is_null() {
            None
        } else {
            check_pointer(tensor.strides, argument, ".strides")?;
            // SAFETY: neither NULL nor misaligned, so `ndim` numbers.
            Some(unsafe { slice::from_raw_parts(tensor.strides, axes) })
        };
        Ok(Fields { tensor, extents, shape, strides, has_channels })
    }
}

/// Returns the shape of a tensor's extents: batch, channels if it has that axis, then 1 to 3 of space.
#[inline]
fn shape(
    extents: &[i64],
    has_channels: bool,
    argument: &'static str,
) -> Result<Shape, BadArgument> {
    let is_no_size = |&extent: &i64| usize::try_from(extent).is_err();
    if let Some(axis) = extents.iter().position(is_no_size) {
        return Err(BadArgument::Extent { argument, axis, extent: extents[axis] });
    }
    // A pattern for each number of axes, because a loop over them takes longer than all else here.
    let size = |extent: i64| extent as usize;
    let shape = match *extents {
        [b, w] => Shape::new(size(b), 1, &[size(w)]),
        [b, h, w] if !has_channels => Shape::new(size(b), 1, &[size(h), size(w)]),
        [b, d, h, w] if !has_channels => Shape::new(size(b), 1, &[size(d), size(h), size(w)]),
        [b, c, w] => Shape::new(size(b), size(c), &[size(w)]),
        [b, c, h, w] => Shape::new(size(b), size(c), &[size(h), size(w)]),
        [b, c, d, h, w] => Shape::new(size(b), size(c), &[size(d), size(h), size(w)]),
        _ => Shape::new(0, 0, &[]),
    };
    shape.map_err(|_| BadArgument::TooLarge { argument })
}
