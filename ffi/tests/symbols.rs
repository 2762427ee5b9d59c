//! The binary interface: what the shared library exports, which is the functions of the header and nothing
//! else, and the layout of what they take; both as checked in, so that a break is seen.

use std::process::Command;
use std::{env, fs};

use segloss_c_tests::{Linked, assert_checked_in, header, output};

use crate::{HEADER, LIBRARY};

#[test]
fn are_those_of_the_header() {
    header::assert_exports(&LIBRARY, HEADER, "segloss_");
}

/// Every struct and enumeration of the header, field by field. What is checked in is for 64 bits.
#[test]
#[cfg(target_pointer_width = "64")]
fn have_the_layout_that_is_checked_in() {
    let found = LIBRARY.c99("tests/layout.c").run(Linked::Shared).text;
    assert_checked_in(&LIBRARY.path("layout.txt"), &found);

    // Nothing of the header is left out.
    let header = fs::read_to_string(LIBRARY.path(HEADER)).unwrap();
    let names = header.lines().filter_map(|line| line.strip_prefix("} ")?.strip_suffix(';'));
    for name in names.filter(|name| name.starts_with("segloss_")) {
        assert!(found.contains(&format!("\n{name} ")) || found.starts_with(name), "{name}");
    }
    for (at, _) in header.match_indices("    SEGLOSS_") {
        let name = header[at + 4..].split([' ', ',']).next().unwrap_or_default();
        assert!(found.contains(&format!(" {name} ")), "{name}");
    }
}

/// Every function of the header is called by the tests in C: with lazy binding, the loader tells of each at
/// its first call.
#[test]
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn are_all_called_in_the_tests() {
    let mut called = std::collections::BTreeSet::new();
    for source in ["tests/contract.c", "tests/maps.c", "tests/plugins.c", "tests/stages.c"] {
        let program = LIBRARY.c99(source).flags(&["-Wl,-z,lazy"]).compile(Linked::Shared);
        let output = Command::new(program.path)
            .env("LD_DEBUG", "bindings")
            .env_remove("LD_BIND_NOW")
            .output()
            .unwrap();
        assert!(output.status.success(), "{source}");
        for line in String::from_utf8_lossy(&output.stderr).lines() {
            let symbol =
                line.split_once("normal symbol `").and_then(|(_, name)| name.split_once('\''));
            called.extend(symbol.map(|(name, _)| name.to_owned()));
        }
    }
    let exported = include_str!("../symbols.txt").lines();
    let missed: Vec<&str> = exported.filter(|symbol| !called.contains(*symbol)).collect();
    assert!(missed.is_empty(), "{missed:?}");
}

/// A library in C with the header's functions, which do nothing: of it, tools for C see every type as a
/// caller's compiler does.
fn stand_in(header: &str) -> String {
    let mut source = String::from("#include <segloss.h>\n");
    let mut lines = header.lines();
    while let Some(line) = lines.next() {
        let starts_function = !line.starts_with([' ', '#', '/', '}', '*'])
            && !line.starts_with("static ")
            && !line.starts_with("typedef ")
            && line.contains("segloss_")
            && line.contains('(');
        if !starts_function {
            continue;
        }
        let mut declaration = line.to_owned();
        while !declaration.ends_with(");") {
            declaration.push_str(lines.next().expect("the end of a declaration").trim());
        }
        source.push_str(declaration.trim_end_matches(';'));
        source.push_str(" { __builtin_trap(); }\n");
    }
    source
}

/// Functions and all types that they reach, compared by libabigail with those checked in.
#[test]
#[cfg(target_pointer_width = "64")]
#[ignore = "abidw and abidiff, which .ci/run installs and asks for"]
fn are_those_of_the_snapshot() {
    let header = fs::read_to_string(LIBRARY.path(HEADER)).unwrap();
    let (library, found) = (LIBRARY.scratch("stand_in.so"), LIBRARY.scratch("abi.xml"));
    fs::write(LIBRARY.scratch("stand_in.c"), stand_in(&header)).unwrap();
    // By its name alone, which the snapshot keeps.
    output(
        Command::new("cc")
            .current_dir(LIBRARY.scratch)
            .args(["-g", "-shared", "-fPIC", "-w", "-I"])
            .arg(LIBRARY.path(LIBRARY.include))
            .args(["stand_in.c", "-o", "stand_in.so"]),
    );
    output(
        Command::new("abidw")
            .args(["--no-show-locs", "--no-corpus-path", "--no-comp-dir-path", "--out-file"])
            .args([&found, &library]),
    );

    // As many functions as the library exports: none was overlooked.
    let written = fs::read_to_string(&found).unwrap();
    let functions = written.matches("<elf-symbol ").count();
    assert_eq!(functions, include_str!("../symbols.txt").lines().count());

    let snapshot = LIBRARY.path("abi.xml");
    if env::var_os("SEGLOSS_WRITE_HEADER").is_some() {
        fs::copy(&found, &snapshot).unwrap();
    }
    output(Command::new("abidiff").args([&snapshot, &found]));
}
