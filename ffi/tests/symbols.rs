//! What the shared library exports: the functions of the header and nothing else, as checked in.

mod program;

use std::path::Path;
use std::process::Command;
use std::{env, fs};

#[test]
fn are_those_of_the_header() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let arguments = ["-D", "--defined-only", "--format=just-symbols"];
    let output =
        Command::new("nm").args(arguments).arg(program::shared_library()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let exported = String::from_utf8(output.stdout).unwrap();

    let list = package.join("symbols.txt");
    if env::var_os("SEGLOSS_WRITE_HEADER").is_some() {
        fs::write(&list, &exported).unwrap();
    }
    assert_eq!(exported, fs::read_to_string(&list).unwrap_or_default(), "ffi/symbols.txt is stale");

    let header = fs::read_to_string(package.join("../include/segloss.h")).unwrap();
    for symbol in exported.lines() {
        assert!(symbol.starts_with("segloss_"), "{symbol}");
        assert!(header.contains(&format!("{symbol}(")), "{symbol} is not in the header");
    }
}
