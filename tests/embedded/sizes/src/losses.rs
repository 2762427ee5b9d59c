//! A function for each loss: value and gradient of a sample with ignored pixels, of f32 logits and u8 targets.

use segloss_core::class::{self, Ce};
use segloss_core::compose::{Parts, class, pixel, region};
use segloss_core::lanes::Real;
use segloss_core::pixel::{Bce, Focal};
use segloss_core::region::{Dice, FocalTversky, Tversky};
use segloss_core::slices::{Binary, Classes, Multiclass, Workspace};
#[cfg(not(feature = "double"))]
pub use segloss_core::summation::Compensated as Sum;
use segloss_core::term::Maps;

#[cfg(feature = "double")]
/// What sums are added up in.
pub type Sum = f64;

/// What a call reads and writes.
#[derive(Debug)]
pub struct Call<'c> {
    /// Logits of one class, or of as many as `exps` has places.
    pub logits: &'c [f32],
    /// Labels.
    pub targets: &'c [u8],
    /// Weights.
    pub map: &'c [f32],
    /// Where the gradient goes.
    pub gradient: &'c mut [f32],
    /// One for each sum of the loss.
    pub partials: &'c mut [[f32; 32]],
    /// Twice as many.
    pub sums: &'c mut [Sum],
    /// One a class.
    pub exps: &'c mut [f32],
    /// One pair a class.
    pub slopes: &'c mut [[f32; 2]],
    /// The loss.
    pub value: f32,
}

impl Call<'_> {
    #[inline(always)]
    fn binary(&mut self, loss: impl Parts, has_map: bool) -> bool {
        let maps = &[self.map][..usize::from(has_map)];
        let Call { logits, targets, gradient, partials, sums, value, .. } = self;
        let plane = Binary { logits, targets, ignored: Some(255), maps };
        let report = plane.evaluate(loss, Some(gradient), Workspace { partials, sums });
        report.map(|report| *value = report.value.narrow()).is_ok()
    }

    #[inline(always)]
    fn multiclass(&mut self, loss: impl Parts) -> bool {
        let Call { logits, targets, gradient, partials, sums, exps, slopes, value, .. } = self;
        let planes = Multiclass { logits, targets, ignored: Some(255), maps: &[] };
        let workspace = Workspace { partials, sums };
        let report = planes.evaluate(loss, Some(gradient), workspace, Classes { exps, slopes });
        report.map(|report| *value = report.value.narrow()).is_ok()
    }
}

macro_rules! losses {
    ($($name:ident => $call:ident.$link:ident($loss:expr $(, $map:literal)?);)+) => {
        $(
            /// One loss.
            #[unsafe(no_mangle)]
            #[inline(never)]
            pub extern "C" fn $name($call: &mut Call<'_>) -> bool {
                $call.$link($loss $(, $map)?)
            }
        )+

        /// All of them, by name.
        pub const LOSSES: &[(&str, extern "C" fn(&mut Call<'_>) -> bool)] =
            &[$((stringify!($name), $name)),+];
    };
}

losses! {
    bce => call.binary(pixel(1.0, Bce::default()), false);
    focal => call.binary(pixel(1.0, Focal::default()), false);
    dice => call.binary(region(1.0, Dice::default()), false);
    tversky => call.binary(region(1.0, Tversky::with(0.3, 0.7, 1e-6).unwrap_or_default()), false);
    focal_tversky => call.binary(
        region(1.0, FocalTversky::with(0.3, 0.7, 0.75, 1e-6).unwrap_or_default()), false
    );
    boundary => call.binary(
        pixel(1.0, Bce::default()).weighted(Maps::NONE.and(0).unwrap_or_default()), true
    );
    bce_dice => call.binary((pixel(0.5, Bce::default()), region(0.5, Dice::default())), false);
    bce_dice_boundary => call.binary((
        pixel(0.3, Bce::default()),
        (
            region(0.4, Dice::default()),
            pixel(0.3, Bce::default()).weighted(Maps::NONE.and(0).unwrap_or_default()),
        ),
    ), true);
    ce => call.multiclass(class(1.0, Ce::default()));
    class_focal => call.multiclass(class(1.0, class::Focal::default()));
    class_dice => call.multiclass(region(1.0, Dice::default()));
    ce_dice => call.multiclass((class(0.5, Ce::default()), region(0.5, Dice::default())));
}
