//! What calls promise: what odd inputs give, which outputs there are, and when they are left alone.

mod findings;
mod inputs;
mod outputs;
mod regions;
mod targets;
