//! Each loss as a function that can be linked by itself.

#![no_std]

use core::panic::PanicInfo;

pub mod losses;

/// All of them.
#[unsafe(no_mangle)]
pub extern "C" fn all(call: &mut losses::Call<'_>) -> bool {
    losses::LOSSES.iter().all(|(_, loss)| loss(call))
}

/// A program that links cannot panic.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    unsafe extern "C" {
        safe fn this_can_panic() -> !;
    }
    this_can_panic()
}
