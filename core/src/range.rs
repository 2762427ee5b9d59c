//! The numbers that a parameter may have, and the words that an error has for them.

use core::fmt;

use crate::number::Number;

/// A set of finite numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Range {
    /// From `smallest` to `largest`, both of which may be infinite.
    Numbers {
        /// The smallest.
        smallest: f64,
        /// The largest.
        largest: f64,
    },
    /// From `smallest` to `largest`, and [`Range::OFF`].
    NumbersOrOff {
        /// The smallest.
        smallest: f64,
        /// The largest.
        largest: f64,
    },
    /// Integers from `smallest` to `largest`.
    Integers {
        /// The smallest.
        smallest: i32,
        /// The largest.
        largest: i32,
    },
    /// The place of one of so many words.
    Place(usize),
}

impl Range {
    /// The number that stands for the word `off`, where a parameter may be that.
    pub const OFF: f64 = -1.0;

    /// Any finite number.
    pub const FINITE: Self = Range::within(f64::NEG_INFINITY, f64::INFINITY);

    /// Finite numbers from `smallest` on.
    pub const fn at_least(smallest: f64) -> Self {
        Range::within(smallest, f64::INFINITY)
    }

    /// Finite numbers from `smallest` to `largest`.
    pub const fn within(smallest: f64, largest: f64) -> Self {
        Range::Numbers { smallest, largest }
    }

    /// Whether `value` is one of them.
    pub fn contains(self, value: f64) -> bool {
        match self {
            Range::Numbers { smallest, largest } => {
                value.is_finite() && (smallest..=largest).contains(&value)
            }
            Range::NumbersOrOff { smallest, largest } => {
                value == Range::OFF || Range::within(smallest, largest).contains(value)
            }
            Range::Integers { smallest, largest } => {
                (f64::from(smallest)..=f64::from(largest)).contains(&value) && value % 1.0 == 0.0
            }
            // -0 is no place.
            Range::Place(count) => {
                let place = value as usize;
                place < count && (place as f64).to_bits() == value.to_bits()
            }
        }
    }

    /// Whether [`Range::OFF`] is one of them.
    pub fn has_off(self) -> bool {
        matches!(self, Range::NumbersOrOff { .. })
    }

    /// Whether it is [`Range::FINITE`].
    pub fn is_finite(self) -> bool {
        self == Range::FINITE
    }
}

/// Says what is expected of a value: `a finite number, 0 or larger`; in a table, as `{:#}`, `0 or larger`.
impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Range::Numbers { smallest, largest } => {
                let prefix = if f.alternate() { "" } else { "a finite number, " };
                match (smallest == f64::NEG_INFINITY, largest == f64::INFINITY) {
                    (true, true) => f.write_str("a finite number"),
                    (false, true) => write!(f, "{prefix}{} or larger", Number(smallest)),
                    (true, false) => write!(f, "{prefix}{} or smaller", Number(largest)),
                    (false, false) => write!(f, "{} to {}", Number(smallest), Number(largest)),
                }
            }
            Range::NumbersOrOff { smallest, largest } => {
                let numbers = Range::within(smallest, largest);
                match f.alternate() {
                    true => write!(f, "{numbers:#}, or `off`"),
                    false => write!(f, "{numbers}, or `off`"),
                }
            }
            Range::Integers { smallest, largest } => {
                write!(f, "an integer from {smallest} to ")?;
                let is_power = largest > 1 << 16 && largest.count_ones() == 1;
                match is_power {
                    true => write!(f, "2^{}", largest.trailing_zeros()),
                    false => write!(f, "{largest}"),
                }
            }
            Range::Place(_) => f.write_str("the place of a word"),
        }
    }
}
