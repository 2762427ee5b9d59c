//! Segmentation losses and their gradients on OpenCL devices.
//!
//! A loss is not written again for devices: its definition in `segloss-core`, or a plugin's, is
//! [traced](trace) and becomes OpenCL C ([`Evaluator::source`] shows it). Where the device divides with
//! correct rounding and keeps denormals ([`Device::is_exact`]) value and gradient have the bits of the
//! CPU.
//!
//! Inputs and gradient can stay on the device ([`Evaluator::enqueue`]); slices in host memory are copied
//! ([`Evaluator::evaluate`]). Linking needs an OpenCL loader (`libOpenCL`), and so does running.
//!
//! ```no_run
//! use segloss_core::engine::Link;
//! use segloss_core::view::Shape;
//! use segloss_opencl::{Evaluator, Loss, Options, Slices};
//!
//! let evaluator = Evaluator::new("", "")?;
//! let loss = Loss::new("0.5*bce + 0.5*dice", Link::Sigmoid)?;
//! let (logits, targets) = ([0.5f32, -1.0, 2.0, 0.0], [1u8, 0, 1, 0]);
//! let mut gradient = [0.0; 4];
//! let shape = Shape::new(1, 1, &[2, 2])?;
//! let slices = Slices { gradient: Some(&mut gradient), ..Slices::new(shape, &logits, &targets) };
//! let report = evaluator.evaluate(&loss, &Options::default(), slices)?;
//! println!("{} {gradient:?}", report.value);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod cache;
mod commands;
mod device;
mod error;
mod evaluator;
mod foreign;
mod host;
mod ignored;
mod library;
mod loss;
mod maps;
mod overlap;
mod pending;
mod programs;
mod run;
mod source;
mod storage;
mod sums;
mod target;
mod tensors;
pub mod trace;
mod tuning;

pub use device::Device;
pub use error::Error;
pub use evaluator::Evaluator;
pub use host::Slices;
pub use library::Library;
pub use loss::Loss;
pub use maps::{HostLabels, MapTuning, Maps};
pub use pending::Pending;
pub use storage::{DeviceLogit, Storage};
pub use target::{DeviceTarget, Element};
pub use tensors::{Array, Options, Plane, Signature, Tensors};
pub use tuning::Tuning;
