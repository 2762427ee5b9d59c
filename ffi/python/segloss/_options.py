"""How losses are made, and what their texts may name."""

import ctypes

from . import _structs
from ._arguments import choice, whole
from ._library import check, library
from ._terms import Term

_LEVELS = {"best": 0, "scalar": 1, "portable": 2, "avx2": 3, "avx512": 4}
_ALL_PROCESSORS = 2**32 - 1
_MOST_THREADS = 4096


class Options:
    """The struct of options, and what it points to."""

    def __init__(self, level, threads, plugins, maps):
        self.plugins = terms_of(plugins)
        raw = self.raw = _structs.LossOptions(struct_size=ctypes.sizeof(_structs.LossOptions))
        raw.level = choice(_LEVELS, level, "level")
        raw.threads = _ALL_PROCESSORS if threads is None else whole(threads, "threads", 1, _MOST_THREADS)
        self._handles = (ctypes.c_void_p * len(self.plugins))(*[own._plugin for own in self.plugins])
        self._names = (ctypes.c_char_p * len(maps))(*[name.encode() for name in maps])
        raw.plugins, raw.plugin_count = ctypes.addressof(self._handles), len(self._handles)
        raw.map_names, raw.map_name_count = ctypes.addressof(self._names), len(self._names)

    def link_of(self, loss):
        """Returns the link that the terms of a text need, or None."""
        link = ctypes.c_int32()
        check(library.segloss_link_of(loss.encode(), ctypes.byref(self.raw), ctypes.byref(link)))
        return None if link.value < 0 else link.value

    def loss(self, loss, link):
        """Makes the loss of a text."""
        handle = ctypes.c_void_p()
        check(library.segloss_loss_new(loss.encode(), link, ctypes.byref(self.raw), ctypes.byref(handle)))
        return handle


def terms_of(plugins):
    """Returns a tuple of terms of the caller's own."""
    expected = "expected PixelTerm, ClassTerm and RegionTerm objects"
    try:
        plugins = tuple(plugins)
    except TypeError:
        raise TypeError(f"`plugins` is {plugins!r}, {expected}") from None
    for plugin in plugins:
        if not isinstance(plugin, Term):
            raise TypeError(f"`plugins` has {plugin!r}, {expected}")
    return plugins
