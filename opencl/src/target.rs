use ocl_core::OclPrm;
use segloss_core::view::Target;

/// Targets that kernels read as they are stored.
pub trait DeviceTarget: Target + OclPrm {
    /// The type in OpenCL C.
    const NAME: &'static str;
    /// Whether a share is the number itself, not whether it is 0.
    const IS_FLOAT: bool;
}

macro_rules! device_target {
    ($($rust:ident: $name:literal, $is_float:literal;)*) => {$(
        impl DeviceTarget for $rust {
            const NAME: &'static str = $name;
            const IS_FLOAT: bool = $is_float;
        }
    )*};
}
device_target! {
    u8: "uchar", false;
    i32: "int", false;
    i64: "long", false;
    f32: "float", true;
}
