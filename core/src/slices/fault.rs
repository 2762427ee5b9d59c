use core::fmt;

use crate::error::Error;
use crate::lanes::Real;
use crate::view::{Bad, Target};

/// What was wrong with a call. Outputs are untouched then.
///
/// Unlike [`Error`], which it can be turned into, it takes no arithmetic in `f64`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Fault<T, E> {
    /// A slice of another length than the one that fits.
    Length {
        /// The argument.
        argument: &'static str,
        /// Its length.
        length: usize,
        /// The length that fits.
        expected: usize,
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
    /// More classes or fewer than softmax takes: 2 to 2^24.
    Classes {
        /// How many there are.
        classes: usize,
    },
    /// A float target outside `[0, 1]`, or an integer that is neither 0 nor the positive number that stands for foreground
    /// before.
    Share {
        /// The target.
        target: E,
        /// Its pixel.
        pixel: usize,
    },
    /// A label that is neither a class nor ignored.
    Label {
        /// The label.
        label: E,
        /// Its pixel.
        pixel: usize,
        /// The number of classes.
        classes: usize,
    },
    /// A pixel's weight that is not finite.
    Weight {
        /// The map's place.
        place: usize,
        /// The weight.
        weight: T,
        /// Its pixel.
        pixel: usize,
    },
    /// A map that the call does not have.
    Map {
        /// Its place.
        place: usize,
        /// How many there are.
        maps: usize,
    },
    /// A term that the link has no meaning for.
    Link {
        /// The term.
        term: &'static str,
        /// What was expected.
        expected: &'static str,
    },
    /// An option that the term does not have, or that takes the engine.
    Option {
        /// The term.
        term: &'static str,
        /// The option.
        option: &'static str,
    },
    /// A term's coefficient that is negative or not finite, or too large for the format.
    Coefficient {
        /// The coefficient.
        value: f64,
    },
}

impl<T: Real, E: Target> From<Fault<T, E>> for Error {
    fn from(fault: Fault<T, E>) -> Self {
        let (sample, channel) = (0, 0);
        match fault {
            Fault::Length { argument, length, expected } => {
                Error::Length { argument, length, expected }
            }
            Fault::Workspace { argument, length, expected } => {
                Error::Workspace { argument, length, expected }
            }
            Fault::Classes { classes } => {
                Error::Channels { channels: classes, expected: "2 to 2^24 classes" }
            }
            Fault::Share { target, pixel } => {
                Bad { pixel, target: target.number(), foreground: None }.share(sample, channel)
            }
            Fault::Label { label, pixel, classes } => {
                Error::Label { label: label.number(), sample, pixel, classes }
            }
            Fault::Weight { weight, pixel, .. } => Error::Weight {
                argument: "map",
                value: weight.widen(),
                sample,
                channel,
                pixel,
                is_signed: true,
            },
            Fault::Map { place, maps } => Error::Map { place, maps },
            Fault::Link { term, expected } => Error::Link { term, expected },
            Fault::Option { term, option } => Error::NoOption { term, option },
            Fault::Coefficient { value } => Error::Coefficient { value },
        }
    }
}

impl<T: Real, E: Target> fmt::Display for Fault<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Error::from(*self).fmt(f)
    }
}

impl<T: Real, E: Target + fmt::Debug> core::error::Error for Fault<T, E> {}
