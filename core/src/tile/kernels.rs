use super::add_up::{AddUp, AddValues};
use super::check_targets::CheckKernels;
use super::pixel::PixelKernels;
use super::softmax::SoftmaxKernels;
use super::targets::TargetKernels;
use super::weights::WeightKernels;
use crate::lanes::Real;
use crate::level::{Level, enter};

/// What the engine asks of a level: the loops over a tile, as functions compiled for one format and the
/// level's instructions. The engine itself is compiled once a format.
///
/// Every function finds out by itself that the machine has the level's instructions, and runs at a level
/// that every machine has on one that has not.
pub struct Kernels<T> {
    pub(crate) targets: TargetKernels<T>,
    pub(crate) checks: CheckKernels,
    pub(crate) weights: WeightKernels<T>,
    pub(crate) pixel: PixelKernels<T>,
    pub(crate) softmax: SoftmaxKernels<T>,
    /// Multiplies a term's losses and slopes by weights and adds them up.
    pub(crate) add_up: fn(AddUp<'_, T>),
    /// Adds a term's losses times its weights and coefficient to the pixels' own.
    pub(crate) add_values: fn(AddValues<'_, T>),
}

impl<T> core::fmt::Debug for Kernels<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Kernels").finish_non_exhaustive()
    }
}

impl<T: Real> Kernels<T> {
    /// Returns the table of level `Lv`.
    pub fn at<Lv: Level>() -> &'static Self {
        const { &Kernels::new::<Lv>() }
    }

    const fn new<Lv: Level>() -> Self {
        Kernels {
            targets: TargetKernels::new::<Lv>(),
            checks: CheckKernels::new::<Lv>(),
            weights: WeightKernels::new::<Lv>(),
            pixel: PixelKernels::new::<Lv>(),
            softmax: SoftmaxKernels::new::<Lv>(),
            add_up: |work| enter::<Lv, _>(work),
            add_values: |work| enter::<Lv, _>(work),
        }
    }
}
