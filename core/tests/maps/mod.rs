//! Maps against their definitions, taken at their word.

mod brute;
mod exhaustive;
mod morphology;
mod random;
mod scenes;
mod void;
