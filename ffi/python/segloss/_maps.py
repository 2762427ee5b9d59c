"""Weight maps, distances and morphology of masks."""

import numpy

from . import _arguments, _axes
from ._arguments import choice, whole
from ._calls import Call, masked_of
from ._library import Error, check, library
from ._links import LINKS, check_masks
from ._tensors import output, tensor

_DISTANCES = {"background": 0, "other": 1, "signed": 2}
_ELEMENTS = {"cross": 0, "full": 1}
_BORDERS = {"zero": 0, "keep": 1}
_DTYPES = (numpy.float32, numpy.float64)


class _Problem:
    """Masks, what a call reads besides them, and a place for what it writes."""

    def __init__(self, masks, argument, spatial, out, dtype):
        own = tensor(masks, argument)
        given = own.shape
        self.axes = _axes.of_masks(own, spatial)
        if out is None:
            out = numpy.empty(given, dtype)
        self.out, self._to = out, output(out, "out")
        _axes.written_as(self._to, given, own)
        self.own = own
        self.masks, self.to = own.pointer(), self._to.pointer()

    def call(self, ignore_index, mask, spacing):
        self._call = Call()
        masked = masked_of(self.own)
        self._call.tensors(self.own, self.axes, mask, None, None, () if masked is None else (masked,))
        self._call.ignore(ignore_index)
        if spacing is not None:
            self._call.spacing(spacing)
        return self._call.pointer()


def _measured(targets, spatial, out, dtype):
    if out is not None and dtype is not None:
        raise ValueError("`dtype` is given beside `out`, which has its own")
    dtype = numpy.dtype(numpy.float32 if dtype is None else dtype)
    if dtype not in _DTYPES:
        raise Error(f"`dtype` is {dtype}, expected float32 or float64", "SEGLOSS_RESULT_UNSUPPORTED_DTYPE")
    return _Problem(targets, "targets", spatial, out, dtype)


def map_weights(text, targets, *, link="sigmoid", ignore_index=..., mask=None, spacing=None,
                spatial=None, out=None, dtype=None):
    """Returns the weights of a map such as "band(theta=3, weight=5)" or "decay(sigma=5)".

    `targets` are 2 axes for an image; 3 with `spatial=2` for a stack of images or `spatial=3` for a volume; 4
    are batch x 1 x height x width, and with `spatial` whatever fits it; 5 batch x channels x depth x height x
    width. Under sigmoid, which `link` is unless given, they are masks; labels of classes take
    `link="softmax"`. `mask` and `spacing` are as for `Loss.evaluate`.

    `ignore_index` is a label of pixels that do not count, or a list: `...` and None for none. Beware: a loss of
    labels ignores 255 by default, and this does not. Labels with void of 255 take `ignore_index=255`, without
    which it is a class like others, with a boundary around it.

    The result has the targets' shape. It is written into `out`, of float32 or float64, where that is given;
    else a new array of `dtype`, by default float32. Raises Error for a mistake in the text, and for arrays
    that do not fit.
    """
    problem, link = _measured(targets, spatial, out, dtype), choice(LINKS, link, "link")
    check_masks(library.segloss_map_weights(
        _arguments.text(text, "text"), link, problem.masks, problem.call(ignore_index, mask, spacing), problem.to,
        None), link, [problem.own])
    return problem.out


def distance(targets, kind="background", *, link="sigmoid", ignore_index=..., mask=None, spacing=None,
             spatial=None, out=None, dtype=None):
    """Returns exact distances between centres of pixels, in units of `spacing`: of each to the nearest
    "background" pixel, to the nearest of an "other" label, or "signed", which is negative on background.
    Where there is nothing to measure to they are infinite.

    Arguments and result are as for `map_weights`.
    """
    problem, link = _measured(targets, spatial, out, dtype), choice(LINKS, link, "link")
    check_masks(library.segloss_distance(
        choice(_DISTANCES, kind, "kind"), link, problem.masks, problem.call(ignore_index, mask, spacing), problem.to,
        None), link, [problem.own])
    return problem.out


def _morphed(mask, spatial, out):
    problem = _Problem(mask, "mask", spatial, out, bool)
    if problem.own.masked is not None:
        raise TypeError("`mask` is a masked array, which morphology has no use for, expected `mask.filled(..)`")
    return problem


def dilate(mask, iterations=1, *, element="cross", spatial=None, out=None):
    """Returns the pixels from which `iterations` steps of the element reach foreground.

    `mask` holds truth values, integers (0 and one other number, such as 255) or floats (above one half); its
    axes are as for `map_weights`. `element` is "cross" (neighbours by faces) or "full" (all around). The
    result is bool of its shape, or written into `out`, of bool or uint8.
    """
    problem = _morphed(mask, spatial, out)
    check(library.segloss_dilate(
        problem.masks, choice(_ELEMENTS, element, "element"), _steps(iterations), problem.to, None),
        "mask")
    return problem.out


def erode(mask, iterations=1, *, element="cross", border="zero", spatial=None, out=None):
    """Returns the pixels from which `iterations` steps of the element reach nothing but foreground.

    `border` is what lies outside the image: "zero" for background, "keep" for more of what is at its edge.
    The rest is as for `dilate`.
    """
    problem = _morphed(mask, spatial, out)
    check(library.segloss_erode(
        problem.masks, choice(_ELEMENTS, element, "element"), choice(_BORDERS, border, "border"),
        _steps(iterations), problem.to, None), "mask")
    return problem.out


def _steps(iterations):
    return whole(iterations, "iterations", 0, 2**32 - 1)
