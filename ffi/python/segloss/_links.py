"""Which link a call is of: what is said, else what the terms need, else what the shapes mean."""

from ._axes import bad_shape
from ._library import Error

SIGMOID, SOFTMAX = 0, 1
LINKS = {"sigmoid": SIGMOID, "softmax": SOFTMAX}
NAMES = ("sigmoid", "softmax")


def of_shapes(logits, targets):
    """Returns the link of logits and targets with all axes, where neither call nor terms say one."""
    channels, own = logits.shape[1], targets.shape[1]
    if channels == 1:
        return SIGMOID
    if own == 1:
        return SOFTMAX
    if own == channels:
        raise Error(
            f"`logits` and `targets` both have {channels} channels: say link=\"sigmoid\" if each channel is a "
            "mask of its own, or give labels, `targets.argmax(1)`, if each pixel has one class",
            "SEGLOSS_RESULT_UNSUPPORTED_OPTION")
    raise bad_shape(
        f"`targets` has {own} channels, expected 1 of labels, or {channels} of masks as `logits` has")


def check(link, logits, targets):
    """Checks that targets have the channels of the link."""
    channels, own = logits.shape[1], targets.shape[1]
    if link == SIGMOID:
        if own != channels:
            other = '; labels of classes take link="softmax"' if own == 1 else ""
            raise bad_shape(
                f"`targets` has {own} channels, expected a mask for each of {channels} of `logits` because the "
                f"link is sigmoid{other}")
    elif own != 1:
        other = "`targets.argmax(1)` of one mask a class" if own == channels else "one class a pixel"
        raise bad_shape(
            f"`targets` has {own} channels, expected 1 of labels because the link is softmax: {other}")
