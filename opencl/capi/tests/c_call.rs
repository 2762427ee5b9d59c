//! C programs with contexts, queues and buffers of their own call the library.

mod program;

use program::Program;

#[test]
fn a_context_and_queues_of_the_program() {
    Program::c99("foreign", &[]).passes(&[], &[]);
}
