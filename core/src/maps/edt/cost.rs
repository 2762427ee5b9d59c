use bytemuck::Pod;

use crate::lanes::{Lanes, Real};

/// Steps along a column to the nearest pixel that ends it.
pub(crate) trait Gap: Pod + Ord + Send + Sync {
    /// There is no such pixel.
    const NONE: Self;
    /// No step.
    const ZERO: Self;
    /// One step.
    const ONE: Self;
    /// One step more; `NONE` stays.
    fn farther(self) -> Self;
    /// So many steps more.
    fn many_farther(self, steps: usize) -> Self;
    /// The square, or 255 if that is more than 254.
    fn clipped_square(self) -> u8;
}

macro_rules! gap {
    ($($int:ident),*) => {$(
        impl Gap for $int {
            const NONE: Self = Self::MAX;
            const ZERO: Self = 0;
            const ONE: Self = 1;

            #[inline(always)]
            fn farther(self) -> Self {
                self.saturating_add(1)
            }

            fn many_farther(self, steps: usize) -> Self {
                self.saturating_add(steps.try_into().unwrap_or(Self::MAX))
            }

            #[inline(always)]
            fn clipped_square(self) -> u8 {
                let gap = self.min(16);
                (gap * gap).min(255) as u8
            }
        }
    )*};
}
gap!(u16, u32);

/// A squared distance along the axes done so far: what a pixel costs the others on its line.
///
/// `i32` serves unit spacing and sides up to some 20,000, `i64` longer ones, `f64` any spacing. A
/// weight is the square of the spacing along the line, 1 for integers.
pub(crate) trait Cost: Pod + PartialOrd + Send + Sync {
    /// There is nothing to measure to.
    const NONE: Self;
    /// Whether [`MapLevel::window`] finds the short distances, from costs in bytes.
    const BYTES: bool;
    /// What counts the steps along a column.
    type Gap: Gap;

    /// The cost after a number of steps along the first axis.
    fn of_gap(gap: Self::Gap, weight: Self) -> Self;

    /// This cost seen from `steps` away.
    fn seen_from(self, steps: i32, weight: Self) -> Self;

    /// Whether a pixel of this cost is nowhere nearer than the nearer one of the two that lie `steps`
    /// before and after it.
    fn hidden(self, before: Self, after: Self, steps: i32, weight: Self) -> bool;

    /// Counted from the pixel of this cost, the first one on the line to which the pixel `ahead` of
    /// it, of cost `other`, is at least as near.
    fn overtaken(self, other: Self, ahead: i32, weight: Self) -> i64;

    /// Counted from the pixel of this cost, the first one on the line to which the pixel `ahead` of
    /// it, of cost `other`, is nearer.
    fn passed(self, other: Self, ahead: i32, weight: Self) -> i64;

    /// The lower of two.
    #[inline(always)]
    fn least(self, other: Self) -> Self {
        if self < other { self } else { other }
    }

    /// The cost, or 255 if that is more than 254. Only where `BYTES` holds.
    fn clipped(self) -> u8;

    /// Whether this is a squared distance that pixels within 15 steps along the line do not settle.
    fn is_long(self, weight: Self) -> bool;

    /// The distance, infinite for `NONE`.
    fn distance<T: Real>(self) -> T;

    /// The integer that this is, where it is one.
    fn integer(self) -> u64;
}

