use core::fmt;

use num_traits::FromPrimitive;
use ocl_core::Status;

use crate::tuning::Tuning;

/// What kept a loss from being evaluated on a device.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// The OpenCL loader lists no platform.
    NoPlatform {
        /// What `clGetPlatformIDs` gave: -1001 where no driver is installed.
        status: i32,
    },
    /// No device has such a name.
    NoDevice {
        /// What the platform's name was to contain.
        platform: String,
        /// What the device's name was to contain.
        device: String,
        /// The devices there are, as `platform: device`.
        found: Vec<String>,
    },
    /// `f64` logits or targets, or a spacing, on a device without `f64`.
    NoDouble {
        /// The device's name.
        device: String,
    },
    /// A device whose work groups are too small for the summation shape.
    WorkGroup {
        /// Work items its groups can have.
        largest: usize,
        /// Work items needed.
        expected: usize,
    },
    /// The device's compiler rejected the program.
    Build {
        /// Its log.
        log: String,
    },
    /// An OpenCL call failed.
    OpenCl {
        /// What it was to do.
        action: &'static str,
        /// What it reported.
        reason: String,
    },
    /// The device, its driver or the host has not the memory for it.
    OutOfMemory {
        /// What an OpenCL call was to do.
        action: &'static str,
        /// What it reported.
        reason: String,
    },
    /// The device is gone, or commands that were waited for failed on it.
    Lost {
        /// What an OpenCL call was to do.
        action: &'static str,
        /// What it reported.
        reason: String,
    },
    /// A handle that must not be null is.
    NullHandle {
        /// The argument.
        argument: &'static str,
    },
    /// Data that is not as long as its shape says.
    Length {
        /// The argument.
        argument: &'static str,
        /// Its length.
        length: usize,
        /// The length of its shape.
        expected: usize,
    },
    /// A buffer, queue or event of another context than the evaluator's.
    OtherContext {
        /// The argument.
        argument: &'static str,
    },
    /// A queue of another device than the evaluator's, or a context without the device.
    OtherDevice {
        /// The argument.
        argument: &'static str,
    },
    /// An output that shares memory with an input.
    Overlap {
        /// The output.
        output: &'static str,
        /// The input.
        input: &'static str,
    },
    /// More classes than the kernels have room for.
    Classes {
        /// The logits' channels.
        channels: usize,
        /// The most there can be.
        most: usize,
    },
    /// A map that is not computed on devices and is not among those that the call gives.
    NotGiven {
        /// Its name.
        map: &'static str,
    },
    /// Vectors or groups of work items that the kernels are not written for.
    Tuning {
        /// What was asked for.
        tuning: Tuning,
    },
    /// Shapes, targets or options that do not fit.
    Call(segloss_core::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::NoPlatform { status } => {
                write!(f, "no OpenCL platform (clGetPlatformIDs gave {status}): install a driver")
            }
            Error::NoDevice { platform, device, found } => write!(
                f,
                "no OpenCL device with `{device}` in its name on a platform with `{platform}` in \
                 its name, found [{}]",
                found.join(", ")
            ),
            Error::NoDouble { device } => {
                write!(
                    f,
                    "`{device}` has no f64 (cl_khr_fp64), which f64 logits, f64 targets and a spacing need"
                )
            }
            Error::WorkGroup { largest, expected } => write!(
                f,
                "the device's work groups have at most {largest} items, expected at least {expected}"
            ),
            Error::Build { log } => write!(f, "the OpenCL program did not build:\n{log}"),
            Error::OpenCl { action, reason } => write!(f, "could not {action}: {reason}"),
            Error::OutOfMemory { action, reason } => {
                write!(f, "out of memory: could not {action}: {reason}")
            }
            Error::Lost { action, reason } => {
                write!(f, "the device failed: could not {action}: {reason}")
            }
            Error::NullHandle { argument } => write!(f, "`{argument}` is a null handle"),
            Error::Length { argument, length, expected } => {
                write!(f, "`{argument}` has {length} elements, expected {expected}")
            }
            Error::OtherContext { argument } => {
                write!(f, "`{argument}` is of another context than the evaluator's")
            }
            Error::OtherDevice { argument } => {
                write!(f, "`{argument}` is not for the evaluator's device")
            }
            Error::Overlap { output, input } => {
                write!(f, "`{output}` shares memory with `{input}`, expected memory of its own")
            }
            Error::Classes { channels, most } => write!(
                f,
                "`logits` has {channels} channels, expected at most {most} for this loss on a device"
            ),
            Error::NotGiven { map } => write!(
                f,
                "map `{map}` is not computed on this device, expected its weights among the maps given"
            ),
            Error::Tuning { tuning } => write!(
                f,
                "`tuning` is {tuning:?}, expected vectors of 1, 2, 4, 8 or 16 pixels or 1, 2, 4 or 8 \
                 blocks a group, no more than the device's work groups hold"
            ),
            Error::Call(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for Error {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Error::Call(error) => Some(error),
            _ => None,
        }
    }
}

impl From<segloss_core::Error> for Error {
    fn from(error: segloss_core::Error) -> Self {
        Error::Call(error)
    }
}

/// Turns a failed OpenCL call into an [`Error`] that says what it was to do.
pub(crate) trait While<T> {
    fn or_fail(self, action: &'static str) -> Result<T, Error>;
}

impl<T> While<T> for Result<T, ocl_core::Error> {
    fn or_fail(self, action: &'static str) -> Result<T, Error> {
        self.map_err(|error| {
            let status = error.api_status().map_or(0, |status| status as i32);
            failure(status, action, error.to_string())
        })
    }
}

/// Says what a call did that gives its status alone. `ocl-core` panics at statuses that drivers have made up,
/// as they do for a kernel that crashed: what waits for kernels is called without it.
pub(crate) fn outcome(status: i32, action: &'static str) -> Result<(), Error> {
    match Status::from_i32(status) {
        Some(Status::CL_SUCCESS) => Ok(()),
        Some(named) => Err(failure(status, action, format!("{named:?} ({status})"))),
        None => Err(failure(status, action, format!("status {status}, of the driver's own"))),
    }
}

fn failure(status: i32, action: &'static str, reason: String) -> Error {
    const DEVICE_NOT_AVAILABLE: i32 = -2;
    const MEM_OBJECT_ALLOCATION_FAILURE: i32 = -4;
    const OUT_OF_RESOURCES: i32 = -5;
    const OUT_OF_HOST_MEMORY: i32 = -6;
    const EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST: i32 = -14;
    const INVALID_BUFFER_SIZE: i32 = -61;
    match status {
        MEM_OBJECT_ALLOCATION_FAILURE
        | OUT_OF_RESOURCES
        | OUT_OF_HOST_MEMORY
        // What a driver says of more than it can give at once.
        | INVALID_BUFFER_SIZE => Error::OutOfMemory { action, reason },
        DEVICE_NOT_AVAILABLE | EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST => {
            Error::Lost { action, reason }
        }
        _ => Error::OpenCl { action, reason },
    }
}
