use segloss_core::Error;

/// Why a call failed, as far as both libraries have a result code for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A pointer that must not be NULL is.
    NullPointer,
    /// A pointer is not aligned for what it points to.
    Misaligned,
    /// A struct's size is none that the library knows.
    UnsupportedVersion,
    /// An option has a value that is unknown, or does not go with another.
    UnsupportedOption,
    /// A tensor is in other memory than the library's.
    UnsupportedDevice,
    /// A tensor holds elements that the argument cannot.
    UnsupportedDtype,
    /// A shape that does not fit.
    BadShape,
    /// Strides that let elements share memory.
    BadStrides,
    /// A label that is no class, or a target outside 0 to 1.
    BadTarget,
    /// A defect of the library.
    Internal,
    /// There is not the memory for it.
    OutOfMemory,
    /// A text with a mistake.
    BadText,
    /// A number out of its range.
    BadValue,
    /// An array of another length than the one that fits.
    BadLength,
    /// The loss has no such thing.
    NotSupportedByLoss,
    /// A pixel's weight that cannot be one.
    BadWeight,
    /// A definition of a term or map that cannot be one.
    BadPlugin,
}

impl From<&Error> for Cause {
    fn from(error: &Error) -> Self {
        match error {
            Error::Empty { .. }
            | Error::Shape { .. }
            | Error::Axes { .. }
            | Error::Channels { .. }
            | Error::Extent { .. }
            | Error::Pixels { .. }
            | Error::TooLong { .. } => Cause::BadShape,
            Error::Memory { .. } => Cause::OutOfMemory,
            Error::Overlap { .. } => Cause::BadStrides,
            Error::Label { .. }
            | Error::Share { .. }
            | Error::Mask { .. }
            | Error::Unclear { .. } => Cause::BadTarget,
            Error::Parameter { .. }
            | Error::Coefficient { .. }
            | Error::Scale { .. }
            | Error::ClassWeight { .. }
            | Error::Count { .. } => Cause::BadValue,
            Error::Samples { .. }
            | Error::Classes { .. }
            | Error::ClassWeights { .. }
            | Error::Length { .. }
            | Error::Spacing { .. }
            | Error::Ignored { .. }
            | Error::Workspace { .. } => Cause::BadLength,
            Error::CallLink { .. }
            | Error::Pooled { .. }
            | Error::NoLossMap { .. }
            | Error::NoWeights { .. }
            | Error::Unused { .. }
            | Error::MixedRegions { .. }
            | Error::NotComputed { .. } => Cause::NotSupportedByLoss,
            Error::Weight { .. } => Cause::BadWeight,
            Error::Definition { .. } => Cause::BadPlugin,
            // A loss that was read from text fits its link and refers to its own maps.
            _ => Cause::Internal,
        }
    }
}

/// Turns each [`Cause`] into the result code of its name, in a library's own enum.
#[macro_export]
macro_rules! codes_of_causes {
    ($code:ident) => {
        impl From<$crate::Cause> for $code {
            fn from(cause: $crate::Cause) -> Self {
                match cause {
                    $crate::Cause::NullPointer => $code::NullPointer,
                    $crate::Cause::Misaligned => $code::Misaligned,
                    $crate::Cause::UnsupportedVersion => $code::UnsupportedVersion,
                    $crate::Cause::UnsupportedOption => $code::UnsupportedOption,
                    $crate::Cause::UnsupportedDevice => $code::UnsupportedDevice,
                    $crate::Cause::UnsupportedDtype => $code::UnsupportedDtype,
                    $crate::Cause::BadShape => $code::BadShape,
                    $crate::Cause::BadStrides => $code::BadStrides,
                    $crate::Cause::BadTarget => $code::BadTarget,
                    $crate::Cause::Internal => $code::Internal,
                    $crate::Cause::OutOfMemory => $code::OutOfMemory,
                    $crate::Cause::BadText => $code::BadText,
                    $crate::Cause::BadValue => $code::BadValue,
                    $crate::Cause::BadLength => $code::BadLength,
                    $crate::Cause::NotSupportedByLoss => $code::NotSupportedByLoss,
                    $crate::Cause::BadWeight => $code::BadWeight,
                    $crate::Cause::BadPlugin => $code::BadPlugin,
                }
            }
        }
    };
}
