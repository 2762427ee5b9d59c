use ocl_core::OclPrm;
use segloss_core::lanes::Real;
use segloss_core::view::Logit;

/// A format that is traced and runs on devices: `f32` or `f64`.
pub trait Format: Real + OclPrm + Logit<Compute = Self> {
    /// What follows a literal of this format.
    const SUFFIX: &'static str;
    /// The function that reads bits as this format.
    const FROM_BITS: &'static str;
    /// Bits of the mantissa that are stored.
    const MANTISSA_BITS: u32;
    /// The exponent's bias.
    const BIAS: i32;

    /// The bits, in the low ones.
    fn bits(self) -> u64;
    /// From those bits.
    fn from_bits(bits: u64) -> Self;
}

impl Format for f32 {
    const SUFFIX: &'static str = "f";
    const FROM_BITS: &'static str = "as_float";
    const MANTISSA_BITS: u32 = 23;
    const BIAS: i32 = 127;

    fn bits(self) -> u64 {
        self.to_bits().into()
    }

    fn from_bits(bits: u64) -> Self {
        f32::from_bits(bits as u32)
    }
}

impl Format for f64 {
    const SUFFIX: &'static str = "";
    const FROM_BITS: &'static str = "as_double";
    const MANTISSA_BITS: u32 = 52;
    const BIAS: i32 = 1023;

    fn bits(self) -> u64 {
        self.to_bits()
    }

    fn from_bits(bits: u64) -> Self {
        f64::from_bits(bits)
    }
}
