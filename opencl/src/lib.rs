//! Segmentation losses and their gradients on OpenCL devices.
//!
//! A loss is not written again for devices: its definition in `segloss-core`, or a plugin's, is
//! [traced](trace) and becomes OpenCL C ([`source`] shows it). Where the device divides with correct
//! rounding and keeps denormals ([`Device::is_exact`]) value and gradient have the bits of the CPU.
//!
//! Linking needs an OpenCL loader (`libOpenCL`), and so does running.
//!
//! ```no_run
//! use segloss_core::compose::pixel;
//! use segloss_core::engine::Call;
//! use segloss_core::pixel::Bce;
//! use segloss_core::view::Shape;
//! use segloss_opencl::Evaluator;
//!
//! let evaluator = Evaluator::new("", "")?;
//! let shape = Shape::new(1, 1, &[2, 2])?;
//! let (logits, targets) = ([0.5f32, -1.0, 2.0, 0.0], [1u8, 0, 1, 0]);
//! let loss = pixel(1.0, Bce);
//! let found = evaluator.evaluate(&loss, Call::sigmoid(), &logits, shape, &targets, true)?;
//! println!("{} {:?}", found.value, found.gradient);
//! # Ok::<(), segloss_opencl::Error>(())
//! ```

mod commands;
mod device;
mod error;
mod evaluator;
mod fold;
mod maps;
mod programs;
mod source;
mod target;
pub mod trace;

pub use device::Device;
pub use error::Error;
pub use evaluator::{Evaluation, Evaluator};
pub use maps::{HostLabels, Maps, Tuning};
pub use source::source;
pub use target::DeviceTarget;
