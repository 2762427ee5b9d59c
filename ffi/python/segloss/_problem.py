"""What a call of a loss reads and writes, as C takes it."""

import ctypes

import numpy

from . import _axes, _links, _structs
from ._calls import Call, masked_of
from ._library import check, library
from ._tensors import output, tensor


class Inputs:
    """What a call reads, as C takes it, for as long as this is there."""

    def __init__(self, loss, logits, targets, spatial=None, ignore_index=..., mask=None, weights=None,
                 maps=None, spacing=None, scale=None, accumulate=False):
        z, y = tensor(logits, "logits"), tensor(targets, "targets")
        self.targets_given = y.shape
        _axes.of_loss(z, y, spatial)
        link = loss._link
        if link is None:
            link = _links.of_shapes(z, y)
        _links.check_channels(link, z, y, loss._labels_take)
        self.link, self.handle = link, loss._handle(link)
        self.z, self.y = z, y
        self.logits, self.targets = z.pointer(), y.pointer()
        self.call = None
        masked = () if z.masked is None and y.masked is None else _masked(z, y, link)
        if (mask is None and weights is None and not maps and not masked and ignore_index is ...
                and spacing is None and scale is None and not accumulate):
            # As most calls are.
            return
        call = Call()
        call.tensors(y, len(self.targets_given), mask, weights, maps, masked)
        if ignore_index is not ...:
            call.ignore(ignore_index)
        if spacing is not None:
            call.spacing(spacing)
        if scale is not None:
            call.scale(scale)
        call.raw.write = int(bool(accumulate))
        self._call, self.call = call, call.pointer()

    def lengths(self):
        """Returns how many numbers sums and totals have."""
        sums, totals = ctypes.c_size_t(), ctypes.c_size_t()
        check(library.segloss_stage_lengths(
            self.handle, self.logits, self.targets, self.call, ctypes.byref(sums), ctypes.byref(totals)))
        return sums.value, totals.value

    def dtype(self):
        """Returns that of a new gradient or loss map: of the logits, but single precision for 16 bits, in which
        the gradient of a mean over many pixels is 0."""
        return numpy.float64 if self.z.dtype == (2, 64) else numpy.float32


def _masked(z, y, link):
    """Elements that logits and targets leave out, with the axes of targets."""
    of_logits = masked_of(z)
    if of_logits is not None and link == _links.SOFTMAX:
        of_logits = of_logits.any(axis=1, keepdims=True)
    return [own for own in (of_logits, masked_of(y)) if own is not None]


class Outputs:
    """Places for what a call writes, for as long as this is there."""

    def __init__(self, inputs, out, gradient, accumulate, scale):
        self._inputs, self._kept = inputs, []
        self.value = ctypes.c_double()
        self.raw = _structs.Outputs(struct_size=ctypes.sizeof(_structs.Outputs))
        self.raw.value = ctypes.addressof(self.value)
        self.gradient = None
        if gradient:
            if out is None:
                if accumulate:
                    raise ValueError("`accumulate` needs `out`, to add to")
                out = numpy.empty(inputs.z.shape, inputs.dtype())
            own = output(out, "out")
            if own.shape != inputs.z.shape:
                raise _axes.bad_shape(f"`out` has shape {own.shape}, expected {inputs.z.shape} as `logits` has")
            self.gradient = out
            self._kept.append(own)
            self.raw.gradient = own.pointer()
            return
        for name, given in (("out", out is not None), ("accumulate", accumulate), ("scale", scale is not None)):
            if given:
                raise ValueError(f"`{name}` is given, which gradient=False has no use for")

    def samples(self):
        """Adds a place for one loss a sample."""
        samples = numpy.empty(self._inputs.z.shape[0])
        self.raw.sample_values, self.raw.sample_value_count = samples.ctypes.data, samples.size
        return samples

    def loss_map(self, loss_map):
        """Adds a place for one loss a pixel."""
        own = output(loss_map, "loss_map")
        _axes.written_as(own, self._inputs.targets_given, self._inputs.y)
        self._kept.append(own)
        self.raw.loss_map = own.pointer()

    def pointer(self):
        """Returns the address of the struct."""
        return ctypes.addressof(self.raw)
