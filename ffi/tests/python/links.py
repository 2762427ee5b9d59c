"""The link that a call is of: every combination of what is said, terms and shapes."""

import itertools

import numpy as np

import segloss

from checks import passed, raises, refused

random = np.random.default_rng(1)

BATCH = 2
# By what a text's terms need.
TEXTS = {
    "sigmoid": ("bce", "0.5*bce + 0.5*dice"),
    "softmax": ("ce", "dice + 0*ce @ band", "ce(weights=[1, 2, 4])"),
    None: ("dice", "focal_tversky", "boundary", "distance", "preset:balanced", "preset:boundary"),
}
ASKS = "say link=\"sigmoid\" if each channel"


def expected(said, needs, channels, targets):
    """The link, or how its error begins. Targets are the number of their channels, None for no such axis."""
    own = 1 if targets is None else targets
    link = said or needs
    if link is None:
        if channels == 1:
            link = "sigmoid"
        elif own == 1:
            link = "softmax"
        elif own == channels:
            return None, ASKS
        else:
            return None, f"`targets` has {own} channels, expected 1 of labels, or {channels} of masks"
    if needs not in (None, link):
        return None, f'needs link="{needs}"'
    if link == "sigmoid" and own != channels:
        return None, f"`targets` has {own} channels, expected a mask for each of {channels}"
    if link == "softmax" and own != 1:
        return None, f"`targets` has {own} channels, expected 1 of labels because the link is softmax"
    if link == "softmax" and channels == 1:
        return None, "`logits` has 1 channels"
    return link, None


def every_combination():
    count = 0
    spaces = ((7, 9), (3, 4, 5), (11,))
    for (needs, texts), said, channels, targets, space in itertools.product(
            TEXTS.items(), (None, "sigmoid", "softmax"), (1, 2, 3), (None, 1, 2, 3), spaces):
        lines = {"spatial": 1} if len(space) == 1 else {}
        for text in texts:
            if "weights" in text and channels != 3:
                continue
            link, error = expected(said, needs, channels, targets)
            z = random.uniform(-3, 3, (BATCH, channels, *space)).astype(random.choice([np.float32, np.float64]))
            most = channels if link == "softmax" else 2
            shape = (BATCH, *space) if targets is None else (BATCH, targets, *space)
            y = random.integers(0, most, shape).astype(random.choice([np.uint8, np.int32, np.int64]))
            call = {} if said is None else {"link": said}
            count += 1
            if error is not None:
                try:
                    segloss.evaluate(text, z, y, **call, **lines)
                except segloss.Error as told:
                    assert error in str(told), (text, said, channels, targets, told)
                    continue
                raise AssertionError((text, said, channels, targets, "not refused"))
            value, gradient = segloss.evaluate(text, z, y, **call, **lines)
            whole = y.reshape(BATCH, 1, *space) if targets is None else y
            again = segloss.evaluate(text, z, whole, link=link, **lines)
            assert again[0] == value and (again[1] == gradient).all(), (text, said, channels, targets)
            # As an object, whose link may be open until the call.
            loss = segloss.Loss(text, said)
            assert loss.link == (said or needs)
            assert loss.evaluate(z, y, **lines)[0] == value
            # The stages have the same link; they compute no maps.
            if not any(word in text for word in ("@", "preset", "boundary", "distance")):
                sums = loss.reduce(z, y, **lines)
                totals = loss.close(z, y, sums, **lines)
                assert abs(loss.finish(z, y, sums, totals, **lines)[0] - value) < 1e-12
    assert count > 1000


def one_hot_masks_are_asked_about():
    z = random.uniform(-3, 3, (2, 3, 8, 8))
    labels = random.integers(0, 3, (2, 8, 8))
    one_hot = np.eye(3, dtype=np.uint8)[labels].transpose(0, 3, 1, 2)
    refused("UNSUPPORTED_OPTION", "`targets.argmax(1)`", segloss.evaluate, "dice", z, one_hot)
    refused("BAD_SHAPE", "`targets.argmax(1)`", segloss.evaluate, "ce", z, one_hot)
    assert segloss.evaluate("dice", z, one_hot.argmax(1))[0] == segloss.evaluate("dice", z, labels)[0]
    assert segloss.evaluate("dice", z, one_hot, link="sigmoid")[0] != segloss.evaluate("dice", z, labels)[0]
    refused("BAD_SHAPE", 'labels of classes take link="softmax"', segloss.evaluate, "bce", z, labels)


