"""Segmentation losses and their gradients: libsegloss by ctypes, for NumPy and anything that shares memory.

    import numpy, segloss
    value, gradient = segloss.evaluate("0.5*bce + 0.5*dice", logits, mask)

Arrays are batch x channels x 1 to 3 axes of space; any strides that are not negative will do. Whatever has
`__dlpack__` or the array interface is taken without a copy. The shared library is found by the
environment's SEGLOSS_LIBRARY, beside this file, or on the loader's path. For PyTorch see segloss_torch.py.
"""

import ctypes
import ctypes.util
import functools
import os
import sys
import weakref

import numpy

__all__ = [
    "Error", "Loss", "PixelTerm", "RegionTerm", "class_counts", "class_weights", "dilate", "distance",
    "erode", "evaluate", "map_weights", "merge", "recommend", "statistics", "version",
]

_LINKS = {"sigmoid": 0, "softmax": 1}
_LEVELS = {"best": 0, "scalar": 1, "portable": 2, "avx2": 3, "avx512": 4}
_DISTANCES = {"background": 0, "other": 1, "signed": 2}
_ELEMENTS = {"cross": 0, "full": 1}
_BORDERS = {"zero": 0, "keep": 1}
_ABSENT = {"one": 0, "zero": 1, "source": 2}
_ALL_PROCESSORS = 2**32 - 1
_ABI_VERSION = 1
_PLUGIN_API_VERSION = 1


class Error(ValueError):
    """What was wrong with a call. `code` is the name of its result code."""

    def __init__(self, message, code):
        super().__init__(message)
        self.code = code


# The structs of segloss.h.


class _Tensor(ctypes.Structure):
    _fields_ = [
        ("data", ctypes.c_void_p), ("device_type", ctypes.c_int32), ("device_id", ctypes.c_int32),
        ("ndim", ctypes.c_int32), ("code", ctypes.c_uint8), ("bits", ctypes.c_uint8),
        ("lanes", ctypes.c_uint16), ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)), ("byte_offset", ctypes.c_uint64),
    ]


_TensorPointer = ctypes.POINTER(_Tensor)


class _LossOptions(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_uint32), ("level", ctypes.c_int32), ("threads", ctypes.c_uint32),
        ("plugin_count", ctypes.c_uint32), ("plugins", ctypes.POINTER(ctypes.c_void_p)),
        ("map_names", ctypes.POINTER(ctypes.c_char_p)), ("map_name_count", ctypes.c_size_t),
    ]


class _Map(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("weights", _TensorPointer)]


class _Call(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_uint32), ("ignore", ctypes.c_int32), ("ignore_index", ctypes.c_int64),
        ("mask", _TensorPointer), ("weights", _TensorPointer), ("maps", ctypes.POINTER(_Map)),
        ("map_count", ctypes.c_size_t), ("spacing", ctypes.POINTER(ctypes.c_double)),
        ("spacing_count", ctypes.c_size_t), ("scale", ctypes.POINTER(ctypes.c_double)),
        ("sample_scales", ctypes.POINTER(ctypes.c_double)), ("sample_scale_count", ctypes.c_size_t),
        ("write", ctypes.c_int32), ("reserved", ctypes.c_int32),
    ]


class _Outputs(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_uint32), ("reserved", ctypes.c_uint32),
        ("value", ctypes.POINTER(ctypes.c_double)), ("valid", ctypes.POINTER(ctypes.c_uint64)),
        ("gradient", _TensorPointer), ("sample_values", ctypes.c_void_p),
        ("sample_value_count", ctypes.c_size_t), ("loss_map", _TensorPointer),
    ]


class _Masks(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_uint32), ("link", ctypes.c_int32),
        ("targets", ctypes.POINTER(_TensorPointer)), ("target_count", ctypes.c_size_t),
        ("ignore", ctypes.c_int32), ("reserved", ctypes.c_int32), ("ignore_index", ctypes.c_int64),
        ("classes", ctypes.c_size_t),
    ]


class _Statistics(ctypes.Structure):
    _fields_ = [
        (name, ctypes.c_uint64)
        for name in ("images", "pixels", "present", "objects", "small_objects", "smallest_size",
                     "boundary_pixels")
    ] + [(name, ctypes.c_double) for name in ("mean_size", "balance", "small_share", "boundary_share")]


