//! Two system calls of Linux.

use core::arch::{asm, global_asm};
use core::fmt::{self, Write};
use core::panic::PanicInfo;

use segloss_embedded::table;

#[cfg(target_arch = "riscv32")]
global_asm!(".globl _start", "_start:", "andi sp, sp, -16", "call {entry}", entry = sym entry);
#[cfg(target_arch = "s390x")]
global_asm!(".globl _start", "_start:", "aghi %r15, -160", "brasl %r14, {entry}", entry = sym entry);

#[cfg(target_arch = "riscv32")]
const CALLS: [usize; 2] = [64, 93];
#[cfg(target_arch = "s390x")]
const CALLS: [usize; 2] = [4, 1];
const WRITE: usize = CALLS[0];
const EXIT: usize = CALLS[1];

/// # Safety
/// The kernel's contract of call `number`.
#[cfg(target_arch = "riscv32")]
unsafe fn call(number: usize, a: usize, b: usize, c: usize) -> isize {
    let result;
    // SAFETY: the caller's word; the kernel keeps all other registers.
    unsafe {
        asm!("ecall", in("a7") number, inlateout("a0") a => result, in("a1") b, in("a2") c);
    }
    result
}

/// # Safety
/// The kernel's contract of call `number`.
#[cfg(target_arch = "s390x")]
unsafe fn call(number: usize, a: usize, b: usize, c: usize) -> isize {
    let result;
    // SAFETY: the caller's word; the kernel keeps all other registers.
    unsafe {
        asm!("svc 0", in("r1") number, inlateout("r2") a => result, in("r3") b, in("r4") c);
    }
    result
}

fn exit(code: usize) -> ! {
    loop {
        // SAFETY: takes no pointer.
        unsafe { call(EXIT, code, 0, 0) };
    }
}

struct Output;

impl Write for Output {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // SAFETY: reads the text alone.
        let written = unsafe { call(WRITE, 1, text.as_ptr().addr(), text.len()) };
        if usize::try_from(written) == Ok(text.len()) { Ok(()) } else { Err(fmt::Error) }
    }
}

extern "C" fn entry() -> ! {
    match table::print::<crate::Width>(&mut Output) {
        Ok(()) => exit(0),
        Err(failure) => exit(1 + usize::from(writeln!(Output, "{failure:?}").is_err())),
    }
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    exit(3)
}
