"""Counts, class weights and statistics of masks."""

import numpy as np

import segloss

from checks import passed, raises, refused

random = np.random.default_rng(1)


def counts_are_of_labels():
    labels = random.integers(0, 3, (2, 1, 20, 20))
    expected = np.bincount(labels.ravel(), minlength=3)
    counts = segloss.class_counts(labels, 3)
    assert counts.dtype == np.uint64 and (counts == expected).all()
    # Of any shape, packed or not, and of any integers.
    for view in (labels[:, 0], labels.ravel(), labels[0, 0], labels.reshape(2, 2, 2, 10, 5, 2),
                 labels.swapaxes(2, 3), labels[..., ::-1]):
        assert segloss.class_counts(view, 3).sum() == view.size
        assert (segloss.class_counts(view, 3) == np.bincount(view.ravel(), minlength=3)).all()
    some = labels[..., ::2]
    assert (segloss.class_counts(some, 3) == np.bincount(some.ravel(), minlength=3)).all()
    mask = random.random(labels.shape) < 0.5
    assert (segloss.class_counts(np.where(mask, labels, 99), 3, mask=mask)
            == np.bincount(labels[mask], minlength=3)).all()
    # Counting on leaves what it starts from.
    assert (segloss.class_counts(labels, 3, counts=counts) == 2 * expected).all()
    assert (segloss.class_counts(labels, 3, counts=[1, 2, 3.0]) == expected + [1, 2, 3]).all()
    assert (counts == expected).all()
    assert (segloss.class_counts(np.where(labels == 1, 255, labels), 3) == expected * [1, 0, 1]).all()

    says = "`counts` has shape {}, expected (3,): a number for each class"
    raises(ValueError, says.format("()"), segloss.class_counts, labels, 3, counts=1)
    raises(ValueError, says.format("(1,)"), segloss.class_counts, labels, 3, counts=[1])
    raises(ValueError, says.format("(2, 3)"), segloss.class_counts, labels, 3, counts=np.zeros((2, 3)))
    raises(ValueError, "`counts` holds -1 for class 1", segloss.class_counts, labels, 3, counts=[0, -1, 0])
    raises(ValueError, "`classes` is 1, expected an integer from 2 to 16777216", segloss.class_counts, labels, 1)
    refused("BAD_TARGET", "label 2", segloss.class_counts, labels, 2)
    refused("BAD_SHAPE", "`mask` has shape (2, 20, 20), expected (2, 1, 20, 20) as `targets`",
            segloss.class_counts, labels, 3, mask=labels[:, 0] > 0)


def one_hot_floats_are_not_counted():
    labels = random.integers(0, 3, (2, 5, 7))
    one_hot = np.eye(3)[labels]
    for axis in range(4):
        given = np.moveaxis(one_hot, -1, axis)
        for dtype in (np.float16, np.float32, np.float64):
            refused("BAD_SHAPE", f"with one 1 along axis {axis}, expected labels: `targets.argmax({axis})`",
                    segloss.class_counts, given.astype(dtype), 3)
        assert (segloss.class_counts(given.argmax(axis), 3) == np.bincount(labels.ravel(), minlength=3)).all()
    # Labels may be floats, of as many rows as classes too, and integers are taken at their word.
    for given in (labels, labels[:, :3], labels[0, 0], [0, 1, 0], np.zeros((4, 3)), np.zeros((0, 3)),
                  np.tile([0, 1, 1], (4, 1)), np.tile([0, 2, 0], (4, 1)), np.tile([1, 0, 255], (4, 1))):
        given = np.asarray(given, float)
        counted = given[given != 255].astype(int)
        assert (segloss.class_counts(given, 3) == np.bincount(counted, minlength=3)).all()
    assert segloss.class_counts(one_hot.astype(np.uint8), 3).tolist() == [2 * labels.size, labels.size, 0]


def weights_are_of_counts():
    counts = np.array([30, 10, 60])
    raw = counts.sum() / (3 * counts + 1e-6)
    for given in (counts, counts.tolist(), counts.astype(np.float64), counts.astype(np.uint8)):
        assert np.allclose(segloss.class_weights(given), 3 * raw / raw.sum(), rtol=1e-14)
    # By default an absent class weighs 1, and leaves the others as they are without it.
    for absent, expected in (({}, [2 / 11, 20 / 11, 1]), ({"absent": "one"}, [2 / 11, 20 / 11, 1]),
                             ({"absent": "zero"}, [2 / 11, 20 / 11, 0]), ({"absent": "source"}, [1e-9, 1e-8, 3])):
        assert np.allclose(segloss.class_weights([1000, 100, 0], **absent), expected, rtol=0.1, atol=0)
    assert np.allclose(segloss.class_weights([1000, 100, 0]), [2 / 11, 20 / 11, 1], rtol=1e-8)
    raises(ValueError, "`counts` holds 1.5 for class 1, expected a whole number", segloss.class_weights, [1, 1.5])
    raises(ValueError, "`counts` holds nan for class 0", segloss.class_weights, [np.nan, 1])
    raises(ValueError, "`counts` holds inf for class 0", segloss.class_weights, [np.inf, 1])
    raises(ValueError, "`counts` holds -2 for class 1", segloss.class_weights, [1, -2])
    raises(TypeError, "`counts` holds bool, expected whole numbers", segloss.class_weights, [True, False])
    raises(TypeError, "`counts` holds <U1", segloss.class_weights, ["1", "2"])
    raises(ValueError, "`counts` has shape (), expected a number for each class", segloss.class_weights, 3)
    raises(ValueError, "`absent` is 'none', expected one of", segloss.class_weights, [1, 1], absent="none")
    refused("NOTHING_TO_LEARN", "no pixel", segloss.class_weights, [0, 0])


