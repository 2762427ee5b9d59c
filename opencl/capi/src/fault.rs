//! What can be wrong with a call, and how it is told.

use core::fmt;

use crate::dlpack::DLDataType;
use crate::result::ResultCode;
use segloss_core::view::Shape;
use segloss_opencl::Error;

/// Why a call was refused. A field's name follows its argument's with a dot.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    Null {
        argument: &'static str,
        field: &'static str,
    },
    Misaligned {
        argument: &'static str,
        field: &'static str,
        alignment: usize,
    },
    Utf8 {
        argument: &'static str,
        field: &'static str,
        at: usize,
    },
    StructSize {
        argument: &'static str,
        size: u32,
        expected: usize,
    },
    Option {
        argument: &'static str,
        value: i64,
        expected: &'static str,
    },
    Both {
        one: &'static str,
        other: &'static str,
    },
    Device {
        argument: &'static str,
        device: i32,
    },
    Handle {
        what: &'static str,
        status: i32,
    },
    Dtype {
        argument: &'static str,
        dtype: DLDataType,
        expected: &'static str,
    },
    Axes {
        argument: &'static str,
        ndim: i32,
    },
    Extent {
        argument: &'static str,
        axis: usize,
        extent: i64,
    },
    Packed {
        argument: &'static str,
    },
    Offset {
        argument: &'static str,
        offset: u64,
        size: usize,
    },
    TooLarge {
        argument: &'static str,
    },
    Shape {
        argument: &'static str,
        shape: Shape,
        expected: Shape,
    },
    Many {
        argument: &'static str,
        count: usize,
        limit: usize,
    },
    /// Texts come with their own message: it refers to what the caller lent.
    Text {
        message: String,
    },
    NoMap {
        name: String,
    },
    OpenCl(Error),
    Panic,
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
            Fault::Null { .. } => ResultCode::NullPointer,
            Fault::Misaligned { .. } | Fault::Offset { .. } => ResultCode::Misaligned,
            Fault::StructSize { .. } => ResultCode::UnsupportedVersion,
            Fault::Option { .. } | Fault::Both { .. } => ResultCode::UnsupportedOption,
            Fault::Device { .. } => ResultCode::UnsupportedDevice,
            Fault::Handle { .. } => ResultCode::OpenClFailed,
            Fault::Dtype { .. } => ResultCode::UnsupportedDtype,
            Fault::Axes { .. }
            | Fault::Extent { .. }
            | Fault::TooLarge { .. }
            | Fault::Shape { .. } => ResultCode::BadShape,
            Fault::Packed { .. } => ResultCode::BadStrides,
            Fault::Many { .. } => ResultCode::BadLength,
            Fault::Text { .. } | Fault::Utf8 { .. } => ResultCode::BadText,
            Fault::NoMap { .. } => ResultCode::NotSupportedByLoss,
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
        Error::Call(error) => of_core(error),
        _ => ResultCode::Internal,
    }
}

fn of_core(error: &segloss_core::Error) -> ResultCode {
    use segloss_core::Error;
    match error {
        Error::Empty { .. }
        | Error::Shape { .. }
        | Error::Axes { .. }
        | Error::Channels { .. }
        | Error::Extent { .. }
        | Error::Pixels { .. }
        | Error::TooLong { .. } => ResultCode::BadShape,
        Error::Memory { .. } => ResultCode::OutOfMemory,
        Error::Label { .. } | Error::Share { .. } => ResultCode::BadTarget,
        Error::Parameter { .. }
        | Error::Coefficient { .. }
        | Error::Scale { .. }
        | Error::ClassWeight { .. } => ResultCode::BadValue,
        Error::Samples { .. }
        | Error::ClassWeights { .. }
        | Error::Length { .. }
        | Error::Spacing { .. } => ResultCode::BadLength,
        Error::CallLink { .. }
        | Error::NoWeights { .. }
        | Error::MixedRegions { .. }
        | Error::NotComputed { .. } => ResultCode::NotSupportedByLoss,
        Error::Weight { .. } => ResultCode::BadWeight,
        Error::Definition { .. } => ResultCode::BadPlugin,
        _ => ResultCode::Internal,
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Null { argument, field } => write!(f, "`{argument}{field}` is NULL"),
            Fault::Misaligned { argument, field, alignment } => {
                write!(f, "`{argument}{field}` is not aligned, expected a multiple of {alignment}")
            }
            Fault::Utf8 { argument, field, at } => {
                write!(f, "`{argument}{field}` is not UTF-8 from byte {at} on")
            }
            Fault::StructSize { argument, size, expected } => write!(
                f,
                "`{argument}.struct_size` is {size}, expected {expected}, or more with the rest zero"
            ),
            Fault::Option { argument, value, expected } => {
                write!(f, "`{argument}` is {value}, expected {expected}")
            }
            Fault::Both { one, other } => {
                write!(f, "`{one}` and `{other}` are both given, expected one of them")
            }
            Fault::Device { argument, device } => {
                write!(f, "`{argument}` is on a device of type {device}, expected kDLOpenCL (4)")
            }
            Fault::Handle { what, status } => {
                write!(f, "`{what}` is no valid handle: OpenCL gave {status} when it was retained")
            }
            Fault::Dtype { argument, dtype, expected } => {
                write!(f, "`{argument}` holds {dtype}, expected {expected}")
            }
            Fault::Axes { argument, ndim } => write!(
                f,
                "`{argument}` has {ndim} axes, expected 3 to 5: batch, channels, 1 to 3 of space"
            ),
            Fault::Extent { argument, axis, extent } => {
                write!(f, "`{argument}` has extent {extent} along axis {axis}")
            }
            Fault::Packed { argument } => {
                write!(f, "`{argument}` has strides other than packed, channels first")
            }
            Fault::Offset { argument, offset, size } => write!(
                f,
                "`{argument}.byte_offset` is {offset}, expected a multiple of its elements' {size} bytes"
            ),
            Fault::TooLarge { argument } => {
                write!(f, "`{argument}` reaches past the end of the address space")
            }
            Fault::Shape { argument, shape, expected } => {
                write!(f, "`{argument}` has shape {shape}, expected {expected}")
            }
            Fault::Many { argument, count, limit } => {
                write!(f, "`{argument}` has {count} entries, expected at most {limit}")
            }
            Fault::Text { message } => f.write_str(message),
            Fault::NoMap { name } => {
                write!(f, "`call.maps` has `{name}`, expected maps that the loss refers to")
            }
            Fault::OpenCl(error) => error.fmt(f),
            Fault::Panic => f.write_str(
                "a defect of this library, or a status that no version of OpenCL has: please report \
                 the call",
            ),
        }
    }
}
