use super::format::Format;

/// `x` as an OpenCL C literal of exactly its bits.
///
/// Small numbers with few binary places are decimal, which is easier to read and as exact; all other
/// finite ones are hexadecimal, so that no compiler's reading of decimals matters.
pub fn literal<T: Format>(x: T) -> String {
    let bits = x.bits();
    let mantissa = bits & ((1 << T::MANTISSA_BITS) - 1);
    let field_mask = (2 * T::BIAS + 1) as u64;
    let field = (bits >> T::MANTISSA_BITS & field_mask) as i32;
    let negative = bits >> T::MANTISSA_BITS > field_mask;
    let sign = if negative { "-" } else { "" };
    let suffix = T::SUFFIX;

    if field as u64 == field_mask {
        return format!("{}({bits:#x})", T::FROM_BITS);
    }
    let size = x.widen().abs();
    if size < 1024.0 && (size * 16.0).fract() == 0.0 {
        return format!("{sign}{size:?}{suffix}");
    }
    // Digits of four bits each: the mantissa is moved up to fill the last one.
    let digits = T::MANTISSA_BITS.div_ceil(4);
    let mantissa = mantissa << (4 * digits - T::MANTISSA_BITS);
    let fraction = format!("{mantissa:0width$x}", width = digits as usize);
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    let (whole, exponent) = if field == 0 { (0, 1 - T::BIAS) } else { (1, field - T::BIAS) };
    format!("{sign}0x{whole}{point}{fraction}p{exponent:+}{suffix}")
}
