//! The source's formulas as they stand, and gradients derived by hand: no tiles, no vectors, no
//! tricks, nothing of the engine. They are written once over [`Number`]: in `f64` for random
//! inputs, in [`Exact`](crate::exact::Exact) for bounds of accuracy.
//!
//! Logits are finite. What would be a difference from 1 is a sum of the rest instead, so that the
//! only cancellation left is that of the mathematics.

mod class_weights;
mod classes;
mod input;
mod loss;
pub mod maps;
mod number;
mod pixels;
mod regions;

pub use class_weights::class_weights;
pub use classes::{
    ce as ce_pixels, class_focal as class_focal_pixels, gce as gce_pixels, mae as mae_pixels,
    poly1_focal as class_poly1_focal_pixels, sce as sce_pixels,
};
pub use input::{Dense, Extents, Labelled};
pub use loss::Loss;
pub use number::Number;
pub use pixels::{
    Pixels, bce as bce_pixels, focal as focal_pixels, poly1_focal as poly1_focal_pixels,
    reweighted_bce as reweighted_bce_pixels,
};
pub use regions::{Absent, Formula, Memberships, Pool, Reduction, Region};

/// Mean binary cross-entropy.
pub fn bce<'a, N: Number>(input: impl Into<Dense<'a>>) -> Loss<N> {
    bce_pixels(&input.into()).mean()
}

/// Mean binary focal loss.
pub fn focal<'a, N: Number>(input: impl Into<Dense<'a>>, alpha: f64, gamma: f64) -> Loss<N> {
    focal_pixels(&input.into(), Some(alpha), gamma).mean()
}

/// Dice per sample and channel, averaged.
pub fn dice<'a, N: Number>(input: impl Into<Dense<'a>>, smooth: f64) -> Loss<N> {
    let region = Region {
        formula: Formula::Dice { smooth },
        pool: Pool::Sample,
        reduction: Reduction::Mean,
        absent: Absent::Average,
    };
    region.evaluate(&Memberships::from(&input.into()))
}

/// Mean cross-entropy.
pub fn ce<'a, N: Number>(input: impl Into<Labelled<'a>>) -> Loss<N> {
    ce_pixels(&input.into(), None, 1.0).mean()
}

/// Cross-entropy with class weights, over the sum of the weights.
pub fn weighted_ce<'a, N: Number>(input: impl Into<Labelled<'a>>, weights: &[f64]) -> Loss<N> {
    ce_pixels(&input.into(), Some(weights), 1.0).mean()
}

/// Mean multi-class focal loss.
pub fn class_focal<'a, N: Number>(
    input: impl Into<Labelled<'a>>,
    alpha: Option<&[f64]>,
    gamma: f64,
) -> Loss<N> {
    class_focal_pixels(&input.into(), alpha, gamma).mean()
}

/// Dice once per class over the batch, averaged over classes.
pub fn class_dice<'a, N: Number>(input: impl Into<Labelled<'a>>, smooth: f64) -> Loss<N> {
    let region = Region {
        formula: Formula::Dice { smooth },
        pool: Pool::Batch,
        reduction: Reduction::Mean,
        absent: Absent::Average,
    };
    region.evaluate(&Memberships::from(&input.into()))
}
