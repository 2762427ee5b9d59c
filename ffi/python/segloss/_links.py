"""Which link a call is of: what is said, else what the terms need, else what the shapes mean."""

from ._axes import bad_shape
from ._library import Error, check

SIGMOID, SOFTMAX = 0, 1
LINKS = {"sigmoid": SIGMOID, "softmax": SOFTMAX}
NAMES = ("sigmoid", "softmax")
# What a message about labels under sigmoid advises.
LABELS_TAKE = 'link="softmax"'


def check_masks(code, link, masks):
    """Raises what a call that returned `code` says, if it failed. Integers that are no masks may be labels."""
    try:
        check(code)
    except Error as error:
        is_target = error.code == "SEGLOSS_RESULT_BAD_TARGET"
        if is_target and link == SIGMOID and any(own.is_integer() for own in masks):
            raise Error(f"{error}; labels of classes take {LABELS_TAKE}", error.code) from None
        raise


def of_shapes(logits, targets):
    """Returns the link of logits and targets with all axes, where neither call nor terms say one."""
    channels, own = logits.shape[1], targets.shape[1]
    if channels == 1:
        return SIGMOID
    if own == 1:
        return SOFTMAX
    if own == channels:
        last = "; if channels come last, move them to axis 1" if logits.shape[-1] < channels else ""
        raise Error(
            f"`logits` and `targets` both have {channels} channels: say link=\"sigmoid\" if each channel is a "
            f"mask of its own, or give labels, `targets.argmax(1)`, if each pixel has one class{last}",
            "SEGLOSS_RESULT_UNSUPPORTED_OPTION")
    raise bad_shape(
        f"`targets` has {own} channels, expected 1 of labels, or {channels} of masks as `logits` has")


def check_channels(link, logits, targets, labels_take):
    """Checks that targets have the channels of the link. `labels_take` says what labels are given to instead."""
    channels, own = logits.shape[1], targets.shape[1]
    if link == SIGMOID:
        if own != channels:
            other = f"; labels of classes take {labels_take}" if own == 1 else ""
            raise bad_shape(
                f"`targets` has {own} channels, expected a mask for each of {channels} of `logits` because the "
                f"link is sigmoid{other}")
    elif own != 1:
        other = "`targets.argmax(1)` of one mask a class" if own == channels else "one class a pixel"
        raise bad_shape(
            f"`targets` has {own} channels, expected 1 of labels because the link is softmax: {other}")
