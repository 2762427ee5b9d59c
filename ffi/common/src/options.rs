//! Enumerations that both libraries have under names of their own: `expected` tells the library's.

use crate::argument::BadArgument;
use crate::pointer::list;
use segloss_core::engine::{Ignore, Link};
use segloss_core::view::{Number, Write};

/// What a call says of the targets of pixels that do not count, in the fields of its C struct.
#[derive(Clone, Copy, Debug)]
pub struct IgnoreFields {
    /// `ignore`.
    pub kind: i32,
    /// `ignore_index`.
    pub index: i64,
    /// `ignore_indices`.
    pub indices: *const i64,
    /// `ignore_index_count`.
    pub count: usize,
}

/// The targets of pixels that do not count, as C says it.
#[derive(Clone, Copy, Debug)]
pub enum Ignored<'a> {
    /// Nothing is said.
    Default,
    /// None.
    Nothing,
    /// One.
    Index(i64),
    /// Several.
    Indices(&'a [i64]),
}

impl<'a> Ignored<'a> {
    /// Reads the fields of `argument`; `expected` names the library's enumeration.
    ///
    /// # Errors
    /// [`BadArgument::Option`] for a `kind` outside 0 to 3, or an index or a list that it does not use; a list that is
    /// NULL or misaligned.
    ///
    /// # Safety
    /// `indices` is NULL or points to `count` numbers that nobody writes for `'a`.
    pub unsafe fn read(
        IgnoreFields { kind, index, indices, count }: IgnoreFields,
        argument: &'static str,
        expected: &'static str,
    ) -> Result<Self, BadArgument> {
        let unused = |field: &'static str, value: Number, expected| {
            Err(BadArgument::Field { argument, field, value, expected })
        };
        if kind != 2 && index != 0 {
            return unused(
                ".ignore_index",
                Number::Signed(index),
                "0 where `ignore` says that it is not used",
            );
        }
        if kind != 3 && count != 0 {
            let expected = "0 where `ignore` says that the list is not used";
            return unused(".ignore_index_count", Number::Unsigned(count as u64), expected);
        }
        match kind {
            0 => Ok(Ignored::Default),
            1 => Ok(Ignored::Nothing),
            2 => Ok(Ignored::Index(index)),
            3 => {
                // SAFETY: the caller's word.
                let indices = unsafe { list(indices, count, argument, ".ignore_indices")? };
                Ok(Ignored::Indices(indices.unwrap_or_default()))
            }
            value => unused(".ignore", Number::Signed(value.into()), expected),
        }
    }

    /// Returns what core calls it.
    #[inline]
    pub fn of_core(&self) -> Ignore<'_> {
        match self {
            Ignored::Default => Ignore::Default,
            Ignored::Nothing => Ignore::NOTHING,
            Ignored::Index(index) => Ignore::Labels(core::slice::from_ref(index)),
            Ignored::Indices(indices) => Ignore::Labels(indices),
        }
    }
}

/// Reads `call.write`: what happens to what the gradient's memory holds.
///
/// # Errors
/// [`BadArgument::Option`] for a number other than 0 and 1.
#[inline]
pub fn write_mode(value: i32, expected: &'static str) -> Result<Write, BadArgument> {
    match value {
        0 => Ok(Write::Overwrite),
        1 => Ok(Write::Accumulate),
        value => Err(BadArgument::option("call.write", value, expected)),
    }
}

/// Reads `link`: how logits become probabilities.
///
/// # Errors
/// [`BadArgument::Option`] for a number other than 0 and 1.
#[inline]
pub fn link(value: i32, expected: &'static str) -> Result<Link, BadArgument> {
    match value {
        0 => Ok(Link::Sigmoid),
        1 => Ok(Link::Softmax),
        value => Err(BadArgument::option("link", value, expected)),
    }
}

/// Checks that a field kept for later versions is 0.
///
/// # Errors
/// [`BadArgument::Option`] if it is not.
#[inline]
pub fn reserved(argument: &'static str, value: impl Into<i64>) -> Result<(), BadArgument> {
    match value.into() {
        0 => Ok(()),
        value => Err(BadArgument::option(argument, value, "0")),
    }
}