class _Parameter(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p), ("default_value", ctypes.c_double), ("smallest", ctypes.c_double),
        ("largest", ctypes.c_double),
    ]


class _PixelTile(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_uint32), ("count", ctypes.c_uint32)] + [
        (name, ctypes.c_void_p) for name in ("z", "y", "p", "q", "tail", "valid")
    ]


class _ClassTile(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_uint32), ("count", ctypes.c_uint32)] + [
        (name, ctypes.c_void_p) for name in ("log_p", "p", "q", "valid")
    ]


class _RegionSums(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_uint32), ("seed", ctypes.c_int32), ("seed_class", ctypes.c_size_t),
        ("sums", ctypes.c_void_p), ("classes", ctypes.c_size_t), ("skips_absent", ctypes.c_int32),
        ("reserved", ctypes.c_int32),
    ]


def _tile_function(tile):
    return ctypes.CFUNCTYPE(
        None, ctypes.c_void_p, ctypes.POINTER(ctypes.c_double), ctypes.POINTER(tile), ctypes.c_void_p,
        ctypes.c_void_p)


def _term_of(tile):
    """The fields of a term of such tiles."""
    function = _tile_function(tile)
    return [
        ("struct_size", ctypes.c_uint32), ("api_version", ctypes.c_uint32), ("name", ctypes.c_char_p),
        ("parameters", ctypes.POINTER(_Parameter)), ("parameter_count", ctypes.c_size_t),
        ("context", ctypes.c_void_p), ("tile_f64", function), ("tile_f32", function),
        ("release", ctypes.c_void_p),
    ]


_RegionFunction = ctypes.CFUNCTYPE(
    None, ctypes.c_void_p, ctypes.POINTER(ctypes.c_double), ctypes.POINTER(_RegionSums),
    ctypes.POINTER(ctypes.c_double), ctypes.POINTER(ctypes.c_double))


class _PixelTerm(ctypes.Structure):
    _fields_ = _term_of(_PixelTile)


class _ClassTerm(ctypes.Structure):
    _fields_ = _term_of(_ClassTile)


class _RegionTerm(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_uint32), ("api_version", ctypes.c_uint32), ("name", ctypes.c_char_p),
        ("parameters", ctypes.POINTER(_Parameter)), ("parameter_count", ctypes.c_size_t),
        ("context", ctypes.c_void_p), ("loss", _RegionFunction), ("release", ctypes.c_void_p),
        ("pools_samples", ctypes.c_int32), ("reserved", ctypes.c_int32),
    ]


def _candidates():
    named = os.environ.get("SEGLOSS_LIBRARY")
    if named:
        return [named]
    name = {"darwin": "libsegloss.dylib", "win32": "segloss.dll"}.get(sys.platform, "libsegloss.so")
    beside = os.path.join(os.path.dirname(os.path.abspath(__file__)), name)
    return [beside] * os.path.exists(beside) + [ctypes.util.find_library("segloss") or name]


