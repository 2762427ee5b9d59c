use core::mem::{align_of, size_of};
use core::slice;

/// The caller's scratch, handed out piece by piece.
pub(crate) struct Memory {
    next: *mut u8,
    left: usize,
}

impl Memory {
    /// # Safety
    /// `first` is NULL or points to `length` bytes that are this value's alone.
    pub(crate) unsafe fn new(first: *mut u8, length: usize) -> Self {
        Memory { next: first, left: if first.is_null() { 0 } else { length } }
    }

    /// `count` values, each `filler`; none if there is not that much left.
    ///
    /// # Safety
    /// What is handed out is used no longer than the memory is the caller's to lend.
    pub(crate) unsafe fn take<'m, X: Copy>(
        &mut self,
        count: usize,
        filler: X,
    ) -> Option<&'m mut [X]> {
        let skip = self.next.align_offset(align_of::<X>());
        let bytes = count.checked_mul(size_of::<X>())?;
        let whole = skip.checked_add(bytes).filter(|&whole| whole <= self.left)?;
        if count == 0 {
            return Some(&mut []);
        }
        let first = self.next.wrapping_add(skip).cast::<X>();
        for at in 0..count {
            // SAFETY: within the memory, and aligned.
            unsafe { first.add(at).write(filler) };
        }
        self.next = self.next.wrapping_add(whole);
        self.left -= whole;
        // SAFETY: written above, and handed out once.
        Some(unsafe { slice::from_raw_parts_mut(first, count) })
    }
}

/// Bytes that `count` values may take, wherever they start.
pub(crate) fn bytes_of<X>(count: usize) -> Option<usize> {
    count.checked_mul(size_of::<X>())?.checked_add(align_of::<X>())
}
