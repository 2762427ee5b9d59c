//! Segmentation losses on OpenCL devices, callable from C.
//!
//! `include/segloss_opencl.h` is generated from the public items here. Every function checks its pointers
//! and sizes, writes outputs only on success, and lets no panic cross into C. What both C libraries have in
//! common is read from `ffi`, whose own symbols must not be in this one.

#[path = "../../../ffi/src/boundary.rs"]
mod boundary;
mod call;
#[allow(dead_code, reason = "memory of the host is of no use here")]
#[path = "../../../ffi/src/dlpack.rs"]
mod dlpack;
mod enqueue;
#[path = "../../../ffi/src/entry.rs"]
mod entry;
mod evaluator;
#[path = "../../../ffi/src/extents.rs"]
mod extents;
mod fault;
mod handle;
mod loss;
mod message;
#[allow(dead_code, reason = "maps that calls give have no parameters")]
#[path = "../../../ffi/src/names.rs"]
mod names;
mod pending;
#[allow(dead_code, reason = "no array is written")]
#[path = "../../../ffi/src/pointer.rs"]
mod pointer;
mod result;
mod tensor;
#[path = "../../../ffi/src/text.rs"]
mod text;
mod version;
#[path = "../../../ffi/src/versioned.rs"]
mod versioned;

pub use call::{Call, Ignore, NamedMap, WriteMode};
pub use dlpack::{DLDataType, DLDevice, DLTensor};
pub use enqueue::{segloss_cl_enqueue, segloss_cl_prepare};
pub use evaluator::*;
pub use handle::{ClContext, ClDevice, ClEvent, ClMem, ClQueue};
pub use loss::{Link, Loss, LossOptions, segloss_cl_loss_free, segloss_cl_loss_new};
pub use message::segloss_cl_last_message;
pub use pending::*;
pub use result::{ResultCode, segloss_cl_result_name};
pub use version::*;
