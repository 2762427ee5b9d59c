//! Maps by themselves, and losses that compute them.

mod boundary_losses;
mod contract;
mod forms;
mod levels;
