//! What can be wrong with a call, and how it is told.

use core::fmt;

use crate::dlpack::DLDataType;
use crate::result::ResultCode;
use segloss_core::Error;

/// Why a call was refused.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// A field's name follows its argument's with a dot.
    Null {
        argument: &'static str,
        field: &'static str,
    },
    Misaligned {
        argument: &'static str,
        field: &'static str,
        alignment: usize,
    },
    StructSize {
        size: u32,
        expected: usize,
    },
    Link {
        value: i32,
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
    GradientDtype {
        dtype: DLDataType,
        logits: DLDataType,
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
    TooLarge {
        argument: &'static str,
    },
    Overlap {
        input: &'static str,
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
            Fault::StructSize { .. } => ResultCode::UnsupportedVersion,
            Fault::Link { .. } => ResultCode::UnsupportedOption,
            Fault::Device { .. } => ResultCode::UnsupportedDevice,
            Fault::Dtype { .. } | Fault::GradientDtype { .. } => ResultCode::UnsupportedDtype,
            Fault::Axes { .. } | Fault::Extent { .. } | Fault::TooLarge { .. } => {
                ResultCode::BadShape
            }
            Fault::Stride { .. } => ResultCode::BadStrides,
            Fault::Overlap { .. } => ResultCode::Overlap,
            Fault::Core(error) => match error {
                Error::Empty { .. }
                | Error::Shape { .. }
                | Error::Channels { .. }
                | Error::Extent { .. } => ResultCode::BadShape,
                Error::Memory { .. } => ResultCode::OutOfMemory,
                Error::Overlap { .. } => ResultCode::BadStrides,
                Error::Label { .. } | Error::Share { .. } => ResultCode::BadTarget,
                // Nothing else is left to the caller of a fixed loss.
                _ => ResultCode::Internal,
            },
            Fault::Panic => ResultCode::Internal,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Fault::Null { argument, field } => write!(f, "`{argument}{field}` is NULL"),
            Fault::Misaligned { argument, field, alignment } => {
                write!(f, "`{argument}{field}` is not aligned, expected a multiple of {alignment}")
            }
            Fault::StructSize { size, expected } => write!(
                f,
                "`options.struct_size` is {size}, expected {expected}, or more with the rest zero"
            ),
            Fault::Link { value } => write!(
                f,
                "`options.link` is {value}, expected SEGLOSS_LINK_SIGMOID or SEGLOSS_LINK_SOFTMAX"
            ),
            Fault::Device { argument, device } => {
                write!(f, "`{argument}` is on a device of type {device}, expected kDLCPU (1)")
            }
            Fault::Dtype { argument, dtype, expected } => {
                write!(f, "`{argument}` holds {dtype}, expected {expected}")
            }
            Fault::GradientDtype { dtype, logits } => {
                write!(f, "`gradient` holds {dtype}, expected {logits} as `logits` does")
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
            Fault::TooLarge { argument } => {
                write!(f, "`{argument}` reaches past the end of the address space")
            }
            Fault::Overlap { input } => {
                write!(f, "`gradient` shares memory with `{input}`, expected memory of its own")
            }
            Fault::Core(error) => error.fmt(f),
            Fault::Panic => f.write_str("a defect of this library: please report the call"),
        }
    }
}
