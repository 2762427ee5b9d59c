//! Segmentation losses on OpenCL devices, callable from C.
//!
//! `include/segloss_opencl.h` is generated from the public items here. Every function checks its pointers
//! and sizes, writes outputs only on success, and lets no panic cross into C.

mod call;
mod enqueue;
mod entry;
mod evaluator;
mod fault;
mod handle;
mod loss;
mod message;
mod pending;
mod result;
mod tensor;
mod version;

pub use call::{Call, Ignore, NamedMap, WriteMode};
pub use enqueue::{segloss_cl_enqueue, segloss_cl_prepare};
pub use evaluator::*;
pub use handle::{ClContext, ClDevice, ClEvent, ClMem, ClQueue};
pub use loss::{Link, Loss, LossOptions, segloss_cl_loss_free, segloss_cl_loss_new};
pub use message::segloss_cl_last_message;
pub use pending::*;
pub use result::{ResultCode, segloss_cl_result_name};
pub use segloss_c_boundary::dlpack::{DLDataType, DLDevice, DLTensor};
pub use version::*;
