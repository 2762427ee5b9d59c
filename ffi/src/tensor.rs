//! From a C tensor to a Rust slice, with every step checked.

use core::marker::PhantomData;
use core::slice;

use crate::fault::{Fault, Reason};
use crate::overlap::Memory;
use segloss_c_boundary::BadArgument;
use segloss_c_boundary::dlpack::{DLDataType, DLTensor, DeviceType};
use segloss_c_boundary::pointer::check_pointer;
use segloss_c_boundary::tensor::{Axes, Fields};
use segloss_core::Error;
use segloss_core::view::{Layout, Logits, Mask, Shape, Strides, Targets, View, ViewMut, Weights};

/// An element whose every bit pattern is a value, so that C's memory can be read as it.
///
/// # Safety
/// No padding, no niche.
pub(crate) unsafe trait Plain: Copy + 'static {}

macro_rules! plain {
    ($($element:ty),*) => {$(
        // SAFETY: integers and floats hold any bits.
        unsafe impl Plain for $element {}
    )*};
}
plain!(u8, i8, i16, u16, i32, u32, i64, u64, f32, f64);
#[cfg(feature = "half")]
plain!(half::f16, half::bf16);

/// A tensor in host memory whose fields are known to make sense, and to stay within the address space.
#[derive(Debug)]
pub(crate) struct Tensor<'a> {
    pub(crate) argument: &'static str,
    pub(crate) dtype: DLDataType,
    pub(crate) layout: Layout,
    /// The first element; not read if there is none.
    first: *mut u8,
    memory: PhantomData<&'a mut [u8]>,
}

impl<'a> Tensor<'a> {
    /// Reads a tensor.
    ///
    /// # Safety
    /// `tensor` is NULL or points to a tensor whose `shape` and `strides` are NULL or point to
    /// `ndim` numbers. Its memory, as far as shape, strides and dtype say, is there for `'a`.
    pub(crate) unsafe fn read(
        tensor: *const DLTensor,
        argument: &'static str,
    ) -> Result<Self, Fault> {
        // SAFETY: the caller's word.
        unsafe { Tensor::read_with(tensor, argument, Axes::All) }
    }

    /// Reads a tensor that may leave out the axis of channels.
    ///
    /// # Safety
    /// `tensor` is NULL or points to a tensor whose `shape` and `strides` are NULL or point to
    /// `ndim` numbers. Its memory, as far as shape, strides and dtype say, is there for `'a`.
    #[inline]
    pub(crate) unsafe fn read_with(
        tensor: *const DLTensor,
        argument: &'static str,
        axes: Axes,
    ) -> Result<Self, Fault> {
        // SAFETY: the caller's word.
        let fields = unsafe { Fields::read(tensor, argument, DeviceType::CPU, axes)? };
        let Fields { tensor, shape, strides, has_channels, .. } = fields;
        match strides {
            None => Tensor::laid_out(Layout::channels_first(shape), tensor, argument),
            Some(strides) => Tensor::strided(shape, (strides, has_channels), tensor, argument),
        }
    }

    // By itself and by value, so that the rest of `read`, which is for packed tensors, keeps all it needs in
    // registers.
    #[inline(never)]
    fn strided(
        shape: Shape,
        (strides, has_channels): (&[i64], bool),
        tensor: DLTensor,
        argument: &'static str,
    ) -> Result<Self, Fault> {
        let layout = Layout::strided(shape, self::strides(strides, has_channels, argument)?);
        Tensor::laid_out(layout, tensor, argument)
    }

    /// Checks a tensor's memory.
    #[inline]
    fn laid_out(
        layout: Result<Layout, Error>,
        tensor: DLTensor,
        argument: &'static str,
    ) -> Result<Self, Fault> {
        let layout = layout.map_err(|_| BadArgument::TooLarge { argument })?;
        if tensor.data.is_null() && layout.span() > 0 {
            return Err(BadArgument::Null { argument, field: ".data" }.into());
        }
        let offset = usize::try_from(tensor.byte_offset);
        let offset = offset.map_err(|_| BadArgument::TooLarge { argument })?;
        let address = tensor.data.addr().checked_add(offset);
        let bytes = layout.span().checked_mul(element_size(tensor.dtype));
        // No object is larger than this, and no slice may be.
        let bytes = bytes.filter(|&bytes| bytes <= isize::MAX as usize);
        let end = address.zip(bytes).and_then(|(address, bytes)| address.checked_add(bytes));
        end.ok_or(BadArgument::TooLarge { argument })?;
        let first = tensor.data.cast::<u8>().wrapping_add(offset);
        Ok(Tensor { argument, dtype: tensor.dtype, layout, first, memory: PhantomData })
    }

    /// Reads a tensor that may be left out.
    ///
    /// # Safety
    /// `tensor` is NULL or points to a tensor whose `shape` and `strides` are NULL or point to
    /// `ndim` numbers. Its memory, as far as shape, strides and dtype say, is there for `'a`.
    #[inline]
    pub(crate) unsafe fn read_any(
        tensor: *const DLTensor,
        argument: &'static str,
    ) -> Result<Option<Self>, Fault> {
        if tensor.is_null() {
            return Ok(None);
        }
        // SAFETY: the caller's word.
        unsafe { Tensor::read(tensor, argument).map(Some) }
    }

