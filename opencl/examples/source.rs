//! Prints the OpenCL C that a loss becomes: BCE and Dice, or with the argument `softmax` CE and
//! Dice.

use segloss_core::class::Ce;
use segloss_core::compose::{class, pixel, region};
use segloss_core::engine::Link;
use segloss_core::pixel::Bce;
use segloss_core::region::Dice;
use segloss_opencl::source;

fn main() {
    let text = match std::env::args().nth(1).as_deref() {
        Some("softmax") => {
            let parts = (class(0.5, Ce), region(0.5, Dice::default()));
            source::<f32, u8, _>(&parts, Link::Softmax)
        }
        _ => {
            let parts = (pixel(0.5, Bce), region(0.5, Dice::default()));
            source::<f32, u8, _>(&parts, Link::Sigmoid)
        }
    };
    print!("{text}");
}
