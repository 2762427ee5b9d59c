//! What the shared library exports: the functions of the header and nothing else; and what it asks of OpenCL:
//! nothing that waits for a whole queue.

use segloss_c_tests::header;

use crate::{HEADER, LIBRARY};

#[test]
fn are_those_of_the_header() {
    header::assert_exports(&LIBRARY, HEADER, "segloss_cl_");
}

#[test]
fn never_finishes_a_queue() {
    let asked = LIBRARY.symbols("--undefined-only");
    let calls: Vec<&str> = asked.lines().filter(|symbol| symbol.starts_with("cl")).collect();
    assert!(calls.iter().any(|call| call.starts_with("clEnqueueNDRangeKernel")), "{calls:?}");
    assert!(calls.iter().all(|call| !call.starts_with("clFinish")), "{calls:?}");
}
