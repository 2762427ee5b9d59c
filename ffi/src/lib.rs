//! The losses of `segloss`, callable from C.
//!
//! `include/segloss.h` is generated from the public items here. Every function checks its pointers
//! and sizes, writes outputs only on success, and lets no panic cross into C.

mod boundary;
mod dlpack;
mod evaluate;
mod fault;
mod message;
mod options;
mod overlap;
mod result;
mod scratch;
mod tensor;

pub use dlpack::{DLDataType, DLDevice, DLTensor};
pub use evaluate::segloss_evaluate;
pub use options::{Link, Options};
pub use result::{ResultCode, segloss_result_name};
