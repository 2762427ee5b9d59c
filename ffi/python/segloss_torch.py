"""The losses of segloss as modules of PyTorch, for tensors on the CPU.

    import segloss_torch
    criterion = segloss_torch.Loss("0.5*bce + 0.5*dice")
    criterion(logits, masks).backward()

`Loss` is any loss in text form; `DistributedLoss` the same over the batch of all workers. The other classes
and functions take what those of the usual formulas in PyTorch take, so that an import replaces them. Masks
of any dtype are read in place, logits of bfloat16 and float16 too. segloss.py is found beside this file.
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
            each = upstream.reshape([-1] + [1] * (gradient.ndim - 1)) if upstream.ndim else upstream
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
def _apply(link, logits, targets, compute):
    if link == "softmax" and targets.ndim == logits.ndim - 1:
        targets = targets.unsqueeze(1)
    if targets.requires_grad:
        raise ValueError("`targets` require a gradient, which is computed for logits alone")
    needs_gradient = torch.is_grad_enabled() and logits.requires_grad
    return _Differentiable.apply(logits, targets, compute, needs_gradient)


def _evaluate(loss, logits, targets, *, reduction="mean", **call):
    if reduction == "none":
        # Of each sample's own loss, not of their mean.
        call["scale"] = [1.0] * len(logits)

    def compute(logits, targets, gradient):
        wanted = gradient is not None
        value, _ = loss.evaluate(
            logits, targets, out=gradient, gradient=wanted, reduction=reduction, **call)
        return value

    return _apply(loss.link, logits, targets, compute)


class Loss(nn.Module):
    """The loss of a text, such as "0.5*bce + 0.5*dice" or "preset:boundary".

    `loss` may be a segloss.Loss instead, with plugins or maps of its own. With `reduction="none"` the result
    is one loss a sample. `ignore_index` is as for segloss.Loss.evaluate.
    """

    def __init__(self, loss, link="sigmoid", *, ignore_index=..., reduction="mean", threads=1):
        super().__init__()
        self.loss = loss if isinstance(loss, segloss.Loss) else segloss.Loss(loss, link, threads=threads)
        self.reduction = reduction
        self._call = _ignoring(ignore_index)

    def forward(self, logits, targets, *, mask=None, weights=None, maps=None):
        """Logits are batch x channels x 1 to 3 axes; targets are alike, or labels without the channel."""
        return _evaluate(
            self.loss, logits, targets, reduction=self.reduction, mask=mask, weights=weights, maps=maps,
            **self._call)

    def extra_repr(self):
        return f"{str(self.loss)!r}, link={self.loss.link!r}"


def _ignoring(ignore_index):
    # Without the `...` that says "unless given", which older pickles do not know.
    return {} if ignore_index is ... else {"ignore_index": ignore_index}


class _Pooled:
    """A loss of what all workers have, computed from this one's pixels and the totals of all."""

    def __init__(self, loss, group, averaged, call):
        self.loss, self.group, self.averaged, self.call = loss, group, averaged, call
        self.sums = self.totals = None

    def __call__(self, logits, targets, gradient):
        workers = torch.distributed.get_world_size(self.group)
        if self.totals is None:
            self.sums = self.loss.reduce(logits, targets, **self.call)
            self.totals = self.loss.close(logits, targets, self.sums, **self.call)
            torch.distributed.all_reduce(torch.from_numpy(self.totals), group=self.group)
        value, _ = self.loss.finish(
            logits, targets, self.sums, self.totals, out=gradient, gradient=gradient is not None,
            scale=workers if self.averaged else 1, **self.call)
        return value


class DistributedLoss(nn.Module):
    """The loss of the batch that all workers of torch.distributed have together, on each of them.

    Each has whole samples, as many as it likes. What crosses the wire is one all-reduce of a few doubles, as
    many as terms and classes ask for, whatever the size of images. With `averaged`, the gradient is
    multiplied by the number of workers, because DistributedDataParallel averages it over them. Weight maps
    that the loss names are given to `forward`: `maps={"band": segloss.map_weights("band", masks)}`.
    """

    def __init__(self, loss, link="sigmoid", *, group=None, averaged=True, ignore_index=..., threads=1):
        super().__init__()
        self.loss = loss if isinstance(loss, segloss.Loss) else segloss.Loss(loss, link, threads=threads)
        self.group, self.averaged = group, averaged
        self._call = _ignoring(ignore_index)

    def forward(self, logits, targets, *, mask=None, weights=None, maps=None):
        """As of Loss. Every worker of the group calls it."""
        call = {"mask": mask, "weights": weights, "maps": maps, **self._call}
        return _apply(
            self.loss.link, logits, targets, _Pooled(self.loss, self.group, self.averaged, call))

    def extra_repr(self):
        return f"{str(self.loss)!r}, link={self.loss.link!r}"


@functools.lru_cache(maxsize=64)
def _read(text, link):
    return segloss.Loss(text, link)


def _number(value):
    return repr(value if isinstance(value, int) else float(value))


def _term(name, **parameters):
    return f"{name}({', '.join(f'{key}={_number(value)}' for key, value in parameters.items())})"


class _Named(nn.Module):
    """A loss whose parameters are attributes; its text is made of what they are at each call."""

    _link = "sigmoid"

    def _check(self):
        _read(self.text, self._link)

    def forward(self, logits, targets):
        ignoring = {"ignore_index": self.ignore_index} if hasattr(self, "ignore_index") else {}
        return _evaluate(_read(self.text, self._link), logits, targets, **ignoring)

    def extra_repr(self):
        return repr(self.text)


