"""Arrays and tensors of the caller's as the library takes them: a pointer, elements, extents and strides."""

import ctypes
import functools
import math
import sys
from ctypes import addressof, c_char

import numpy

from ._structs import PACKED_TENSORS, STRIDED_TENSORS, TENSOR_SIZE

_BUFFER = ctypes.c_char * STRIDED_TENSORS[5].size
_MOST_AXES = len(PACKED_TENSORS) - 1
# DLPack's code and bits of what NumPy's arrays hold, in this machine's byte order.
_DTYPES = {
    numpy.dtype(name): (code, 8 * numpy.dtype(name).itemsize)
    for code, own in {
        0: ("int8", "int16", "int32", "int64"), 1: ("uint8", "uint16", "uint32", "uint64"),
        2: ("float16", "float32", "float64"), 6: ("bool",),
    }.items()
    for name in own
}
_BFLOAT16 = (4, 16)


@functools.cache
def _torch_dtypes(torch):
    """DLPack's code and bits by PyTorch's dtypes."""
    found = {getattr(torch, dtype.name): own for dtype, own in _DTYPES.items() if hasattr(torch, dtype.name)}
    return found | {torch.bfloat16: _BFLOAT16}


def dtype_of(dtype):
    """Returns DLPack's code and bits of a NumPy dtype, or None."""
    found = _DTYPES.get(dtype)
    # What packages such as ml_dtypes call so.
    return _BFLOAT16 if found is None and dtype.name == "bfloat16" else found


class Tensor:
    """Memory of the caller's for the length of a call.

    `shape` is a tuple; `strides` one in elements, or None of what is packed. Both may be replaced until
    `pointer` is asked for. `masked` are the elements that a masked array leaves out, or None.
    """

    masked = None

    def __init__(self, argument, values, address, dtype, shape, strides):
        self.argument, self.values, self.address, self.dtype = argument, values, address, dtype
        self.shape, self.strides = shape, strides

    def is_integer(self):
        """Whether the elements are integers."""
        return self.dtype[0] in (0, 1)

    def is_float(self):
        """Whether the elements are floating-point numbers, of whichever format."""
        return self.dtype[0] in (2, 4)

    def pointer(self):
        """Returns the address of the struct that C reads, which is kept with the tensor."""
        shape, strides, (code, bits) = self.shape, self.strides, self.dtype
        axes = len(shape)
        buffer = self._buffer = _BUFFER()
        own = addressof(buffer)
        extents = own + TENSOR_SIZE
        if strides is None:
            PACKED_TENSORS[axes].pack_into(
                buffer, 0, self.address, 1, 0, axes, code, bits, 1, extents, 0, 0, *shape)
        else:
            STRIDED_TENSORS[axes].pack_into(
                buffer, 0, self.address, 1, 0, axes, code, bits, 1, extents, extents + 8 * axes, 0, *shape,
                *strides)
        return own

    def pack(self):
        """Packs the elements, in a copy if they are not, and makes all axes one."""
        if self.strides is not None:
            copy = self.values.contiguous() if _is_torch(self.values) else self.values.copy(order="C")
            packed = tensor(copy, self.argument)
            self.values, self.address, self.strides = packed.values, packed.address, None
        self.shape = (math.prod(self.shape),)

    def insert_axis(self, at):
        """Inserts an axis of 1."""
        self.shape = self.shape[:at] + (1,) + self.shape[at:]
        if self.strides is not None:
            self.strides = self.strides[:at] + (0,) + self.strides[at:]

    def repeat_first(self, times):
        """Repeats the first axis, which is of 1, without a copy."""
        strides = self.strides if self.strides is not None else _packed(self.shape)
        self.shape, self.strides = (times, *self.shape[1:]), (0, *strides[1:])


def _packed(shape):
    strides, step = [], 1
    for extent in reversed(shape):
        strides.append(step)
        step *= max(extent, 1)
    return tuple(reversed(strides))


def _is_torch(values):
    torch = sys.modules.get("torch")
    # Half-imported, it has no Tensor yet.
    return isinstance(values, getattr(torch, "Tensor", ())) if torch is not None else False


def _of_torch(values, argument):
    # Not by way of NumPy, which would take several times as long.
    torch = sys.modules["torch"]
    if not values.is_cpu or values.layout is not torch.strided:
        raise TypeError(
            f"`{argument}` is {values.layout} on {values.device}, expected torch.strided on the CPU: "
            f"`{argument}.cpu()`")
    dtype = _torch_dtypes(torch).get(values.dtype)
    if dtype is None:
        raise TypeError(f"`{argument}` holds {values.dtype}, expected numbers or truth values")
    if values.is_neg():
        values = values.resolve_neg()
    strides = None if values.is_contiguous() else values.stride()
    return Tensor(argument, values, values.data_ptr(), dtype, tuple(values.shape), strides)


