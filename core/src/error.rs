use core::fmt;

use crate::view::{Shape, Strides};

/// What was wrong with a call. Outputs are untouched whenever one of these is returned.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// A tensor without a single pixel: there is nothing to average.
    Empty {
        /// The argument.
        argument: &'static str,
        /// Its shape.
        shape: Shape,
    },
    /// A shape other than the one that fits.
    Shape {
        /// The argument.
        argument: &'static str,
        /// Its shape.
        shape: Shape,
        /// The shape that fits.
        expected: Shape,
    },
    /// Spatial axes other than 1 to 3.
    Axes {
        /// How many were given.
        axes: usize,
    },
    /// A shape and strides that reach past the end of the data, or past what an index can hold.
    Extent {
        /// The shape.
        shape: Shape,
        /// The strides, in elements.
        strides: Strides,
        /// Elements at hand.
        length: usize,
    },
    /// Gradient strides under which two logits share memory.
    Overlap {
        /// The gradient's shape.
        shape: Shape,
        /// Its strides, in elements.
        strides: Strides,
    },
    /// More channels or fewer than the link takes.
    Channels {
        /// Channels of the logits.
        channels: usize,
        /// What was expected.
        expected: &'static str,
    },
    /// A label that is neither a class nor `ignore_index`.
    Label {
        /// The label; NaN or a fraction where a float target holds one.
        label: f64,
        /// Its sample in the batch.
        sample: usize,
        /// Its pixel within the sample, in row-major order.
        pixel: usize,
        /// The number of classes: labels 0 to `classes - 1` are expected.
        classes: usize,
    },
    /// A float target outside `[0, 1]`.
    Share {
        /// The target.
        target: f64,
        /// Its sample in the batch.
        sample: usize,
        /// Its channel.
        channel: usize,
        /// Its pixel within the sample, in row-major order.
        pixel: usize,
    },
    /// A parameter of a term out of its range.
    Parameter {
        /// The term.
        term: &'static str,
        /// The parameter.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What was expected.
        expected: &'static str,
    },
    /// A term's coefficient that is negative or not finite.
    Coefficient {
        /// The coefficient.
        value: f64,
    },
    /// A term that the call's link has no meaning for.
    Link {
        /// The term.
        term: &'static str,
        /// What was expected.
        expected: &'static str,
    },
    /// More values than a term has parameters.
    Arguments {
        /// The term.
        term: &'static str,
        /// How many were given.
        given: usize,
        /// How many parameters there are.
        expected: usize,
    },
    /// An upstream gradient that is not finite, or is not once multiplied by a coefficient and
    /// rounded to the computing format.
    Scale {
        /// The scale.
        value: f64,
    },
    /// Storage that the system does not give.
    Memory {
        /// Which part.
        argument: &'static str,
        /// Elements asked for.
        length: usize,
    },
    /// Storage lent by the caller that is too short.
    Workspace {
        /// Which part.
        argument: &'static str,
        /// Its length.
        length: usize,
        /// The length that fits.
        expected: usize,
    },
    /// An output that has not one element for each pixel.
    Length {
        /// The argument.
        argument: &'static str,
        /// Its length.
        length: usize,
        /// The length that fits.
        expected: usize,
    },
    /// An image too large for the numbers of its distance transform.
    TooLong {
        /// Its shape.
        shape: Shape,
        /// What was expected.
        expected: &'static str,
    },
    /// A spacing for another number of axes than the image has.
    Spacing {
        /// How many the spacing is for.
        given: usize,
        /// Axes of the image.
        axes: usize,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Error::Empty { argument, shape } => {
                write!(f, "`{argument}` has shape {shape}: every axis must be at least 1")
            }
            Error::Shape { argument, shape, expected } => {
                write!(f, "`{argument}` has shape {shape}, expected {expected}")
            }
            Error::Axes { axes } => write!(f, "`spatial` has {axes} axes, expected 1 to 3"),
            Error::Extent { shape, strides, length } => {
                write!(f, "shape {shape} with strides {strides} reaches past the {length} elements")
            }
            Error::Overlap { shape, strides } => write!(
                f,
                "`gradient` of shape {shape} with strides {strides} lets two logits share memory, \
                 expected one place each"
            ),
            Error::Channels { channels, expected } => {
                write!(f, "`logits` has {channels} channels, expected {expected}")
            }
            Error::Label { label, sample, pixel, classes } => write!(
                f,
                "`targets` holds label {label} at pixel {pixel} of sample {sample}, expected an \
                 integer from 0 to {} or `ignore_index`",
                classes.saturating_sub(1)
            ),
            Error::Share { target, sample, channel, pixel } => write!(
                f,
                "`targets` holds {target} at pixel {pixel} of sample {sample}, channel {channel}, \
                 expected 0 to 1"
            ),
            Error::Parameter { term, name, value, expected } => {
                write!(f, "`{name}` of `{term}` is {value}, expected {expected}")
            }
            Error::Coefficient { value } => {
                write!(f, "a term's coefficient is {value}, expected a finite number, 0 or larger")
            }
            Error::Link { term, expected } => write!(f, "`{term}` needs {expected}"),
            Error::Arguments { term, given, expected } => {
                write!(f, "`{term}` was given {given} values, expected at most {expected}")
            }
            Error::Scale { value } => write!(
                f,
                "`scale` is {value}, expected a number that is finite, times a coefficient too"
            ),
            Error::Memory { argument, length } => {
                write!(f, "no memory for {length} elements of workspace `{argument}`")
            }
            Error::Workspace { argument, length, expected } => {
                write!(f, "workspace `{argument}` holds {length}, expected at least {expected}")
            }
            Error::Length { argument, length, expected } => {
                write!(f, "`{argument}` holds {length}, expected {expected}: one for each pixel")
            }
            Error::TooLong { shape, expected } => {
                write!(f, "`labels` has shape {shape}, expected {expected}")
            }
            Error::Spacing { given, axes } => {
                write!(f, "`spacing` is for {given} axes, expected {axes} as `labels` has")
            }
        }
    }
}

impl core::error::Error for Error {}
