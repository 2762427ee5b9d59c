"""The losses of segloss as modules of PyTorch, for tensors on the CPU.

    import segloss_torch
    criterion = segloss_torch.Loss("0.5*bce + 0.5*dice")
    criterion(logits, masks).backward()

`Loss` is any loss in text form; `DistributedLoss` the same over the batch of all workers. The other classes
and functions take what those of the usual formulas in PyTorch take, so that an import replaces them. Logits
are (B, K, H, W) or (B, K, D, H, W), and (B, K, L) with `spatial=1`; masks have their shape, labels may leave
the channel out: (B, H, W). Masks of any dtype are read in place, logits of bfloat16 and float16 too.

Of every class and function, `ignore_index` is the target of pixels that do not count, or a list of them: unless
given 255 of labels and none of masks; None for none; PyTorch's own is `ignore_index=-100`. `reduction` is
"mean" for one number, "none" for one a sample, or "pixel" for one a pixel, of the targets' shape and not divided
by anything (losses of regions have none of those).
"""

import functools

import torch
from torch import nn

import segloss

__all__ = [
    "BoundaryLoss", "CombinedSegmentationLoss", "DiceLoss", "DistanceMapLoss", "DistributedLoss",
    "FocalLoss", "FocalTverskyLoss", "Loss", "MultiClassDiceLoss", "MultiClassFocalLoss", "TverskyLoss",
    "binary_segmentation_loss", "compute_class_weights", "create_segmentation_loss",
    "pixel_wise_cross_entropy", "weighted_cross_entropy",
]

_HALVES = (torch.float16, torch.bfloat16)
# torch.compile breaks its graph here, without trying to trace calls into C; before 2.1 there is none to tell.
_untraced = getattr(getattr(torch, "compiler", None), "disable", lambda function: function)


class _Differentiable(torch.autograd.Function):
    """`compute(logits, targets, gradient) -> value`, which writes the gradient where one is given.

    The gradient is made together with the value. The first backward pass takes it as its own, so nothing
    is copied; a later one, with `retain_graph`, computes it anew.
    """

    @staticmethod
    def forward(context, logits, targets, compute, needs_gradient):
        context.compute = compute
        context.gradient = _gradient_like(logits) if needs_gradient else None
        context.save_for_backward(logits, targets)
        value = compute(logits, targets, context.gradient)
        dtype = torch.float64 if logits.dtype == torch.float64 else torch.float32
        return torch.as_tensor(value, dtype=dtype)

    @staticmethod
    def backward(context, upstream):
        # What has been modified in place since is an error here.
        logits, targets = context.saved_tensors
        gradient, context.gradient = context.gradient, None
        with torch.no_grad():
            if gradient is None:
                gradient = _gradient_like(logits)
                context.compute(logits, targets, gradient)
            each = upstream.reshape(upstream.shape + (1,) * (gradient.ndim - 1)) if upstream.ndim else upstream
            gradient = gradient.mul_(each).to(logits.dtype)
        if torch.is_grad_enabled():
            gradient = _Once.apply(gradient, logits, upstream)
        return gradient, None, None, None


class _Once(torch.autograd.Function):
    """A gradient under `create_graph`, which is no constant, but cannot be differentiated either."""

    @staticmethod
    def forward(context, gradient, logits, upstream):
        return gradient.view_as(gradient)

    @staticmethod
    def backward(context, upstream):
        raise RuntimeError("segloss has no second derivatives")


def _gradient_like(logits):
    # In single precision until the factor of a loss scaler is in it: 1 / pixels has few digits in float16.
    return torch.empty_like(logits, dtype=torch.float32 if logits.dtype in _HALVES else logits.dtype)


@_untraced
def _apply(function, logits, targets, *arguments):
    for name, tensor in (("logits", logits), ("targets", targets)):
        if not isinstance(tensor, torch.Tensor):
            raise TypeError(f"`{name}` is a {type(tensor).__name__}, expected a torch.Tensor")
    if targets.requires_grad:
        raise ValueError("`targets` require a gradient, which is computed for logits alone: `targets.detach()`")
    return function.apply(logits, targets, *arguments)


