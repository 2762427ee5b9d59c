//! A Cortex-M with a debugger to print to.

use core::panic::PanicInfo;

// What keeps interrupts out of critical sections.
use cortex_m as _;
use cortex_m_rt::STACK_PAINT_VALUE;
use cortex_m_semihosting::debug::{EXIT_FAILURE, EXIT_SUCCESS, exit};

/// Ends the emulator as a program that has failed.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    finish(false)
}

/// Ends the program.
pub fn finish(is_good: bool) -> ! {
    exit(if is_good { EXIT_SUCCESS } else { EXIT_FAILURE });
    loop {}
}

/// The bytes of stack, counted from its start, that have ever been written to since the paint at the start
/// of the program (or since [`paint`]).
pub fn stack_used() -> usize {
    let (end, start) = stack();
    let is_paint = |&at: &usize| {
        // SAFETY: within the stack's memory, and aligned.
        unsafe { (at as *const u32).read_volatile() == STACK_PAINT_VALUE }
    };
    let painted = (end..start).step_by(4).take_while(is_paint).count();
    start - end - 4 * painted
}

/// The bytes of stack that the caller and its callers take.
#[inline(always)]
pub fn stack_taken() -> usize {
    stack().1 - cortex_m::register::msp::read() as usize
}

/// Paints what is left of the stack.
#[inline(never)]
pub fn paint() {
    let (end, _) = stack();
    // Below whatever this function may keep there.
    let top = cortex_m::register::msp::read() as usize - 32;
    for at in (end..top & !3).step_by(4) {
        // SAFETY: within the stack's memory, below all frames, and aligned.
        unsafe { (at as *mut u32).write_volatile(STACK_PAINT_VALUE) };
    }
}

fn stack() -> (usize, usize) {
    unsafe extern "C" {
        static _stack_end: u32;
        static _stack_start: u32;
    }
    ((&raw const _stack_end).addr(), (&raw const _stack_start).addr())
}
