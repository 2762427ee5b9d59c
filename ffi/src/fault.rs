//! What can be wrong with a call, and how it is told.

use core::fmt;

use crate::dlpack::DLDataType;
use crate::result::ResultCode;
use segloss_core::Error;
use segloss_core::view::Shape;

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
    ApiVersion {
        argument: &'static str,
        version: u32,
        expected: u32,
    },
    Option {
        argument: &'static str,
        value: i64,
        expected: &'static str,
    },
    Level {
        name: &'static str,
    },
    Unused {
        argument: &'static str,
        by: &'static str,
    },
    Both {
        one: &'static str,
        other: &'static str,
    },
    Device {
        argument: &'static str,
        device: i32,
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
    Stride {
        argument: &'static str,
        axis: usize,
        stride: i64,
    },
    Packed {
        argument: &'static str,
    },
    Shared {
        argument: &'static str,
    },
    TooLarge {
        argument: &'static str,
    },
    Shape {
        argument: &'static str,
        shape: Shape,
        expected: Shape,
    },
    Length {
        argument: &'static str,
        length: usize,
        expected: usize,
    },
    Many {
        argument: &'static str,
        count: usize,
        limit: usize,
    },
    Overlap {
        output: &'static str,
        other: &'static str,
    },
    /// Texts come with their own message: it refers to what the caller lent.
    Text {
        message: String,
    },
    NoMap {
        name: String,
    },
    Index {
        argument: &'static str,
        index: usize,
        count: usize,
    },
    NoParameter {
        name: String,
        term: &'static str,
    },
    Threads {
        reason: String,
    },
    Busy,
    Number {
        argument: &'static str,
        value: f64,
    },
    Core(Error),
    Panic,
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Fault::Core(error)
    }
}

impl Fault {
    pub(crate) fn code(&self) -> ResultCode {
        match self {
            Fault::Null { .. } => ResultCode::NullPointer,
            Fault::Misaligned { .. } => ResultCode::Misaligned,
            Fault::StructSize { .. } | Fault::ApiVersion { .. } => ResultCode::UnsupportedVersion,
            Fault::Option { .. }
            | Fault::Level { .. }
            | Fault::Unused { .. }
            | Fault::Both { .. } => ResultCode::UnsupportedOption,
            Fault::Device { .. } => ResultCode::UnsupportedDevice,
            Fault::Dtype { .. } => ResultCode::UnsupportedDtype,
            Fault::Axes { .. }
            | Fault::Extent { .. }
            | Fault::TooLarge { .. }
            | Fault::Shape { .. } => ResultCode::BadShape,
            Fault::Stride { .. } | Fault::Packed { .. } | Fault::Shared { .. } => {
                ResultCode::BadStrides
            }
            Fault::Length { .. } | Fault::Many { .. } => ResultCode::BadLength,
            Fault::Overlap { .. } => ResultCode::Overlap,
            Fault::Text { .. } | Fault::Utf8 { .. } => ResultCode::BadText,
            Fault::NoMap { .. } => ResultCode::NotSupportedByLoss,
            Fault::Index { .. } | Fault::NoParameter { .. } => ResultCode::NotFound,
            Fault::Threads { .. } => ResultCode::OutOfMemory,
            Fault::Number { .. } => ResultCode::BadValue,
            Fault::Busy => ResultCode::Busy,
            Fault::Core(error) => of_core(error),
            Fault::Panic => ResultCode::Internal,
        }
    }
}

fn of_core(error: &Error) -> ResultCode {
    match error {
        Error::Empty { .. }
        | Error::Shape { .. }
        | Error::Axes { .. }
        | Error::Channels { .. }
        | Error::Extent { .. }
        | Error::Pixels { .. }
        | Error::TooLong { .. } => ResultCode::BadShape,
        Error::Memory { .. } => ResultCode::OutOfMemory,
        Error::Overlap { .. } => ResultCode::BadStrides,
        Error::Label { .. } | Error::Share { .. } => ResultCode::BadTarget,
        Error::Parameter { .. }
        | Error::Coefficient { .. }
        | Error::Scale { .. }
        | Error::ClassWeight { .. }
        | Error::Count { .. } => ResultCode::BadValue,
        Error::Samples { .. }
        | Error::Classes { .. }
        | Error::ClassWeights { .. }
        | Error::Length { .. }
        | Error::Spacing { .. }
        | Error::Workspace { .. } => ResultCode::BadLength,
        Error::CallLink { .. }
        | Error::Pooled { .. }
        | Error::NoLossMap { .. }
        | Error::NoWeights { .. }
        | Error::MixedRegions { .. }
        | Error::NotComputed { .. } => ResultCode::NotSupportedByLoss,
        Error::Weight { .. } => ResultCode::BadWeight,
        Error::Definition { .. } => ResultCode::BadPlugin,
        Error::NothingCounted { .. } | Error::OneClass { .. } => ResultCode::NothingToLearn,
        // A loss that was read from text fits its link and refers to its own maps.
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
            Fault::ApiVersion { argument, version, expected } => {
                write!(f, "`{argument}.api_version` is {version}, expected {expected}")
            }
            Fault::Option { argument, value, expected } => {
                write!(f, "`{argument}` is {value}, expected {expected}")
            }
            Fault::Level { name } => write!(f, "`level` is {name}, which this machine has not"),
            Fault::Unused { argument, by } => {
                write!(f, "`{argument}` is given, which {by} has no use for")
            }
            Fault::Both { one, other } => {
                write!(f, "`{one}` and `{other}` are both given, expected one of them")
            }
            Fault::Device { argument, device } => {
                write!(f, "`{argument}` is on a device of type {device}, expected kDLCPU (1)")
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
            Fault::TooLarge { argument } => {
                write!(f, "`{argument}` reaches past the end of the address space")
            }
            Fault::Shape { argument, shape, expected } => {
                write!(f, "`{argument}` has shape {shape}, expected {expected}")
            }
            Fault::Length { argument, length, expected } => {
                write!(f, "`{argument}` has {length} entries, expected {expected}")
            }
            Fault::Many { argument, count, limit } => {
                write!(f, "`{argument}` has {count} entries, expected at most {limit}")
            }
            Fault::Overlap { output, other } => {
                write!(f, "`{output}` shares memory with `{other}`, expected memory of its own")
            }
            Fault::Text { message } => f.write_str(message),
            Fault::NoMap { name } => {
                write!(f, "`call.maps` has `{name}`, expected maps that the loss refers to")
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