class DiceLoss(_Named):
    """`dice`, of each sample; `reduction` is "mean", "sum" or "none"."""

    def __init__(self, smooth=1e-6, reduction="mean"):
        super().__init__()
        if reduction not in ("mean", "sum", "none"):
            raise ValueError(f"`reduction` is {reduction!r}, expected 'mean', 'sum' or 'none'")
        self.smooth, self.reduction = smooth, reduction
        self._check()

    @property
    def text(self):
        summed = ", reduction=sum" if self.reduction == "sum" else ""
        return f"dice(smooth={_number(self.smooth)}{summed})"

    def forward(self, logits, targets):
        reduction = "none" if self.reduction == "none" else "mean"
        return _evaluate(_read(self.text, self._link), logits, targets, reduction=reduction)


class TverskyLoss(_Named):
    """`tversky`: `alpha` weighs false positives, `beta` false negatives."""

    def __init__(self, alpha=0.5, beta=0.5, smooth=1e-6):
        super().__init__()
        self.alpha, self.beta, self.smooth = alpha, beta, smooth
        self._check()

    @property
    def text(self):
        return _term("tversky", fp=self.alpha, fn=self.beta, smooth=self.smooth)


class FocalTverskyLoss(_Named):
    """`focal_tversky`: TverskyLoss to the power `gamma`."""

    def __init__(self, alpha=0.5, beta=0.5, gamma=1.0, smooth=1e-6):
        super().__init__()
        self.alpha, self.beta, self.gamma, self.smooth = alpha, beta, gamma, smooth
        self._check()

    @property
    def text(self):
        return _term(
            "focal_tversky", fp=self.alpha, fn=self.beta, gamma=self.gamma, smooth=self.smooth)


class FocalLoss(_Named):
    """`focal` of masks."""

    def __init__(self, alpha=0.25, gamma=2.0):
        super().__init__()
        self.alpha, self.gamma = alpha, gamma
        self._check()

    @property
    def text(self):
        return _term("focal", alpha=self.alpha, gamma=self.gamma)


class BoundaryLoss(_Named):
    """`boundary`: cross-entropy, weighted in a band along boundaries."""

    def __init__(self, theta=3, weight_factor=5.0):
        super().__init__()
        self.theta, self.weight_factor = theta, weight_factor
        self._check()

    @property
    def text(self):
        return _term("boundary", theta=self.theta, weight=self.weight_factor)


class DistanceMapLoss(_Named):
    """`distance`: cross-entropy, weighted by the distance to boundaries."""

    def __init__(self, sigma=5.0):
        super().__init__()
        self.sigma = sigma
        self._check()

    @property
    def text(self):
        return _term("distance", sigma=self.sigma)


class MultiClassDiceLoss(_Named):
    """`dice` of label maps, averaged over classes."""

    _link = "softmax"

    def __init__(self, num_classes, smooth=1e-6, ignore_index=255):
        super().__init__()
        self.num_classes, self.smooth, self.ignore_index = num_classes, smooth, ignore_index
        self._check()

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

    def __init__(self, gamma=2.0, alpha=None, ignore_index=255):
        super().__init__()
        self.gamma, self.alpha, self.ignore_index = gamma, alpha, ignore_index
        self._check()

    @property
    def text(self):
        alpha = "" if self.alpha is None else f"alpha={_list(self.alpha)}, "
        return f"focal({alpha}gamma={_number(self.gamma)})"


class CombinedSegmentationLoss(_Named):
    """A weighted sum of `bce`, `dice`, `focal` and `boundary`."""

    def __init__(self, ce_weight=0.5, dice_weight=0.5, focal_weight=0.0, boundary_weight=0.0):
        super().__init__()
        self.ce_weight, self.dice_weight = ce_weight, dice_weight
        self.focal_weight, self.boundary_weight = focal_weight, boundary_weight
        self._check()

    @property
    def text(self):
        weights = {"bce": self.ce_weight, "dice": self.dice_weight, "focal": self.focal_weight,
                   "boundary": self.boundary_weight}
        terms = [f"{_number(weight)}*{name}" for name, weight in weights.items() if weight != 0]
        return " + ".join(terms) or "0*bce"


def create_segmentation_loss(task_type="balanced"):
    """The loss of a preset: "balanced", "imbalanced", "boundary" or "medical"."""
    presets = ("balanced", "imbalanced", "boundary", "medical")
    if task_type not in presets:
        raise ValueError(f"`task_type` is {task_type!r}, expected one of {', '.join(presets)}")
    return Loss(f"preset:{task_type}")


def _list(numbers):
    numbers = numbers.tolist() if hasattr(numbers, "tolist") else numbers
    return "[" + ", ".join(_number(number) for number in numbers) + "]"


def pixel_wise_cross_entropy(logits, targets, ignore_index=255):
    """`ce`."""
    return _evaluate(_read("ce", "softmax"), logits, targets, ignore_index=ignore_index)


def weighted_cross_entropy(logits, targets, class_weights=None, ignore_index=255):
    """`ce`, with a weight a class; divided by the sum of weights."""
    text = "ce" if class_weights is None else f"ce(weights={_list(class_weights)})"
    return _evaluate(_read(text, "softmax"), logits, targets, ignore_index=ignore_index)


def binary_segmentation_loss(logits, targets):
    """`bce`."""
    return _evaluate(_read("bce", "sigmoid"), logits, targets)


def compute_class_weights(dataset, num_classes, ignore_index=255):
    """Weights of classes by inverse frequency, from (image, mask) pairs; they add up to `num_classes`."""
    counts = None
    for _, mask in dataset:
        # One sample of one axis: labels are only counted.
        counts = segloss.class_counts(
            mask.reshape(1, 1, -1), num_classes, ignore_index=ignore_index, counts=counts)
    if counts is None:
        raise ValueError("`dataset` has no masks to count")
    return torch.as_tensor(segloss.class_weights(counts), dtype=torch.float32)
