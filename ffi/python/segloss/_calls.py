"""What a call reads besides logits and targets."""

import ctypes

import numpy

from . import _structs
from ._arguments import numbers, text, whole
from ._axes import as_targets, bad_shape
from ._tensors import tensor

# DLPack's code and bits of uint8 and bool.
_TRUTHS = ((1, 8), (6, 8))
_DEFAULT, _NOTHING, _INDEX, _INDICES = range(4)


class Ignored:
    """The labels of pixels that do not count: `...` for the usual ones, None for none, one, or a list.

    `also` are labels that stand for elements which a masked array leaves out.
    """

    def __init__(self, ignore_index, also=()):
        self.labels, self.mode, self.index = None, _DEFAULT, 0
        if ignore_index is ... and not also:
            return
        labels = list(dict.fromkeys(_labels(ignore_index))) + list(also)
        if len(labels) < 2:
            self.mode, self.index = (_INDEX, labels[0]) if labels else (_NOTHING, 0)
        else:
            self.mode = _INDICES
            self.labels = (ctypes.c_int64 * len(labels))(*labels)

    def fill(self, struct):
        """Writes them to a struct."""
        struct.ignore, struct.ignore_index = self.mode, self.index
        if self.labels is not None:
            struct.ignore_indices = ctypes.addressof(self.labels)
            struct.ignore_index_count = len(self.labels)


def _labels(ignore_index):
    if ignore_index is ... or ignore_index is None:
        return []
    is_list = isinstance(ignore_index, (list, tuple, set, frozenset, range))
    if is_list or getattr(ignore_index, "ndim", 0) == 1:
        return [_label(label) for label in ignore_index]
    return [_label(ignore_index)]


def _label(label):
    try:
        return whole(label, "ignore_index", -(2**63), 2**63 - 1)
    except TypeError:
        raise TypeError(
            f"`ignore_index` is {label!r}, expected an integer, a list of integers, or None") from None


def named(maps):
    """Returns weight maps by name."""
    if not isinstance(maps, dict):
        raise TypeError(f"`maps` is {type(maps).__name__}, expected a dict of weights by name")
    for name in maps:
        text(name, "maps")
    return maps


class Call:
    """The struct of a call, and what it points to."""

    def __init__(self):
        self.raw = _structs.Call(struct_size=ctypes.sizeof(_structs.Call))
        self._kept = []

    def pointer(self):
        """Returns the address of the struct."""
        return ctypes.addressof(self.raw)

    def tensors(self, targets, axes, mask, weights, maps, masked=()):
        """Adds mask, weights and maps with the axes of targets, which came with so many axes.

        `masked` are the elements that masked arrays among logits and targets leave out.
        """
        masked, read = list(masked), []
        for name, values in (("mask", mask), ("weights", weights)):
            if values is not None:
                own = tensor(values, name)
                as_targets(own, targets, axes)
                read.append((name, own))
        own_maps = []
        for name, values in named(maps).items() if maps is not None else ():
            own = tensor(values, f"maps[{name!r}]")
            as_targets(own, targets, axes)
            own_maps.append((name, own))
        given = dict(read)
        masked += [_framed(own.masked, own) for _, own in read + own_maps if own.masked is not None]
        if masked:
            given["mask"] = _counted(given.get("mask"), masked, targets.shape)
        for name, own in given.items():
            setattr(self.raw, name, own.pointer())
            self._kept.append(own)
        if own_maps:
            array = (_structs.Map * len(own_maps))(
                *[_structs.Map(name.encode(), own.pointer()) for name, own in own_maps])
            self._kept += [own for _, own in own_maps]
            self._kept.append(array)
            self.raw.maps, self.raw.map_count = ctypes.addressof(array), len(own_maps)

    def ignore(self, ignore_index):
        """Adds the labels that do not count."""
        ignored = Ignored(ignore_index)
        ignored.fill(self.raw)
        self._kept.append(ignored)

    def spacing(self, spacing):
        """Adds the distances between neighbours."""
        own = numbers(spacing, "spacing")
        self._kept.append(own)
        self.raw.spacing, self.raw.spacing_count = own.ctypes.data, own.size

    def scale(self, scale):
        """Adds what the gradient is multiplied by."""
        own = numbers(scale, "scale")
        self._kept.append(own)
        if numpy.ndim(scale) == 0:
            self.raw.scale = own.ctypes.data
        else:
            self.raw.sample_scales, self.raw.sample_scale_count = own.ctypes.data, own.size


def _framed(masked, own):
    """Elements left out of an array, with the axes that it got."""
    inserted = (1,) * (len(own.shape) - masked.ndim)
    if masked.ndim == len(own.shape):
        return masked
    shape = inserted + masked.shape if len(inserted) == 2 else (masked.shape[0], 1, *masked.shape[1:])
    return masked.reshape(shape)


def masked_of(own):
    """Returns the elements that a masked array leaves out, with the axes that it got, or None."""
    return None if own.masked is None else _framed(own.masked, own)


def _counted(mask, masked, shape):
    """The mask of pixels that count: those of `mask` that no masked array leaves out."""
    counted = numpy.ones(shape, bool)
    # Of the targets' batch and space, with a channel for each of theirs or one for all: no other broadcasting.
    fits = ((shape[0], 1, *shape[2:]), (1, 1, *shape[2:]), shape)
    for own in masked:
        if own.shape not in fits:
            raise bad_shape(f"an array that leaves out elements has shape {own.shape}, expected {shape}")
        counted &= ~own
    if mask is not None:
        if mask.shape not in (shape, (shape[0], 1, *shape[2:])):
            raise bad_shape(f"`mask` has shape {mask.shape}, expected {shape}")
        if mask.dtype not in _TRUTHS:
            raise TypeError(f"`mask` holds {mask.values.dtype}, expected uint8 or bool")
        values = numpy.asarray(mask.values)
        values = values.data if isinstance(values, numpy.ma.MaskedArray) else values
        if values.ndim != len(shape):
            values = _framed(values, mask)
        counted &= values != 0
    return tensor(counted, "mask")
