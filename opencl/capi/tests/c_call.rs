//! C programs with contexts, queues and buffers of their own call the library.

use segloss_c_tests::Linked;

use crate::LIBRARY;

#[test]
fn a_context_and_queues_of_the_program() {
    LIBRARY.c99("tests/foreign.c").run(Linked::Shared).passed();
}

#[test]
fn two_contexts_at_once() {
    LIBRARY.c99("tests/contexts.c").run(Linked::Shared).passed();
}

#[test]
#[ignore = "slow: sh tests/run.sh --all"]
fn many_evaluations() {
    LIBRARY.c99("tests/growth.c").run(Linked::Shared).passed();
}

#[test]
fn what_does_not_fit() {
    LIBRARY.c99("tests/refusals.c").run(Linked::Shared).passed();
}

#[test]
fn calls_of_opencl_that_fail() {
    let failures = LIBRARY.c99("tests/failures.c").compile(Linked::Shared);
    failures.run(&[], &[]).passed();
    // Without a driver.
    failures.run(&["none"], &[("OCL_ICD_VENDORS", "/nonexistent")]).passed();
}

/// What readers are given is what is tested.
#[test]
fn the_example_of_the_documentation() {
    let documentation = include_str!("../../../docs/opencl.md");
    let source = include_str!("quick_start.c");
    assert!(documentation.contains(&format!("```c\n{source}```")));
    // Half of ln 2, and half of the dice loss of one half.
    for linked in [Linked::Shared, Linked::Static] {
        assert_eq!(LIBRARY.c99("tests/quick_start.c").run(linked).text, "0.596574\n");
    }
}
