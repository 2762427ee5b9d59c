//! The losses of `segloss-core` with nothing beneath them: no std, no allocator, no C library and
//! no start-up files. That it links proves that core needs none of these.

#![no_std]
#![no_main]

#[cfg(feature = "plant-alloc")]
extern crate alloc;
#[cfg(feature = "plant-std")]
extern crate std;

mod cases;
mod memory;
mod system;

use core::mem::MaybeUninit;
use core::panic::PanicInfo;

use cases::{Bits, Output, Storage};
use segloss_core::Error;
use segloss_core::lanes::Real;
use segloss_core::summation::{Accumulator, Compensated};
use segloss_core::view::Logit;
use system::{Printer, exit};

static mut SINGLE: MaybeUninit<Storage<f32, f64>> = MaybeUninit::uninit();
static mut DOUBLE: MaybeUninit<Storage<f64, f64>> = MaybeUninit::uninit();
static mut COMPENSATED: MaybeUninit<Storage<f32, Compensated>> = MaybeUninit::uninit();

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    exit(101)
}

/// What `_start` calls.
#[unsafe(no_mangle)]
extern "C" fn entry() -> ! {
    exit(i32::from(all().is_err()))
}

fn all() -> Result<(), Error> {
    let (single, double, compensated) = (&raw mut SINGLE, &raw mut DOUBLE, &raw mut COMPENSATED);
    // SAFETY: there is one thread, and it comes here once.
    let (single, double, compensated) = unsafe { (&mut *single, &mut *double, &mut *compensated) };
    let mut printer = Printer::new();
    format("f32", single, &mut printer)?;
    format("f64", double, &mut printer)?;
    format("f32 alone", compensated, &mut printer)?;
    #[cfg(feature = "plant-alloc")]
    printer.title(&alloc::format!("planted {}", single.as_ptr().addr()));
    printer.flush();
    Ok(())
}

fn format<T, A>(
    title: &str,
    storage: &mut MaybeUninit<Storage<T, A>>,
    printer: &mut Printer,
) -> Result<(), Error>
where
    T: Real + Logit<Compute = T> + Bits,
    A: Accumulator<Real: Bits>,
{
    printer.title(title);
    cases::run(storage.write(Storage::new()), printer)
}
