"""Terms of the caller's own, as functions of arrays."""

import ctypes
import sys
import weakref

import numpy

from . import _structs
from ._arguments import choice, doubles, text
from ._library import check, library

_PLUGIN_API_VERSION = 1


def _view(address, count, kind):
    return numpy.ctypeslib.as_array(ctypes.cast(address, ctypes.POINTER(kind)), (count,))


def _parameters(parameters):
    """The structs of `{name: default}` or `{name: (default, smallest, largest)}`."""
    if not isinstance(parameters, dict):
        raise TypeError(f"`parameters` is {parameters!r}, expected a dict of defaults by name")
    rows = []
    for name, value in parameters.items():
        row = value if isinstance(value, tuple) else (value, -numpy.inf, numpy.inf)
        rows.append(_structs.Parameter(text(name, "parameters"), *doubles(row, f"parameters[{name!r}]", 3)))
    return (_structs.Parameter * len(rows))(*rows)


class Term:
    """A term of the caller's own, which the library knows until nothing refers to it."""

    def _register(self, function, term):
        handle = ctypes.c_void_p()
        check(function(ctypes.byref(term), ctypes.byref(handle)))
        self._plugin = handle
        weakref.finalize(self, library.segloss_plugin_free, handle)

    def _fail(self):
        # Nothing may leave a function that C has called: told here, and the results are NaN.
        sys.excepthook(*sys.exc_info())


class _TileTerm(Term):
    def _register_tiles(self, kind, register, inputs, name, function, parameters):
        declared = _parameters(parameters or {})
        names = list(parameters or {})
        if not callable(function):
            raise TypeError(f"`function` is {function!r}, expected a function of arrays")

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
        term.name = text(name, "name")
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
            _structs.PixelTerm, library.segloss_plugin_pixel, inputs, name, function, parameters)


class ClassTerm(_TileTerm):
    """A class term: `function(log_p, p, q, **parameters) -> (loss, derivative in log_p)`, on arrays.

    p is the probability of each pixel's label, log_p its logarithm, q = 1 - p. `parameters` and exceptions
    are as of PixelTerm.
    """

    def __init__(self, name, function, parameters=None):
        inputs = ("log_p", "p", "q")
        self._register_tiles(
            _structs.ClassTerm, library.segloss_plugin_class, inputs, name, function, parameters)


class RegionTerm(Term):
    """A region term: `function(tp, fp, fn, **parameters) -> (loss, by_fp, by_fn)`.

    Arrays of one number a class: true positives, false positives and false negatives; the target's mass
    is `tp + fn`. Classes that cannot occur, channels without a valid pixel say, are left out. `by_fp` is
    d loss/d fp, `by_fn` is d loss/d fn - d loss/d tp: what a class loses to its false negatives it had in its
    true positives. `pool` is "batch" or "sample". An exception is shown, and makes the results NaN.
    """

    def __init__(self, name, function, parameters=None, pool="batch"):
        declared = _parameters(parameters or {})
        names = list(parameters or {})
        if not callable(function):
            raise TypeError(f"`function` is {function!r}, expected a function of arrays")

        def loss(_, values, region, value, slope):
            try:
                region = region.contents
                if region.skips_absent:
                    raise ValueError("absent=skip is not for terms in Python")
                value[0] = slope[0] = 0.0
                occurs = _view(region.counts, region.classes, ctypes.c_double) > 0
                if not occurs.any():
                    return
                sums = _view(region.sums, 3 * region.classes, ctypes.c_double).reshape(-1, 3)[occurs]
                given = {name: values[i] for i, name in enumerate(names)}
                found, by_fp, by_fn = function(*sums.T.copy(), **given)
                value[0] = float(found)
                if region.seed and occurs[region.seed_class]:
                    slopes = numpy.broadcast_to((by_fp, by_fn)[region.seed - 1], len(sums))
                    slope[0] = float(slopes[occurs[:region.seed_class].sum()])
            except BaseException:
                value[0] = slope[0] = numpy.nan
                self._fail()

        self._function = _structs.RegionFunction(loss)
        term = _structs.RegionTerm(struct_size=ctypes.sizeof(_structs.RegionTerm), api_version=_PLUGIN_API_VERSION)
        term.name = text(name, "name")
        term.parameters, term.parameter_count = declared, len(declared)
        term.loss = self._function
        term.pools_samples = choice({"batch": 0, "sample": 1}, pool, "pool")
        self._register(library.segloss_plugin_region, term)
