"""Pixels of each class, and weights of classes by them."""

import numpy

from ._arguments import choice, whole
from ._arguments import counts as whole_counts
from ._axes import bad_shape
from ._calls import Call
from ._library import check, library
from ._tensors import tensor

_ABSENT = {"one": 0, "zero": 1, "source": 2}
_MOST_CLASSES = 2**24


def class_counts(targets, classes, *, ignore_index=..., mask=None, counts=None):
    """Returns the pixels of each class of label maps, an array of uint64, counting on from `counts`.

    `targets` are labels from 0 to `classes` - 1, one a pixel, in an array of any shape: of integers, or of floats
    that are whole. One-hot targets are none: give `targets.argmax(1)`, because their 0s and 1s would be counted as
    classes. Floats that are 0 but for one 1 along an axis of `classes` are an error; integers and truth values
    cannot be told from labels.

    `mask`, pixels that count, has the same shape; what a masked array leaves out does not count. `ignore_index` is
    as for `Loss.evaluate`. `counts` has a whole number for each class, and is left as it is.

    Raises Error for a label that is no class.
    """
    classes = whole(classes, "classes", 2, _MOST_CLASSES)
    before = numpy.zeros(classes, numpy.uint64) if counts is None else whole_counts(counts, "counts", classes)
    labels = tensor(targets, "targets")
    _check_not_one_hot(labels, classes)
    labels = _counted(labels, mask)
    labels.pack()
    # One sample, or none where there is no label.
    labels.shape = (1, 1, *labels.shape) if labels.shape[0] else (0, 1, 1)
    call, found = Call(), numpy.empty(classes, numpy.uint64)
    call.ignore(ignore_index)
    check(library.segloss_class_counts(
        labels.pointer(), call.pointer(), before.ctypes.data, found.ctypes.data, classes))
    return found


def _check_not_one_hot(labels, classes):
    """Checks that floats are not a 1 for the class of each pixel and 0 for the others."""
    values, shape = labels.values, labels.shape
    if not labels.is_float() or len(shape) < 2 or classes not in shape or 0 in shape:
        return
    ones = values == 1
    for axis, extent in enumerate(shape):
        if extent == classes and (ones.sum(axis) == 1).all() and (ones | (values == 0)).all():
            raise bad_shape(
                f"`targets` has shape {shape} with one 1 along axis {axis}, expected labels: "
                f"`targets.argmax({axis})`")


def _counted(labels, mask):
    """Labels of the pixels that count."""
    if mask is None and labels.masked is None:
        return labels
    counts = numpy.ones(labels.shape, bool) if labels.masked is None else ~labels.masked
    if mask is not None:
        own = tensor(mask, "mask")
        if own.shape != labels.shape:
            raise bad_shape(f"`mask` has shape {own.shape}, expected {labels.shape} as `targets` has")
        counts = counts & (numpy.asarray(own.values) != 0)
        counts = counts if own.masked is None else counts & ~own.masked
    return tensor(numpy.asarray(labels.values)[counts], "targets")


def class_weights(counts, *, absent="one"):
    """Returns the weights of classes by inverse frequency, an array of float64, from the pixels of each.

    With `total` the sum of the counts, n the number of classes that occur and r = total / (n count + 1e-6), each
    of these has n r / sum of all r. `counts` has a whole number for each class. `absent` says what a class has
    that never occurs: "one" 1, "zero" 0; "source" is the reference's rule, by which absent classes have
    nearly all of the weight, and others next to none. Raises Error if all counts are 0.
    """
    counts = whole_counts(counts, "counts")
    weights = numpy.empty(counts.size)
    check(library.segloss_class_weights(
        counts.ctypes.data, counts.size, choice(_ABSENT, absent, "absent"), weights.ctypes.data))
    return weights
