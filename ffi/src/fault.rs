//! What can be wrong with a call, and how it is told.

use core::fmt;
use core::marker::PhantomData;

use crate::message;
use crate::result::ResultCode;
use segloss_c_boundary::{BadArgument, Cause};
use segloss_core::Error;

/// A refused call: what is left of the [`Reason`] once its message is kept.
///
/// A reason is told where it is found, so that a result is as small as what it holds on success: a call on a
/// small tile otherwise spends more time on moving results than on reading its arguments. It is not [`Send`],
/// because messages are kept by thread.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    code: ResultCode,
    by_thread: PhantomData<*const ()>,
}

impl Fault {
    /// Returns what C gets.
    pub(crate) fn code(self) -> ResultCode {
        self.code
    }
}

impl From<Reason> for Fault {
    #[cold]
    #[inline(never)]
    fn from(reason: Reason) -> Self {
        message::keep(&reason);
        Fault { code: reason.code(), by_thread: PhantomData }
    }
}

impl From<BadArgument> for Fault {
    #[cold]
    fn from(bad: BadArgument) -> Self {
        Reason::Argument(bad).into()
    }
}

impl From<Error> for Fault {
    #[cold]
    fn from(error: Error) -> Self {
        Reason::Core(error).into()
    }
}

/// Borrows what a step gave where it lies: moving a tensor or a view takes as long as reading it.
#[inline(always)]
pub(crate) fn borrow<X>(step: &Result<X, Fault>) -> Result<&X, Fault> {
    step.as_ref().map_err(|&fault| fault)
}

/// Why a call was refused.
#[derive(Clone, Debug)]
pub(crate) enum Reason {
    Argument(BadArgument),
    ApiVersion { argument: &'static str, version: u32, expected: u32 },
    Level { name: &'static str },
    Unused { argument: &'static str, by: &'static str },
    Stride { argument: &'static str, axis: usize, stride: i64 },
    Packed { argument: &'static str },
    Shared { argument: &'static str },
    Length { argument: &'static str, length: usize, expected: usize },
    Overlap { output: &'static str, other: &'static str },
    Index { argument: &'static str, index: usize, count: usize },
    NoParameter { name: String, term: &'static str },
    Threads { reason: String },
    Busy,
    Number { argument: &'static str, value: f64 },
    Core(Error),
    Panic,
}

impl Reason {
    fn code(&self) -> ResultCode {
        match self {
            Reason::Argument(bad) => bad.cause().into(),
            Reason::ApiVersion { .. } => ResultCode::UnsupportedVersion,
            Reason::Level { .. } | Reason::Unused { .. } => ResultCode::UnsupportedOption,
            Reason::Stride { .. } | Reason::Packed { .. } | Reason::Shared { .. } => {
                ResultCode::BadStrides
            }
            Reason::Length { .. } => ResultCode::BadLength,
            Reason::Overlap { .. } => ResultCode::Overlap,
            Reason::Index { .. } | Reason::NoParameter { .. } => ResultCode::NotFound,
            Reason::Threads { .. } => ResultCode::OutOfMemory,
            Reason::Number { .. } => ResultCode::BadValue,
            Reason::Busy => ResultCode::Busy,
            Reason::Core(Error::NothingCounted { .. } | Error::OneClass { .. }) => {
                ResultCode::NothingToLearn
            }
            Reason::Core(error) => Cause::from(error).into(),
            Reason::Panic => ResultCode::Internal,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Argument(bad) => bad.fmt(f),
            Reason::ApiVersion { argument, version, expected } => {
                write!(f, "`{argument}.api_version` is {version}, expected {expected}")
            }
            Reason::Level { name } => write!(f, "`level` is {name}, which this machine has not"),
            Reason::Unused { argument, by } => {
                write!(f, "`{argument}` is given, which {by} has no use for")
            }
            Reason::Stride { argument, axis, stride } => write!(
                f,
                "`{argument}` has stride {stride} along axis {axis}, expected 0 or a positive one"
            ),
            Reason::Packed { argument } => {
                write!(f, "`{argument}` has strides other than of packed, row-major images")
            }
            Reason::Shared { argument } => write!(
                f,
                "`{argument}` has strides that let elements share memory, expected a place for each"
            ),
            Reason::Length { argument, length, expected } => {
                write!(f, "`{argument}` has {length} entries, expected {expected}")
            }
            Reason::Overlap { output, other } => {
                write!(f, "`{output}` shares memory with `{other}`, expected memory of its own")
            }
            Reason::Index { argument, index, count } => {
                write!(f, "`{argument}` is {index}, expected less than {count}")
            }
            Reason::NoParameter { name, term } => {
                write!(f, "`{name}` is no parameter of `{term}`")
            }
            Reason::Threads { reason } => write!(f, "no threads: {reason}"),
            Reason::Busy => {
                f.write_str("`workspace` is in use by another call, expected one for each thread")
            }
            Reason::Number { argument, value } => {
                write!(f, "`{argument}` holds {value}, expected finite numbers")
            }
            Reason::Core(error) => error.fmt(f),
            Reason::Panic => f.write_str("a defect of this library: please report the call"),
        }
    }
}
