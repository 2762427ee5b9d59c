//! Segmentation losses and their gradients with respect to the logits.
#![no_std]
#![forbid(unsafe_code)]

pub mod lanes;
pub mod level;
