use core::ffi::{CStr, c_char};

/// What a call came to. A number keeps its meaning for ever; those up to 63 mean the same as in
/// segloss_result. Since 0.1.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResultCode {
    /// Success: outputs are written.
    Ok = 0,
    /// A pointer or handle that must not be NULL is.
    NullPointer = 1,
    /// A pointer is not aligned for what it points to, or an offset not for its elements.
    Misaligned = 2,
    /// A struct's `struct_size` is none that this library knows.
    UnsupportedVersion = 3,
    /// An option has a value that this library does not know, or one that does not go with another.
    UnsupportedOption = 4,
    /// A tensor is not in an OpenCL buffer.
    UnsupportedDevice = 5,
    /// A tensor holds elements that this argument cannot.
    UnsupportedDtype = 6,
    /// A shape that does not fit, or is empty, or more channels than kernels have room for.
    BadShape = 7,
    /// Strides that are not packed, channels first.
    BadStrides = 8,
    /// The gradient shares memory with an input.
    Overlap = 9,
    /// A label that is no class, a target outside 0 to 1, or a mask of more than one number beside 0.
    BadTarget = 10,
    /// A defect of this library. What outputs hold is then unspecified.
    Internal = 11,
    /// The device, its driver or the host has not the memory for it.
    OutOfMemory = 12,
    /// A text with a mistake: where it is and what was expected there is in the message.
    BadText = 13,
    /// A number out of its range: a parameter, a coefficient, a scale, a spacing.
    BadValue = 14,
    /// An array of another length than the one that fits, a buffer that is too small among them.
    BadLength = 15,
    /// The loss has no such thing: no weights, no such map.
    NotSupportedByLoss = 16,
    /// A pixel's weight that is not finite, or negative where it may not be.
    BadWeight = 17,
    /// A name of a map that cannot be one.
    BadPlugin = 18,
    /// No platform: no OpenCL driver is installed.
    NoPlatform = 64,
    /// No device has such a name.
    NoDevice = 65,
    /// `f64` logits on a device that does not compute in it.
    NoDouble = 66,
    /// The device's compiler rejected the program: its log is in the message.
    BuildFailed = 67,
    /// The device is gone, or a command that was waited for failed.
    DeviceLost = 68,
    /// A buffer, queue or event of another context than the evaluator's.
    OtherContext = 69,
    /// A queue of another device, or a context without the device.
    OtherDevice = 70,
    /// An OpenCL call failed in another way: which, and what it reported, is in the message.
    OpenClFailed = 71,
    /// A map that this version does not compute on devices and that the call does not give.
    MapNotGiven = 72,
}
// Last added: 72.

impl ResultCode {
    const ALL: [(Self, &'static CStr); 28] = [
        (Self::Ok, c"SEGLOSS_CL_RESULT_OK"),
        (Self::NullPointer, c"SEGLOSS_CL_RESULT_NULL_POINTER"),
        (Self::Misaligned, c"SEGLOSS_CL_RESULT_MISALIGNED"),
        (Self::UnsupportedVersion, c"SEGLOSS_CL_RESULT_UNSUPPORTED_VERSION"),
        (Self::UnsupportedOption, c"SEGLOSS_CL_RESULT_UNSUPPORTED_OPTION"),
        (Self::UnsupportedDevice, c"SEGLOSS_CL_RESULT_UNSUPPORTED_DEVICE"),
        (Self::UnsupportedDtype, c"SEGLOSS_CL_RESULT_UNSUPPORTED_DTYPE"),
        (Self::BadShape, c"SEGLOSS_CL_RESULT_BAD_SHAPE"),
        (Self::BadStrides, c"SEGLOSS_CL_RESULT_BAD_STRIDES"),
        (Self::Overlap, c"SEGLOSS_CL_RESULT_OVERLAP"),
        (Self::BadTarget, c"SEGLOSS_CL_RESULT_BAD_TARGET"),
        (Self::Internal, c"SEGLOSS_CL_RESULT_INTERNAL"),
        (Self::OutOfMemory, c"SEGLOSS_CL_RESULT_OUT_OF_MEMORY"),
        (Self::BadText, c"SEGLOSS_CL_RESULT_BAD_TEXT"),
        (Self::BadValue, c"SEGLOSS_CL_RESULT_BAD_VALUE"),
        (Self::BadLength, c"SEGLOSS_CL_RESULT_BAD_LENGTH"),
        (Self::NotSupportedByLoss, c"SEGLOSS_CL_RESULT_NOT_SUPPORTED_BY_LOSS"),
        (Self::BadWeight, c"SEGLOSS_CL_RESULT_BAD_WEIGHT"),
        (Self::BadPlugin, c"SEGLOSS_CL_RESULT_BAD_PLUGIN"),
        (Self::NoPlatform, c"SEGLOSS_CL_RESULT_NO_PLATFORM"),
        (Self::NoDevice, c"SEGLOSS_CL_RESULT_NO_DEVICE"),
        (Self::NoDouble, c"SEGLOSS_CL_RESULT_NO_DOUBLE"),
        (Self::BuildFailed, c"SEGLOSS_CL_RESULT_BUILD_FAILED"),
        (Self::DeviceLost, c"SEGLOSS_CL_RESULT_DEVICE_LOST"),
        (Self::OtherContext, c"SEGLOSS_CL_RESULT_OTHER_CONTEXT"),
        (Self::OtherDevice, c"SEGLOSS_CL_RESULT_OTHER_DEVICE"),
        (Self::OpenClFailed, c"SEGLOSS_CL_RESULT_OPEN_CL_FAILED"),
        (Self::MapNotGiven, c"SEGLOSS_CL_RESULT_MAP_NOT_GIVEN"),
    ];
}

segloss_c_boundary::codes_of_causes!(ResultCode);

/// The name of a result code, valid for ever; "SEGLOSS_CL_RESULT_UNKNOWN" for any other number.
///
/// May be called from any thread at any time. Since 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn segloss_cl_result_name(code: i32) -> *const c_char {
    let known = ResultCode::ALL.into_iter().find(|(known, _)| *known as i32 == code);
    known.map_or(c"SEGLOSS_CL_RESULT_UNKNOWN", |(_, name)| name).as_ptr()
}
