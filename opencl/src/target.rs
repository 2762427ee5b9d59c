use bytemuck::Pod;
use half::{bf16, f16};
use ocl_core::OclPrm;
use segloss_core::view::{Target, Targets, View};

/// How targets are stored on a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Element {
    /// `u8`, and `bool` as bytes of 0 and 1.
    U8,
    /// `i8`.
    I8,
    /// `i16`.
    I16,
    /// `u16`.
    U16,
    /// `i32`.
    I32,
    /// `u32`.
    U32,
    /// `i64`.
    I64,
    /// `u64`.
    U64,
    /// `f32`.
    F32,
    /// `f64`, on devices that have it.
    F64,
    /// IEEE half precision.
    F16,
    /// The upper half of `f32`.
    Bf16,
}

impl Element {
    /// Its type in OpenCL C.
    pub(crate) fn stored_name(self) -> &'static str {
        match self {
            Element::F16 => "half",
            Element::Bf16 => "ushort",
            other => other.name(),
        }
    }

    /// The type in OpenCL C that kernels read it as.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Element::U8 => "uchar",
            Element::I8 => "char",
            Element::I16 => "short",
            Element::U16 => "ushort",
            Element::I32 => "int",
            Element::U32 => "uint",
            Element::I64 => "long",
            Element::U64 => "ulong",
            Element::F32 | Element::F16 | Element::Bf16 => "float",
            Element::F64 => "double",
        }
    }

    /// One at `from + lane`, as it is read.
    pub(crate) fn load_one(self) -> &'static str {
        match self {
            Element::F16 => "vload_half(lane, from)",
            Element::Bf16 => "as_float((uint)from[lane] << 16)",
            _ => "from[lane]",
        }
    }

    pub(crate) fn is_float(self) -> bool {
        matches!(self, Element::F32 | Element::F64 | Element::F16 | Element::Bf16)
    }

    pub(crate) fn is_double(self) -> bool {
        self == Element::F64
    }

    /// Whether it can hold label 255.
    pub(crate) fn holds_255(self) -> bool {
        self != Element::I8
    }

    /// Bytes of one.
    pub fn size(self) -> usize {
        match self {
            Element::U8 | Element::I8 => 1,
            Element::I16 | Element::U16 | Element::F16 | Element::Bf16 => 2,
            Element::I32 | Element::U32 | Element::F32 => 4,
            Element::I64 | Element::U64 | Element::F64 => 8,
        }
    }
}

/// Targets that kernels read as they are stored.
pub trait DeviceTarget: Target {
    /// How they are stored.
    const ELEMENT: Element;
    /// A number that OpenCL knows, for the bits.
    type Bits: OclPrm;
    /// What kernels read them as.
    type Read: OclPrm + Pod;
    /// The bits.
    fn to_bits(self) -> Self::Bits;
    /// From the bits.
    fn of_bits(bits: Self::Bits) -> Self;
    /// The number as kernels read it.
    fn read(self) -> Self::Read;
    /// A view of them whose storage is known at run time.
    fn targets(view: View<'_, Self>) -> Targets<'_>;
}

macro_rules! device_target {
    ($($rust:ty: $element:ident, $bits:ident, $to:expr, $of:expr, $read:ident, $as_read:expr;)*) => {$(
        impl DeviceTarget for $rust {
            const ELEMENT: Element = Element::$element;
            type Bits = $bits;
            type Read = $read;

            fn to_bits(self) -> $bits {
                $to(self)
            }

            fn of_bits(bits: $bits) -> Self {
                $of(bits)
            }

            fn read(self) -> $read {
                $as_read(self)
            }

            fn targets(view: View<'_, Self>) -> Targets<'_> {
                view.into()
            }
        }
    )*};
}

macro_rules! device_numbers {
    ($($rust:ident: $element:ident;)*) => {
        device_target! {
            $($rust: $element, $rust, |x| x, |x| x, $rust, |x| x;)*
        }
    };
}

device_numbers! {
    u8: U8;
    i8: I8;
    i16: I16;
    u16: U16;
    i32: I32;
    u32: U32;
    i64: I64;
    u64: U64;
    f32: F32;
    f64: F64;
}

device_target! {
    bool: U8, u8, u8::from, |bits| bits != 0, u8, u8::from;
    f16: F16, u16, f16::to_bits, f16::from_bits, f32, f16::to_f32;
    bf16: Bf16, u16, bf16::to_bits, bf16::from_bits, f32, bf16::to_f32;
}

/// Evaluates an expression with the type that targets are stored as.
macro_rules! with_element {
    ($element:expr, $E:ident => $body:expr) => {{
        macro_rules! arm {
            ($rust:ty) => {{
                type $E = $rust;
                $body
            }};
        }
        match $element {
            $crate::Element::U8 => arm!(u8),
            $crate::Element::I8 => arm!(i8),
            $crate::Element::I16 => arm!(i16),
            $crate::Element::U16 => arm!(u16),
            $crate::Element::I32 => arm!(i32),
            $crate::Element::U32 => arm!(u32),
            $crate::Element::I64 => arm!(i64),
            $crate::Element::U64 => arm!(u64),
            $crate::Element::F32 => arm!(f32),
            $crate::Element::F64 => arm!(f64),
            $crate::Element::F16 => arm!(half::f16),
            $crate::Element::Bf16 => arm!(half::bf16),
        }
    }};
}
pub(crate) use with_element;
