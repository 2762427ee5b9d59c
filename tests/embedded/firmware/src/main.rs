//! Value and gradient of BCE, and nothing else: all that is linked is what the call needs.

#![no_std]
#![no_main]

use core::panic::PanicInfo;

use segloss_core::Error;
use segloss_core::compose::pixel;
use segloss_core::engine::{Call, Problem, Workspace, evaluate};
use segloss_core::level::Scalar;
use segloss_core::pixel::Bce;
#[cfg(feature = "compensated")]
use segloss_core::summation::Compensated as Sum;
use segloss_core::view::{Layout, Shape, View, ViewMut};

#[cfg(not(feature = "compensated"))]
type Sum = f64;

const HEIGHT: usize = 32;
const WIDTH: usize = 32;

/// What the call reads and writes.
#[repr(C)]
pub struct Memory {
    logits: [f32; HEIGHT * WIDTH],
    targets: [u8; HEIGHT * WIDTH],
    gradient: [f32; HEIGHT * WIDTH],
    value: f32,
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {}
}

/// The program's entry: its memory comes from outside, so that nothing is computed beforehand.
#[unsafe(no_mangle)]
extern "C" fn entry(memory: &mut Memory) -> bool {
    bce(memory).is_ok()
}

fn bce(memory: &mut Memory) -> Result<(), Error> {
    let layout = Layout::channels_first(Shape::new(1, 1, &[HEIGHT, WIDTH])?)?;
    let logits = View::new(&memory.logits, layout)?;
    let targets = View::new(&memory.targets, layout)?;
    let mut gradient = ViewMut::new(&mut memory.gradient, layout)?;
    let program = pixel(1.0, Bce);
    let problem = Problem::new(Call::sigmoid(), &program, &logits, &targets)?;
    let mut workspace = Workspace {
        partials: &mut [[0.0; 32]; 1],
        sums: &mut [Sum::default(); 2],
        segment: &mut [Sum::default(); 2],
        totals: &mut [Sum::default(); 3],
        factors: &mut [0.0; 1],
        slopes: &mut [],
        weights: &mut [],
        class_weights: &mut [],
    };
    let report = evaluate(Scalar, &problem, Some(&mut gradient), &mut workspace)?;
    memory.value = report.value as f32;
    Ok(())
}
