//! What each loss takes of stack and instructions on a tile, on a board in an emulator that counts one
//! nanosecond an instruction. Nothing on a host.
#![cfg_attr(all(target_arch = "arm", target_os = "none"), no_std, no_main)]

#[cfg(all(target_arch = "arm", target_os = "none"))]
#[path = "../../../sizes/src/losses.rs"]
mod losses;

#[cfg(all(target_arch = "arm", target_os = "none"))]
mod on_board {
    use cortex_m::peripheral::SYST;
    use cortex_m::peripheral::syst::SystClkSource;
    use cortex_m_semihosting::hprintln;
    use segloss_embedded::board;
    use segloss_embedded::tile::{self, PIXELS};

    use super::losses::{Call, LOSSES, Sum};

    /// Classes of the losses that have several.
    const CLASSES: usize = 3;
    #[cfg(not(feature = "double"))]
    const ZERO: Sum = Sum::ZERO;
    #[cfg(feature = "double")]
    const ZERO: Sum = 0.0;
    /// Instructions a tick: the board's clock has 25 MHz.
    const TICK: u32 = 40;
    /// Ticks that can be counted.
    const TICKS: u32 = (1 << 24) - 1;

    #[cortex_m_rt::entry]
    fn main() -> ! {
        static mut IMAGE: [f32; PIXELS] = [0.0; PIXELS];
        static mut LOGITS: [f32; CLASSES * PIXELS / 4] = [0.0; CLASSES * PIXELS / 4];
        static mut GRADIENT: [f32; CLASSES * PIXELS / 4] = [0.0; CLASSES * PIXELS / 4];
        static mut MASK: [u8; PIXELS] = [0; PIXELS];
        static mut PARTIALS: [[f32; 32]; 11] = [[0.0; 32]; 11];
        static mut SUMS: [Sum; 22] = [ZERO; 22];

        let Some(mut peripherals) = cortex_m::Peripherals::take() else { board::finish(false) };
        start(&mut peripherals.SYST);
        tile::fill(IMAGE, MASK);
        LOGITS.iter_mut().zip(IMAGE.iter().cycle()).for_each(|(z, x)| *z = 6.0 * x - 3.0);
        hprintln!("loss stack instructions/pixel");
        for &(name, loss) in LOSSES {
            let classes = if name.starts_with("c") { CLASSES } else { 1 };
            // A quarter of the tile, so that three planes of logits fit too.
            let (pixels, floats) = (PIXELS / 4, classes * PIXELS / 4);
            let mut call = Call {
                logits: &LOGITS[..floats],
                targets: &MASK[PIXELS / 4..PIXELS / 2],
                map: &IMAGE[..pixels],
                gradient: &mut GRADIENT[..floats],
                partials: PARTIALS,
                sums: SUMS,
                exps: &mut [0.0; CLASSES][..classes],
                slopes: &mut [[0.0; 2]; CLASSES][..classes],
                value: 0.0,
            };
            board::paint();
            let first = SYST::get_current();
            let is_good = loss(&mut call);
            let ticks = first.wrapping_sub(SYST::get_current()) & TICKS;
            let stack = board::stack_used().saturating_sub(board::stack_taken());
            if !is_good {
                board::finish(false);
            }
            hprintln!("{name} {stack} {}", ticks * TICK / pixels as u32);
        }
        board::finish(true)
    }

    fn start(timer: &mut SYST) {
        timer.set_clock_source(SystClkSource::Core);
        timer.set_reload(TICKS);
        timer.clear_current();
        timer.enable_counter();
    }
}

#[cfg(not(all(target_arch = "arm", target_os = "none")))]
fn main() {}