def _differentiate(logits, targets, compute):
    needs_gradient = torch.is_grad_enabled() and getattr(logits, "requires_grad", False)
    return _apply(_Differentiable, logits, targets, compute, needs_gradient)


class _Pixels(torch.autograd.Function):
    """The loss of each pixel by itself."""

    @staticmethod
    def forward(context, logits, targets, loss, weights, call):
        context.loss, context.weights, context.call = loss, weights, call
        context.save_for_backward(logits, targets)
        dtype = torch.float64 if logits.dtype == torch.float64 else torch.float32
        losses = torch.empty(targets.shape, dtype=dtype)
        loss.evaluate(logits, targets, gradient=False, loss_map=losses, weights=weights, **call)
        return losses

    @staticmethod
    def backward(context, upstream):
        logits, targets = context.saved_tensors
        with torch.no_grad():
            weights = _with_channels(upstream, logits)
            if context.weights is not None:
                weights = weights * _with_channels(torch.as_tensor(context.weights), logits)
            gradient = _gradient_like(logits)
            context.loss._pixel_gradient(logits, targets, weights, gradient, **context.call)
            gradient = gradient.to(logits.dtype)
        if torch.is_grad_enabled():
            gradient = _Once.apply(gradient, logits, upstream)
        return gradient, None, None, None, None


def _with_channels(weights, logits):
    return weights.unsqueeze(1) if weights.ndim < logits.ndim else weights


def _evaluate(loss, logits, targets, *, reduction="mean", **call):
    if reduction == "pixel":
        return _apply(_Pixels, logits, targets, loss, call.pop("weights", None), call)

    def compute(logits, targets, gradient):
        own = {}
        if gradient is not None and reduction == "none":
            # Of each sample's own loss, not of their mean.
            own["scale"] = [1.0] * len(logits)
        value, _ = loss.evaluate(
            logits, targets, out=gradient, gradient=gradient is not None, reduction=reduction, **own, **call)
        return value

    return _differentiate(logits, targets, compute)


def _made(loss, link, threads):
    """A loss of its text, or the caller's own, which is made already."""
    if not isinstance(loss, segloss.Loss):
        return segloss.Loss(loss, link, threads=threads)
    for name, given in (("link", link is not None), ("threads", threads != 1)):
        if given:
            raise ValueError(f"`{name}` is given beside a segloss.Loss, which was made with its own")
    return loss


class Loss(nn.Module):
    """The loss of a text, such as "0.5*bce + 0.5*dice" or "preset:boundary".

    `loss` may be a segloss.Loss instead, with plugins or maps of its own, or put together from arrays
    (`segloss.Loss.compose`). `link` is "sigmoid" for masks, "softmax" for labels; None leaves it to the terms
    and shapes, as for segloss.Loss. With `reduction="none"` the result is one loss a sample, with "pixel" one
    a pixel, of the targets' shape, not divided by anything. `spatial=1` is for logits of lines.
    """

    def __init__(self, loss, link=None, *, ignore_index=..., reduction="mean", threads=1, spatial=None):
        super().__init__()
        self.loss = _made(loss, link, threads)
        self.reduction = _known(reduction)
        self._call = _said(ignore_index, spatial)

    def forward(self, logits, targets, *, mask=None, weights=None, maps=None):
        """Returns the loss of logits (B, K, H, W) or (B, K, D, H, W) and targets of their shape, or labels.

        `mask`, `weights` and each of `maps` have the targets' shape, or 1 channel, which may be left out.
        """
        return _evaluate(
            self.loss, logits, targets, reduction=self.reduction, mask=mask, weights=weights, maps=maps,
            **self._call)

    def extra_repr(self):
        return f"{str(self.loss)!r}, link={self.loss.link!r}"


_REDUCTIONS = ("mean", "none", "pixel")


def _known(reduction, choices=_REDUCTIONS):
    if reduction not in choices:
        raise ValueError(f"`reduction` is {reduction!r}, expected one of {', '.join(map(repr, choices))}")
    return reduction


