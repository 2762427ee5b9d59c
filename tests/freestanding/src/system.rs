//! Two system calls of Linux on x86-64, and what they print and end.

use core::arch::{asm, global_asm};

use crate::cases::Output;

// The stack is aligned as a called function expects it.
global_asm!(
    ".globl _start",
    "_start:",
    "xor ebp, ebp",
    "and rsp, -16",
    "call {entry}",
    "ud2",
    entry = sym crate::entry,
);

const WRITE: usize = 1;
const EXIT: usize = 60;

/// # Safety
/// The kernel's contract of call `number`.
unsafe fn call(number: usize, a: usize, b: usize, c: usize) -> isize {
    let result;
    // SAFETY: the caller's word; the kernel keeps all other registers.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") number as isize => result,
            in("rdi") a,
            in("rsi") b,
            in("rdx") c,
            lateout("rcx") _,
            lateout("r11") _,
        );
    }
    result
}

/// Ends the program.
pub fn exit(code: i32) -> ! {
    loop {
        // SAFETY: takes no pointer.
        unsafe { call(EXIT, code as usize, 0, 0) };
    }
}

/// Lines of text to standard output, hexadecimal numbers among them.
pub struct Printer {
    text: [u8; 4096],
    length: usize,
}

impl Printer {
    /// Nothing printed yet.
    pub fn new() -> Self {
        Printer { text: [0; _], length: 0 }
    }

    /// Writes what is left.
    pub fn flush(&mut self) {
        let mut rest = &self.text[..self.length];
        while !rest.is_empty() {
            // SAFETY: the memory is this thread's, as long as said.
            match unsafe { call(WRITE, 1, rest.as_ptr().addr(), rest.len()) } {
                written @ 1.. => rest = &rest[written as usize..],
                _ => exit(2),
            }
        }
        self.length = 0;
    }

    fn byte(&mut self, byte: u8) {
        if self.length == self.text.len() {
            self.flush();
        }
        self.text[self.length] = byte;
        self.length += 1;
    }
}

impl Output for Printer {
    fn title(&mut self, title: &str) {
        title.bytes().chain([b'\n']).for_each(|byte| self.byte(byte));
    }

    fn number(&mut self, bits: u64) {
        for digit in (0..16).rev() {
            self.byte(b"0123456789abcdef"[(bits >> (4 * digit)) as usize & 15]);
        }
        self.byte(b'\n');
    }
}
