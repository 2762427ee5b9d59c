"""What the library says is wrong, in the words of a call in Python."""

import re

# What C calls otherwise than Python.
_NAMES = {
    "call.ignore": "ignore_index",
    "call.ignore_indices": "ignore_index",
    "call.maps[..].weights": "maps",
    "call.sample_scales": "scale",
    "call.write": "accumulate",
    "masks.targets[..]": "targets",
    "options.map_names[..]": "maps",
    "outputs.gradient": "out",
}
_FIELD = re.compile(r"`((?:call|masks|options|outputs)\.[^` ]+)`")
_LINK = re.compile(r"needs the (sigmoid|softmax) link")
# Core's words for arguments that Python calls otherwise: where a message begins, a name is an argument's.
_CORE = re.compile(r"^`(gradient|labels|targets)`")


def _field(found):
    name = found[1]
    return f"`{_NAMES.get(name) or name.partition('.')[2]}`"


def in_python(message, targets="targets"):
    """Returns a message of the library with Python's names for arguments and options."""
    message = _CORE.sub(lambda found: f"`{'out' if found[1] == 'gradient' else targets}`", message)
    message = _LINK.sub(r'needs link="\1"', _FIELD.sub(_field, message)).replace("bool8", "bool")
    if "`targets` holds label -100 " in message:
        message += "; PyTorch's label of pixels that do not count is ignore_index=-100"
    return message
