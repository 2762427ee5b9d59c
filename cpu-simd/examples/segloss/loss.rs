//! What the example asks of a loss: its value and its gradient, nothing else.

use std::error::Error;

/// The label of a pixel that no loss and no metric may count. Masks are read
/// into this form whatever their own ignored value is.
pub const IGNORED: u8 = 255;

/// Extents of the logits, `[batch, channels, height, width]` in memory order.
/// Labels are `[batch, height, width]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    pub batch: usize,
    pub channels: usize,
    pub height: usize,
    pub width: usize,
}

impl Shape {
    /// Pixels of one image.
    pub fn area(&self) -> usize {
        self.height * self.width
    }

    /// Pixels of the batch.
    pub fn pixels(&self) -> usize {
        self.batch * self.area()
    }

    /// Logits of the batch.
    pub fn logits(&self) -> usize {
        self.pixels() * self.channels
    }
}

/// The result of one evaluation.
#[derive(Clone, Copy, Debug)]
pub struct Evaluation {
    pub value: f64,
    pub valid: u64,
}

/// A loss with its link and options fixed.
pub trait Objective {
    /// The loss in text form.
    fn name(&self) -> &str;

    /// Channels it reads: 1 for the sigmoid link, `K >= 2` for softmax.
    fn channels(&self) -> usize;

    /// Returns the value and writes `dL/dlogits`, of the logits' length.
    fn evaluate(
        &mut self,
        logits: &[f32],
        labels: &[u8],
        shape: Shape,
        gradient: &mut [f32],
    ) -> Result<Evaluation, Box<dyn Error>>;
}
