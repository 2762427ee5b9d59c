//! The losses of `segloss`, callable from C.
//!
//! `include/segloss.h` is generated from the public items here. Every function checks its pointers
//! and sizes, writes outputs only on success, and lets no panic cross into C.

mod call;
mod class_weights;
mod entry;
mod evaluate;
mod fault;
mod guide;
mod level;
mod link;
mod loss;
mod maps;
mod message;
mod outputs;
mod overlap;
mod plugin;
mod result;
mod stages;
mod tensor;
mod version;
mod workspace;

pub use call::{Call, Ignore, NamedMap, WriteMode};
pub use class_weights::*;
pub use evaluate::segloss_evaluate;
pub use guide::*;
pub use level::Level;
pub use link::Link;
pub use loss::*;
pub use maps::*;
pub use message::segloss_last_message;
pub use outputs::Outputs;
pub use plugin::*;
pub use result::{ResultCode, segloss_result_name};
pub use segloss_c_boundary::dlpack::{DLDataType, DLDevice, DLTensor};
pub use stages::*;
pub use version::*;
pub use workspace::{Workspace, segloss_workspace_free, segloss_workspace_new};
