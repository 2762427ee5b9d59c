//! The arrays of a run.

use segloss_core::engine::Ignore;

/// The label of a pixel that no loss and no metric may count, which no mask holds. Masks are read into this
/// form whatever their own ignored values are.
pub const IGNORED: i32 = -1;
/// [`IGNORED`], for calls.
pub const IGNORE_INDEX: Ignore<'static> = Ignore::Labels(&[IGNORED as i64]);

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

/// Where a pixel is, counted from 0.
pub fn place(pixel: usize, width: usize) -> String {
    format!("row {}, column {} (from 0)", pixel / width, pixel % width)
}
