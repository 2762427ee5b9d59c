//! Fine-tuning of the last layer of a classifier of pixels, by gradient descent.
//!
//! The layers before it are fixed: five features of a pixel and its neighbours. The loss is
//! `0.3 bce + 0.4 dice + 0.3 boundary`, of which the last is cross-entropy times a weight in a band along the
//! mask's edge.

use segloss_core::Error;
use segloss_core::compose::{PixelPart, RegionPart, pixel, region};
use segloss_core::engine::Report;
use segloss_core::level::Scalar;
use segloss_core::maps::band::Band;
use segloss_core::maps::morphology::Border;
use segloss_core::maps::{Mask, Serial};
use segloss_core::pixel::Bce;
use segloss_core::region::Dice;
use segloss_core::slices::{Binary, Workspace, accumulators};
use segloss_core::summation::Compensated;
use segloss_core::term::Maps;

use crate::tile::{self, IGNORED, PIXELS, SIDE};

/// Numbers that a pixel is described by.
pub const FEATURES: usize = 5;

type Loss = (PixelPart<'static, Bce>, (RegionPart<'static, Dice>, PixelPart<'static, Bce, true>));

/// Sums of the loss.
const SUMS: usize = accumulators::<Loss>(1);
/// Words of 64 bits that the band is computed in.
const WORDS: usize = 1728;

/// All that training takes.
#[derive(Debug)]
pub struct Memory {
    image: [f32; PIXELS],
    mask: [u8; PIXELS],
    band: [f32; PIXELS],
    scratch: [u64; WORDS],
    logits: [f32; PIXELS],
    /// The gradient of the last step with respect to the logits.
    pub gradient: [f32; PIXELS],
    partials: [[f32; 32]; SUMS],
    sums: [Compensated; 2 * SUMS],
    /// The layer.
    pub weights: [f32; FEATURES],
}

impl Memory {
    /// Zeros.
    pub const NEW: Self = Memory {
        image: [0.0; PIXELS],
        mask: [0; PIXELS],
        band: [0.0; PIXELS],
        scratch: [0; WORDS],
        logits: [0.0; PIXELS],
        gradient: [0.0; PIXELS],
        partials: [[0.0; 32]; SUMS],
        sums: [Compensated::ZERO; 2 * SUMS],
        weights: [0.0; FEATURES],
    };

    /// A tile, its band, and a layer that knows nothing.
    ///
    /// # Errors
    /// None, if the library is right.
    pub fn prepare(&mut self) -> Result<(), Error> {
        tile::fill(&mut self.image, &mut self.mask);
        self.weights = [0.0; FEATURES];
        let Memory { mask, band, scratch, .. } = self;
        let mask = Mask::new(mask, &[SIDE, SIDE])?.ignoring(IGNORED);
        Band::new(3, 5.0, Border::Zero)?.weights(Scalar, Serial, &mask, band, scratch)
    }

    /// One step: logits, loss, gradient, and the layer moved against it.
    ///
    /// # Errors
    /// None, if the library is right.
    #[inline(never)]
    pub fn step(&mut self, rate: f32) -> Result<Report<f32>, Error> {
        for (at, logit) in self.logits.iter_mut().enumerate() {
            let features = features(&self.image, at);
            *logit = features.iter().zip(&self.weights).fold(0.0, |sum, (x, w)| sum + x * w);
        }
        let report = self.evaluate()?;
        let mut descent = [0.0; FEATURES];
        for (at, &slope) in self.gradient.iter().enumerate() {
            let features = features(&self.image, at);
            descent.iter_mut().zip(features).for_each(|(sum, x)| *sum += slope * x);
        }
        self.weights.iter_mut().zip(descent).for_each(|(w, slope)| *w -= rate * slope);
        Ok(report)
    }

    #[inline(never)]
    fn evaluate(&mut self) -> Result<Report<f32>, Error> {
        let edges = pixel(0.3, Bce::default()).weighted(Maps::NONE.and(0)?);
        let loss: Loss = (pixel(0.3, Bce::default()), (region(0.4, Dice::default()), edges));
        let Memory { logits, mask, band, gradient, partials, sums, .. } = self;
        let plane = Binary { logits, targets: mask, ignored: Some(IGNORED), maps: &[band] };
        Ok(plane.evaluate(loss, Some(gradient), Workspace { partials, sums })?)
    }
}

/// Brightness, the mean of four neighbours, both squared, and 1.
fn features(image: &[f32; PIXELS], at: usize) -> [f32; FEATURES] {
    let (row, column) = (at / SIDE, at % SIDE);
    let (above, below) = (row.saturating_sub(1), (row + 1).min(SIDE - 1));
    let (left, right) = (column.saturating_sub(1), (column + 1).min(SIDE - 1));
    let pixel = |row: usize, column: usize| image[(row * SIDE + column) % PIXELS];
    let x = pixel(row, column);
    let around =
        (pixel(above, column) + pixel(below, column)) + (pixel(row, left) + pixel(row, right));
    let mean = 0.25 * around;
    [x, mean, x * x, mean * mean, 1.0]
}
