//! Pointers from C, checked before they are read.

use core::slice;

use crate::fault::Fault;

/// An array that the caller lends to be read; none if `first` is NULL.
///
/// # Safety
/// `first` is NULL or points to `count` values that nobody writes for `'a`.
pub(crate) unsafe fn array<'a, X>(
    first: *const X,
    count: usize,
    argument: &'static str,
    field: &'static str,
) -> Result<Option<&'a [X]>, Fault> {
    if first.is_null() {
        return Ok(None);
    }
    check_array(first, count, argument, field)?;
    // SAFETY: neither NULL nor misaligned nor longer than memory, so the caller's.
    Ok(Some(unsafe { slice::from_raw_parts(first, count) }))
}

/// The same to be written.
///
/// # Safety
/// `first` is NULL or points to `count` values that nobody else reads or writes for `'a`.
pub(crate) unsafe fn array_mut<'a, X>(
    first: *mut X,
    count: usize,
    argument: &'static str,
    field: &'static str,
) -> Result<Option<&'a mut [X]>, Fault> {
    if first.is_null() {
        return Ok(None);
    }
    check_array(first, count, argument, field)?;
    // SAFETY: as for `array`, and the caller's word that it is exclusive.
    Ok(Some(unsafe { slice::from_raw_parts_mut(first, count) }))
}

/// That an array is aligned and within the address space.
pub(crate) fn check_array<X>(
    first: *const X,
    count: usize,
    argument: &'static str,
    field: &'static str,
) -> Result<(), Fault> {
    check_pointer(first, argument, field)?;
    let bytes = count.checked_mul(size_of::<X>()).filter(|&bytes| bytes <= isize::MAX as usize);
    let end = bytes.and_then(|bytes| first.addr().checked_add(bytes));
    end.map(|_| ()).ok_or(Fault::TooLarge { argument })
}

/// That `pointer` is neither NULL nor misaligned.
pub(crate) fn check_pointer<X>(
    pointer: *const X,
    argument: &'static str,
    field: &'static str,
) -> Result<(), Fault> {
    if pointer.is_null() {
        return Err(Fault::Null { argument, field });
    }
    if !pointer.is_aligned() {
        return Err(Fault::Misaligned { argument, field, alignment: align_of::<X>() });
    }
    Ok(())
}