def _said(ignore_index, spatial):
    # Without what is not said, because pickles are smaller then.
    said = {} if ignore_index is ... else {"ignore_index": ignore_index}
    return said if spatial is None else said | {"spatial": spatial}


class _Pooled:
    """A loss of what all workers have, computed from this one's pixels and the totals of all."""

    def __init__(self, loss, group, averaged, call):
        self.loss, self.group, self.averaged, self.call = loss, group, averaged, call
        self.sums = self.totals = None

    def __call__(self, logits, targets, gradient):
        if self.totals is None:
            self.sums = self.loss.reduce(logits, targets, **self.call)
            self.totals = self.loss.close(logits, targets, self.sums, **self.call)
            torch.distributed.all_reduce(torch.from_numpy(self.totals), group=self.group)
        wanted = gradient is not None
        averaged = wanted and self.averaged
        scale = {"scale": torch.distributed.get_world_size(self.group)} if averaged else {}
        value, _ = self.loss.finish(
            logits, targets, self.sums, self.totals, out=gradient, gradient=wanted, **scale, **self.call)
        return value


class DistributedLoss(nn.Module):
    """The loss of the batch that all workers of torch.distributed have together, on each of them.

    Each has whole samples, as many as it likes, none too: logits and targets of (0, K, H, W). What crosses
    the wire is one all-reduce of a few doubles, as many as terms and classes ask for, whatever the size of
    images. With `averaged`, the gradient is multiplied by the number of workers, because
    DistributedDataParallel averages it over them. Weight maps that the loss names are given to `forward`:
    `maps={"band": segloss.map_weights("band", masks)}`. The rest is as for Loss.
    """

    def __init__(self, loss, link=None, *, group=None, averaged=True, ignore_index=..., threads=1,
                 spatial=None):
        super().__init__()
        self.loss = _made(loss, link, threads)
        self.group, self.averaged = group, averaged
        self._call = _said(ignore_index, spatial)

    def forward(self, logits, targets, *, mask=None, weights=None, maps=None):
        """Returns the loss of all workers, of what Loss takes. Every worker of the group calls it."""
        call = {"mask": mask, "weights": weights, "maps": maps, **self._call}
        return _differentiate(logits, targets, _Pooled(self.loss, self.group, self.averaged, call))

    def extra_repr(self):
        return f"{str(self.loss)!r}, link={self.loss.link!r}"


@functools.lru_cache(maxsize=64)
def _read(text, link, labels_take=None):
    """The loss of a text; `labels_take` is what a message about labels given to a loss of masks advises."""
    loss = segloss.Loss(text, link)
    if labels_take is not None:
        loss._labels_take = labels_take
    return loss


def _number(value):
    return repr(value if isinstance(value, int) else float(value))


def _term(name, **parameters):
    written = {key: value if isinstance(value, str) else _number(value) for key, value in parameters.items()}
    return f"{name}({', '.join(f'{key}={value}' for key, value in written.items())})"


@functools.lru_cache(maxsize=64)
def _read_of_classes(name, arguments, link="softmax"):
    arguments = {key: list(value) if isinstance(value, tuple) else value for key, value in arguments}
    return segloss.Loss.compose([(1, name, arguments)], link)


def _of_classes(name, **arguments):
    """A loss with weights of classes, every digit of which arrays and tensors keep."""
    return _read_of_classes(name, tuple((key, _plain(value)) for key, value in arguments.items()))


def _plain(value):
    """A number, or a tuple of numbers."""
    value = value.tolist() if hasattr(value, "tolist") else value
    return tuple(value) if hasattr(value, "__iter__") else value


class _Named(nn.Module):
    """A loss whose parameters are attributes; its text is made of what they are at each call."""

    _link, _labels_take, _reductions = "sigmoid", None, _REDUCTIONS
    ignore_index, spatial, reduction = ..., None, "mean"

    def __init__(self, ignore_index, spatial, reduction, **parameters):
        super().__init__()
        for name, value in parameters.items():
            setattr(self, name, value)
        self.ignore_index, self.spatial = ignore_index, spatial
        self.reduction = _known(reduction, self._reductions)
        self._loss()

    def _loss(self):
        return _read(self.text, self._link, self._labels_take)

    def forward(self, logits, targets):
        """Returns the loss: one number, one a sample or one a pixel, as `reduction` says."""
        said = _said(self.ignore_index, self.spatial)
        return _evaluate(self._loss(), logits, targets, reduction=self.reduction, **said)

    def extra_repr(self):
        return repr(self.text)


