use bytemuck::Pod;

use crate::error::Error;
use crate::view::{Shape, Strides};

/// Words of storage, counted without overflow.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Words(Option<usize>);

impl Words {
    pub(crate) const NONE: Words = Words(Some(0));

    /// Room for `count` elements of `T` more.
    pub(crate) fn and<T: Pod>(self, count: Option<usize>) -> Self {
        Words(self.0.zip(count).and_then(|(words, count)| {
            let bytes = count.checked_mul(size_of::<T>())?;
            words.checked_add(bytes.div_ceil(size_of::<u64>()))
        }))
    }

    /// All of it as often as `times`.
    pub(crate) fn times(self, times: usize) -> Self {
        Words(self.0.and_then(|words| words.checked_mul(times)))
    }

    /// The number, or the error that `spatial` is too large.
    pub(crate) fn count(self, spatial: [usize; 3]) -> Result<usize, Error> {
        self.0.ok_or(Error::Extent {
            shape: Shape { batch: 1, channels: 1, spatial },
            strides: Strides::default(),
            length: usize::MAX,
        })
    }
}

/// Storage lent by the caller, from which parts are taken.
pub(crate) struct Scratch<'a>(&'a mut [u64]);

impl<'a> Scratch<'a> {
    /// Storage that has been found long enough.
    pub(crate) fn of(scratch: &'a mut [u64]) -> Self {
        Scratch(scratch)
    }

    /// The next `count` elements. What they hold is left from before.
    pub(crate) fn take<T: Pod>(&mut self, count: usize) -> &'a mut [T] {
        let words = (count * size_of::<T>()).div_ceil(size_of::<u64>());
        let (part, rest) = core::mem::take(&mut self.0).split_at_mut(words);
        self.0 = rest;
        &mut bytemuck::cast_slice_mut(part)[..count]
    }

    /// What has not been taken.
    pub(crate) fn rest(self) -> &'a mut [u64] {
        self.0
    }
}

/// Storage that must hold `expected` elements or more.
pub(crate) fn check(argument: &'static str, length: usize, expected: usize) -> Result<(), Error> {
    if length < expected {
        return Err(Error::Workspace { argument, length, expected });
    }
    Ok(())
}

/// An output, which has one element for each pixel.
pub(crate) fn fits(argument: &'static str, length: usize, expected: usize) -> Result<(), Error> {
    if length != expected {
        return Err(Error::Length { argument, length, expected });
    }
    Ok(())
}
