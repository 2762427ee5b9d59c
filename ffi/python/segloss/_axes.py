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
    axes = len(logits.shape)
    if spatial is None:
        if axes not in (4, 5):
            lines = "; of lines say spatial=1" if axes == 3 else ""
            raise bad_shape(
                f"`logits` has shape {logits.shape}, expected 4 or 5 axes: batch, channels and 2 or 3 of "
                f"space{lines}")
    elif axes != whole(spatial, "spatial", 1, 3) + 2:
        raise bad_shape(
            f"`logits` has shape {logits.shape}, expected {spatial + 2} axes because `spatial` is {spatial}: "
            "batch, channels and those of space")
    if len(targets.shape) == axes - 1:
        targets.insert_axis(1)
    elif len(targets.shape) != axes:
        raise bad_shape(
            f"`targets` has shape {targets.shape}, expected {axes} axes as `logits` has, or {axes - 1} without "
            "the channels")


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