class DiceLoss(_Named):
    """`dice`, of each sample; `reduction` is "mean", "sum" or "none"."""

    _labels_take = '`MultiClassDiceLoss` or `Loss("dice")`'
    _reductions = ("mean", "sum", "none")

    def __init__(self, smooth=1e-6, reduction="mean", *, ignore_index=..., spatial=None):
        super().__init__(ignore_index, spatial, reduction, smooth=smooth)

    @property
    def text(self):
        summed = ", reduction=sum" if self.reduction == "sum" else ""
        return f"dice(smooth={_number(self.smooth)}{summed})"

    def forward(self, logits, targets):
        """Returns the loss: one number, or one a sample."""
        reduction = "none" if self.reduction == "none" else "mean"
        said = _said(self.ignore_index, self.spatial)
        return _evaluate(self._loss(), logits, targets, reduction=reduction, **said)


class TverskyLoss(_Named):
    """`tversky`: `alpha` weighs false positives, `beta` false negatives."""

    _labels_take = '`Loss("tversky")`'

    def __init__(self, alpha=0.5, beta=0.5, smooth=1e-6, *, ignore_index=..., spatial=None, reduction="mean"):
        super().__init__(ignore_index, spatial, reduction, alpha=alpha, beta=beta, smooth=smooth)

    @property
    def text(self):
        return _term("tversky", fp=self.alpha, fn=self.beta, smooth=self.smooth)


class FocalTverskyLoss(_Named):
    """`focal_tversky`: TverskyLoss to the power `gamma`."""

    _labels_take = '`Loss("focal_tversky")`'

    def __init__(self, alpha=0.5, beta=0.5, gamma=1.0, smooth=1e-6, *, ignore_index=..., spatial=None,
                 reduction="mean"):
        super().__init__(
            ignore_index, spatial, reduction, alpha=alpha, beta=beta, gamma=gamma, smooth=smooth)

    @property
    def text(self):
        return _term(
            "focal_tversky", fp=self.alpha, fn=self.beta, gamma=self.gamma, smooth=self.smooth)


class FocalLoss(_Named):
    """`focal` of masks; `alpha` weighs foreground, None neither side."""

    _labels_take = '`MultiClassFocalLoss` or `Loss("focal")`'

    def __init__(self, alpha=0.25, gamma=2.0, *, ignore_index=..., spatial=None, reduction="mean"):
        super().__init__(ignore_index, spatial, reduction, alpha=alpha, gamma=gamma)

    @property
    def text(self):
        alpha = "off" if self.alpha is None else self.alpha
        return _term("focal", alpha=alpha, gamma=self.gamma)


class BoundaryLoss(_Named):
    """`boundary`: cross-entropy, weighted in a band along boundaries."""

    _labels_take = '`Loss("boundary")`'

    def __init__(self, theta=3, weight_factor=5.0, *, ignore_index=..., spatial=None, reduction="mean"):
        super().__init__(ignore_index, spatial, reduction, theta=theta, weight_factor=weight_factor)

    @property
    def text(self):
        return _term("boundary", theta=self.theta, weight=self.weight_factor)


class DistanceMapLoss(_Named):
    """`distance`: cross-entropy, weighted by the distance to boundaries."""

    _labels_take = '`Loss("distance")`'

    def __init__(self, sigma=5.0, *, ignore_index=..., spatial=None, reduction="mean"):
        super().__init__(ignore_index, spatial, reduction, sigma=sigma)

    @property
    def text(self):
        return _term("distance", sigma=self.sigma)