    /// Its memory from the first byte to the last.
    #[inline]
    pub(crate) fn memory(&self) -> Memory {
        let length = self.layout.span() * element_size(self.dtype);
        Memory::bytes(self.argument, self.first.addr(), length)
    }

    /// That its elements are stored so.
    #[inline]
    pub(crate) fn holds(&self, dtypes: &[DLDataType], expected: &'static str) -> Result<(), Fault> {
        if dtypes.contains(&self.dtype) {
            return Ok(());
        }
        Err(BadArgument::Dtype { argument: self.argument, dtype: self.dtype, expected }.into())
    }

    /// That its shape is this.
    pub(crate) fn has_shape(&self, expected: Shape) -> Result<(), Fault> {
        let (argument, shape) = (self.argument, *self.layout.shape());
        if shape == expected {
            return Ok(());
        }
        Err(BadArgument::Shape { argument, shape, expected }.into())
    }

    /// That each of its images lies packed in row-major order.
    pub(crate) fn has_packed_images(&self) -> Result<(), Fault> {
        match self.is_packed_by_image() {
            true => Ok(()),
            false => Err(Reason::Packed { argument: self.argument }.into()),
        }
    }

    fn is_packed_by_image(&self) -> bool {
        let Shape { spatial: [_, h, w], .. } = *self.layout.shape();
        let packed = [h.saturating_mul(w), w, 1];
        let axes = self.layout.shape().spatial.into_iter().zip(self.layout.strides().spatial);
        axes.zip(packed).all(|((extent, own), packed)| extent < 2 || own == packed)
    }

    /// Whether all of it lies packed, channels first.
    pub(crate) fn is_packed(&self) -> bool {
        let shape = *self.layout.shape();
        let strides = self.layout.strides();
        let packed = [shape.pixels().saturating_mul(shape.channels), shape.pixels()];
        let axes = [(shape.batch, strides.batch), (shape.channels, strides.channel)];
        let fits = |((extent, own), packed): (_, usize)| extent < 2 || own == packed;
        self.is_packed_by_image() && axes.into_iter().zip(packed).all(fits)
    }

