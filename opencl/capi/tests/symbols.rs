//! What the shared library exports: the functions of the header and nothing else; and what it asks of OpenCL:
//! nothing that waits for a whole queue.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

use crate::program;

fn symbols(which: &str) -> String {
    let library = program::shared_library();
    let output = Command::new("nm")
        .args(["-D", which, "--format=just-symbols"])
        .arg(library)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn are_those_of_the_header() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let exported = symbols("--defined-only");
    let list = package.join("symbols.txt");
    if env::var_os("SEGLOSS_WRITE_HEADER").is_some() {
        fs::write(&list, &exported).unwrap();
    }
    let checked_in = fs::read_to_string(&list).unwrap_or_default();
    assert_eq!(exported, checked_in, "opencl/capi/symbols.txt is stale");

    let header = fs::read_to_string(package.join("../../include/segloss_opencl.h")).unwrap();
    for symbol in exported.lines() {
        assert!(symbol.starts_with("segloss_cl_"), "{symbol}");
        assert!(header.contains(&format!("{symbol}(")), "{symbol} is not in the header");
    }
}

#[test]
fn never_finishes_a_queue() {
    let asked = symbols("--undefined-only");
    let calls: Vec<&str> = asked.lines().filter(|symbol| symbol.starts_with("cl")).collect();
    assert!(calls.iter().any(|call| call.starts_with("clEnqueueNDRangeKernel")), "{calls:?}");
    assert!(calls.iter().all(|call| !call.starts_with("clFinish")), "{calls:?}");
}
