"""The structs of segloss.h, field by field.

Pointers are addresses: what they point to is kept by whoever fills a struct.
"""

import ctypes
import struct


# DLTensor, with extents after it and, where `strided`, strides after those; by the number of axes. Packed, because
# filling a ctypes.Structure takes three times as long.
_TENSOR = "PiiiBBHPPQ"
TENSOR_SIZE = struct.calcsize(_TENSOR)
PACKED_TENSORS = [struct.Struct(f"{_TENSOR}{axes}q") for axes in range(6)]
STRIDED_TENSORS = [struct.Struct(f"{_TENSOR}{2 * axes}q") for axes in range(6)]


class LossOptions(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_uint32), ("level", ctypes.c_int32), ("threads", ctypes.c_uint32),
        ("plugin_count", ctypes.c_uint32), ("plugins", ctypes.c_void_p),
        ("map_names", ctypes.c_void_p), ("map_name_count", ctypes.c_size_t),
    ]


class Map(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("weights", ctypes.c_void_p)]


class Call(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_uint32), ("ignore", ctypes.c_int32), ("ignore_index", ctypes.c_int64),
        ("mask", ctypes.c_void_p), ("weights", ctypes.c_void_p), ("maps", ctypes.c_void_p),
        ("map_count", ctypes.c_size_t), ("spacing", ctypes.c_void_p),
        ("spacing_count", ctypes.c_size_t), ("scale", ctypes.c_void_p),
        ("sample_scales", ctypes.c_void_p), ("sample_scale_count", ctypes.c_size_t),
        ("write", ctypes.c_int32), ("reserved", ctypes.c_int32), ("ignore_indices", ctypes.c_void_p),
        ("ignore_index_count", ctypes.c_size_t),
    ]


class Outputs(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_uint32), ("reserved", ctypes.c_uint32),
        ("value", ctypes.c_void_p), ("valid", ctypes.c_void_p),
        ("gradient", ctypes.c_void_p), ("sample_values", ctypes.c_void_p),
        ("sample_value_count", ctypes.c_size_t), ("loss_map", ctypes.c_void_p),
    ]


class Masks(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_uint32), ("link", ctypes.c_int32),
        ("targets", ctypes.c_void_p), ("target_count", ctypes.c_size_t),
        ("ignore", ctypes.c_int32), ("reserved", ctypes.c_int32), ("ignore_index", ctypes.c_int64),
        ("classes", ctypes.c_size_t), ("ignore_indices", ctypes.c_void_p),
        ("ignore_index_count", ctypes.c_size_t),
    ]


class Statistics(ctypes.Structure):
    _fields_ = [
        (name, ctypes.c_uint64)
        for name in ("images", "pixels", "present", "objects", "small_objects", "smallest_size",
                     "boundary_pixels")
    ] + [(name, ctypes.c_double) for name in ("mean_size", "balance", "small_share", "boundary_share")]


class Argument(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p), ("word", ctypes.c_char_p), ("list", ctypes.c_void_p),
        ("list_length", ctypes.c_size_t), ("number", ctypes.c_double),
    ]


class Named(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p), ("arguments", ctypes.c_void_p), ("argument_count", ctypes.c_size_t),
    ]


class Term(ctypes.Structure):
    _fields_ = [
        ("coefficient", ctypes.c_double), ("term", Named), ("maps", ctypes.c_void_p),
        ("map_count", ctypes.c_size_t),
    ]


class Parameter(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p), ("default_value", ctypes.c_double), ("smallest", ctypes.c_double),
        ("largest", ctypes.c_double),
    ]


class PixelTile(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_uint32), ("count", ctypes.c_uint32)] + [
        (name, ctypes.c_void_p) for name in ("z", "y", "p", "q", "tail", "valid")
    ]


class ClassTile(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_uint32), ("count", ctypes.c_uint32)] + [
        (name, ctypes.c_void_p) for name in ("log_p", "p", "q", "valid")
    ]


class RegionSums(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_uint32), ("seed", ctypes.c_int32), ("seed_class", ctypes.c_size_t),
        ("sums", ctypes.c_void_p), ("classes", ctypes.c_size_t), ("skips_absent", ctypes.c_int32),
        ("reserved", ctypes.c_int32), ("counts", ctypes.c_void_p),
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
        ("parameters", ctypes.POINTER(Parameter)), ("parameter_count", ctypes.c_size_t),
        ("context", ctypes.c_void_p), ("tile_f64", function), ("tile_f32", function),
        ("release", ctypes.c_void_p),
    ]


RegionFunction = ctypes.CFUNCTYPE(
    None, ctypes.c_void_p, ctypes.POINTER(ctypes.c_double), ctypes.POINTER(RegionSums),
    ctypes.POINTER(ctypes.c_double), ctypes.POINTER(ctypes.c_double))


class PixelTerm(ctypes.Structure):
    _fields_ = _term_of(PixelTile)


class ClassTerm(ctypes.Structure):
    _fields_ = _term_of(ClassTile)


class RegionTerm(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_uint32), ("api_version", ctypes.c_uint32), ("name", ctypes.c_char_p),
        ("parameters", ctypes.POINTER(Parameter)), ("parameter_count", ctypes.c_size_t),
        ("context", ctypes.c_void_p), ("loss", RegionFunction), ("release", ctypes.c_void_p),
        ("pools_samples", ctypes.c_int32), ("reserved", ctypes.c_int32),
    ]