    /// Its memory from the first element to the last.
    ///
    /// # Safety
    /// Nobody writes there for `'a`.
    #[inline]
    pub(crate) unsafe fn elements<E: Plain>(&self) -> Result<&'a [E], Fault> {
        let length = self.length_as::<E>()?;
        if length == 0 {
            return Ok(&[]);
        }
        // SAFETY: not NULL, aligned, of a size that fits, and there for `'a` by `read`'s contract.
        Ok(unsafe { slice::from_raw_parts(self.first.cast::<E>(), length) })
    }

    /// Its memory from the first element to the last, to be written.
    ///
    /// # Safety
    /// Once, and nobody else reads or writes there for `'a`.
    #[inline]
    pub(crate) unsafe fn elements_mut<E: Plain>(&self) -> Result<&'a mut [E], Fault> {
        let length = self.length_as::<E>()?;
        if length == 0 {
            return Ok(&mut []);
        }
        // SAFETY: as for `elements`, and the caller's word that it is exclusive.
        Ok(unsafe { slice::from_raw_parts_mut(self.first.cast::<E>(), length) })
    }

    /// Its elements in its layout, to be written: each has a place of its own.
    ///
    /// # Safety
    /// Once; nobody else reads or writes there for `'a`, and elements are stored as `E`.
    #[inline]
    pub(crate) unsafe fn view_mut<E: Plain>(&self) -> Result<ViewMut<'a, E>, Fault> {
        // SAFETY: the caller's word.
        let elements = unsafe { self.elements_mut()? };
        ViewMut::new(elements, self.layout).map_err(|error| match error {
            Error::Overlap { .. } => Reason::Shared { argument: self.argument }.into(),
            error => error.into(),
        })
    }

    /// That it holds what logits can be stored as.
    pub(crate) fn is_logits(&self) -> Result<(), Fault> {
        self.holds(FLOATS, FLOAT_NAMES)
    }

    #[inline]
    fn length_as<E: Plain>(&self) -> Result<usize, Fault> {
        debug_assert_eq!(element_size(self.dtype), size_of::<E>());
        if self.layout.span() > 0 {
            check_pointer(self.first.cast::<E>(), self.argument, ".data")?;
        }
        Ok(self.layout.span())
    }

    /// # Safety
    /// Nobody writes there for `'a`, and elements are stored as `E`.
    #[inline]
    pub(crate) unsafe fn view<E: Plain>(&self) -> Result<View<'a, E>, Fault> {
        // SAFETY: the caller's word.
        let elements = unsafe { self.elements()? };
        Ok(View::new(elements, self.layout)?)
    }

    /// Targets of any dtype.
    ///
    /// # Safety
    /// Nobody writes there for `'a`.
    #[inline]
    pub(crate) unsafe fn targets(&self) -> Result<Targets<'a>, Fault> {
        // SAFETY: the caller's word. Truth values are read as bytes, because only 0 and 1 are
        // valid as Rust's and C may hold others.
        Ok(unsafe {
            match self.dtype {
                DLDataType::U8 | DLDataType::BOOL => Targets::U8(self.view()?),
                DLDataType::I8 => Targets::I8(self.view()?),
                DLDataType::I16 => Targets::I16(self.view()?),
                DLDataType::U16 => Targets::U16(self.view()?),
                DLDataType::I32 => Targets::I32(self.view()?),
                DLDataType::U32 => Targets::U32(self.view()?),
                DLDataType::U64 => Targets::U64(self.view()?),
                #[cfg(feature = "half")]
                DLDataType::F16 => Targets::F16(self.view()?),
                #[cfg(feature = "half")]
                DLDataType::BF16 => Targets::Bf16(self.view()?),
                DLDataType::I64 => Targets::I64(self.view()?),
                DLDataType::F32 => Targets::F32(self.view()?),
                DLDataType::F64 => Targets::F64(self.view()?),
                dtype => {
                    let expected = "integers of 8 to 64 bits, bool8 or floats";
                    let argument = self.argument;
                    return Err(BadArgument::Dtype { argument, dtype, expected }.into());
                }
            }
        })
    }

    /// Logits computed in `f32`.
    ///
    /// # Safety
    /// Nobody writes there for `'a`.
    #[inline]
    pub(crate) unsafe fn single_logits(&self) -> Result<Logits<'a, f32>, Fault> {
        // SAFETY: the caller's word.
        Ok(unsafe {
            match self.dtype {
                DLDataType::F32 => self.view::<f32>()?.into(),
                #[cfg(feature = "half")]
                DLDataType::F16 => self.view::<half::f16>()?.into(),
                #[cfg(feature = "half")]
                DLDataType::BF16 => self.view::<half::bf16>()?.into(),
                dtype => {
                    let (argument, expected) = (self.argument, FLOAT_NAMES);
                    return Err(BadArgument::Dtype { argument, dtype, expected }.into());
                }
            }
        })
    }

    /// Logits computed in `f64`.
    ///
    /// # Safety
    /// Nobody writes there for `'a`.
    pub(crate) unsafe fn double_logits(&self) -> Result<Logits<'a, f64>, Fault> {
        self.holds(&[DLDataType::F64], FLOAT_NAMES)?;
        // SAFETY: the caller's word.
        Ok(unsafe { self.view::<f64>()? }.into())
    }

    /// Weights of pixels.
    ///
    /// # Safety
    /// Nobody writes there for `'a`.
    pub(crate) unsafe fn weights(&self) -> Result<Weights<'a>, Fault> {
        self.holds(FLOATS, FLOAT_NAMES)?;
        // SAFETY: the caller's word.
        Ok(unsafe {
            match self.dtype {
                #[cfg(feature = "half")]
                DLDataType::F16 => Weights::F16(self.view()?),
                #[cfg(feature = "half")]
                DLDataType::BF16 => Weights::Bf16(self.view()?),
                DLDataType::F32 => Weights::F32(self.view()?),
                _ => Weights::F64(self.view()?),
            }
        })
    }

    /// Which pixels count.
    ///
    /// # Safety
    /// Nobody writes there for `'a`.
    pub(crate) unsafe fn mask(&self) -> Result<Mask<'a>, Fault> {
        self.holds(&[DLDataType::U8, DLDataType::BOOL], "uint8 or bool8")?;
        // SAFETY: the caller's word.
        Ok(Mask::U8(unsafe { self.view()? }))
    }
}

/// What logits and weights can be stored as.
#[cfg(feature = "half")]
const FLOATS: &[DLDataType] =
    &[DLDataType::F16, DLDataType::BF16, DLDataType::F32, DLDataType::F64];
#[cfg(not(feature = "half"))]
const FLOATS: &[DLDataType] = &[DLDataType::F32, DLDataType::F64];

/// The names of [`FLOATS`].
const FLOAT_NAMES: &str = if cfg!(feature = "half") {
    "float16, bfloat16, float32 or float64"
} else {
    "float32 or float64"
};

/// Bytes of an element.
#[inline]
fn element_size(dtype: DLDataType) -> usize {
    usize::from(dtype.bits / 8) * usize::from(dtype.lanes)
}

fn strides(strides: &[i64], has_channels: bool, argument: &'static str) -> Result<Strides, Fault> {
    let mut sizes = [0; 5];
    for (axis, (size, &stride)) in sizes.iter_mut().zip(strides).enumerate() {
        *size = usize::try_from(stride).map_err(|_| Reason::Stride { argument, axis, stride })?;
    }
    let (batch, channel) = (sizes[0], if has_channels { sizes[1] } else { 0 });
    let given = &sizes[1 + usize::from(has_channels)..strides.len()];
    let mut spatial = [0; 3];
    spatial[3 - given.len()..].copy_from_slice(given);
    Ok(Strides { batch, channel, spatial })
}
