"""Losses put together term by term: what a caller gives, as structs for C and as the text that says it."""

import ctypes

import numpy

from . import _structs
from ._arguments import doubles, text


def read(terms):
    """Returns the terms that `Loss.compose` takes, all of one form: (coefficient, (name, arguments), maps).

    Arguments are a dict of a str, a float or an array of float64 each, and maps a list of (name, arguments).
    """
    terms = list(terms)
    if not terms:
        raise ValueError("`terms` is empty, expected one or more")
    return [_term(term) for term in terms]


def _term(term):
    if not isinstance(term, (tuple, list)) or not 2 <= len(term) <= 4:
        raise TypeError(f"`terms` has {term!r}, expected (coefficient, name), with arguments and maps after them")
    coefficient, name, arguments, maps = (*term, *({}, ())[len(term) - 2:])
    maps = [(own, {}) if isinstance(own, str) else own for own in maps]
    if not all(isinstance(own, (tuple, list)) and len(own) == 2 for own in maps):
        raise TypeError(f"`terms` has maps {maps!r}, expected names and (name, arguments)")
    maps = [_named(*own, "maps") for own in maps]
    return float(doubles(coefficient, "coefficient", 1)[0]), _named(name, arguments, "terms"), maps


def _named(name, arguments, argument):
    text(name, argument)
    if not isinstance(arguments, dict):
        raise TypeError(f"`{argument}` has {name!r} with {arguments!r}, expected a dict of arguments")
    for key in arguments:
        text(key, argument)
    return name, {key: _value(value, f"{key} of {name}") for key, value in arguments.items()}


def _value(value, argument):
    if isinstance(value, (bool, numpy.bool_)):
        return "true" if value else "false"
    if isinstance(value, str):
        text(value, argument)
        return value
    values = doubles(value, argument)
    return float(values[0]) if numpy.ndim(value) == 0 else values


def structs_of(terms):
    """Returns the array of structs of terms that were read, and what it points to."""
    kept = []

    def kept_named(name, arguments):
        made = (_structs.Argument * len(arguments))()
        for own, (key, value) in zip(made, arguments.items()):
            own.name = key.encode()
            if isinstance(value, str):
                own.word = value.encode()
            elif isinstance(value, float):
                own.number = value
            else:
                own.list, own.list_length = value.ctypes.data, value.size
        kept.append(made)
        return _structs.Named(name.encode(), ctypes.addressof(made), len(made))

    array = (_structs.Term * len(terms))()
    for own, (coefficient, term, maps) in zip(array, terms):
        own_maps = (_structs.Named * len(maps))(*[kept_named(*one) for one in maps])
        kept.append(own_maps)
        own.coefficient, own.term = coefficient, kept_named(*term)
        own.maps, own.map_count = ctypes.addressof(own_maps), len(own_maps)
    return array, (kept, terms)


def text_of(terms):
    """Returns the text of terms that were read and that the library has accepted, with every digit of numbers."""
    return " + ".join(
        ("" if coefficient == 1 else f"{_written(coefficient)}*") + " @ ".join(_call(*own) for own in (term, *maps))
        for coefficient, term, maps in terms)


def _call(name, arguments):
    if not arguments:
        return name
    return f"{name}({', '.join(f'{key}={_written(value)}' for key, value in arguments.items())})"


def _written(value):
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    return f"[{', '.join(map(_written, value.tolist()))}]"
