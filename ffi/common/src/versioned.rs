//! Structs that grow at their end from version to version.

use core::mem::MaybeUninit;

use crate::argument::BadArgument;
use crate::pointer::check_pointer;

/// A struct that begins with a `u32`, its size as the caller knows it.
///
/// # Safety
/// `repr(C)`, the size first, and zeros are valid in every field.
pub unsafe trait Versioned: Copy {
    /// The size that it was first released with.
    const FIRST: usize;
}

/// A struct larger than this is a mistake, not a later version, and is not looked at.
const LARGEST: usize = 4096;

/// Reads a struct: what the caller says, and zeros in the fields that the caller does not know.
///
/// # Errors
/// A place that is NULL or misaligned; [`BadArgument::StructSize`] for a size that was never released, or a
/// later version's with something in the fields that are unknown here.
///
/// # Safety
/// `place` is NULL or points to as many readable bytes as it says at its start.
pub unsafe fn read<S: Versioned>(
    place: *const S,
    argument: &'static str,
) -> Result<S, BadArgument> {
    check_pointer(place, argument, "")?;
    // SAFETY: at least the size itself is there, aligned like the struct.
    let size = unsafe { place.cast::<u32>().read() };
    let known = size_of::<S>();
    let unknown = BadArgument::StructSize { argument, size, expected: known };
    let bytes = size as usize;
    if !(S::FIRST..=LARGEST).contains(&bytes) {
        return Err(unknown);
    }
    if bytes == known {
        // SAFETY: all of it is there, and what the caller wrote is valid.
        return Ok(unsafe { place.read() });
    }
    let first = place.cast::<u8>();
    let rest = known.min(bytes)..bytes;
    // SAFETY: `bytes` are readable.
    let is_rest_zero = rest.into_iter().all(|at| unsafe { first.add(at).read() } == 0);
    if !is_rest_zero {
        return Err(unknown);
    }
    let mut own = MaybeUninit::<S>::zeroed();
    // SAFETY: both have that many bytes.
    unsafe { own.as_mut_ptr().cast::<u8>().copy_from_nonoverlapping(first, known.min(bytes)) };
    // SAFETY: zeros are valid, and so is what the caller wrote.
    Ok(unsafe { own.assume_init() })
}

/// Reads a struct that may be left out: zeros stand for it.
///
/// # Errors
/// Those of [`read`].
///
/// # Safety
/// `place` is NULL or points to as many readable bytes as it says at its start.
pub unsafe fn read_or_zeros<S: Versioned>(
    place: *const S,
    argument: &'static str,
) -> Result<S, BadArgument> {
    if place.is_null() {
        // SAFETY: zeros are valid in every field.
        return Ok(unsafe { MaybeUninit::zeroed().assume_init() });
    }
    // SAFETY: the caller's word.
    unsafe { read(place, argument) }
}
