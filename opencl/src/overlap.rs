//! Whether arrays share memory.

use core::ops::Range;

use ocl_core::{Mem, MemInfo, MemInfoResult};

use crate::error::{Error, While};
use crate::tensors::Array;

/// Bytes of a buffer, or of the one that it is a part of.
#[derive(Debug)]
pub(crate) struct Bytes {
    argument: &'static str,
    whole: usize,
    range: Range<usize>,
}

impl Bytes {
    /// Of an array of `len` elements of `size` bytes, which is known to lie in its buffer.
    pub(crate) fn of(
        argument: &'static str,
        array: &Array<'_>,
        len: usize,
        size: usize,
    ) -> Result<Self, Error> {
        let info =
            |request, action| ocl_core::get_mem_object_info(array.memory, request).or_fail(action);
        let address = |memory: &Mem| memory.as_ptr().addr();
        let first = array.first.saturating_mul(size);
        let action = "ask what a buffer is a part of";
        let (whole, start) = match info(MemInfo::AssociatedMemobject, action)? {
            MemInfoResult::AssociatedMemobject(Some(whole)) => {
                let offset = match info(MemInfo::Offset, "ask for a buffer's offset")? {
                    MemInfoResult::Offset(offset) => offset,
                    _ => 0,
                };
                (address(&whole), offset.saturating_add(first))
            }
            _ => (address(array.memory), first),
        };
        Ok(Bytes { argument, whole, range: start..start.saturating_add(len.saturating_mul(size)) })
    }

    /// That an output shares no byte with an input.
    pub(crate) fn is_apart_from(&self, input: &Bytes) -> Result<(), Error> {
        let (own, other) = (&self.range, &input.range);
        if self.whole == input.whole && own.start < other.end && other.start < own.end {
            return Err(Error::Overlap { output: self.argument, input: input.argument });
        }
        Ok(())
    }
}
