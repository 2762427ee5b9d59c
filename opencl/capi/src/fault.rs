//! What can be wrong with a call, and how it is told.

use core::fmt;

use crate::result::ResultCode;
use segloss_c_boundary::{BadArgument, Cause};
use segloss_opencl::Error;

/// Why a call was refused.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    Argument(BadArgument),
    Handle { what: &'static str, status: i32 },
    Packed { argument: &'static str },
    Offset { argument: &'static str, offset: u64, size: usize },
    OpenCl(Error),
    Panic,
}

impl From<BadArgument> for Fault {
    fn from(bad: BadArgument) -> Self {
        Fault::Argument(bad)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Fault::OpenCl(error)
    }
}

impl From<segloss_core::Error> for Fault {
    fn from(error: segloss_core::Error) -> Self {
        Fault::OpenCl(error.into())
    }
}

impl Fault {
    pub(crate) fn code(&self) -> ResultCode {
        match self {
            Fault::Argument(bad) => bad.cause().into(),
            Fault::Handle { .. } => ResultCode::OpenClFailed,
            Fault::Packed { .. } => ResultCode::BadStrides,
            Fault::Offset { .. } => ResultCode::Misaligned,
            Fault::OpenCl(error) => of_device(error),
            Fault::Panic => ResultCode::Internal,
        }
    }
}

fn of_device(error: &Error) -> ResultCode {
    match error {
        Error::NoPlatform { .. } => ResultCode::NoPlatform,
        Error::NoDevice { .. } => ResultCode::NoDevice,
        Error::NoDouble { .. } => ResultCode::NoDouble,
        Error::Build { .. } => ResultCode::BuildFailed,
        Error::OutOfMemory { .. } => ResultCode::OutOfMemory,
        Error::Lost { .. } => ResultCode::DeviceLost,
        Error::NullHandle { .. } => ResultCode::NullPointer,
        Error::Length { .. } => ResultCode::BadLength,
        Error::OtherContext { .. } => ResultCode::OtherContext,
        Error::OtherDevice { .. } => ResultCode::OtherDevice,
        Error::Overlap { .. } => ResultCode::Overlap,
        Error::Classes { .. } => ResultCode::BadShape,
        Error::NotGiven { .. } => ResultCode::MapNotGiven,
        Error::OpenCl { .. } | Error::WorkGroup { .. } => ResultCode::OpenClFailed,
        Error::Call(error) => Cause::from(error).into(),
        _ => ResultCode::Internal,
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Argument(bad) => bad.fmt(f),
            Fault::Handle { what, status } => {
                write!(f, "`{what}` is no valid handle: OpenCL gave {status} when it was retained")
            }
            Fault::Packed { argument } => {
                write!(f, "`{argument}` has strides other than packed, channels first")
            }
            Fault::Offset { argument, offset, size } => write!(
                f,
                "`{argument}.byte_offset` is {offset}, expected a multiple of its elements' {size} bytes"
            ),
            Fault::OpenCl(error) => error.fmt(f),
            Fault::Panic => f.write_str(
                "a defect of this library, or a status that no version of OpenCL has: please report \
                 the call",
            ),
        }
    }
}
