//! Tests of core, in one binary: `cargo test -p segloss-core --test main elementary::` runs a topic.

mod builtin;
mod class_weights;
mod elementary;
mod guide;
mod maps;
mod masks;
mod slices;
mod text;
