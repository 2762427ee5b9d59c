"""Segmentation losses and their gradients: libsegloss by ctypes, for NumPy and anything that shares memory.

    import numpy, segloss
    value, gradient = segloss.evaluate("0.5*bce + 0.5*dice", logits, mask)
    value, gradient = segloss.evaluate("0.5*ce + 0.5*dice", logits, labels)

Logits are batch x channels x height x width, or x depth x height x width; masks have their shape, labels one
channel, which may be left out: batch x height x width. Whatever has `__dlpack__` or the array interface is
taken without a copy; what is flipped or in another byte order is copied. Lists are arrays too.

| function | gives |
|---|---|
| `evaluate`, `Loss` | a loss and its gradient |
| `Loss.reduce`, `merge`, `Loss.close`, `Loss.finish` | losses in parts, over tiles and workers |
| `map_weights`, `distance`, `dilate`, `erode` | weights of pixels, and what they are made of |
| `class_counts`, `class_weights` | weights of classes |
| `statistics`, `recommend` | a loss to start from |
| `PixelTerm`, `ClassTerm`, `RegionTerm` | terms of one's own |

Mistakes are `Error`, a ValueError, or TypeError, and name the argument. The shared library is found by the
environment's SEGLOSS_LIBRARY, beside this package, or on the loader's path. For PyTorch see segloss_torch.py.
"""

from ._classes import class_counts, class_weights
from ._guide import recommend, statistics
from ._library import Error, version
from ._losses import Loss, evaluate, merge
from ._maps import dilate, distance, erode, map_weights
from ._terms import ClassTerm, PixelTerm, RegionTerm

__all__ = [
    "ClassTerm", "Error", "Loss", "PixelTerm", "RegionTerm", "class_counts", "class_weights", "dilate",
    "distance", "erode", "evaluate", "map_weights", "merge", "recommend", "statistics", "version",
]

# Pickles and messages name what callers import.
for _own in (ClassTerm, Error, Loss, PixelTerm, RegionTerm):
    _own.__module__ = __name__
