use std::process::ExitCode;

use segloss_embedded::table;

pub fn main() -> ExitCode {
    let mut text = String::new();
    let result = table::print::<crate::Width>(&mut text);
    print!("{text}");
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure:?}");
            ExitCode::FAILURE
        }
    }
}
