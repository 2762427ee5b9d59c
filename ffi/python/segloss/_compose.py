"""Losses put together term by term: the structs of a sum."""

import ctypes

import numpy

from . import _structs
from ._arguments import doubles, text


def structs_of(terms):
    """Returns the array of structs of the terms that `Loss.compose` takes, and what it points to."""
    kept = []

    def named(name, arguments, argument):
        if not isinstance(arguments, dict):
            raise TypeError(f"`{argument}` has {name!r} with {arguments!r}, expected a dict of arguments")
        made = (_structs.Argument * len(arguments))()
        for own, (key, value) in zip(made, arguments.items()):
            own.name = text(key, argument)
            if isinstance(value, str):
                own.word = text(value, f"{key} of {name}")
                continue
            values = doubles(value, f"{key} of {name}")
            if numpy.ndim(value) == 0:
                own.number = values[0]
            else:
                kept.append(values)
                own.list, own.list_length = values.ctypes.data, values.size
        kept.append(made)
        return _structs.Named(text(name, argument), ctypes.addressof(made), len(made))

    rows, terms = [], list(terms)
    if not terms:
        raise ValueError("`terms` is empty, expected one or more")
    for term in terms:
        if not isinstance(term, (tuple, list)) or not 2 <= len(term) <= 4:
            raise TypeError(
                f"`terms` has {term!r}, expected (coefficient, name), with arguments and maps after them")
        coefficient, name, arguments, maps = (*term, *({}, ())[len(term) - 2:])
        own_maps = [(own, {}) if isinstance(own, str) else own for own in maps]
        if not all(isinstance(own, (tuple, list)) and len(own) == 2 for own in own_maps):
            raise TypeError(f"`terms` has maps {maps!r}, expected names and (name, arguments)")
        array = (_structs.Named * len(own_maps))(*[named(*own, "maps") for own in own_maps])
        kept.append(array)
        coefficient = doubles(coefficient, "coefficient", 1)[0]
        rows.append(_structs.Term(
            coefficient, named(name, arguments, "terms"), ctypes.addressof(array), len(array)))
    return (_structs.Term * len(rows))(*rows), kept
