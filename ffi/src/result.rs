use core::ffi::{CStr, c_char};

/// What a call came to. A number keeps its meaning for ever; new ones are added at the end.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResultCode {
    /// Success: outputs are written.
    Ok = 0,
    /// A pointer that must not be NULL is.
    NullPointer = 1,
    /// A pointer is not aligned for what it points to.
    Misaligned = 2,
    /// A struct's `struct_size` is none that this library knows.
    UnsupportedVersion = 3,
    /// An option has a value that this library does not know.
    UnsupportedOption = 4,
    /// A tensor is not in host memory.
    UnsupportedDevice = 5,
    /// A tensor holds elements that this argument cannot.
    UnsupportedDtype = 6,
    /// A shape that does not fit, or is empty, or reaches too far with its strides.
    BadShape = 7,
    /// Strides that are negative, or let gradient elements share memory.
    BadStrides = 8,
    /// The gradient shares memory with an input.
    Overlap = 9,
    /// A label that is no class, or a target outside 0 to 1.
    BadTarget = 10,
    /// A defect of this library. The gradient's contents are then unspecified.
    Internal = 11,
    /// The system does not give the memory that the call needs.
    OutOfMemory = 12,
}
// Last added: 12.

impl ResultCode {
    const ALL: [Self; 13] = [
        Self::Ok,
        Self::NullPointer,
        Self::Misaligned,
        Self::UnsupportedVersion,
        Self::UnsupportedOption,
        Self::UnsupportedDevice,
        Self::UnsupportedDtype,
        Self::BadShape,
        Self::BadStrides,
        Self::Overlap,
        Self::BadTarget,
        Self::Internal,
        Self::OutOfMemory,
    ];

    fn name(self) -> &'static CStr {
        match self {
            Self::Ok => c"SEGLOSS_RESULT_OK",
            Self::NullPointer => c"SEGLOSS_RESULT_NULL_POINTER",
            Self::Misaligned => c"SEGLOSS_RESULT_MISALIGNED",
            Self::UnsupportedVersion => c"SEGLOSS_RESULT_UNSUPPORTED_VERSION",
            Self::UnsupportedOption => c"SEGLOSS_RESULT_UNSUPPORTED_OPTION",
            Self::UnsupportedDevice => c"SEGLOSS_RESULT_UNSUPPORTED_DEVICE",
            Self::UnsupportedDtype => c"SEGLOSS_RESULT_UNSUPPORTED_DTYPE",
            Self::BadShape => c"SEGLOSS_RESULT_BAD_SHAPE",
            Self::BadStrides => c"SEGLOSS_RESULT_BAD_STRIDES",
            Self::Overlap => c"SEGLOSS_RESULT_OVERLAP",
            Self::BadTarget => c"SEGLOSS_RESULT_BAD_TARGET",
            Self::Internal => c"SEGLOSS_RESULT_INTERNAL",
            Self::OutOfMemory => c"SEGLOSS_RESULT_OUT_OF_MEMORY",
        }
    }
}

/// The name of a result code, valid for ever; "SEGLOSS_RESULT_UNKNOWN" for any other number.
///
/// May be called from any thread at any time.
#[unsafe(no_mangle)]
pub extern "C" fn segloss_result_name(code: i32) -> *const c_char {
    let known = ResultCode::ALL.into_iter().find(|&known| known as i32 == code);
    known.map_or(c"SEGLOSS_RESULT_UNKNOWN", ResultCode::name).as_ptr()
}
