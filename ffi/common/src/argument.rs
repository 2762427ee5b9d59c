use core::fmt;

use crate::cause::Cause;
use crate::dlpack::{DLDataType, DeviceType};
use segloss_core::view::{Number, Shape};

/// What is wrong with an argument of a call. A field's name follows its argument's with a dot.
#[derive(Clone, Debug)]
pub enum BadArgument {
    /// It is NULL.
    Null {
        /// The argument.
        argument: &'static str,
        /// Its field, or nothing.
        field: &'static str,
    },
    /// It is not aligned for what it points to.
    Misaligned {
        /// The argument.
        argument: &'static str,
        /// Its field, or nothing.
        field: &'static str,
        /// What its address has to be a multiple of.
        alignment: usize,
    },
    /// It is no UTF-8.
    Utf8 {
        /// The argument.
        argument: &'static str,
        /// Its field, or nothing.
        field: &'static str,
        /// The first byte that is none.
        at: usize,
    },
    /// It is a struct of no size that is known.
    StructSize {
        /// The argument.
        argument: &'static str,
        /// The size that it says.
        size: u32,
        /// The size that the library knows.
        expected: usize,
    },
    /// It has a value that no option has.
    Option {
        /// The argument.
        argument: &'static str,
        /// Its value.
        value: i64,
        /// The values that it can have.
        expected: &'static str,
    },
    /// One of its fields has a value that it cannot have.
    Field {
        /// The argument.
        argument: &'static str,
        /// The field.
        field: &'static str,
        /// Its value.
        value: Number,
        /// The values that it can have.
        expected: &'static str,
    },
    /// It is given together with another that it excludes.
    Both {
        /// The argument.
        one: &'static str,
        /// The other argument.
        other: &'static str,
    },
    /// It is a tensor in other memory.
    Device {
        /// The argument.
        argument: &'static str,
        /// The number of the type of its device.
        device: i32,
        /// The type that it has to be of.
        expected: DeviceType,
    },
    /// It is a tensor of other elements.
    Dtype {
        /// The argument.
        argument: &'static str,
        /// What it holds.
        dtype: DLDataType,
        /// What it can hold.
        expected: &'static str,
    },
    /// It is a tensor of too few or too many axes.
    Axes {
        /// The argument.
        argument: &'static str,
        /// How many it has.
        ndim: i32,
    },
    /// It is a tensor of a negative extent.
    Extent {
        /// The argument.
        argument: &'static str,
        /// The axis, from the outermost on.
        axis: usize,
        /// The extent along it.
        extent: i64,
    },
    /// It ends outside the address space.
    TooLarge {
        /// The argument.
        argument: &'static str,
    },
    /// It is a tensor of another shape.
    Shape {
        /// The argument.
        argument: &'static str,
        /// Its shape.
        shape: Shape,
        /// The one that fits.
        expected: Shape,
    },
    /// It has more entries than it can.
    Many {
        /// The argument.
        argument: &'static str,
        /// How many it has.
        count: usize,
        /// How many it can have.
        limit: usize,
    },
    /// It is a text with a mistake, which is told in its own words: they refer to what the caller lent.
    Text {
        /// The message.
        message: String,
    },
    /// It is a weight map that the loss does not refer to.
    NoMap {
        /// The map's name.
        name: String,
    },
}

impl BadArgument {
    /// Refuses an option's value.
    pub fn option(argument: &'static str, value: impl Into<i64>, expected: &'static str) -> Self {
        BadArgument::Option { argument, value: value.into(), expected }
    }

    /// Returns why a call with such an argument fails.
    pub fn cause(&self) -> Cause {
        match self {
            BadArgument::Null { .. } => Cause::NullPointer,
            BadArgument::Misaligned { .. } => Cause::Misaligned,
            BadArgument::StructSize { .. } => Cause::UnsupportedVersion,
            BadArgument::Option { .. } | BadArgument::Field { .. } | BadArgument::Both { .. } => {
                Cause::UnsupportedOption
            }
            BadArgument::Device { .. } => Cause::UnsupportedDevice,
            BadArgument::Dtype { .. } => Cause::UnsupportedDtype,
            BadArgument::Axes { .. }
            | BadArgument::Extent { .. }
            | BadArgument::TooLarge { .. }
            | BadArgument::Shape { .. } => Cause::BadShape,
            BadArgument::Many { .. } => Cause::BadLength,
            BadArgument::Text { .. } | BadArgument::Utf8 { .. } => Cause::BadText,
            BadArgument::NoMap { .. } => Cause::NotSupportedByLoss,
        }
    }
}

impl fmt::Display for BadArgument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadArgument::Null { argument, field } => write!(f, "`{argument}{field}` is NULL"),
            BadArgument::Misaligned { argument, field, alignment } => {
                write!(f, "`{argument}{field}` is not aligned, expected a multiple of {alignment}")
            }
            BadArgument::Utf8 { argument, field, at } => {
                write!(f, "`{argument}{field}` is not UTF-8 from byte {at} on")
            }
            BadArgument::StructSize { argument, size, expected } => write!(
                f,
                "`{argument}.struct_size` is {size}, expected {expected}, or more with the rest zero"
            ),
            BadArgument::Option { argument, value, expected } => {
                write!(f, "`{argument}` is {value}, expected {expected}")
            }
            BadArgument::Field { argument, field, value, expected } => {
                write!(f, "`{argument}{field}` is {value}, expected {expected}")
            }
            BadArgument::Both { one, other } => {
                write!(f, "`{one}` and `{other}` are both given, expected one of them")
            }
            BadArgument::Device { argument, device, expected } => {
                let DeviceType { name, number } = expected;
                write!(
                    f,
                    "`{argument}` is on a device of type {device}, expected {name} ({number})"
                )
            }
            BadArgument::Dtype { argument, dtype, expected } => {
                write!(f, "`{argument}` holds {dtype}, expected {expected}")
            }
            BadArgument::Axes { argument, ndim } => write!(
                f,
                "`{argument}` has {ndim} axes, expected 3 to 5: batch, channels, 1 to 3 of space"
            ),
            BadArgument::Extent { argument, axis, extent } => {
                write!(f, "`{argument}` has extent {extent} along axis {axis}")
            }
            BadArgument::TooLarge { argument } => {
                write!(f, "`{argument}` reaches past the end of the address space")
            }
            BadArgument::Shape { argument, shape, expected } => {
                write!(f, "`{argument}` has shape {shape}, expected {expected}")
            }
            BadArgument::Many { argument, count, limit } => {
                write!(f, "`{argument}` has {count} entries, expected at most {limit}")
            }
            BadArgument::Text { message } => f.write_str(message),
            BadArgument::NoMap { name } => {
                write!(f, "`call.maps` has `{name}`, expected maps that the loss refers to")
            }
        }
    }
}
