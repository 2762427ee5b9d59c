//! What can be wrong with a call, and how it is told.

use core::fmt;

use crate::result::ResultCode;
use segloss_c_boundary::{BadArgument, Cause};
use segloss_core::Error;

/// Why a call was refused.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
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

impl From<BadArgument> for Fault {
    fn from(bad: BadArgument) -> Self {
        Fault::Argument(bad)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Fault::Core(error)
    }
}

impl Fault {
    pub(crate) fn code(&self) -> ResultCode {
        match self {
            Fault::Argument(bad) => bad.cause().into(),
            Fault::ApiVersion { .. } => ResultCode::UnsupportedVersion,
            Fault::Level { .. } | Fault::Unused { .. } => ResultCode::UnsupportedOption,
            Fault::Stride { .. } | Fault::Packed { .. } | Fault::Shared { .. } => {
                ResultCode::BadStrides
            }
            Fault::Length { .. } => ResultCode::BadLength,
            Fault::Overlap { .. } => ResultCode::Overlap,
            Fault::Index { .. } | Fault::NoParameter { .. } => ResultCode::NotFound,
            Fault::Threads { .. } => ResultCode::OutOfMemory,
            Fault::Number { .. } => ResultCode::BadValue,
            Fault::Busy => ResultCode::Busy,
            Fault::Core(Error::NothingCounted { .. } | Error::OneClass { .. }) => {
                ResultCode::NothingToLearn
            }
            Fault::Core(error) => Cause::from(error).into(),
            Fault::Panic => ResultCode::Internal,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Argument(bad) => bad.fmt(f),
            Fault::ApiVersion { argument, version, expected } => {
                write!(f, "`{argument}.api_version` is {version}, expected {expected}")
            }
            Fault::Level { name } => write!(f, "`level` is {name}, which this machine has not"),
            Fault::Unused { argument, by } => {
                write!(f, "`{argument}` is given, which {by} has no use for")
            }
            Fault::Stride { argument, axis, stride } => write!(
                f,
                "`{argument}` has stride {stride} along axis {axis}, expected 0 or a positive one"
            ),
            Fault::Packed { argument } => {
                write!(f, "`{argument}` has strides other than of packed, row-major images")
            }
            Fault::Shared { argument } => write!(
                f,
                "`{argument}` has strides that let elements share memory, expected a place for each"
            ),
            Fault::Length { argument, length, expected } => {
                write!(f, "`{argument}` has {length} entries, expected {expected}")
            }
            Fault::Overlap { output, other } => {
                write!(f, "`{output}` shares memory with `{other}`, expected memory of its own")
            }
            Fault::Index { argument, index, count } => {
                write!(f, "`{argument}` is {index}, expected less than {count}")
            }
            Fault::NoParameter { name, term } => {
                write!(f, "`{name}` is no parameter of `{term}`")
            }
            Fault::Threads { reason } => write!(f, "no threads: {reason}"),
            Fault::Busy => {
                f.write_str("`workspace` is in use by another call, expected one for each thread")
            }
            Fault::Number { argument, value } => {
                write!(f, "`{argument}` holds {value}, expected finite numbers")
            }
            Fault::Core(error) => error.fmt(f),
            Fault::Panic => f.write_str("a defect of this library: please report the call"),
        }
    }
}
