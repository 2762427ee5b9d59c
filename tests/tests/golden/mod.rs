//! Recorded values against the engine, against the oracle, and those of maps.

mod breadth;
mod engine;
mod maps;
mod oracle;
