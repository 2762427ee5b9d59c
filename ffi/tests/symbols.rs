//! The binary interface: what the shared library exports, which is the functions of the header and nothing
//! else, and the layout of what they take; both as checked in, so that a break is seen.

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

/// Every struct and enumeration of the header, field by field. What is checked in is for 64 bits.
#[test]
#[cfg(target_pointer_width = "64")]
fn have_the_layout_that_is_checked_in() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = program::Program::c99("tests/layout.c").run(program::Linked::Shared).text;
    let snapshot = package.join("layout.txt");
    if env::var_os("SEGLOSS_WRITE_HEADER").is_some() {
        fs::write(&snapshot, &found).unwrap();
    }
    assert_eq!(found, fs::read_to_string(&snapshot).unwrap_or_default(), "ffi/layout.txt is stale");

    // Nothing of the header is left out.
    let header = fs::read_to_string(package.join("../include/segloss.h")).unwrap();
    let names = header.lines().filter_map(|line| line.strip_prefix("} ")?.strip_suffix(';'));
    for name in names.filter(|name| name.starts_with("segloss_")) {
        assert!(found.contains(&format!("\n{name} ")) || found.starts_with(name), "{name}");
    }
    for (at, _) in header.match_indices("    SEGLOSS_") {
        let name = header[at + 4..].split([' ', ',']).next().unwrap_or_default();
        assert!(found.contains(&format!(" {name} ")), "{name}");
    }
}