macro_rules! integer_cost {
    ($int:ident, gap: $gap:ident, bits: $bits:literal, bytes: $window:literal) => {
        impl Cost for $int {
            // Twice this and twice the square of a few steps is in range.
            const NONE: Self = (1 << $bits) - 64;
            const BYTES: bool = $window;
            type Gap = $gap;

            #[inline(always)]
            fn of_gap(gap: $gap, _: Self) -> Self {
                let steps = gap as $int;
                if gap == $gap::MAX { Self::NONE } else { steps.wrapping_mul(steps) }
            }

            #[inline(always)]
            fn seen_from(self, steps: i32, _: Self) -> Self {
                let steps = $int::from(steps);
                self.wrapping_add(steps.wrapping_mul(steps))
            }

            #[inline(always)]
            fn hidden(self, before: Self, after: Self, steps: i32, _: Self) -> bool {
                let both = before.wrapping_add(after);
                both.wrapping_add($int::from(2 * steps * steps)) <= self.wrapping_add(self)
            }

            #[inline(always)]
            fn overtaken(self, other: Self, ahead: i32, _: Self) -> i64 {
                let ahead = $int::from(ahead);
                // Rounded up, as rounding down the negative.
                -i64::from((self - other - ahead * ahead).div_euclid(2 * ahead))
            }

            #[inline(always)]
            fn passed(self, other: Self, ahead: i32, weight: Self) -> i64 {
                self.overtaken(other + 1, ahead, weight)
            }

            #[inline(always)]
            fn clipped(self) -> u8 {
                self.min(255) as u8
            }

            #[inline(always)]
            fn is_long(self, _: Self) -> bool {
                self > 254
            }

            #[inline(always)]
            fn distance<T: Real>(self) -> T {
                let squared = T::round_from(self as f64).sqrt();
                if self >= Self::NONE { T::splat(f64::INFINITY) } else { squared }
            }

            #[inline(always)]
            fn integer(self) -> u64 {
                self as u64
            }
        }
    };
}

integer_cost!(i32, gap: u16, bits: 30, bytes: true);
integer_cost!(i64, gap: u32, bits: 62, bytes: false);

/// A cost seen from so many steps away, along an axis with a spacing.
#[inline(always)]
pub(super) fn spaced(cost: f64, steps: f64, weight: f64) -> f64 {
    cost + steps * steps * weight
}

/// Counted from the pixel of cost `here`, the point on the line that is as near to it as to the pixel
/// `ahead` of it, of cost `other`.
#[inline(always)]
fn equally_near(here: f64, other: f64, ahead: i32, weight: f64) -> f64 {
    let ahead = f64::from(ahead);
    ((other - here) / weight + ahead * ahead) / (2.0 * ahead)
}

impl Cost for f64 {
    const NONE: Self = f64::INFINITY;
    const BYTES: bool = false;
    type Gap = u32;

    #[inline(always)]
    fn of_gap(gap: u32, weight: Self) -> Self {
        let steps = f64::from(gap);
        if gap == u32::MAX { Self::NONE } else { steps * steps * weight }
    }

    #[inline(always)]
    fn seen_from(self, steps: i32, weight: Self) -> Self {
        spaced(self, f64::from(steps), weight)
    }

    #[inline(always)]
    fn hidden(self, before: Self, after: Self, steps: i32, weight: Self) -> bool {
        // A margin above the rounding of both sides: whoever is hidden is so in exact arithmetic.
        const MARGIN: f64 = 1.0 + 4.0 * f64::EPSILON;
        (before + after + f64::from(2 * steps * steps) * weight) * MARGIN <= self + self
    }

    #[inline(always)]
    fn overtaken(self, other: Self, ahead: i32, weight: Self) -> i64 {
        let place = equally_near(self, other, ahead, weight);
        let below = place as i64;
        below.saturating_add(i64::from(place > below as f64))
    }

    #[inline(always)]
    fn passed(self, other: Self, ahead: i32, weight: Self) -> i64 {
        let place = equally_near(self, other, ahead, weight);
        let below = place as i64;
        below.saturating_add(i64::from(place >= below as f64))
    }

    #[inline(always)]
    fn clipped(self) -> u8 {
        255
    }

    #[inline(always)]
    fn is_long(self, weight: Self) -> bool {
        self > 254.0 * weight
    }

    #[inline(always)]
    fn distance<T: Real>(self) -> T {
        T::round_from(Lanes::sqrt(self))
    }

    #[inline(always)]
    fn integer(self) -> u64 {
        self as u64
    }
}
