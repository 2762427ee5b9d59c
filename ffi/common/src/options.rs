//! Enumerations that both libraries have under names of their own: `expected` tells the library's.

use crate::argument::BadArgument;
use segloss_core::engine::Link;
use segloss_core::view::Write;

/// Reads `call.ignore` and `call.ignore_index`: the target of pixels that do not count under `link`.
///
/// # Errors
/// [`BadArgument::Option`] for a number outside 0 to 2.
#[inline]
pub fn ignored(
    link: Link,
    ignore: i32,
    index: i64,
    expected: &'static str,
) -> Result<Option<i64>, BadArgument> {
    let usual = if link == Link::Softmax { Some(255) } else { None };
    match ignore {
        0 => Ok(usual),
        1 => Ok(None),
        2 => Ok(Some(index)),
        value => Err(BadArgument::option("call.ignore", value, expected)),
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
