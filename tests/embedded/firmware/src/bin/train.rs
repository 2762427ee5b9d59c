//! Trains on a board (in its emulator) or on its host, and prints each step: numbers as their bits, and in
//! brackets for people.
#![cfg_attr(target_os = "none", no_std, no_main)]

use segloss_core::Error;
use segloss_embedded::train::Memory;

const STEPS: u32 = 24;
const RATE: f32 = 4.0;

#[cfg(target_os = "none")]
use cortex_m_semihosting::hprintln as print_line;
#[cfg(not(target_os = "none"))]
use std::println as print_line;

fn train(memory: &mut Memory) -> Result<(), Error> {
    memory.prepare()?;
    for step in 0..STEPS {
        let report = memory.step(RATE)?;
        let (value, bits) = (report.value, report.value.to_bits());
        print_line!("step {step}: loss {bits:08x}, {} pixels ({value})", report.valid);
    }
    let [a, b, c, d, e] = memory.weights.map(f32::to_bits);
    print_line!("weights {a:08x} {b:08x} {c:08x} {d:08x} {e:08x} ({:?})", memory.weights);
    // All of the last gradient, in one number: FNV-1a of its bits.
    let hash = memory.gradient.iter().fold(0xcbf2_9ce4_8422_2325u64, |hash, slope| {
        (hash ^ u64::from(slope.to_bits())).wrapping_mul(0x0100_0000_01b3)
    });
    print_line!("gradient {hash:016x}");
    Ok(())
}

#[cfg(target_os = "none")]
#[cortex_m_rt::entry]
fn main() -> ! {
    // The attribute lends this to `main`, once.
    static mut MEMORY: Memory = Memory::NEW;
    use segloss_embedded::board;

    let result = train(MEMORY);
    print_line!("# {} bytes of stack", board::stack_used());
    board::finish(result.is_ok())
}

#[cfg(not(target_os = "none"))]
fn main() -> Result<(), Error> {
    train(&mut Box::new(Memory::NEW))
}
