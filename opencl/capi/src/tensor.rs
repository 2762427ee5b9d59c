//! From a C tensor to an array on a device, with every step checked.

use core::ffi::c_void;

use ocl_core::{Context, Mem, MemFlags};

use crate::fault::Fault;
use crate::handle;
use segloss_c_boundary::BadArgument;
use segloss_c_boundary::dlpack::{DLDataType, DLTensor, DeviceType};
use segloss_c_boundary::tensor::{Axes, Fields};
use segloss_core::view::Shape;
use segloss_opencl::{Array, Element, Error, Plane, Storage};

/// A tensor whose fields are known to make sense. Its buffer has not been looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tensor {
    argument: &'static str,
    dtype: DLDataType,
    pub(crate) shape: Shape,
    memory: *mut c_void,
    offset: u64,
}

/// A share of a tensor's buffer, and its first element.
#[derive(Debug)]
pub(crate) struct Held {
    memory: Mem,
    first: usize,
    is_shared: bool,
}

impl Held {
    pub(crate) fn array(&self) -> Array<'_> {
        Array { memory: &self.memory, first: self.first }
    }

    pub(crate) fn plane(&self) -> Plane<'_> {
        Plane { array: self.array(), is_shared: self.is_shared }
    }
}

impl Tensor {
    /// Reads a tensor.
    ///
    /// # Safety
    /// `tensor` is NULL or points to a tensor whose `shape` and `strides` are NULL or point to `ndim`
    /// numbers.
    pub(crate) unsafe fn read(
        tensor: *const DLTensor,
        argument: &'static str,
        axes: Axes,
    ) -> Result<Self, Fault> {
        // SAFETY: the caller's word.
        let Fields { tensor, extents, shape, strides, .. } =
            unsafe { Fields::read(tensor, argument, DeviceType::OPENCL, axes)? };
        if let Some(strides) = strides {
            is_packed(extents, strides, argument)?;
        }
        let DLTensor { dtype, data: memory, byte_offset: offset, .. } = tensor;
        Ok(Tensor { argument, dtype, shape, memory, offset })
    }

    /// Reads a tensor that may be left out.
    ///
    /// # Safety
    /// `tensor` is NULL or points to a tensor whose `shape` and `strides` are NULL or point to `ndim`
    /// numbers.
    pub(crate) unsafe fn read_any(
        tensor: *const DLTensor,
        argument: &'static str,
        axes: Axes,
    ) -> Result<Option<Self>, Fault> {
        if tensor.is_null() {
            return Ok(None);
        }
        // SAFETY: the caller's word.
        unsafe { Tensor::read(tensor, argument, axes).map(Some) }
    }

    /// How logits are stored.
    pub(crate) fn storage(&self) -> Result<Storage, Fault> {
        Ok(match self.dtype {
            DLDataType::F16 => Storage::F16,
            DLDataType::BF16 => Storage::Bf16,
            DLDataType::F32 => Storage::F32,
            DLDataType::F64 => Storage::F64,
            _ => return Err(self.holds("float16, bfloat16, float32 or float64")),
        })
    }

    /// How targets are stored.
    pub(crate) fn element(&self) -> Result<Element, Fault> {
        Ok(match self.dtype {
            DLDataType::U8 | DLDataType::BOOL => Element::U8,
            DLDataType::I8 => Element::I8,
            DLDataType::I16 => Element::I16,
            DLDataType::U16 => Element::U16,
            DLDataType::I32 => Element::I32,
            DLDataType::U32 => Element::U32,
            DLDataType::I64 => Element::I64,
            DLDataType::U64 => Element::U64,
            DLDataType::F16 => Element::F16,
            DLDataType::BF16 => Element::Bf16,
            DLDataType::F32 => Element::F32,
            DLDataType::F64 => Element::F64,
            _ => return Err(self.holds("integers of 8 to 64 bits, bool8 or floats")),
        })
    }

