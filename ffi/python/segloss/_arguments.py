"""Arguments that are no tensors: texts, choices, whole numbers and lists of numbers."""

import operator

import numpy


def text(value, argument):
    """Returns a str for C."""
    if not isinstance(value, str):
        raise TypeError(f"`{argument}` is {value!r}, expected a str")
    if "\0" in value:
        raise ValueError(f"`{argument}` has a 0 in it")
    try:
        return value.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"`{argument}` is {value!r}, which is no Unicode text") from error


def names(values, argument):
    """Returns a tuple of texts."""
    if isinstance(values, str):
        raise TypeError(f"`{argument}` is {values!r}, expected a list of names")
    try:
        values = tuple(values)
    except TypeError:
        raise TypeError(f"`{argument}` is {values!r}, expected a list of names") from None
    for value in values:
        text(value, argument)
    return values


def choice(choices, value, argument):
    """Returns the number of a word."""
    if not isinstance(value, str) or value not in choices:
        expected = ", ".join(map(repr, choices))
        raise ValueError(f"`{argument}` is {value!r}, expected one of {expected}")
    return choices[value]


def whole(value, argument, smallest, largest):
    """Returns an integer between two bounds."""
    expected = f"expected an integer from {smallest} to {largest}"
    if isinstance(value, (bool, numpy.bool_)):
        raise TypeError(f"`{argument}` is {value}, {expected}")
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"`{argument}` is {value!r}, {expected}") from None
    if not smallest <= number <= largest:
        raise ValueError(f"`{argument}` is {number}, {expected}")
    return number


def numbers(values, argument):
    """Returns an array of doubles of one axis; of one number if `values` is a number."""
    try:
        found = numpy.asarray(values)
    except ValueError:
        raise TypeError(f"`{argument}` is {values!r}, expected numbers") from None
    if found.dtype.kind not in "iuf" and found.size:
        raise TypeError(f"`{argument}` is {values!r}, expected numbers")
    if found.ndim > 1:
        raise ValueError(f"`{argument}` has {found.ndim} axes, expected 1: a list of numbers")
    return numpy.ascontiguousarray(found.reshape(-1), dtype=numpy.float64)


def doubles(values, argument, length=None):
    """Returns numbers, as many as `length` says if it does."""
    found = numbers(values, argument)
    if length is not None and found.size != length:
        raise ValueError(f"`{argument}` has {found.size} numbers, expected {length}")
    return found


def counts(values, argument, length=None):
    """Returns counts of pixels: an array of whole numbers, 0 or larger."""
    try:
        found = numpy.asarray(values)
    except ValueError:
        raise TypeError(f"`{argument}` is {values!r}, expected whole numbers") from None
    if found.ndim != 1 or length not in (None, found.size):
        expected = "a number for each class" if length is None else f"({length},): a number for each class"
        raise ValueError(f"`{argument}` has shape {found.shape}, expected {expected}")
    if found.dtype.kind not in "iuf":
        raise TypeError(f"`{argument}` holds {found.dtype}, expected whole numbers")
    bad = found < 0
    if found.dtype.kind == "f":
        # Not so of NaN and infinity either.
        bad = ~((found >= 0) & (found < 2.0**64) & (numpy.floor(found) == found))
    if bad.any():
        at = int(bad.argmax())
        raise ValueError(f"`{argument}` holds {found[at]} for class {at}, expected a whole number, 0 or larger")
    return numpy.ascontiguousarray(found, dtype=numpy.uint64)
