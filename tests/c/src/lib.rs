//! What the tests of both C libraries share: programs that call a library, its header, its symbols, and texts
//! that are checked in.

mod command;
pub mod header;
mod library;
mod program;
mod snapshot;

pub use command::output;
pub use library::{Library, Linked};
pub use program::{Executable, Output, Program};
pub use snapshot::assert_checked_in;
