"""The gradient of losses that stay apart, pixel by pixel."""

import re

_TERM = re.compile(r"((?:[^*(@]+\*)?\w+)(?:\(([^()]*)\))?(.*)", re.DOTALL)
_DIVIDED = re.compile(r"(?:^|, )(?:reduction|normalise)=\w+")


def with_sums(text):
    """Returns the text of a loss, as str() gives it, in which every term adds up its pixels.

    What is multiplied by weights then has a gradient of those weights times each pixel's loss.
    """
    terms = []
    for term in text.split(" + "):
        name, arguments, maps = _TERM.fullmatch(term).groups()
        kept = _DIVIDED.sub("", arguments or "").removeprefix(", ")
        terms.append(f"{name}({kept}{', ' if kept else ''}reduction=sum){maps}")
    return " + ".join(terms)
