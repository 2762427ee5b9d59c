use ocl_core::OclPrm;
use segloss_core::view::Target;

/// How targets are stored on a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Element {
    /// `u8`, and `bool` as bytes of 0 and 1.
    U8,
    /// `i32`.
    I32,
    /// `i64`.
    I64,
    /// `f32`.
    F32,
}

impl Element {
    /// Its type in OpenCL C.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Element::U8 => "uchar",
            Element::I32 => "int",
            Element::I64 => "long",
            Element::F32 => "float",
        }
    }

    pub(crate) fn is_float(self) -> bool {
        self == Element::F32
    }

    /// Bytes of one.
    pub fn size(self) -> usize {
        match self {
            Element::U8 => 1,
            Element::I32 | Element::F32 => 4,
            Element::I64 => 8,
        }
    }
}

/// Targets that kernels read as they are stored.
pub trait DeviceTarget: Target + OclPrm {
    /// How they are stored.
    const ELEMENT: Element;
}

macro_rules! device_target {
    ($($rust:ident: $element:ident;)*) => {$(
        impl DeviceTarget for $rust {
            const ELEMENT: Element = Element::$element;
        }
    )*};
}
device_target! {
    u8: U8;
    i32: I32;
    i64: I64;
    f32: F32;
}
