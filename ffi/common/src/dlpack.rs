//! DLPack's tensor, as its C header lays it out.

use core::ffi::c_void;
use core::fmt;

/// Where a tensor's memory is.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DLDevice {
    /// An enumeration in C; a number here, because C may pass any.
    pub device_type: i32,
    /// Which of the devices of that type.
    pub device_id: i32,
}

/// How an element is stored.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DLDataType {
    /// Integer, float, and so on.
    pub code: u8,
    /// Bits of a lane.
    pub bits: u8,
    /// Numbers in an element.
    pub lanes: u16,
}

/// A tensor that somebody else owns.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct DLTensor {
    /// The memory.
    pub data: *mut c_void,
    /// Where it is.
    pub device: DLDevice,
    /// Number of axes.
    pub ndim: i32,
    /// What it holds.
    pub dtype: DLDataType,
    /// Extents, one an axis.
    pub shape: *mut i64,
    /// Distances between neighbours in elements, one an axis; NULL if packed in row-major order.
    pub strides: *mut i64,
    /// Bytes from `data` to the first element.
    pub byte_offset: u64,
}

/// A type of device, as DLPack numbers and names it.
#[derive(Clone, Copy, Debug)]
pub struct DeviceType {
    /// Its number.
    pub number: i32,
    /// Its name in C.
    pub name: &'static str,
}

impl DeviceType {
    /// Memory of the host.
    pub const CPU: Self = DeviceType { number: 1, name: "kDLCPU" };
    /// Buffers of OpenCL.
    pub const OPENCL: Self = DeviceType { number: 4, name: "kDLOpenCL" };
}

impl DLDataType {
    /// Bytes.
    pub const U8: Self = DLDataType { code: 1, bits: 8, lanes: 1 };
    /// Signed numbers of 8 bits.
    pub const I8: Self = DLDataType { code: 0, bits: 8, lanes: 1 };
    /// Signed numbers of 16 bits.
    pub const I16: Self = DLDataType { code: 0, bits: 16, lanes: 1 };
    /// Unsigned numbers of 16 bits.
    pub const U16: Self = DLDataType { code: 1, bits: 16, lanes: 1 };
    /// Unsigned numbers of 32 bits.
    pub const U32: Self = DLDataType { code: 1, bits: 32, lanes: 1 };
    /// Unsigned numbers of 64 bits.
    pub const U64: Self = DLDataType { code: 1, bits: 64, lanes: 1 };
    /// Signed numbers of 32 bits.
    pub const I32: Self = DLDataType { code: 0, bits: 32, lanes: 1 };
    /// Signed numbers of 64 bits.
    pub const I64: Self = DLDataType { code: 0, bits: 64, lanes: 1 };
    /// Half precision.
    pub const F16: Self = DLDataType { code: 2, bits: 16, lanes: 1 };
    /// Single precision.
    pub const F32: Self = DLDataType { code: 2, bits: 32, lanes: 1 };
    /// Double precision.
    pub const F64: Self = DLDataType { code: 2, bits: 64, lanes: 1 };
    /// The upper half of single precision.
    pub const BF16: Self = DLDataType { code: 4, bits: 16, lanes: 1 };
    /// Truth values, a byte each.
    pub const BOOL: Self = DLDataType { code: 6, bits: 8, lanes: 1 };
}

impl fmt::Display for DLDataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let DLDataType { code, bits, lanes } = *self;
        match (code, lanes) {
            (0, 1) => write!(f, "int{bits}"),
            (1, 1) => write!(f, "uint{bits}"),
            (2, 1) => write!(f, "float{bits}"),
            (4, 1) => write!(f, "bfloat{bits}"),
            (6, 1) => write!(f, "bool{bits}"),
            _ => write!(f, "code {code}, {bits} bits, {lanes} lanes"),
        }
    }
}
