//! Region sums and their gradient under the sigmoid link: one pixel of one channel.

use super::SUMS;
use crate::lanes::Lanes;
use crate::pixel::Pixel;

/// What a pixel adds to the sums of its channel under the sigmoid link, in the order of [`SUMS`].
#[inline(always)]
pub fn pixel_sums<L: Lanes>(pixel: &Pixel<L>) -> [L; SUMS] {
    let zero = L::splat(0.0);
    if pixel.is_hard() {
        return [
            pixel.by_target(pixel.right, zero),
            pixel.by_target(zero, pixel.wrong),
            pixel.by_target(pixel.wrong, zero),
        ];
    }
    [pixel.p * pixel.y, pixel.p * (L::splat(1.0) - pixel.y), pixel.q * pixel.y]
}

/// A loss's derivatives in the [`Seed`](super::Seed)s of a channel, and what they come to in the share of a pixel that is background or
/// foreground.
#[derive(Clone, Copy, Debug)]
pub struct PixelSlopes<L> {
    derivatives: [L; 2],
    of_background: L,
    of_foreground: L,
}

impl<L: Lanes> PixelSlopes<L> {
    /// Computes them from the derivatives.
    #[inline(always)]
    pub fn new([a, b]: [L; 2]) -> Self {
        // What `pixel_gradient` makes of targets 0 and 1 as numbers, the sign of a zero included.
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        PixelSlopes {
            derivatives: [a, b],
            of_background: a * one - b * zero,
            of_foreground: a * zero - b * one,
        }
    }
}

/// The gradient in a logit under the sigmoid link, from a loss's derivatives `a` and `b` in the [`Seed`](super::Seed)s of its
/// channel: `(a (1 - y) - b y) p q`.
#[inline(always)]
pub fn pixel_gradient<L: Lanes>(pixel: &Pixel<L>, slopes: &PixelSlopes<L>) -> L {
    let slope = if pixel.is_hard() {
        pixel.by_target(slopes.of_foreground, slopes.of_background)
    } else {
        let [a, b] = slopes.derivatives;
        a * (L::splat(1.0) - pixel.y) - b * pixel.y
    };
    slope * pixel.spread
}
