//! Value and gradient of one loss, and nothing else: all that is linked is what the call needs.

#![no_std]
#![no_main]

use core::panic::PanicInfo;

use segloss_core::compose::{pixel, region};
use segloss_core::pixel::{Bce, Focal};
use segloss_core::region::Dice;
use segloss_core::slices::{Binary, Workspace};
#[cfg(feature = "compensated")]
use segloss_core::summation::Compensated as Sum;

#[cfg(not(feature = "compensated"))]
type Sum = f64;

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {}
}

#[unsafe(no_mangle)]
extern "C" fn entry(
    logits: &[f32; 4096],
    targets: &[u8; 4096],
    gradient: &mut [f32; 4096],
    partials: &mut [[f32; 32]; 5],
    sums: &mut [Sum; 10],
    value: &mut f32,
) -> bool {
    let plane = Binary { logits, targets, ignored: Some(255), maps: &[] };
    let workspace = Workspace { partials, sums };
    #[cfg(feature = "bce")]
    let loss = pixel(1.0, Bce);
    #[cfg(feature = "focal")]
    let loss = pixel(1.0, Focal::default());
    #[cfg(feature = "dice")]
    let loss = region(1.0, Dice::default());
    #[cfg(feature = "bd")]
    let loss = (pixel(0.5, Bce), region(0.5, Dice::default()));
    match plane.evaluate(loss, Some(gradient), workspace) {
        Ok(report) => { *value = report.value as f32; true }
        Err(_) => false,
    }
}