def _of_packed(array, argument):
    """A tensor of an array as most are: packed, aligned, writable, with elements and order of C's. Else None."""
    if array.flags.carray:
        dtype = _DTYPES.get(array.dtype)
        if dtype is not None and array.size:
            # A third of what the array interface takes.
            return Tensor(argument, array, addressof(c_char.from_buffer(array)), dtype, array.shape, None)
    return None


def _of_array(array, argument):
    """A tensor of an array whose elements and strides C takes."""
    size = array.itemsize
    strides = None
    if not array.flags.c_contiguous:
        # An axis of 1 has no distance between neighbours; whatever is said there does not matter.
        strides = tuple(
            step // size if extent > 1 else 0 for extent, step in zip(array.shape, array.strides))
    return Tensor(
        argument, array, array.__array_interface__["data"][0], dtype_of(array.dtype), array.shape, strides)


def _order(dtype):
    """Names a dtype, its byte order too if that is another machine's."""
    if dtype.isnative:
        return str(dtype)
    return f"{'big' if sys.byteorder == 'little' else 'little'}-endian {dtype.newbyteorder('=')}"


def _is_measured_in_elements(array):
    steps = zip(array.shape, array.strides)
    return all(extent <= 1 or step >= 0 and step % array.itemsize == 0 for extent, step in steps)


def _numpy(values, argument):
    """Returns an array of the memory of `values` if that is possible, else of a copy."""
    try:
        if not hasattr(values, "__array_interface__") and hasattr(values, "__dlpack__"):
            return numpy.from_dlpack(values)
        return numpy.asanyarray(values) if isinstance(values, numpy.ndarray) else numpy.asarray(values)
    except (TypeError, ValueError, RuntimeError, BufferError) as error:
        raise TypeError(f"`{argument}` is no array: {error}") from error


def tensor(values, argument):
    """Returns the tensor of an input. What C cannot read where it lies is copied: elements in another byte
    order, and negative strides."""
    if type(values) is numpy.ndarray:
        array = values
        found = _of_packed(array, argument)
        if found is not None:
            return found
    elif _is_torch(values):
        return _of_torch(values, argument)
    else:
        array = _numpy(values, argument)
    masked = None
    if isinstance(array, numpy.ma.MaskedArray):
        masked = numpy.ma.getmask(array)
        masked = None if masked is numpy.ma.nomask or not masked.any() else masked
        array = array.data
    if array.dtype.kind in "iufb" and not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    if dtype_of(array.dtype) is None:
        raise TypeError(f"`{argument}` holds {array.dtype}, expected numbers or truth values")
    if not array.flags.aligned or not _is_measured_in_elements(array):
        array = numpy.ascontiguousarray(array)
    found = _of_array(array, argument)
    found.masked = masked
    return found


def output(values, argument):
    """Returns the tensor of an output, which is written where it is."""
    if type(values) is numpy.ndarray:
        found = _of_packed(values, argument)
        if found is not None:
            return found
    elif _is_torch(values):
        return _of_torch(values, argument)
    is_memory = hasattr(values, "__array_interface__") or hasattr(values, "__dlpack__")
    if not is_memory:
        raise TypeError(
            f"`{argument}` is a {type(values).__name__}, which the result cannot be written into, expected "
            "an array")
    array = values if isinstance(values, numpy.ndarray) else _numpy(values, argument)
    if isinstance(array, numpy.ma.MaskedArray):
        raise TypeError(f"`{argument}` is a masked array, expected one without a mask")
    if dtype_of(array.dtype) is None:
        raise TypeError(
            f"`{argument}` holds {_order(array.dtype)}, expected numbers in this machine's byte order")
    if not array.flags.writeable:
        raise ValueError(f"`{argument}` cannot be written")
    for axis, (extent, step) in enumerate(zip(array.shape, array.strides)):
        if extent > 1 and (step < 0 or step % array.itemsize):
            raise ValueError(
                f"`{argument}` has a stride of {step} bytes along axis {axis}, expected a positive number of "
                "elements: an output is written where it is, so flip or cut it afterwards")
    if not array.flags.aligned:
        raise ValueError(f"`{argument}` is not aligned for {array.dtype}")
    return _of_array(array, argument)