    /// That it is a gradient of `logits`.
    pub(crate) fn is_gradient_of(&self, logits: &Tensor) -> Result<(), Fault> {
        self.has_shape(logits.shape)?;
        self.storage()?;
        if self.dtype == logits.dtype { Ok(()) } else { Err(self.holds("what `logits` does")) }
    }

    /// That it is a mask of such targets.
    pub(crate) fn is_mask_of(&self, targets: Shape) -> Result<(), Fault> {
        self.is_plane_of(targets)?;
        match self.dtype {
            DLDataType::U8 | DLDataType::BOOL => Ok(()),
            _ => Err(self.holds("uint8 or bool8")),
        }
    }

    /// That it is weights of such targets, for a loss of logits stored so.
    pub(crate) fn is_weights_of(&self, targets: Shape, logits: Storage) -> Result<(), Fault> {
        self.is_plane_of(targets)?;
        match (logits, self.dtype) {
            (Storage::F64, DLDataType::F64) => Ok(()),
            (Storage::F64, _) => Err(self.holds("float64, as `logits`")),
            (_, DLDataType::F32) => Ok(()),
            _ => Err(self.holds("float32, which the loss is computed in")),
        }
    }

    fn is_plane_of(&self, targets: Shape) -> Result<(), Fault> {
        let for_all = self.shape.channels == 1;
        self.has_shape(if for_all { targets.with_channels(1) } else { targets })
    }

    /// That its shape is this.
    pub(crate) fn has_shape(&self, expected: Shape) -> Result<(), Fault> {
        let Tensor { argument, shape, .. } = *self;
        if shape == expected {
            return Ok(());
        }
        Err(BadArgument::Shape { argument, shape, expected }.into())
    }

    fn holds(&self, expected: &'static str) -> Fault {
        BadArgument::Dtype { argument: self.argument, dtype: self.dtype, expected }.into()
    }

    /// Its buffer, retained. One without elements may have none, and takes one of `context`.
    ///
    /// # Safety
    /// `data` is NULL or a memory object.
    pub(crate) unsafe fn hold(&self, context: &Context) -> Result<Held, Fault> {
        let Tensor { argument, offset, .. } = *self;
        if self.memory.is_null() && self.shape.batch == 0 {
            return Ok(Held { memory: any_memory(context)?, first: 0, is_shared: false });
        }
        if self.memory.is_null() {
            return Err(BadArgument::Null { argument, field: ".data" }.into());
        }
        let size = usize::from(self.dtype.bits / 8).max(1);
        let bytes = usize::try_from(offset).map_err(|_| BadArgument::TooLarge { argument })?;
        if bytes % size != 0 {
            return Err(Fault::Offset { argument, offset, size });
        }
        let is_shared = self.shape.channels == 1;
        // SAFETY: the caller's word.
        let memory = unsafe { handle::memory(self.memory, argument)? };
        Ok(Held { memory, first: bytes / size, is_shared })
    }
}

/// A buffer of which nothing is read or written.
fn any_memory(context: &Context) -> Result<Mem, Fault> {
    // SAFETY: the flags ask for no host memory, and none is given.
    let memory =
        unsafe { ocl_core::create_buffer::<_, u8>(context, MemFlags::READ_WRITE, 1, None) };
    let failed = |error: ocl_core::Error| {
        let (action, reason) = ("allocate device memory", error.to_string());
        Error::OutOfMemory { action, reason }.into()
    };
    memory.map_err(failed)
}

/// That strides are those of a packed tensor, the last axis fastest; those of single entries may be any.
fn is_packed(extents: &[i64], strides: &[i64], argument: &'static str) -> Result<(), Fault> {
    let mut packed = Some(1i64);
    for (&extent, &stride) in extents.iter().zip(strides).rev() {
        if extent > 1 && packed != Some(stride) {
            return Err(Fault::Packed { argument });
        }
        packed = packed.and_then(|packed| packed.checked_mul(extent.max(1)));
    }
    Ok(())
}
