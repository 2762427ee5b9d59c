//! Where the results of a call go.

use crate::fault::Fault;
use crate::overlap::Memory;
use crate::tensor::Tensor;
use segloss_c_boundary::dlpack::DLTensor;
use segloss_c_boundary::pointer::{array_mut, check_array};
use segloss_c_boundary::versioned::Versioned;
use segloss_c_boundary::{BadArgument, options};
use segloss_core::engine::Report;

/// Where the results of a call go: what is NULL is not computed. Start from SEGLOSS_OUTPUTS_INIT.
///
/// Later versions add fields at the end. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Outputs {
    /// sizeof(segloss_outputs).
    pub struct_size: u32,
    /// 0.
    pub reserved: u32,
    /// The loss. 0 if no pixel counts, or all weights are 0.
    pub value: *mut f64,
    /// How many pixels counted, over all samples (and channels, under sigmoid); 0 too where all weights
    /// are 0.
    pub valid: *mut u64,
    /// The gradient with respect to the logits: of their shape, stored as they are or, of float16 and
    /// bfloat16, as float32.
    pub gradient: *const DLTensor,
    /// The loss of each sample by itself, as if it were the whole batch. Not of a loss whose region terms
    /// pool the batch.
    pub sample_values: *mut f64,
    /// Entries of `sample_values`: as many as there are samples.
    pub sample_value_count: usize,
    /// The loss of each pixel, not divided by anything; 0 where a pixel does not count. Of the targets'
    /// shape; float64 for float64 logits, else float32. Not of a loss with region terms.
    pub loss_map: *const DLTensor,
}

// SAFETY: its size comes first, and zeros are valid in every field.
unsafe impl Versioned for Outputs {
    const FIRST: usize = size_of::<Self>();
}

/// Outputs, read.
pub(crate) struct Places<'a> {
    value: *mut f64,
    valid: *mut u64,
    sample_values: *mut f64,
    sample_value_count: usize,
    pub(crate) gradient: Option<Tensor<'a>>,
    pub(crate) loss_map: Option<Tensor<'a>>,
}

impl Outputs {
    /// # Safety
    /// Pointers are NULL or point to what their types say, which only this call uses for `'a`.
    #[inline(never)]
    pub(crate) unsafe fn places<'a>(&self) -> Result<Places<'a>, Fault> {
        options::reserved("outputs.reserved", self.reserved)?;
        if !self.value.is_null() {
            check_array(self.value, 1, "outputs", ".value")?;
        }
        if !self.valid.is_null() {
            check_array(self.valid, 1, "outputs", ".valid")?;
        }
        if !self.sample_values.is_null() {
            check_array(self.sample_values, self.sample_value_count, "outputs", ".sample_values")?;
        } else if self.sample_value_count > 0 {
            return Err(BadArgument::Null { argument: "outputs", field: ".sample_values" }.into());
        }
        Ok(Places {
            value: self.value,
            valid: self.valid,
            sample_values: self.sample_values,
            sample_value_count: self.sample_value_count,
            // SAFETY: the caller's word.
            gradient: unsafe { Tensor::read_any(self.gradient, "outputs.gradient")? },
            // SAFETY: as above.
            loss_map: unsafe { Tensor::read_any(self.loss_map, "outputs.loss_map")? },
        })
    }
}

impl<'a> Places<'a> {
    /// The memory that is written.
    #[inline]
    pub(crate) fn memory(&self) -> [Memory; 5] {
        let tensor = |own: &Option<Tensor<'_>>| own.as_ref().map_or(Memory::NONE, Tensor::memory);
        let samples = (self.sample_values, self.sample_value_count);
        [
            tensor(&self.gradient),
            tensor(&self.loss_map),
            Memory::of_any("outputs.sample_values", samples.0, samples.1),
            Memory::of_any("outputs.value", self.value, 1),
            Memory::of_any("outputs.valid", self.valid, 1),
        ]
    }

    /// The samples' places.
    ///
    /// # Safety
    /// Once, and nobody else reads or writes there for `'a`.
    pub(crate) unsafe fn samples(&self) -> Result<Option<&'a mut [f64]>, Fault> {
        let (first, count) = (self.sample_values, self.sample_value_count);
        // SAFETY: the caller's word.
        Ok(unsafe { array_mut(first, count, "outputs", ".sample_values")? })
    }

    /// Writes the numbers.
    ///
    /// # Safety
    /// Their places are there, and nothing of them is borrowed.
    pub(crate) unsafe fn report(&self, report: Report<f64>) {
        if !self.value.is_null() {
            // SAFETY: neither NULL nor misaligned, and the caller's word.
            unsafe { self.value.write(report.value) };
        }
        if !self.valid.is_null() {
            // SAFETY: as above.
            unsafe { self.valid.write(report.valid) };
        }
    }
}
