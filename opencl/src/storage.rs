use ocl_core::OclPrm;
use segloss_core::view::Logit;

/// How logits and their gradient are stored on a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Storage {
    /// `f32`.
    F32,
    /// `f64`, computed in `f64`.
    F64,
    /// IEEE half precision, computed in `f32`.
    F16,
    /// The upper half of `f32`, computed in `f32`.
    Bf16,
}

impl Storage {
    /// The type in OpenCL C that its bits are kept in.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Storage::F32 => "float",
            Storage::F64 => "double",
            Storage::F16 => "half",
            Storage::Bf16 => "ushort",
        }
    }

    pub(crate) fn is_double(self) -> bool {
        self == Storage::F64
    }

    /// Bytes of one.
    pub fn size(self) -> usize {
        match self {
            Storage::F16 | Storage::Bf16 => 2,
            Storage::F32 => 4,
            Storage::F64 => 8,
        }
    }
}

/// Logits in host memory that can be copied to a device.
pub trait DeviceLogit: Logit {
    /// How they are stored.
    const STORAGE: Storage;
    /// A number that OpenCL knows, for the bits.
    type Bits: OclPrm;
    /// The bits.
    fn to_bits(self) -> Self::Bits;
    /// From the bits.
    fn of_bits(bits: Self::Bits) -> Self;
}

macro_rules! device_logit {
    ($($rust:ty: $storage:ident, $bits:ident, $to:expr, $of:expr;)*) => {$(
        impl DeviceLogit for $rust {
            const STORAGE: Storage = Storage::$storage;
            type Bits = $bits;

            fn to_bits(self) -> $bits {
                $to(self)
            }

            fn of_bits(bits: $bits) -> Self {
                $of(bits)
            }
        }
    )*};
}
device_logit! {
    f32: F32, f32, |x| x, |x| x;
    f64: F64, f64, |x| x, |x| x;
    half::f16: F16, u16, half::f16::to_bits, half::f16::from_bits;
    half::bf16: Bf16, u16, half::bf16::to_bits, half::bf16::from_bits;
}
