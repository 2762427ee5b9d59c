"""Losses, their gradients, and the stages of losses in parts."""

import ctypes
import functools
import threading
import weakref

import numpy

from . import _compose, _links
from ._arguments import choice, doubles, names, text
from ._calls import named
from ._library import Error, check, library
from ._options import Options, terms_of
from ._pixels import with_sums
from ._problem import Inputs, Outputs

_REDUCTIONS = ("mean", "none", "pixel")


class Loss:
    """A loss that is read from text: immutable, for any number of threads.

    `link` is "sigmoid" (each channel a mask of its own) or "softmax" (one class a pixel). None leaves it to
    the terms, where they need one (`bce` sigmoid, `ce` softmax), and else to the shapes of each call: 1
    channel of logits is sigmoid; more, with 1 channel of targets, are softmax; as many of both are an error.

    `threads` is 1 for the caller's alone, up to 4096, or None for all processors; `level` "best", or which
    instructions to compute with. `plugins` are PixelTerm, ClassTerm and RegionTerm objects, `maps` names of
    weight maps that each call gives. A loss is pickled as its text and options (plugins cannot be), and of
    use in a forked process.

    Raises Error at the first mistake in the text, with its place.
    """

    # PyTorch's modules of masks, which have no `link`, name others.
    _labels_take = _links.LABELS_TAKE + ", and `ce` for `bce`"

    def __init__(self, text, link=None, *, level="best", threads=1, plugins=(), maps=()):
        self._given = {"link": link, "level": level, "threads": threads, "maps": names(maps, "maps")}
        self._options = Options(level, threads, plugins, self._given["maps"])
        self._text = _read(text)
        self._handles, self._summed, self._lock = {}, {}, threading.Lock()
        self._link = self._options.link_of(self._text) if link is None else (
            choice(_links.LINKS, link, "link"))
        if self._link is not None:
            self._handle(self._link)
            return
        # Read once, so that a mistake is told here. `focal(alpha=[1, 2])` is one under sigmoid alone.
        try:
            self._handle(_links.SIGMOID)
        except Error as error:
            try:
                self._handle(_links.SOFTMAX)
            except Error:
                raise error from None

    @classmethod
    def compose(cls, terms, link=None, *, level="best", threads=1, plugins=(), maps=()):
        """Returns the loss that is a sum of `terms`, put together without text; the rest is as for Loss.
        Its link is that of the text which says the same.

        A term is `(coefficient, name)`, `(coefficient, name, arguments)` or `(coefficient, name, arguments,
        maps)`; `arguments` are a dict of numbers, truth values, words and lists or arrays of numbers (exactly those: no
        digit is lost); `maps` a list of names and `(name, arguments)`:

            Loss.compose([(0.5, "ce", {"weights": class_weights}, ["band"]), (0.5, "dice", {"smooth": 1})])
        """
        terms = _compose.read(terms)
        array, _kept = _compose.structs_of(terms)
        maps = names(maps, "maps")
        options = Options(level, threads, plugins, maps)
        number = None if link is None else choice(_links.LINKS, link, "link")
        if number is None:
            number = options.link_of(" + ".join(name for _, (name, _), _ in terms))
        first = None
        for own in (_links.SIGMOID, _links.SOFTMAX) if number is None else (number,):
            handle = ctypes.c_void_p()
            try:
                check(library.segloss_loss_compose(
                    array, len(array), own, ctypes.byref(options.raw), ctypes.byref(handle)))
            except Error as error:
                first = first or error
                continue
            library.segloss_loss_free(handle)
            # Not the text of this handle, in which `boundary` is cross-entropy of one link.
            return cls(
                _compose.text_of(terms), link, level=level, threads=threads, plugins=options.plugins, maps=maps)
        raise first

    @property
    def link(self):
        """"sigmoid" or "softmax"; None where the shapes of each call decide."""
        return None if self._link is None else _links.NAMES[self._link]

    def _handle(self, link):
        handle = self._handles.get(link)
        if handle is None:
            with self._lock:
                handle = self._handles.get(link)
                if handle is None:
                    handle = self._handles[link] = self._options.loss(self._text, link)
                    weakref.finalize(self, library.segloss_loss_free, handle)
        return handle

    def __str__(self):
        """Returns the text that reads back as this loss, with what is at its default left out."""
        if self._link is not None:
            return _text_of(self._handle(self._link))
        # Of a preset there are two.
        try:
            found = {_text_of(self._handle(link)) for link in (_links.SIGMOID, _links.SOFTMAX)}
        except Error:
            return self._text
        return found.pop() if len(found) == 1 else self._text

    def __repr__(self):
        return f"segloss.Loss({str(self)!r}, {self.link!r})"

    def __reduce__(self):
        if self._options.plugins:
            raise TypeError("a loss with plugins cannot be pickled, because their functions cannot")
        return functools.partial(Loss, self._text, **self._given), ()

    def evaluate(self, logits, targets, *, ignore_index=..., reduction="mean", mask=None, weights=None,
                 maps=None, spacing=None, scale=None, out=None, gradient=True, accumulate=False,
                 loss_map=None, spatial=None):
        """Returns the loss and its gradient with respect to the logits: value, gradient.

        `logits` are batch x channels x 2 or 3 axes of space (1 with `spatial=1`): float16, bfloat16, float32
        or float64. They have a batch: channels x depth x height x width would be read as batch x channels x
        height x width. `targets` have their shape under sigmoid and 1 channel of labels under softmax, which
        may be left out: batch x space. `mask` (pixels that count, those not 0), `weights` and each of `maps`, a
        dict by name, have the targets' shape or 1 channel for all, which may be left out too; 1 x space is
        for all samples. What a masked array of NumPy leaves out does not count, whichever argument it is.

        Masks hold truth values, integers (0 and one other number, such as 255) or shares from 0 to 1. A share
        outside by up to 4 rounding steps of its type at 1 (2^-50 of float64, 2^-21 of float32, 2^-8 of float16,
        2^-5 of bfloat16), as bilinear resizing leaves it, is taken as 0 or 1. Further out is an error: bicubic
        resizing overshoots by more, and takes `targets.clip(0, 1)`.

        `ignore_index` is the target of pixels that do not count, or a list of up to 16: `...` for 255 under
        softmax, where no class has that label, and none under sigmoid; None for none. `spacing` is the distance
        between neighbours along each axis of space, for maps that measure by it. `scale` multiplies the
        gradient: a number, or one a sample.

        The value is a float; with `reduction="none"` an array of one loss a sample, with "pixel" an array of
        the targets' shape with the loss of each pixel, not divided by anything, 0 where it does not count.
        To sum pixels or samples, say `reduction=sum` in the terms. The loss of each pixel is written into
        `loss_map` too where that is given (float64 for logits of float64, else float32).

        The gradient is that of the loss, whatever the reduction: written into `out` where that is given
        (added, with `accumulate`), else into a new array of the logits' elements, float32 for those of 16
        bits. It is None with `gradient=False`.

        Raises Error, a ValueError, for tensors that do not fit, and TypeError for what cannot be read.
        No value is returned then, and `out` may hold anything, unless it was to be added to.
        """
        if reduction not in _REDUCTIONS:
            raise ValueError(
                f"`reduction` is {reduction!r}, expected 'mean', 'none' for one loss a sample or 'pixel' for "
                "one a pixel; for sums of pixels or samples say reduction=sum in the terms")
        inputs = Inputs(
            self, logits, targets, spatial, ignore_index, mask, weights, maps, spacing, scale, accumulate)
        outputs = Outputs(inputs, out, gradient, accumulate, scale)
        value = None
        if reduction == "none":
            value = outputs.samples()
        elif reduction == "pixel":
            if loss_map is not None:
                raise ValueError('`loss_map` is given beside reduction="pixel", which returns it')
            value = loss_map = numpy.empty(inputs.targets_given, inputs.dtype())
        if loss_map is not None:
            outputs.loss_map(loss_map)
        check(library.segloss_evaluate(
            inputs.handle, inputs.logits, inputs.targets, inputs.call, outputs.pointer(), None))
        return outputs.value.value if value is None else value, outputs.gradient

    def _pixel_gradient(self, logits, targets, weights, out, **call):
        """Writes the gradient of the sum of each pixel's loss times its weight into `out`."""
        link = Inputs(self, logits, targets, call.get("spatial")).link
        with self._lock:
            summed = self._summed.get(link)
        if summed is None:
            text = with_sums(_text_of(self._handle(link)))
            given = self._given | {"link": _links.NAMES[link]}
            summed = Loss(text, plugins=self._options.plugins, **given)
            with self._lock:
                self._summed[link] = summed
        summed.evaluate(logits, targets, weights=weights, out=out, **call)

    def reduce(self, logits, targets, *, before=None, **call):
        """Returns the sums of these pixels, a row a sample, in one array: the first stage of a loss in parts.
        They are added to `before`, the sums of earlier tiles of the same samples.

        `call` are `ignore_index`, `mask`, `weights`, `maps` and `spatial` as for `evaluate`; all maps that
        the loss names are given, because of a part of an image they would be others.
        """
        inputs = Inputs(self, logits, targets, **_stage("reduce", call, _STAGE))
        sums = numpy.empty(inputs.lengths()[0])
        if before is not None:
            before = doubles(before, "before", sums.size)
        check(library.segloss_reduce(
            inputs.handle, inputs.logits, inputs.targets, inputs.call,
            None if before is None else before.ctypes.data, sums.ctypes.data, sums.size, None))
        return sums

    def close(self, logits, targets, sums, **call):
        """Returns what sums over all tiles come to: totals, which add up over workers (`merge`, or an
        all-reduce). `call` are as for `reduce`."""
        inputs = Inputs(self, logits, targets, **_stage("close", call, _STAGE))
        sums = doubles(sums, "sums")
        totals = numpy.empty(inputs.lengths()[1])
        check(library.segloss_close(
            inputs.handle, inputs.logits, inputs.targets, inputs.call, sums.ctypes.data, sums.size,
            totals.ctypes.data, totals.size))
        return totals

    def finish(self, logits, targets, sums, totals, *, out=None, gradient=True, accumulate=False, **call):
        """Returns value and gradient from the sums of these samples and the totals of all workers: the second
        stage.

        `call` are as for `reduce`, and `scale`: where gradients are averaged over workers, their number.
        `out`, `gradient` and `accumulate` are as for `evaluate`.
        """
        call = _stage("finish", call, (*_STAGE, "scale"))
        inputs = Inputs(self, logits, targets, accumulate=accumulate, **call)
        outputs = Outputs(inputs, out, gradient, accumulate, call.get("scale"))
        sums, totals = doubles(sums, "sums"), doubles(totals, "totals")
        check(library.segloss_finish(
            inputs.handle, inputs.logits, inputs.targets, inputs.call, sums.ctypes.data, sums.size,
            totals.ctypes.data, totals.size, outputs.pointer(), None))
        return outputs.value.value, outputs.gradient


