"""What masks look like, and a loss for them."""

import ctypes

import numpy

from . import _axes, _structs
from ._arguments import text, whole
from ._arguments import choice
from ._calls import Ignored
from ._library import library
from ._links import LINKS, check_masks
from ._tensors import tensor

_MOST_CLASSES = 2**24


def _stand_in(own):
    """Returns a number for the elements that a masked array leaves out, which is no label, and a dtype that holds it
    beside the others, in which floats keep their rounding steps."""
    dtype = own.values.dtype
    if own.is_float():
        return (-(2**15), dtype) if dtype == numpy.float16 else (-(2**53), numpy.promote_types(dtype, numpy.float32))
    return (2**63 - 1, dtype) if dtype == numpy.uint64 else (-(2**53), numpy.dtype(numpy.int64))


class _Masks:
    """The struct of masks, and what it points to."""

    def __init__(self, targets, link, classes, ignore_index, spatial):
        targets = targets if isinstance(targets, (list, tuple)) else [targets]
        self._tensors = [self._read(values, spatial) for values in targets]
        structs = [own.pointer() for own in self._tensors]
        self._pointers = (ctypes.c_void_p * len(structs))(*structs)
        raw = self.raw = _structs.Masks(struct_size=ctypes.sizeof(_structs.Masks))
        raw.link = choice(LINKS, link, "link")
        raw.targets, raw.target_count = ctypes.addressof(self._pointers), len(structs)
        raw.classes = whole(classes, "classes", 2, _MOST_CLASSES)
        left_out = [own.left_out for own in self._tensors if own.masked is not None]
        self._ignored = Ignored(ignore_index, tuple(dict.fromkeys(left_out)))
        self._ignored.fill(raw)

    def check(self, code):
        """Raises what a call of these masks says, if it failed."""
        check_masks(code, self.raw.link, self._tensors)

    @staticmethod
    def _read(values, spatial):
        own = tensor(values, "targets")
        if own.masked is not None:
            masked, (left_out, dtype) = own.masked, _stand_in(own)
            own = tensor(numpy.where(masked, dtype.type(left_out), own.values.astype(dtype)), "targets")
            own.masked, own.left_out = masked, left_out
        _axes.of_masks(own, spatial)
        return own


def statistics(targets, *, link="sigmoid", classes=2, ignore_index=..., spatial=None):
    """Returns what masks look like: a dict, with the `counts` of each class.

    `targets` are an array or a list of them, each of a shape of its own: 2 axes for an image; 3 with
    `spatial=2` for a stack of images or `spatial=3` for a volume; 4 are batch x 1 x height x width, and with
    `spatial` whatever fits it; 5 batch x channels x depth x height x width. Under sigmoid they are masks,
    each channel one, and `classes` is 2; under softmax labels from 0 to `classes` - 1. `ignore_index` is the
    label of pixels that do not count, or a list: `...` and None for none, where a loss of labels ignores 255 by
    default. What a masked array leaves out does not count either.

    `images`, `pixels`, `present` (classes that occur), `objects` (connected by faces), `small_objects`
    (smaller than 1/32 of the image along each axis), `smallest_size` and `boundary_pixels` are counts;
    `mean_size`, `balance`, `small_share` and `boundary_share` numbers, NaN for a share of nothing.
    """
    masks = _Masks(targets, link, classes, ignore_index, spatial)
    found, counts = _structs.Statistics(), numpy.zeros(masks.raw.classes, numpy.uint64)
    masks.check(library.segloss_statistics_of(
        ctypes.byref(masks.raw), ctypes.byref(found), counts.ctypes.data, counts.size, None))
    return {name: getattr(found, name) for name, _ in _structs.Statistics._fields_} | {"counts": counts}


def recommend(targets, priority="balanced", *, link="sigmoid", classes=2, ignore_index=..., spatial=None):
    """Returns the loss to start from for masks like these, and why: two texts.

    `priority` is "balanced", "speed", "boundary", "recall" or "overlap"; the rest is as for `statistics`.
    Raises Error if no pixel counts, or all are of one class.
    """
    masks = _Masks(targets, link, classes, ignore_index, spatial)
    loss, reason = ctypes.create_string_buffer(256), ctypes.create_string_buffer(256)
    masks.check(library.segloss_recommend(
        ctypes.byref(masks.raw), text(priority, "priority"), loss, len(loss), reason, len(reason), None))
    return loss.value.decode(), reason.value.decode()