def _load():
    [path] = _candidates()[:1]
    library = ctypes.CDLL(path)
    library.segloss_abi_version.restype = ctypes.c_uint32
    if library.segloss_abi_version() != _ABI_VERSION:
        raise ImportError(f"{path} has another binary interface, expected {_ABI_VERSION}")
    size, pointer, number, text = ctypes.c_size_t, ctypes.c_void_p, ctypes.c_int32, ctypes.c_char_p
    signatures = {
        "segloss_version": (text, []),
        "segloss_result_name": (text, [number]),
        "segloss_last_message": (size, [text, size]),
        "segloss_loss_new": (number, [text, number, ctypes.POINTER(_LossOptions), pointer]),
        "segloss_loss_free": (None, [pointer]),
        "segloss_loss_text": (size, [pointer, text, size]),
        "segloss_evaluate": (
            number, [pointer, _TensorPointer, _TensorPointer, ctypes.POINTER(_Call),
                     ctypes.POINTER(_Outputs), pointer]),
        "segloss_map_weights": (
            number, [text, number, _TensorPointer, ctypes.POINTER(_Call), _TensorPointer, pointer]),
        "segloss_distance": (
            number, [number, number, _TensorPointer, ctypes.POINTER(_Call), _TensorPointer, pointer]),
        "segloss_dilate": (
            number, [_TensorPointer, number, ctypes.c_uint32, _TensorPointer, pointer]),
        "segloss_erode": (
            number, [_TensorPointer, number, number, ctypes.c_uint32, _TensorPointer, pointer]),
        "segloss_class_counts": (
            number, [_TensorPointer, number, ctypes.c_int64, pointer, pointer, size]),
        "segloss_class_weights": (number, [pointer, size, number, pointer]),
        "segloss_statistics_of": (
            number, [ctypes.POINTER(_Masks), ctypes.POINTER(_Statistics), pointer, size, pointer]),
        "segloss_recommend": (
            number, [ctypes.POINTER(_Masks), text, text, size, text, size, pointer]),
        "segloss_stage_lengths": (
            number, [pointer, _TensorPointer, _TensorPointer, ctypes.POINTER(_Call), pointer, pointer]),
        "segloss_reduce": (
            number, [pointer, _TensorPointer, _TensorPointer, ctypes.POINTER(_Call), pointer, pointer, size,
                     pointer]),
        "segloss_merge": (number, [pointer, pointer, pointer, size]),
        "segloss_close": (
            number, [pointer, _TensorPointer, _TensorPointer, ctypes.POINTER(_Call), pointer, size, pointer,
                     size]),
        "segloss_finish": (
            number, [pointer, _TensorPointer, _TensorPointer, ctypes.POINTER(_Call), pointer, size, pointer,
                     size, ctypes.POINTER(_Outputs), pointer]),
        "segloss_plugin_pixel": (number, [ctypes.POINTER(_PixelTerm), pointer]),
        "segloss_plugin_class": (number, [ctypes.POINTER(_ClassTerm), pointer]),
        "segloss_plugin_region": (number, [ctypes.POINTER(_RegionTerm), pointer]),
        "segloss_plugin_free": (None, [pointer]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


_library = _load()


def version():
    """The library's version, such as "0.1.0"."""
    return _library.segloss_version().decode()


def _check(code):
    if code:
        message = ctypes.create_string_buffer(2048)
        _library.segloss_last_message(message, len(message))
        raise Error(message.value.decode(), _library.segloss_result_name(code).decode())


def _text(text, argument):
    if not isinstance(text, str):
        raise TypeError(f"`{argument}` is {text!r}, expected a str")
    if "\0" in text:
        raise ValueError(f"`{argument}` has a 0 in it")
    return text.encode()


def _choice(choices, value, argument):
    if value not in choices:
        raise ValueError(f"`{argument}` is {value!r}, expected one of {', '.join(choices)}")
    return choices[value]


# DLPack's codes by NumPy's kinds.
_CODES = {"i": 0, "u": 1, "f": 2, "b": 6}
_KINDS = {code: kind for kind, code in _CODES.items()}
_BFLOAT16 = (4, 16)


@functools.cache
def _torch_dtypes(torch):
    """DLPack's code and bits by PyTorch's dtypes."""
    codes = {
        0: (torch.int8, torch.int16, torch.int32, torch.int64), 1: (torch.uint8,),
        2: (torch.float16, torch.float32, torch.float64), 6: (torch.bool,),
    }
    dtypes = {
        dtype: (code, 8 * torch.empty(0, dtype=dtype).element_size())
        for code, own in codes.items() for dtype in own
    }
    return dtypes | {torch.bfloat16: _BFLOAT16}


def _array(values):
    """A NumPy array that shares the memory of `values`, if that is possible."""
    if hasattr(values, "__array_interface__"):
        return numpy.asarray(values)
    if hasattr(values, "__dlpack__"):
        return numpy.from_dlpack(values)
    return numpy.asarray(values)


class _Borrowed:
    """A tensor of the memory of `values`, for as long as this is there."""

    def __init__(self, values, argument, write=False):
        torch = sys.modules.get("torch")
        if torch is not None and isinstance(values, torch.Tensor):
            self._of_torch(torch, values, argument)
        else:
            self._of_numpy(values if isinstance(values, numpy.ndarray) else _array(values), argument, write)
        self.pointer = ctypes.pointer(self.tensor)

    def _of_torch(self, torch, values, argument):
        # Not by way of NumPy, which would take several times as long.
        if values.device.type != "cpu" or values.layout is not torch.strided:
            raise TypeError(
                f"`{argument}` is {values.layout} on {values.device}, expected torch.strided on the CPU")
        dtype = _torch_dtypes(torch).get(values.dtype)
        if dtype is None:
            raise TypeError(f"`{argument}` holds {values.dtype}, expected numbers or truth values")
        self.values = values.resolve_neg() if values.is_neg() else values
        self._describe(self.values.data_ptr(), dtype, values.shape, self.values.stride())

    def _of_numpy(self, array, argument, write):
        if array.dtype.kind not in _CODES or not array.dtype.isnative:
            raise TypeError(f"`{argument}` holds {array.dtype}, expected numbers or truth values")
        if write and not array.flags.writeable:
            raise ValueError(f"`{argument}` cannot be written")
        size = array.itemsize
        strides = [stride // size for stride in array.strides]
        if any(extent > 1 and stride * size != own
               for extent, stride, own in zip(array.shape, strides, array.strides)):
            raise ValueError(f"`{argument}` has strides of parts of elements")
        self.values = array
        self._describe(array.ctypes.data, (_CODES[array.dtype.kind], 8 * size), array.shape, strides)

    def _describe(self, address, dtype, extents, strides):
        axes = len(extents)
        sizes = ctypes.c_int64 * axes
        self.extents = tuple(extents)
        shape = sizes(*extents)
        # An axis of 1 has no distance between neighbours; whatever is said there does not matter.
        strides = sizes(*[0 if extent <= 1 else stride for extent, stride in zip(extents, strides)])
        self.tensor = _Tensor(address, 1, 0, axes, *dtype, 1, shape, strides, 0)

    def dtype(self):
        """That of an array for the gradient: single precision where NumPy has no such elements."""
        code, bits = self.tensor.code, self.tensor.bits
        return numpy.dtype(f"{_KINDS[code]}{bits // 8}" if code in _KINDS else numpy.float32)


def _numbers(values, argument):
    numbers = numpy.ascontiguousarray(values, dtype=numpy.float64).reshape(-1)
    return numbers, numbers.ctypes.data_as(ctypes.POINTER(ctypes.c_double))


def _ignore(ignore_index):
    """`...` for the link's own, None for none."""
    if ignore_index is ...:
        return 0, 0
    return (1, 0) if ignore_index is None else (2, int(ignore_index))


def _call(ignore_index=..., mask=None, weights=None, maps=None, spacing=None, scale=None,
          accumulate=False):
    """A call, and what has to live as long."""
    call = _Call(struct_size=ctypes.sizeof(_Call))
    kept = []
    call.ignore, call.ignore_index = _ignore(ignore_index)
    for name, values in (("mask", mask), ("weights", weights)):
        if values is not None:
            kept.append(_Borrowed(values, name))
            setattr(call, name, kept[-1].pointer)
    if maps:
        borrowed = [_Borrowed(values, f"maps[{name!r}]") for name, values in maps.items()]
        names = [_text(name, "maps") for name in maps]
        array = (_Map * len(names))(*[_Map(n, b.pointer) for n, b in zip(names, borrowed)])
        kept += [borrowed, names, array]
        call.maps, call.map_count = array, len(names)
    if spacing is not None:
        numbers, call.spacing = _numbers(spacing, "spacing")
        call.spacing_count = len(numbers)
        kept.append(numbers)
    if scale is not None:
        numbers, pointer = _numbers(scale, "scale")
        kept.append(numbers)
        if numpy.ndim(scale) == 0:
            call.scale = pointer
        else:
            call.sample_scales, call.sample_scale_count = pointer, len(numbers)
    call.write = int(bool(accumulate))
    return call, kept


class Loss:
    """A loss that is read from text: immutable, for any number of threads.

    `link` is "sigmoid" or "softmax"; `threads` 1 for the caller's alone, None for all processors.
    `plugins` are PixelTerm, ClassTerm and RegionTerm objects, `maps` names of weight maps that each call
    gives. It is pickled as its text and options (plugins cannot be), and of use in a forked process.
    """

    def __init__(self, text, link="sigmoid", *, level="best", threads=1, plugins=(), maps=()):
        self.link = link
        self._options = {"level": level, "threads": threads, "maps": tuple(maps)}
        options = _LossOptions(struct_size=ctypes.sizeof(_LossOptions))
        options.level = _choice(_LEVELS, level, "level")
        options.threads = _ALL_PROCESSORS if threads is None else threads
        # Kept, because their functions are Python objects.
        self._plugins = tuple(plugins)
        handles = (ctypes.c_void_p * len(self._plugins))(*[p._handle for p in self._plugins])
        names = [_text(name, "maps") for name in maps]
        options.plugins, options.plugin_count = handles, len(handles)
        options.map_names = (ctypes.c_char_p * len(names))(*names)
        options.map_name_count = len(names)
        handle = ctypes.c_void_p()
        _check(_library.segloss_loss_new(
            _text(text, "loss"), _choice(_LINKS, link, "link"), ctypes.byref(options),
            ctypes.byref(handle)))
        self._handle = handle
        weakref.finalize(self, _library.segloss_loss_free, handle)

    def __str__(self):
        length = _library.segloss_loss_text(self._handle, None, 0)
        text = ctypes.create_string_buffer(length + 1)
        _library.segloss_loss_text(self._handle, text, len(text))
        return text.value.decode()

    def __repr__(self):
        return f"segloss.Loss({str(self)!r}, {self.link!r})"

    def __reduce__(self):
        if self._plugins:
            raise TypeError("a loss with plugins cannot be pickled, because their functions cannot")
        return functools.partial(Loss, str(self), self.link, **self._options), ()

    def evaluate(self, logits, targets, *, ignore_index=..., reduction="mean", mask=None, weights=None,
                 maps=None, spacing=None, scale=None, out=None, gradient=True, accumulate=False,
                 loss_map=None):
        """The loss and its gradient with respect to the logits: value, gradient.

        The gradient is written into `out` where that is given (added, with `accumulate`), and is None
        with `gradient=False`. With `reduction="none"` the value is an array of one loss a sample; to sum
        pixels or samples, say `reduction=sum` in the terms. `ignore_index` is the target of pixels that do
        not count: unless given 255 under softmax and none under sigmoid; None for none. `scale` multiplies
        the gradient: a number, or one a sample. The loss of each pixel is written into `loss_map` where
        that is given.
        """
        if reduction not in ("mean", "none"):
            raise ValueError(
                f"`reduction` is {reduction!r}, expected 'mean' or 'none'; for sums of pixels or samples "
                "say reduction=sum in the terms")
        z, y = _Borrowed(logits, "logits"), _Borrowed(targets, "targets")
        call, kept = _call(ignore_index, mask, weights, maps, spacing, scale, accumulate)
        outputs = _Results(z, out, gradient, accumulate)
        if loss_map is not None:
            kept.append(_Borrowed(loss_map, "loss_map", write=True))
            outputs.raw.loss_map = kept[-1].pointer
        samples = numpy.empty(z.extents[:1]) if reduction == "none" else None
        if samples is not None:
            outputs.raw.sample_values, outputs.raw.sample_value_count = samples.ctypes.data, samples.size
        _check(_library.segloss_evaluate(
            self._handle, z.pointer, y.pointer, ctypes.byref(call), ctypes.byref(outputs.raw), None))
        return (outputs.value.value if samples is None else samples), outputs.gradient

    def reduce(self, logits, targets, *, before=None, **call):
        """The first stage of a loss in parts: the sums of these pixels, a row a sample, added to `before`,
        the sums of earlier tiles of the same samples.

        `call` are `ignore_index`, `mask`, `weights` and `maps` as for `evaluate`; all maps that the loss
        names are given, because of a part of an image they would be others.
        """
        z, y = _Borrowed(logits, "logits"), _Borrowed(targets, "targets")
        call, kept = _call(**call)
        lengths = _lengths(self, z, y, call)
        sums = numpy.empty(lengths[0])
        if before is not None:
            before = _doubles(before, "before", lengths[0])
        _check(_library.segloss_reduce(
            self._handle, z.pointer, y.pointer, ctypes.byref(call),
            None if before is None else before.ctypes.data, sums.ctypes.data, sums.size, None))
        return sums

    def close(self, logits, targets, sums, **call):
        """What sums over all tiles come to: totals, which add up over workers (`merge`, or an all-reduce)."""
        z, y = _Borrowed(logits, "logits"), _Borrowed(targets, "targets")
        call, kept = _call(**call)
        totals = numpy.empty(_lengths(self, z, y, call)[1])
        sums = numpy.ascontiguousarray(sums, dtype=numpy.float64)
        _check(_library.segloss_close(
            self._handle, z.pointer, y.pointer, ctypes.byref(call), sums.ctypes.data, sums.size,
            totals.ctypes.data, totals.size))
        return totals

    def finish(self, logits, targets, sums, totals, *, out=None, gradient=True, accumulate=False, **call):
        """The second stage, from the sums of these samples and the totals of all workers: value, gradient.

        `call` are as for `reduce`, and `scale`: where gradients are averaged over workers, their number.
        """
        z, y = _Borrowed(logits, "logits"), _Borrowed(targets, "targets")
        call, kept = _call(accumulate=accumulate, **call)
        outputs = _Results(z, out, gradient, accumulate)
        sums = numpy.ascontiguousarray(sums, dtype=numpy.float64)
        totals = numpy.ascontiguousarray(totals, dtype=numpy.float64)
        _check(_library.segloss_finish(
            self._handle, z.pointer, y.pointer, ctypes.byref(call), sums.ctypes.data, sums.size,
            totals.ctypes.data, totals.size, ctypes.byref(outputs.raw), None))
        return outputs.value.value, outputs.gradient


class _Results:
    """Places for a value and a gradient, for as long as this is there."""

    def __init__(self, logits, out, gradient, accumulate):
        self.value, self.valid = ctypes.c_double(), ctypes.c_uint64()
        self.raw = _Outputs(struct_size=ctypes.sizeof(_Outputs))
        self.raw.value, self.raw.valid = ctypes.pointer(self.value), ctypes.pointer(self.valid)
        self.gradient = None
        if gradient:
            if out is None and accumulate:
                raise ValueError("`accumulate` needs `out`, to add to")
            self.gradient = numpy.empty(logits.extents, logits.dtype()) if out is None else out
            self._kept = _Borrowed(self.gradient, "out", write=True)
            self.raw.gradient = self._kept.pointer


def _lengths(loss, logits, targets, call):
    sums, totals = ctypes.c_size_t(), ctypes.c_size_t()
    _check(_library.segloss_stage_lengths(
        loss._handle, logits.pointer, targets.pointer, ctypes.byref(call), ctypes.byref(sums),
        ctypes.byref(totals)))
    return sums.value, totals.value


def _doubles(values, argument, length):
    numbers = numpy.ascontiguousarray(values, dtype=numpy.float64)
    if numbers.size != length:
        raise ValueError(f"`{argument}` has {numbers.size} numbers, expected {length}")
    return numbers


def merge(one, other):
    """Sums of two tiles, or totals of two workers, added up."""
    one = numpy.ascontiguousarray(one, dtype=numpy.float64)
    other = _doubles(other, "other", one.size)
    merged = numpy.empty(one.size)
    _check(_library.segloss_merge(
        one.ctypes.data, other.ctypes.data, merged.ctypes.data, merged.size))
    return merged


@functools.lru_cache(maxsize=64)
def _cached(text, link, plugins, maps):
    return Loss(text, link, plugins=plugins, maps=maps)


def evaluate(loss, logits, targets, *, link=None, plugins=(), maps=None, **options):
    """The loss of a text, as `Loss.evaluate` gives it: value, gradient.

    Unless given, `link` is softmax where the targets have 1 channel and the logits more, else sigmoid.
    """
    if isinstance(loss, Loss):
        return loss.evaluate(logits, targets, maps=maps, **options)
    if link is None:
        channels = [tuple(x.shape if hasattr(x, "shape") else numpy.shape(x)) for x in (logits, targets)]
        channels = [shape[1] if len(shape) > 1 else 1 for shape in channels]
        link = "softmax" if channels[1] == 1 < channels[0] else "sigmoid"
    own = tuple(name for name in maps or () if name not in ("band", "decay"))
    return _cached(loss, link, tuple(plugins), own).evaluate(logits, targets, maps=maps, **options)


def _output(out, like, dtype):
    return numpy.empty(like.extents, dtype) if out is None else out


def map_weights(text, targets, *, link="sigmoid", ignore_index=..., mask=None, spacing=None, out=None,
                dtype=numpy.float32):
    """The weights of a map such as "band(theta=3, weight=5)" or "decay(sigma=5)"."""
    y = _Borrowed(targets, "targets")
    call, kept = _call(ignore_index, mask=mask, spacing=spacing)
    out = _output(out, y, dtype)
    to = _Borrowed(out, "out", write=True)
    _check(_library.segloss_map_weights(
        _text(text, "text"), _choice(_LINKS, link, "link"), y.pointer, ctypes.byref(call), to.pointer,
        None))
    return out


def distance(targets, kind="background", *, link="sigmoid", ignore_index=..., mask=None, spacing=None,
             out=None, dtype=numpy.float32):
    """Exact distances: to the nearest "background" pixel, the nearest of an "other" label, or "signed"."""
    y = _Borrowed(targets, "targets")
    call, kept = _call(ignore_index, mask=mask, spacing=spacing)
    out = _output(out, y, dtype)
    to = _Borrowed(out, "out", write=True)
    _check(_library.segloss_distance(
        _choice(_DISTANCES, kind, "kind"), _choice(_LINKS, link, "link"), y.pointer, ctypes.byref(call),
        to.pointer, None))
    return out


def dilate(mask, iterations=1, *, element="cross", out=None):
    """The pixels from which `iterations` steps of the element reach foreground."""
    y = _Borrowed(mask, "mask")
    out = _output(out, y, bool)
    to = _Borrowed(out, "out", write=True)
    _check(_library.segloss_dilate(
        y.pointer, _choice(_ELEMENTS, element, "element"), iterations, to.pointer, None))
    return out


def erode(mask, iterations=1, *, element="cross", border="zero", out=None):
    """The pixels from which `iterations` steps of the element reach nothing but foreground."""
    y = _Borrowed(mask, "mask")
    out = _output(out, y, bool)
    to = _Borrowed(out, "out", write=True)
    _check(_library.segloss_erode(
        y.pointer, _choice(_ELEMENTS, element, "element"), _choice(_BORDERS, border, "border"),
        iterations, to.pointer, None))
    return out


def class_counts(targets, classes, *, ignore_index=..., counts=None):
    """The pixels of each class of label maps, counting on from `counts`."""
    y = _Borrowed(targets, "targets")
    found = numpy.zeros(classes, numpy.uint64)
    if counts is not None:
        found[:] = counts
    _check(_library.segloss_class_counts(
        y.pointer, *_ignore(ignore_index), found.ctypes.data, found.ctypes.data, classes))
    return found


def class_weights(counts, *, absent="one"):
    """The weights of classes by inverse frequency, from the pixels of each."""
    counts = numpy.ascontiguousarray(counts, dtype=numpy.uint64)
    weights = numpy.empty(counts.size)
    _check(_library.segloss_class_weights(
        counts.ctypes.data, counts.size, _choice(_ABSENT, absent, "absent"), weights.ctypes.data))
    return weights


def _masks(targets, link, classes, ignore_index):
    targets = targets if isinstance(targets, (list, tuple)) else [targets]
    borrowed = [_Borrowed(values, "targets") for values in targets]
    masks = _Masks(struct_size=ctypes.sizeof(_Masks), link=_choice(_LINKS, link, "link"))
    masks.targets = (_TensorPointer * len(borrowed))(*[own.pointer for own in borrowed])
    masks.target_count, masks.classes = len(borrowed), classes
    masks.ignore, masks.ignore_index = _ignore(ignore_index)
    return masks, borrowed


def statistics(targets, *, link="sigmoid", classes=2, ignore_index=...):
    """What masks, one array or a list of them, look like: a dict, with the `counts` of each class."""
    masks, kept = _masks(targets, link, classes, ignore_index)
    found, counts = _Statistics(), numpy.zeros(classes, numpy.uint64)
    _check(_library.segloss_statistics_of(
        ctypes.byref(masks), ctypes.byref(found), counts.ctypes.data, counts.size, None))
    return {name: getattr(found, name) for name, _ in _Statistics._fields_} | {"counts": counts}


def recommend(targets, priority="balanced", *, link="sigmoid", classes=2, ignore_index=...):
    """The loss to start from for masks like these, and why: two texts."""
    masks, kept = _masks(targets, link, classes, ignore_index)
    loss, reason = ctypes.create_string_buffer(256), ctypes.create_string_buffer(256)
    _check(_library.segloss_recommend(
        ctypes.byref(masks), _text(priority, "priority"), loss, len(loss), reason, len(reason), None))
    return loss.value.decode(), reason.value.decode()


def _view(address, count, kind):
    return numpy.ctypeslib.as_array(ctypes.cast(address, ctypes.POINTER(kind)), (count,))


def _parameters(parameters):
    """`{name: default}` or `{name: (default, smallest, largest)}`."""
    rows = []
    for name, value in parameters.items():
        default, smallest, largest = (
            value if isinstance(value, tuple) else (value, -numpy.inf, numpy.inf))
        rows.append(_Parameter(_text(name, "parameters"), default, smallest, largest))
    return (_Parameter * len(rows))(*rows)


class _Term:
    def _register(self, function, term):
        handle = ctypes.c_void_p()
        _check(function(ctypes.byref(term), ctypes.byref(handle)))
        self._handle = handle
        weakref.finalize(self, _library.segloss_plugin_free, handle)

    def _fail(self):
        # Nothing may leave a function that C has called: told here, and the results are NaN.
        sys.excepthook(*sys.exc_info())


class _TileTerm(_Term):
    def _register_tiles(self, kind, register, inputs, name, function, parameters):
        declared = _parameters(parameters or {})
        names = list(parameters or {})

        def tile(_, values, tile, value, slope):
            tile = tile.contents
            count, number = tile.count, ctypes.c_double
            value, slope = _view(value, count, number), _view(slope, count, number)
            try:
                arrays = [_view(getattr(tile, at), count, number) for at in inputs]
                given = {name: values[i] for i, name in enumerate(names)}
                with numpy.errstate(all="ignore"):
                    value[:], slope[:] = function(*arrays, **given)
            except BaseException:
                value[:] = slope[:] = numpy.nan
                self._fail()

        term = kind(struct_size=ctypes.sizeof(kind), api_version=_PLUGIN_API_VERSION)
        self._function = type(term.tile_f64)(tile)
        term.name = _text(name, "name")
        term.parameters, term.parameter_count = declared, len(declared)
        term.tile_f64 = self._function
        self._register(register, term)


class PixelTerm(_TileTerm):
    """A pixel term: `function(z, y, p, q, **parameters) -> (loss, derivative in z)`, on arrays.

    z are logits, y targets, p = sigmoid(z), q = 1 - p. `parameters` are `{name: default}` or
    `{name: (default, smallest, largest)}`. An exception is shown, and makes the results NaN.
    """

    def __init__(self, name, function, parameters=None):
        inputs = ("z", "y", "p", "q")
        self._register_tiles(
            _PixelTerm, _library.segloss_plugin_pixel, inputs, name, function, parameters)


class ClassTerm(_TileTerm):
    """A class term: `function(log_p, p, q, **parameters) -> (loss, derivative in log_p)`, on arrays.

    p is the probability of each pixel's label, log_p its logarithm, q = 1 - p. `parameters` and exceptions
    are as of PixelTerm.
    """

    def __init__(self, name, function, parameters=None):
        inputs = ("log_p", "p", "q")
        self._register_tiles(
            _ClassTerm, _library.segloss_plugin_class, inputs, name, function, parameters)


class RegionTerm(_Term):
    """A region term: `function(tp, fp, fn, **parameters) -> (loss, by_fp, by_fn)`.

    Arrays of one number a class: true positives, false positives and false negatives; the target's mass
    is `tp + fn`. `by_fp` is d loss/d fp, `by_fn` is d loss/d fn - d loss/d tp: what a class loses to its
    false negatives it had in its true positives. `pool` is "batch" or "sample". An exception is shown, and
    makes the results NaN.
    """

    def __init__(self, name, function, parameters=None, pool="batch"):
        declared = _parameters(parameters or {})
        names = list(parameters or {})

        def loss(_, values, region, value, slope):
            try:
                region = region.contents
                sums = _view(region.sums, 3 * region.classes, ctypes.c_double).reshape(-1, 3)
                if region.skips_absent:
                    raise ValueError("absent=skip is not for terms in Python")
                given = {name: values[i] for i, name in enumerate(names)}
                found, by_fp, by_fn = function(*sums.T.copy(), **given)
                value[0], slope[0] = float(found), 0.0
                if region.seed:
                    slopes = (by_fp, by_fn)[region.seed - 1]
                    slope[0] = float(numpy.broadcast_to(slopes, region.classes)[region.seed_class])
            except BaseException:
                value[0] = slope[0] = numpy.nan
                self._fail()

        self._function = _RegionFunction(loss)
        term = _RegionTerm(struct_size=ctypes.sizeof(_RegionTerm), api_version=_PLUGIN_API_VERSION)
        term.name = _text(name, "name")
        term.parameters, term.parameter_count = declared, len(declared)
        term.loss = self._function
        term.pools_samples = _choice({"batch": 0, "sample": 1}, pool, "pool")
        self._register(_library.segloss_plugin_region, term)