_STAGE = ("ignore_index", "mask", "weights", "maps", "spatial")


def _stage(stage, call, expected):
    for name in call:
        if name not in expected:
            raise TypeError(f"`{name}` is given, which {stage}() has no use for, expected {', '.join(expected)}")
    return call


def merge(one, other):
    """Returns sums of two tiles, or totals of two workers, added up. Both are arrays of as many numbers."""
    one = doubles(one, "one")
    other = doubles(other, "other", one.size)
    merged = numpy.empty(one.size)
    check(library.segloss_merge(
        one.ctypes.data, other.ctypes.data, merged.ctypes.data, merged.size))
    return merged


def evaluate(loss, logits, targets, *, link=None, plugins=(), maps=None, **options):
    """Returns the loss of a text, as `Loss.evaluate` does: value, gradient.

    `loss` is a text, or a Loss, which has its own `link` and `plugins`. `link` and `plugins` are as for Loss,
    the rest as for `Loss.evaluate`. Losses are kept for the next call with the same text.
    """
    if isinstance(loss, Loss):
        for name, given in (("link", link is not None), ("plugins", plugins != ())):
            if given:
                raise ValueError(f"`{name}` is given beside a Loss, which was made with its own")
        return loss.evaluate(logits, targets, maps=maps, **options)
    text(loss, "loss")
    if link is not None:
        choice(_links.LINKS, link, "link")
    plugins = terms_of(plugins) if plugins != () else ()
    own = tuple(name for name in named(maps) if not _is_computed(name)) if maps else ()
    return _cached(loss, link, plugins, own).evaluate(logits, targets, maps=maps, **options)


@functools.lru_cache(maxsize=64)
def _cached(text, link, plugins, maps):
    return Loss(text, link, plugins=plugins, maps=maps)


@functools.lru_cache(maxsize=64)
def _is_computed(name):
    """Whether the library has a map of this name, which is computed where a call does not give it."""
    if not (text(name, "maps") and name.isidentifier()):
        return False
    try:
        Loss(f"bce @ {name}", "sigmoid")
    except Error:
        return False
    return True


def _read(loss):
    text(loss, "loss")
    return loss


def _text_of(handle):
    length = library.segloss_loss_text(handle, None, 0)
    buffer = ctypes.create_string_buffer(length + 1)
    library.segloss_loss_text(handle, buffer, len(buffer))
    return buffer.value.decode()