def texts_tell_of_links():
    refused("BAD_TEXT", 'at 7: `ce` needs link="softmax", and `bce` needs link="sigmoid", expected terms of one',
            segloss.Loss, "bce + ce")
    refused("BAD_TEXT", 'at 1: `ce` needs link="softmax"', segloss.Loss, "ce", "sigmoid")
    refused("BAD_TEXT", "did you mean `dice`?", segloss.Loss, "dise")
    refused("BAD_TEXT", "`smooth` is -1", segloss.Loss, "dice(smooth=-1)")
    # A list is for classes alone: the shapes decide, and then the text is read.
    z, y = np.zeros((1, 1, 2, 2)), np.zeros((1, 2, 2), np.uint8)
    focal = segloss.Loss("focal(alpha=[1, 2])")
    assert focal.link is None and focal.evaluate(np.zeros((1, 2, 2, 2)), y)[0] > 0
    refused("BAD_TEXT", "`alpha`", focal.evaluate, z, y)
    # What a text that is open says, and that it is open still after a pickle.
    assert str(segloss.Loss("1.0*dice")) == "dice" and str(segloss.Loss("preset:balanced")) == "preset:balanced"
    assert str(segloss.Loss("preset:balanced", "softmax")) == "0.5*ce + 0.5*dice"
    raises(ValueError, "`link` is ['softmax'], expected one of 'sigmoid', 'softmax'",
           segloss.Loss, "ce", ["softmax"])


def masks_weights_and_maps_leave_axes_out():
    for space, link in itertools.product(((6, 7), (3, 4, 5)), ("sigmoid", "softmax")):
        channels = 3
        z = random.uniform(-3, 3, (BATCH, channels, *space))
        own = channels if link == "sigmoid" else 1
        y = random.integers(0, 2 if link == "sigmoid" else channels, (BATCH, own, *space)).astype(np.uint8)
        term = "bce" if link == "sigmoid" else "ce"
        loss = segloss.Loss(f"{term} @ mine", link, maps=["mine"])
        full = random.random((BATCH, own, *space))
        of_all = random.random((1, *space))
        shapes = {  # what is given: the same as
            full.shape: full, (BATCH, 1, *space): None, (BATCH, *space): None, (1, *space): None}
        for shape in shapes:
            values = full if shape == full.shape else random.random(shape)
            if shape == (1, *space):
                values = of_all
            same = values
            if len(shape) < len(full.shape):
                same = values[:, None]
            same = np.broadcast_to(same, full.shape).copy()
            for call in ({"weights": values}, {"mask": values > 0.5}):
                more = {"weights": same} if "weights" in call else {"mask": same > 0.5}
                a = loss.evaluate(z, y, maps={"mine": values}, **call)
                b = loss.evaluate(z, y, maps={"mine": same}, **more)
                assert a[0] == b[0] and (a[1] == b[1]).all(), (shape, link)
        refused("BAD_SHAPE", f"`mask` has shape {space}, expected", loss.evaluate, z, y,
                mask=np.ones(space, bool), maps={"mine": full})
        refused("BAD_SHAPE", "`maps['mine']` has shape (5, ", loss.evaluate, z, y,
                maps={"mine": np.ones((5, *space))})
        refused("BAD_SHAPE", "`weights` has shape", loss.evaluate, z, y, weights=full[:1],
                maps={"mine": full})


def logits_have_their_axes():
    z, y = np.zeros((2, 3, 4), np.float32), np.zeros((2, 1, 4), np.uint8)
    refused("BAD_SHAPE", "of lines say spatial=1", segloss.evaluate, "ce", z, y)
    assert segloss.evaluate("ce", z, y, spatial=1)[0] == segloss.evaluate("ce", z, y[:, 0], spatial=1)[0]
    refused("BAD_SHAPE", "expected 4 or 5 axes", segloss.evaluate, "ce", z[0], y[0])
    refused("BAD_SHAPE", "expected 5 axes because `spatial` is 3", segloss.evaluate, "ce",
            z[..., None], y[..., None], spatial=3)
    raises(ValueError, "`spatial` is 4, expected an integer from 1 to 3", segloss.evaluate, "ce", z, y,
           spatial=4)
    refused("BAD_SHAPE", "`targets` has shape (4,), expected 4 axes as `logits` has, or 3 without the channels",
            segloss.evaluate, "ce", z[..., None], y[0, 0])


