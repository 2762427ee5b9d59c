use core::fmt;

/// Displays a number by the shortest text that reads back to the same bits: `3`, `0.25`, `-0`, and
/// with an exponent outside `[1e-5, 1e16)`: `1e-6`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number(pub f64);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Number(value) = *self;
        if value == 0.0 || !value.is_finite() || (1e-5..1e16).contains(&value.abs()) {
            write!(f, "{value}")
        } else {
            write!(f, "{value:e}")
        }
    }
}