class MultiClassDiceLoss(_Named):
    """`dice` of label maps, averaged over classes."""

    _link = "softmax"

    def __init__(self, num_classes, smooth=1e-6, ignore_index=255, *, spatial=None, reduction="mean"):
        super().__init__(ignore_index, spatial, reduction, num_classes=num_classes, smooth=smooth)

    @property
    def text(self):
        return _term("dice", smooth=self.smooth)

    def forward(self, logits, targets):
        if logits.ndim > 1 and logits.shape[1] != self.num_classes:
            raise ValueError(
                f"`logits` have {logits.shape[1]} channels, expected `num_classes`, {self.num_classes}")
        return super().forward(logits, targets)


class MultiClassFocalLoss(_Named):
    """`focal` of label maps; `alpha` are weights, one a class."""

    _link = "softmax"

    def __init__(self, gamma=2.0, alpha=None, ignore_index=255, *, spatial=None, reduction="mean"):
        super().__init__(ignore_index, spatial, reduction, gamma=gamma, alpha=alpha)

    def _loss(self):
        if self.alpha is None:
            return super()._loss()
        return _of_classes("focal", alpha=self.alpha, gamma=self.gamma)

    @property
    def text(self):
        if self.alpha is None:
            return _term("focal", gamma=self.gamma)
        return str(self._loss())


class CombinedSegmentationLoss(_Named):
    """A weighted sum of `bce`, `dice`, `focal` and `boundary`."""

    _labels_take = '`Loss("0.5*ce + 0.5*dice")` and such sums'

    def __init__(self, ce_weight=0.5, dice_weight=0.5, focal_weight=0.0, boundary_weight=0.0, *,
                 ignore_index=..., spatial=None, reduction="mean"):
        super().__init__(
            ignore_index, spatial, reduction, ce_weight=ce_weight, dice_weight=dice_weight,
            focal_weight=focal_weight, boundary_weight=boundary_weight)

    @property
    def text(self):
        weights = {"bce": self.ce_weight, "dice": self.dice_weight, "focal": self.focal_weight,
                   "boundary": self.boundary_weight}
        terms = [f"{_number(weight)}*{name}" for name, weight in weights.items() if weight != 0]
        return " + ".join(terms) or "0*bce"


def create_segmentation_loss(task_type="balanced", *, link=None, ignore_index=..., spatial=None,
                             reduction="mean"):
    """Returns the loss of a preset: "balanced", "imbalanced", "boundary", "medical" or "nnunet"; the rest as for Loss."""
    presets = ("balanced", "imbalanced", "boundary", "medical", "nnunet")
    if task_type not in presets:
        raise ValueError(f"`task_type` is {task_type!r}, expected one of {', '.join(presets)}")
    return Loss(
        f"preset:{task_type}", link, ignore_index=ignore_index, reduction=reduction, spatial=spatial)


def pixel_wise_cross_entropy(logits, targets, ignore_index=255, *, spatial=None, reduction="mean"):
    """Returns `ce`."""
    said = _said(ignore_index, spatial)
    return _evaluate(_read("ce", "softmax"), logits, targets, reduction=_known(reduction), **said)


def weighted_cross_entropy(logits, targets, class_weights=None, ignore_index=255, *, spatial=None,
                           reduction="mean"):
    """Returns `ce`, with a weight a class; divided by the sum of weights."""
    loss = _read("ce", "softmax") if class_weights is None else _of_classes("ce", weights=class_weights)
    said = _said(ignore_index, spatial)
    return _evaluate(loss, logits, targets, reduction=_known(reduction), **said)


def binary_segmentation_loss(logits, targets, *, ignore_index=..., spatial=None, reduction="mean"):
    """Returns `bce`."""
    said, loss = _said(ignore_index, spatial), _read("bce", "sigmoid", "`pixel_wise_cross_entropy`")
    return _evaluate(loss, logits, targets, reduction=_known(reduction), **said)


def compute_class_weights(dataset, num_classes, ignore_index=255):
    """Returns weights of classes by inverse frequency, from (image, mask) pairs; they add up to `num_classes`."""
    counts = None
    for _, mask in dataset:
        counts = segloss.class_counts(mask, num_classes, ignore_index=ignore_index, counts=counts)
    if counts is None:
        raise ValueError("`dataset` has no masks to count")
    return torch.as_tensor(segloss.class_weights(counts), dtype=torch.float32)
