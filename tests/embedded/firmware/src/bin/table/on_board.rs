use cortex_m_semihosting::{hio, hprintln};
use segloss_embedded::{board, table};

#[cortex_m_rt::entry]
fn main() -> ! {
    let result = hio::hstdout().map(|mut out| table::print::<crate::Width>(&mut out));
    match result {
        Ok(Ok(())) => board::finish(true),
        Ok(Err(failure)) => hprintln!("{failure:?}"),
        Err(()) => {}
    }
    board::finish(false)
}
