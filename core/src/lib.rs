//! Segmentation losses and their gradients with respect to the logits.
#![no_std]
#![forbid(unsafe_code)]

pub mod class;
pub mod compose;
pub mod engine;
mod error;
pub mod lanes;
pub mod level;
pub mod pixel;
pub mod region;
pub mod summation;
pub mod term;
pub mod view;

pub use error::Error;