def axes_are_told_how_to_mend():
    z, labels = random.normal(size=(2, 3, 8, 9)), random.integers(0, 3, (2, 8, 9))
    mask = labels > 0
    last = np.moveaxis(z, 1, -1)
    of_logits = "`logits` has shape (2, 8, 9, 3), expected channels as axis 1, not last: `moveaxis(logits, -1, 1)`"
    for text in ("ce", "dice", "boundary"):
        refused("BAD_SHAPE", of_logits, segloss.evaluate, text, last, labels)
        refused("BAD_SHAPE", of_logits, segloss.evaluate, text, last, labels[:, None])
    refused("BAD_SHAPE", of_logits, segloss.evaluate, "bce", last, np.repeat(mask[:, None], 3, 1))
    refused("BAD_SHAPE", "`logits` has shape (2, 4, 8, 9, 3), expected channels", segloss.evaluate, "ce",
            np.zeros((2, 4, 8, 9, 3)), np.zeros((2, 4, 8, 9), int))
    refused("BAD_SHAPE", "`logits` has shape (2, 9, 3), expected channels", segloss.evaluate, "ce",
            last[:, 0], labels[:, 0], spatial=1)
    of_targets = "`targets` has shape (2, 8, 9, 1), expected channels as axis 1, not last: `moveaxis(targets, -1, 1)`"
    for text in ("bce", "dice", "boundary"):
        refused("BAD_SHAPE", of_targets, segloss.evaluate, text, z[:, :1], mask[..., None])
    refused("BAD_SHAPE", of_targets, segloss.evaluate, "ce", z, labels[..., None])
    refused("BAD_SHAPE", "`moveaxis(logits, -1, 1)` and `moveaxis(targets, -1, 1)`", segloss.evaluate, "ce", last,
            labels[..., None])
    one_hot = np.eye(3)[labels]
    refused("UNSUPPORTED_OPTION", "if channels come last, move them to axis 1", segloss.evaluate, "dice", last,
            one_hot)
    for argument in ("mask", "weights"):
        says = f"expected channels as axis 1, not last: `moveaxis({argument}, -1, 1)`"
        refused("BAD_SHAPE", f"`{argument}` has shape (2, 8, 9, 1), {says}", segloss.evaluate, "ce", z, labels, **{argument: mask[..., None]})
    refused("BAD_SHAPE", "`mask` has shape (2, 8, 9, 1), expected channels", segloss.distance, mask[:, None],
            mask=mask[..., None])
    # What else differs is not taken for that.
    for given in (labels[:, :, :8], labels[:, :7], np.zeros((2, 3, 8, 8), int), np.zeros((2, 3, 7, 9), int)):
        try:
            segloss.evaluate("ce" if given.ndim == 3 else "bce", z, given)
        except segloss.Error as error:
            assert error.code == "SEGLOSS_RESULT_BAD_SHAPE" and "last" not in str(error), error
        else:
            raise AssertionError("not refused")
    # As told, they are taken.
    expected = segloss.evaluate("ce", z, labels)[0]
    assert segloss.evaluate("ce", np.moveaxis(last, -1, 1), np.moveaxis(labels[..., None], -1, 1))[0] == expected

    # One sample, without a batch.
    refused("BAD_SHAPE", "of one image give `logits[None]`, of lines say spatial=1", segloss.evaluate, "ce", z[0],
            labels[0])
    refused("BAD_SHAPE", "of one image and one class give `logits[None, None]`", segloss.evaluate, "bce", z[0, 0],
            mask[0])
    refused("BAD_SHAPE", "of one sample give `targets[None]`", segloss.evaluate, "ce", z[:1], labels[0])
    refused("BAD_SHAPE", "of one sample give `logits[None]`", segloss.evaluate, "ce", z[0], labels[0], spatial=2)
    refused("BAD_SHAPE", "of one sample give `logits[None]`", segloss.evaluate, "ce", np.zeros((3, 4, 8, 9)),
            np.zeros((4, 8, 9), int), spatial=3)
    volume, of_volume = random.normal(size=(3, 4, 8, 9)), random.integers(0, 3, (4, 8, 9))
    refused("BAD_SHAPE", "give `targets[None]`, or of a volume without a batch `logits[None]` too", segloss.evaluate,
            "ce", volume, of_volume)
    assert segloss.evaluate("ce", volume[None], of_volume[None])[0] > 0
    try:
        segloss.evaluate("bce", np.zeros((1, 3, 4, 8, 9)), np.zeros((3, 4, 8, 9), int))
    except segloss.Error as error:
        assert str(error).endswith("give `targets[None]`"), error
    else:
        raise AssertionError("not refused")


passed(every_combination, one_hot_masks_are_asked_about, texts_tell_of_links,
       masks_weights_and_maps_leave_axes_out, logits_have_their_axes, axes_are_told_how_to_mend)
