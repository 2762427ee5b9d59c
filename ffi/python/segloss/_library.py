"""The shared library: where it is, what it exports, and how a call's result is read."""

import ctypes
import ctypes.util
import os
import sys

from ._messages import in_python

_ABI_VERSION = 1


class Error(ValueError):
    """What was wrong with a call. `code` is the name of its result code, `SEGLOSS_RESULT_BAD_SHAPE` say."""

    def __init__(self, message, code):
        super().__init__(message)
        self.code = code

    def __reduce__(self):
        return Error, (str(self), self.code)


def _path():
    """Returns the file to load: SEGLOSS_LIBRARY, beside the package, or what the loader finds."""
    named = os.environ.get("SEGLOSS_LIBRARY")
    if named:
        return named
    name = {"darwin": "libsegloss.dylib", "win32": "segloss.dll"}.get(sys.platform, "libsegloss.so")
    package = os.path.dirname(os.path.abspath(__file__))
    for folder in (package, os.path.dirname(package)):
        beside = os.path.join(folder, name)
        if os.path.exists(beside):
            return beside
    return ctypes.util.find_library("segloss") or name


def _load():
    path = _path()
    try:
        found = ctypes.CDLL(path)
    except OSError as error:
        source = "SEGLOSS_LIBRARY is" if os.environ.get("SEGLOSS_LIBRARY") else "the library is looked for as"
        raise ImportError(
            f"{source} {path!r}, which cannot be loaded ({error}); build it with `cargo build --release -p "
            "segloss-ffi`, and set SEGLOSS_LIBRARY to target/release/libsegloss.so") from error
    found.segloss_abi_version.restype = ctypes.c_uint32
    version = found.segloss_abi_version()
    if version != _ABI_VERSION:
        raise ImportError(
            f"{path!r} has binary interface {version}, expected {_ABI_VERSION}: the library and this module "
            "are of different versions")
    size, pointer, number, text = ctypes.c_size_t, ctypes.c_void_p, ctypes.c_int32, ctypes.c_char_p
    count = ctypes.c_uint32
    problem = [pointer, pointer, pointer, pointer]
    signatures = {
        "segloss_version": (text, []),
        "segloss_result_name": (text, [number]),
        "segloss_last_message": (size, [text, size]),
        "segloss_loss_new": (number, [text, number, pointer, pointer]),
        "segloss_loss_compose": (number, [pointer, size, number, pointer, pointer]),
        "segloss_loss_free": (None, [pointer]),
        "segloss_loss_text": (size, [pointer, text, size]),
        "segloss_link_of": (number, [text, pointer, pointer]),
        "segloss_evaluate": (number, [*problem, pointer, pointer]),
        "segloss_map_weights": (number, [text, number, pointer, pointer, pointer, pointer]),
        "segloss_distance": (number, [number, number, pointer, pointer, pointer, pointer]),
        "segloss_dilate": (number, [pointer, number, count, pointer, pointer]),
        "segloss_erode": (number, [pointer, number, number, count, pointer, pointer]),
        "segloss_class_counts": (number, [pointer, pointer, pointer, pointer, size]),
        "segloss_class_weights": (number, [pointer, size, number, pointer]),
        "segloss_statistics_of": (number, [pointer, pointer, pointer, size, pointer]),
        "segloss_recommend": (number, [pointer, text, text, size, text, size, pointer]),
        "segloss_stage_lengths": (number, [*problem, pointer, pointer]),
        "segloss_reduce": (number, [*problem, pointer, pointer, size, pointer]),
        "segloss_merge": (number, [pointer, pointer, pointer, size]),
        "segloss_close": (number, [*problem, pointer, size, pointer, size]),
        "segloss_finish": (number, [*problem, pointer, size, pointer, size, pointer, pointer]),
        "segloss_plugin_pixel": (number, [pointer, pointer]),
        "segloss_plugin_class": (number, [pointer, pointer]),
        "segloss_plugin_region": (number, [pointer, pointer]),
        "segloss_plugin_free": (None, [pointer]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(found, name)
        function.restype, function.argtypes = result, arguments
    return found


library = _load()


def version():
    """Returns the library's version, such as "0.1.0"."""
    return library.segloss_version().decode()


def check(code, targets="targets"):
    """Raises what a call that returned `code` says, if it failed. `targets` is what the caller calls those."""
    if code:
        message = ctypes.create_string_buffer(2048)
        library.segloss_last_message(message, len(message))
        told = in_python(message.value.decode(errors="replace"), targets)
        raise Error(told, library.segloss_result_name(code).decode())
