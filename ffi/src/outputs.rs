//! Where the results of a call go.

use crate::fault::{Fault, borrow};
use crate::overlap::Memory;
use crate::tensor::Tensor;
use segloss_c_boundary::dlpack::DLTensor;
use segloss_c_boundary::pointer::{array_mut, check_array};
use segloss_c_boundary::versioned::{Versioned, read};
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
    pub(crate) gradient: Option<&'a Tensor<'a>>,
    pub(crate) loss_map: Option<&'a Tensor<'a>>,
}

impl<'a> Places<'a> {
    /// Calls `use_them` with the places of `outputs`.
    ///
    /// # Safety
    /// `outputs` and its pointers are NULL or point to what their types say, which only this call uses.
    #[inline]
    pub(crate) unsafe fn with<R>(
        outputs: *const Outputs,
        use_them: impl FnOnce(&Places<'_>) -> Result<R, Fault>,
    ) -> Result<R, Fault> {
        // SAFETY: the caller's word, here and below.
        let outputs = unsafe { read(outputs, "outputs")? };
        let Outputs { value, valid, sample_values, sample_value_count, .. } = outputs;
        options::reserved("outputs.reserved", outputs.reserved)?;
        if !value.is_null() {
            check_array(value, 1, "outputs", ".value")?;
        }
        if !valid.is_null() {
            check_array(valid, 1, "outputs", ".valid")?;
        }
        if !sample_values.is_null() {
            check_array(sample_values, sample_value_count, "outputs", ".sample_values")?;
        } else if sample_value_count > 0 {
            return Err(BadArgument::Null { argument: "outputs", field: ".sample_values" }.into());
        }
        // SAFETY: as above.
        let gradient = unsafe { Tensor::read_any(outputs.gradient, "outputs.gradient") };
        let gradient = borrow(&gradient)?.as_ref();
        // SAFETY: as above.
        let loss_map = unsafe { Tensor::read_any(outputs.loss_map, "outputs.loss_map") };
        let loss_map = borrow(&loss_map)?.as_ref();
        use_them(&Places { value, valid, sample_values, sample_value_count, gradient, loss_map })
    }

    /// The memory that is written.
    #[inline]
    pub(crate) fn memory(&self) -> [Memory; 5] {
        let samples = (self.sample_values, self.sample_value_count);
        [
            self.gradient.map_or(Memory::NONE, Tensor::memory),
            self.loss_map.map_or(Memory::NONE, Tensor::memory),
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
