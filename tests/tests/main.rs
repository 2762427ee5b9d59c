//! Tests of all parts together, in one binary: `cargo test -p segloss-conformance --test main golden::` runs a
//! topic.

mod accuracy;
mod builtin;
mod contract;
mod freestanding;
mod golden;
mod maps;
mod oracle;
mod plugin;
mod same_bits;
mod stages;
