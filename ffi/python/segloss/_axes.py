"""Which axes of an array are batch, channels and space.

C takes batch x channels x 1 to 3 axes of space. Callers leave axes out that are 1: which, is read off the
number of axes where there is one reading, and asked for with `spatial` where there are several.
"""

from ._arguments import whole
from ._library import Error


def bad_shape(message):
    return Error(message, "SEGLOSS_RESULT_BAD_SHAPE")


def of_loss(logits, targets, spatial):
    """Checks the axes of logits, and gives targets of batch x space their axis of channels."""
    axes, given = len(logits.shape), targets.shape
    if spatial is None:
        if axes not in (4, 5):
            one = {2: "; of one image and one class give `logits[None, None]`",
                   3: "; of one image give `logits[None]`, of lines say spatial=1"}.get(axes, "")
            raise bad_shape(
                f"`logits` has shape {logits.shape}, expected 4 or 5 axes: batch, channels and 2 or 3 of "
                f"space{one}")
    elif axes != whole(spatial, "spatial", 1, 3) + 2:
        one = "; of one sample give `logits[None]`" if axes == spatial + 1 else ""
        raise bad_shape(
            f"`logits` has shape {logits.shape}, expected {spatial + 2} axes because `spatial` is {spatial}: "
            f"batch, channels and those of space{one}")
    if len(given) == axes - 1:
        targets.insert_axis(1)
    elif len(given) != axes:
        one = "; of one sample give `targets[None]`" if given == logits.shape[2:] else ""
        raise bad_shape(
            f"`targets` has shape {given}, expected {axes} axes as `logits` has, or {axes - 1} without the "
            f"channels{one}")
    if logits.shape[0] != targets.shape[0] and given == logits.shape[1:]:
        volume = ", or of a volume without a batch `logits[None]` too" if axes == 4 and spatial is None else ""
        raise bad_shape(
            f"`targets` has shape {given}, that of one sample of `logits`, {logits.shape}: give `targets[None]`"
            f"{volume}")
    if logits.shape[2:] != targets.shape[2:]:
        _check_channels_second(logits, targets)


def _check_channels_second(logits, targets):
    """Checks that logits and targets do not differ in space because channels come last."""
    of_logits, of_targets = logits.shape[1:-1], targets.shape[1:-1]
    if of_logits == targets.shape[2:]:
        raise _channels_last(logits)
    if of_targets == logits.shape[2:]:
        raise _channels_last(targets)
    if of_logits == of_targets and targets.shape[-1] == 1:
        raise _channels_last(logits, targets)


def _channels_last(*tensors):
    told = " and ".join(f"`{own.argument}` has shape {own.shape}" for own in tensors)
    mend = " and ".join(f"`moveaxis({own.argument}, -1, 1)`" for own in tensors)
    return bad_shape(f"{told}, expected channels as axis 1, not last: {mend}")


def of_masks(tensor, spatial):
    """Gives masks the axes of batch and channels that they lack, and returns how many they had."""
    shape, argument = tensor.shape, tensor.argument
    axes = len(shape)
    if spatial is None:
        if axes == 2:
            spatial = 2
        elif axes == 5:
            spatial = 3
        elif axes == 4 and shape[1] == 1:
            spatial = 2
        elif axes == 4:
            raise bad_shape(
                f"`{argument}` has shape {shape}: say spatial=2 for batch x channels x height x width, or "
                "spatial=3 for batch x depth x height x width")
        elif axes == 3:
            raise bad_shape(
                f"`{argument}` has shape {shape}: say spatial=2 for a stack of images, or spatial=3 for a volume")
        else:
            lines = ", lines say spatial=1" if axes == 1 else ""
            raise bad_shape(
                f"`{argument}` has shape {shape}, expected 2 axes for an image, up to 5 for batch, channels and "
                f"3 of space{lines}")
    else:
        space = whole(spatial, "spatial", 1, 3)
        if not space <= axes <= space + 2:
            raise bad_shape(
                f"`{argument}` has shape {shape}, expected {space} to {space + 2} axes because `spatial` is "
                f"{space}: batch, channels and those of space")
        spatial = space
    if axes == spatial:
        tensor.insert_axis(0)
    if axes <= spatial + 1:
        tensor.insert_axis(1)
    return axes


def as_targets(tensor, targets, axes):
    """Gives a mask, weights or a map the axes of targets, which came with so many.

    It is of the targets' shape, or has 1 channel for all, which may be left out; then 1 sample is for all too.
    """
    shape, full = tensor.shape, len(targets.shape)
    if len(shape) == full:
        if shape[2:] != targets.shape[2:] == shape[1:-1]:
            raise _channels_last(tensor)
        return
    if len(shape) == full - 1 and shape[0] in (1, targets.shape[0]):
        tensor.insert_axis(1)
        if shape[0] != targets.shape[0]:
            tensor.repeat_first(targets.shape[0])
    elif len(shape) == axes == full - 2:
        tensor.insert_axis(0)
        tensor.insert_axis(1)
    else:
        batch, _, *space = targets.shape
        expected = [targets.shape, (batch, *space), (1, *space)] + [tuple(space)] * (axes == full - 2)
        expected = " or ".join(map(str, dict.fromkeys(expected)))
        raise bad_shape(f"`{tensor.argument}` has shape {shape}, expected {expected}")


def written_as(tensor, given, targets):
    """Gives an output of the shape that targets were given with their axes."""
    shape = tensor.shape
    if shape != given and shape != targets.shape:
        raise bad_shape(f"`{tensor.argument}` has shape {shape}, expected {given} as `{targets.argument}` has")
    tensor.shape, strides = targets.shape, tensor.strides
    if strides is not None:
        # Axes of 1 were inserted in front, among the first two.
        missing = len(targets.shape) - len(shape)
        tensor.strides = ((0, 0) + strides) if missing == 2 else (
            (strides[0], 0) + strides[1:] if missing == 1 else strides)
