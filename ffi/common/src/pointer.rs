//! Pointers from C, checked before they are read.

use core::slice;

use crate::argument::BadArgument;

/// Reads an array that the caller lends; none if `first` is NULL.
///
/// # Errors
/// An array that is misaligned or ends outside the address space.
///
/// # Safety
/// `first` is NULL or points to `count` values that nobody writes for `'a`.
#[inline]
pub unsafe fn array<'a, X>(
    first: *const X,
    count: usize,
    argument: &'static str,
    field: &'static str,
) -> Result<Option<&'a [X]>, BadArgument> {
    if first.is_null() {
        return Ok(None);
    }
    if count == 0 {
        return Ok(Some(&[]));
    }
    check_array(first, count, argument, field)?;
    // SAFETY: neither NULL nor misaligned nor longer than memory, so the caller's.
    Ok(Some(unsafe { slice::from_raw_parts(first, count) }))
}

/// Reads an array that is there if it has entries; none if `first` is NULL and `count` 0.
///
/// # Errors
/// An array that is NULL in spite of its entries, misaligned, or ends outside the address space.
///
/// # Safety
/// `first` is NULL or points to `count` values that nobody writes for `'a`.
#[inline]
pub unsafe fn list<'a, X>(
    first: *const X,
    count: usize,
    argument: &'static str,
    field: &'static str,
) -> Result<Option<&'a [X]>, BadArgument> {
    if first.is_null() && count > 0 {
        return Err(BadArgument::Null { argument, field });
    }
    // SAFETY: the caller's word.
    unsafe { array(first, count, argument, field) }
}

/// Lends an array of the caller's to be written; none if `first` is NULL.
///
/// # Errors
/// An array that is misaligned or ends outside the address space.
///
/// # Safety
/// `first` is NULL or points to `count` values that nobody else reads or writes for `'a`.
#[inline]
pub unsafe fn array_mut<'a, X>(
    first: *mut X,
    count: usize,
    argument: &'static str,
    field: &'static str,
) -> Result<Option<&'a mut [X]>, BadArgument> {
    if first.is_null() {
        return Ok(None);
    }
    if count == 0 {
        return Ok(Some(&mut []));
    }
    check_array(first, count, argument, field)?;
    // SAFETY: as for `array`, and the caller's word that it is exclusive.
    Ok(Some(unsafe { slice::from_raw_parts_mut(first, count) }))
}

/// Checks that an array is not NULL, aligned, and within the address space; one without entries may be anywhere.
///
/// # Errors
/// What it is not.
#[inline]
pub fn check_array<X>(
    first: *const X,
    count: usize,
    argument: &'static str,
    field: &'static str,
) -> Result<(), BadArgument> {
    if count == 0 {
        return Ok(());
    }
    check_pointer(first, argument, field)?;
    let bytes = count.checked_mul(size_of::<X>()).filter(|&bytes| bytes <= isize::MAX as usize);
    let end = bytes.and_then(|bytes| first.addr().checked_add(bytes));
    end.map(|_| ()).ok_or(BadArgument::TooLarge { argument })
}

/// Checks that `pointer` is neither NULL nor misaligned.
///
/// # Errors
/// What it is.
#[inline]
pub fn check_pointer<X>(
    pointer: *const X,
    argument: &'static str,
    field: &'static str,
) -> Result<(), BadArgument> {
    if pointer.is_null() {
        return Err(BadArgument::Null { argument, field });
    }
    if !pointer.is_aligned() {
        return Err(BadArgument::Misaligned { argument, field, alignment: align_of::<X>() });
    }
    Ok(())
}