def masks_are_looked_at():
    labels = random.integers(0, 3, (2, 1, 20, 20))
    found = segloss.statistics([labels > 0, labels > 1])
    assert found["images"] == 4 and found["counts"].sum() == found["pixels"] == 2 * labels.size
    assert segloss.statistics(labels, link="softmax", classes=3)["present"] == 3
    stack = [image[0] for image in labels > 0]
    assert segloss.statistics(stack)["counts"].tolist() == segloss.statistics(labels > 0)["counts"].tolist()
    loss, reason = segloss.recommend(labels > 0, "recall")
    assert loss == "0.5*dice + 0.5*tversky(fp=0.3, fn=0.7)" and reason.startswith("medical imaging")
    refused("NOTHING_TO_LEARN", "class 0", segloss.recommend, labels * 0 > 0)
    refused("BAD_LENGTH", "`classes`", segloss.statistics, labels > 0, classes=3)
    # What a masked array leaves out does not count, of float masks neither.
    left_out = random.random(labels.shape) < 0.3
    for binary in (labels > 0, (labels > 0).astype(np.float32)):
        masked = segloss.statistics(np.ma.array(binary, mask=left_out))
        assert masked["counts"].tolist() == [(binary == k)[~left_out].sum() for k in (0, 1)]
    of_classes = segloss.statistics(np.ma.array(labels, mask=left_out), link="softmax", classes=3)
    assert of_classes["counts"].tolist() == np.bincount(labels[~left_out]).tolist()


def masks_have_one_foreground():
    mask = random.random((2, 1, 6, 7)) < 0.5
    z = random.normal(size=mask.shape)
    expected = segloss.evaluate("bce + dice", z, mask)
    for foreground, dtype in ((255, np.uint8), (7, np.int16), (2**31, np.uint32), (2**63 - 1, np.uint64)):
        stored = np.where(mask, foreground, 0).astype(dtype)
        value, gradient = segloss.evaluate("bce + dice", z, stored)
        assert value == expected[0] and (gradient == expected[1]).all()
        assert (segloss.distance(stored) == segloss.distance(mask)).all()
    image = np.zeros((6, 7), np.uint8)
    image[2:5, 2:5], image[3, 3] = 255, 128
    says = "holds 128 at pixel 24 of sample 0, channel 0, and 255 before it, expected a mask of 0 and one"
    for call in (segloss.distance, segloss.statistics, segloss.recommend):
        refused("BAD_TARGET", f"`targets` {says}", call, image)
    for call in (segloss.dilate, segloss.erode):
        refused("BAD_TARGET", f"`mask` {says}", call, image)
    refused("BAD_TARGET", f"`targets` {says}", segloss.evaluate, "bce", z[:1], image[None])
    counted = segloss.evaluate("bce", z[:1], image[None] > 0, mask=image[None] != 128)[0]
    assert segloss.evaluate("bce", z[:1], image[None], ignore_index=128)[0] == counted
    # Of two classes 255 is a class to some, and void to others.
    two, labels = random.normal(size=(2, 2, 6, 7)), np.where(mask[:, 0], 255, 0).astype(np.uint8)
    says = "`targets` holds nothing but 0 and 255 for 2 classes"
    refused("BAD_TARGET", says, segloss.evaluate, "ce", two, labels)
    assert segloss.evaluate("ce", two, labels, ignore_index=255)[0] > 0


def shares_are_rounded_by_4_steps():
    """What the docstring of `Loss.evaluate` says of each type."""
    z = random.normal(size=(1, 1, 2, 2))
    expected = segloss.evaluate("bce", z, np.array([[[0, 1], [1, 0]]]))[0]
    for dtype, slack in ((np.float64, 2.0**-50), (np.float32, 2.0**-21), (np.float16, 2.0**-8)):
        assert slack == 4 * np.finfo(dtype).eps
        near = np.array([[[-slack, 1 + slack], [1, 0]]], dtype)
        assert segloss.evaluate("bce", z, near)[0] == expected
        for value in (-slack * 1.01, 1 + 1.25 * slack):
            far = np.array([[[0, 1], [1, value]]], dtype)
            refused("BAD_TARGET", "clip", segloss.evaluate, "bce", z, far)
            assert segloss.evaluate("bce", z, far.clip(0, 1))[0] >= 0


def statistics_leave_masked_elements_out():
    # Floats keep their rounding steps, and integers beyond those with a sign are not wrapped.
    for dtype, step in ((np.float64, 2.0**-52), (np.float32, 2.0**-23), (np.float16, 2.0**-10)):
        soft = np.array([[1 + step, 0, 0.25], [1, 0, np.nan]], dtype)
        found = segloss.statistics(np.ma.array(soft, mask=np.isnan(soft)))
        assert found["counts"].tolist() == [3, 2], (dtype, found)
    mask = np.array([[0, 1, 1], [0, 77, 0]], np.uint64)
    left_out = mask == 77
    assert segloss.statistics(np.ma.array(mask, mask=left_out))["counts"].tolist() == [3, 2]
    for large in (2**63 + 5, 2**64 - 2**53):
        mask[0, 0] = large
        refused("BAD_TARGET", f"holds {large} at pixel 0", segloss.statistics, np.ma.array(mask, mask=left_out))


passed(statistics_leave_masked_elements_out, counts_are_of_labels, one_hot_floats_are_not_counted, shares_are_rounded_by_4_steps, weights_are_of_counts,
       masks_are_looked_at, masks_have_one_foreground)
