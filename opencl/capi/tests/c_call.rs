//! C programs with contexts, queues and buffers of their own call the library.

use crate::program::Program;

#[test]
fn a_context_and_queues_of_the_program() {
    Program::c99("foreign").passes(&[], &[]);
}

#[test]
fn two_contexts_at_once() {
    Program::c99("contexts").passes(&[], &[]);
}

#[test]
fn many_evaluations() {
    Program::c99("growth").passes(&[], &[]);
}

#[test]
fn what_does_not_fit() {
    Program::c99("refusals").passes(&[], &[]);
}

#[test]
fn calls_of_opencl_that_fail() {
    let failures = Program::c99("failures");
    failures.passes(&[], &[]);
    // Without a driver.
    failures.passes(&["none"], &[("OCL_ICD_VENDORS", "/nonexistent")]);
}

/// What readers are given is what is tested.
#[test]
fn the_example_of_the_documentation() {
    let documentation = include_str!("../../../docs/opencl.md");
    let source = include_str!("quick_start.c");
    assert!(documentation.contains(&format!("```c\n{source}```")));
    // Half of ln 2, and half of the dice loss of one half.
    for program in [Program::c99("quick_start"), Program::with_static_library("quick_start")] {
        assert_eq!(program.writes(), "0.596574\n");
    }
}
