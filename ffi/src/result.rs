use core::ffi::{CStr, c_char};

/// What a call came to. A number keeps its meaning for ever; new ones are added at the end. Since 0.1.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResultCode {
    /// Success: outputs are written.
    Ok = 0,
    /// A pointer that must not be NULL is.
    NullPointer = 1,
    /// A pointer is not aligned for what it points to.
    Misaligned = 2,
    /// A struct's `struct_size`, or a plugin's `api_version`, is none that this library knows.
    UnsupportedVersion = 3,
    /// An option has a value that this library does not know, or one that does not go with another.
    UnsupportedOption = 4,
    /// A tensor is not in host memory.
    UnsupportedDevice = 5,
    /// A tensor holds elements that this argument cannot.
    UnsupportedDtype = 6,
    /// A shape that does not fit, or is empty, or reaches too far with its strides.
    BadShape = 7,
    /// Strides that are negative, or let elements of an output share memory, or are not packed where
    /// they must be.
    BadStrides = 8,
    /// An output shares memory with an input or another output.
    Overlap = 9,
    /// A label that is no class, or a target outside 0 to 1.
    BadTarget = 10,
    /// A defect of this library. What outputs hold is then unspecified.
    Internal = 11,
    /// The system does not give the memory, or the threads, that the call needs.
    OutOfMemory = 12,
    /// A text with a mistake: where it is and what was expected there is in the message.
    BadText = 13,
    /// A number out of its range: a parameter, a coefficient, a scale, a spacing.
    BadValue = 14,
    /// An array of another length than the one that fits.
    BadLength = 15,
    /// The loss has no such thing: no value of one sample or pixel, no weights, no such map.
    NotSupportedByLoss = 16,
    /// A pixel's weight that is not finite, or negative where it may not be.
    BadWeight = 17,
    /// A plugin that cannot be registered: its name is taken or is none, say.
    BadPlugin = 18,
    /// The workspace is in use by another call.
    Busy = 19,
    /// The masks say nothing: no pixel counts, or all are of one class.
    NothingToLearn = 20,
    /// An index past the end, or a name that is not there.
    NotFound = 21,
}
// Last added: 21.

impl ResultCode {
    const ALL: [(Self, &'static CStr); 22] = [
        (Self::Ok, c"SEGLOSS_RESULT_OK"),
        (Self::NullPointer, c"SEGLOSS_RESULT_NULL_POINTER"),
        (Self::Misaligned, c"SEGLOSS_RESULT_MISALIGNED"),
        (Self::UnsupportedVersion, c"SEGLOSS_RESULT_UNSUPPORTED_VERSION"),
        (Self::UnsupportedOption, c"SEGLOSS_RESULT_UNSUPPORTED_OPTION"),
        (Self::UnsupportedDevice, c"SEGLOSS_RESULT_UNSUPPORTED_DEVICE"),
        (Self::UnsupportedDtype, c"SEGLOSS_RESULT_UNSUPPORTED_DTYPE"),
        (Self::BadShape, c"SEGLOSS_RESULT_BAD_SHAPE"),
        (Self::BadStrides, c"SEGLOSS_RESULT_BAD_STRIDES"),
        (Self::Overlap, c"SEGLOSS_RESULT_OVERLAP"),
        (Self::BadTarget, c"SEGLOSS_RESULT_BAD_TARGET"),
        (Self::Internal, c"SEGLOSS_RESULT_INTERNAL"),
        (Self::OutOfMemory, c"SEGLOSS_RESULT_OUT_OF_MEMORY"),
        (Self::BadText, c"SEGLOSS_RESULT_BAD_TEXT"),
        (Self::BadValue, c"SEGLOSS_RESULT_BAD_VALUE"),
        (Self::BadLength, c"SEGLOSS_RESULT_BAD_LENGTH"),
        (Self::NotSupportedByLoss, c"SEGLOSS_RESULT_NOT_SUPPORTED_BY_LOSS"),
        (Self::BadWeight, c"SEGLOSS_RESULT_BAD_WEIGHT"),
        (Self::BadPlugin, c"SEGLOSS_RESULT_BAD_PLUGIN"),
        (Self::Busy, c"SEGLOSS_RESULT_BUSY"),
        (Self::NothingToLearn, c"SEGLOSS_RESULT_NOTHING_TO_LEARN"),
        (Self::NotFound, c"SEGLOSS_RESULT_NOT_FOUND"),
    ];
}

segloss_c_boundary::codes_of_causes!(ResultCode);

/// The name of a result code, valid for ever; "SEGLOSS_RESULT_UNKNOWN" for any other number.
///
/// May be called from any thread at any time. Since 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn segloss_result_name(code: i32) -> *const c_char {
    let known = ResultCode::ALL.into_iter().find(|(known, _)| *known as i32 == code);
    known.map_or(c"SEGLOSS_RESULT_UNKNOWN", |(_, name)| name).as_ptr()
}
