//! Maps against their definitions, taken at their word.

mod exhaustive;
mod brute;
mod morphology;
mod random;
