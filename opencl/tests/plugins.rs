//! Terms written outside the crate, for devices and for the CPU.

use std::sync::Arc;

use segloss_core::class::{ClassPixel, ClassTerm};
use segloss_core::lanes::Lanes;
use segloss_core::pixel::{Pixel, PixelTerm};
use segloss_core::region::{Classes, RegionTerm};
use segloss_core::term::{Arguments, Parameter};
use segloss_opencl::Library;

/// Returns the terms that tests name, on devices.
pub fn device_library() -> Arc<Library> {
    let mut library = Library::new();
    library.add_pixel::<SquaredError>().unwrap();
    library.add_pixel::<Everything>().unwrap();
    library.add_class::<Focal>().unwrap();
    library.add_region::<JointDice>().unwrap();
    Arc::new(library)
}

macro_rules! plugin {
    ($trait:ident, $term:ident, $name:literal) => {
        #[derive(Clone, Copy, Debug)]
        pub struct $term;

        impl $trait for $term {
            const NAME: &'static str = $name;
            const PARAMETERS: &'static [Parameter] = &[];

            fn new(_: Arguments<'_>) -> Self {
                $term
            }

            plugin!(@loss $trait, $term);
        }
    };
    (@loss PixelTerm, $term:ident) => {
        fn loss<L: Lanes>(&self, pixel: &Pixel<L>) -> L {
            $term::formula(pixel)
        }
    };
    (@loss ClassTerm, $term:ident) => {
        fn loss<L: Lanes>(&self, pixel: &ClassPixel<L>) -> L {
            $term::formula(pixel)
        }
    };
}

// The value only, as a plugin's author writes it.
plugin!(PixelTerm, SquaredError, "squared_error");

impl SquaredError {
    fn formula<L: Lanes>(pixel: &Pixel<L>) -> L {
        let wrong = pixel.p * (L::splat(1.0) - pixel.y) + pixel.q * pixel.y;
        wrong * wrong
    }
}

// Every primitive: square root, logarithms with subnormal arguments, a general power, constants
// that are subnormal.
plugin!(PixelTerm, Everything, "everything");

impl Everything {
    fn formula<L: Lanes>(pixel: &Pixel<L>) -> L {
        // Subnormal, but no smaller than what has a finite inverse.
        let tiny = L::splat(if L::DOUBLE { 1.2e-308 } else { 8e-39 });
        let small = ((pixel.p + L::splat(0.5)) * tiny).ln() * L::splat(-0.1);
        let roots = pixel.p.powf(1.5) + pixel.q.powf(0.7) + pixel.softplus_tail.sqrt();
        small + roots * pixel.y + pixel.z.abs().ln_1p() + (pixel.z * L::splat(0.3)).softplus()
    }
}

// `(1 - p)^2.5 (-ln p)`.
plugin!(ClassTerm, Focal, "focal_plugin");

impl Focal {
    fn formula<L: Lanes>(pixel: &ClassPixel<L>) -> L {
        -pixel.log_p * pixel.q.powf(2.5)
    }
}

/// A region term that looks at all classes together, not at their mean: Dice of sums over classes.
#[derive(Clone, Copy, Debug)]
pub struct JointDice;

impl RegionTerm for JointDice {
    const NAME: &'static str = "joint_dice";
    const PARAMETERS: &'static [Parameter] = &[];

    fn new(_: Arguments<'_>) -> Self {
        JointDice
    }

    fn loss<L: Lanes, C: Classes<L>>(&self, classes: &C) -> L {
        let (mut wrong, mut right) = (L::splat(0.0), L::splat(1e-3));
        for class in 0..classes.len() {
            let sums = classes.get(class);
            wrong = wrong + sums.false_positive + sums.false_negative;
            right = right + sums.true_positive * L::splat(2.0);
        }
        wrong.share_with(right)
    }
}
