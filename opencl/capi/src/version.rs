use core::ffi::c_char;

/// The version of this library, such as "0.1.0". Valid for ever.
///
/// May be called from any thread. Since 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn segloss_cl_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// The number of the binary interface: programs built with a header whose `SEGLOSS_CL_ABI_VERSION` is this
/// number run with this library. It changes when a function or struct does so that they would not.
///
/// May be called from any thread. Since 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn segloss_cl_abi_version() -> u32 {
    SEGLOSS_CL_ABI_VERSION
}

/// The binary interface of this header.
pub const SEGLOSS_CL_ABI_VERSION: u32 = 1;
