"""Values and gradients with NumPy alone, against formulas in double."""

import copy
import pickle
import threading

import numpy as np

import segloss

from checks import passed, raises, refused, sigmoid

random = np.random.default_rng(1)


def values_and_gradients():
    z = random.uniform(-5, 5, (2, 1, 9, 11))
    y = (random.random(z.shape) < 0.3).astype(np.uint8)
    p = sigmoid(z)
    bce = np.mean(np.logaddexp(0, z) - z * y)
    value, gradient = segloss.evaluate("bce", z, y)
    assert abs(value - bce) < 1e-13 and gradient.dtype == np.float64
    assert np.allclose(gradient, (p - y) / z.size, rtol=0, atol=1e-15)
    for dtype in (np.float32, np.float16):
        value, gradient = segloss.evaluate("bce", z.astype(dtype), y)
        assert abs(value - bce) < 1e-3 and gradient.dtype == np.float32

    # Lines, and 255, which does not count.
    z = random.uniform(-5, 5, (2, 3, 50)).astype(np.float32)
    labels = random.integers(0, 3, (2, 1, 50))
    labels[random.random(labels.shape) < 0.2] = 255
    valid = labels[:, 0] != 255
    log_p = z - np.log(np.exp(z.astype(np.float64)).sum(1, keepdims=True))
    own = np.take_along_axis(log_p, np.where(valid, labels[:, 0], 0)[:, None], 1)[:, 0]
    lines = {"spatial": 1}
    value, gradient = segloss.evaluate("ce", z, labels, ignore_index=255, **lines)
    assert abs(value + own[valid].mean()) < 1e-6
    assert not gradient.transpose(0, 2, 1)[~valid].any() and gradient.any()
    samples, none = segloss.evaluate("ce", z, labels, reduction="none", gradient=False, **lines)
    assert none is None and np.allclose(samples, [-own[i][valid[i]].mean() for i in range(2)])
    scaled = segloss.evaluate("ce", z, labels, scale=2, **lines)[1]
    assert np.allclose(scaled, 2 * gradient, rtol=1e-6)
    segloss.evaluate("ce", z, labels, scale=[1, 2], **lines)

    out = np.zeros((2, 50, 3), np.float32).transpose(0, 2, 1)
    again, same = segloss.evaluate("ce", z, labels, out=out, **lines)
    assert same is out and again == value and (out == gradient).all()
    segloss.evaluate("ce", z, labels, out=out, accumulate=True, **lines)
    assert (out == gradient + gradient).all()
    per_pixel = np.empty(labels.shape, np.float32)
    segloss.evaluate("ce", z, labels, loss_map=per_pixel, **lines)
    assert abs(per_pixel.sum() / valid.sum() - value) < 1e-6
    mask = valid[:, None]
    assert segloss.evaluate("ce", z, np.where(mask, labels, 77), mask=mask, **lines)[0] == value


def memory_is_shared():
    class Foreign:
        def __init__(self, array):
            self.array = array

        def __dlpack__(self, **options):
            return self.array.__dlpack__(**options)

        def __dlpack_device__(self):
            return self.array.__dlpack_device__()

    class Interface:
        def __init__(self, array):
            self.__array_interface__ = array.__array_interface__
            self.kept = array

    z = random.uniform(-5, 5, (1, 1, 5, 8)).astype(np.float32)
    y = random.random(z.shape) < 0.5
    expected, gradient = segloss.evaluate("bce + dice", z, y)
    assert segloss.evaluate("bce + dice", Foreign(z), Interface(y.view(np.uint8)))[0] == expected
    out = np.empty_like(z)
    segloss.evaluate("bce + dice", z, y, out=Interface(out))
    assert (out == gradient).all()
    assert segloss.evaluate("bce", z[..., ::2], y[..., ::2])[1].shape == (1, 1, 5, 4)
    assert segloss.evaluate("bce", z.tolist(), y.tolist())[0] > 0


def losses_are_objects():
    loss = segloss.Loss("0.50*bce+dice( smooth=1 )", threads=2)
    assert str(loss) == "0.5*bce + dice(smooth=1)" and "sigmoid" in repr(loss)
    z = random.uniform(-5, 5, (1, 1, 300, 300)).astype(np.float32)
    y = random.random(z.shape) < 0.5
    expected = segloss.evaluate(str(loss), z, y)
    results = [None] * 8

    def run(i):
        results[i] = loss.evaluate(z, y)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    for value, gradient in results:
        assert value == expected[0] and (gradient == expected[1]).all()
    for level in ("scalar", "portable"):
        assert segloss.Loss(str(loss), level=level).evaluate(z, y)[0] == expected[0]
    own = segloss.Loss("bce(reduction=sum) @ mine", maps=["mine"], level="scalar", threads=2)
    for again in (pickle.loads(pickle.dumps(own)), copy.deepcopy(own)):
        assert repr(again) == repr(own) and again._given == own._given
        weights = np.ones(z.shape, np.float32)
        assert again.evaluate(z, y, maps={"mine": weights})[0] == (
            own.evaluate(z, y, maps={"mine": weights})[0])


def links_are_made_once_by_any_thread():
    # Of a loss whose link is open, calls under both at the same time.
    z = random.uniform(-5, 5, (2, 3, 20, 30)).astype(np.float32)
    labels = random.integers(0, 3, (2, 20, 30))
    expected = [segloss.evaluate("dice", z, labels, link="softmax"),
                segloss.evaluate("dice", z[:, :1], labels > 0, link="sigmoid")]
    for _ in range(20):
        loss, found = segloss.Loss("dice"), [None] * 8
        start = threading.Barrier(8)

        def run(i):
            start.wait()
            found[i] = loss.evaluate(z, labels) if i % 2 == 0 else loss.evaluate(z[:, :1], labels > 0)

        threads = [threading.Thread(target=run, args=(i,)) for i in range(8)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        for i, (value, gradient) in enumerate(found):
            assert value == expected[i % 2][0] and (gradient == expected[i % 2][1]).all()
        assert sorted(loss._handles) == [0, 1]


def targets_are_of_any_dtype():
    z = random.uniform(-5, 5, (2, 3, 4, 5)).astype(np.float32)
    labels = random.integers(0, 3, (2, 4, 5))
    integers = [np.dtype(f"{kind}{size}") for kind in "iu" for size in (1, 2, 4, 8)]
    expected = segloss.evaluate("ce + dice", z, labels)
    of_masks = segloss.evaluate("bce + dice", z, z > 1, link="sigmoid")
    for dtype in (*integers, np.float16, np.float32, np.float64):
        value, gradient = segloss.evaluate("ce + dice", z, labels.astype(dtype))
        assert value == expected[0] and (gradient == expected[1]).all(), dtype
        for mask in (z > 1, *([2 * (z > 1)] if dtype in integers else [])):
            value, gradient = segloss.evaluate("bce + dice", z, mask.astype(dtype), link="sigmoid")
            assert value == of_masks[0] and (gradient == of_masks[1]).all(), dtype
        swapped = labels.astype(np.dtype(dtype).newbyteorder())
        assert segloss.evaluate("ce + dice", z, swapped)[0] == expected[0], dtype
        assert (segloss.class_counts(labels.astype(dtype), 3) == np.bincount(labels.ravel())).all(), dtype
        image = (z[0, 0] > 1).astype(dtype)
        assert (segloss.distance(image) == segloss.distance(z[0, 0] > 1)).all(), dtype
        assert (segloss.dilate(image) == segloss.dilate(z[0, 0] > 1)).all(), dtype
        counts = [segloss.statistics(mask)["counts"].tolist() for mask in (image, z[0, 0] > 1)]
        assert counts[0] == counts[1], dtype
    weights = random.random(labels.shape).astype(np.float16)
    assert segloss.evaluate("ce", z, labels, weights=weights)[0] == (
        segloss.evaluate("ce", z, labels, weights=weights.astype(np.float32))[0])


def gradients_of_halves_are_single():
    # 1 / a million pixels is 0 in float16.
    z = np.zeros((1, 1, 1000, 1000), np.float16)
    y = np.zeros(z.shape, bool)
    gradient = segloss.evaluate("bce", z, y)[1]
    assert gradient.dtype == np.float32 and (gradient == np.float32(0.5e-6)).all()
    out = np.empty_like(z)
    segloss.evaluate("bce", z, y, out=out)
    assert (out == np.float16(0.5e-6)).all()


def pixels_have_losses():
    z = random.uniform(-5, 5, (2, 3, 4, 5)).astype(np.float32)
    labels = random.integers(0, 3, (2, 4, 5))
    labels[0, 0, 0] = 255
    log_p = z - np.log(np.exp(z.astype(np.float64)).sum(1, keepdims=True))
    own = -np.take_along_axis(log_p, (labels % 255)[:, None], 1)[:, 0]
    own[labels == 255] = 0
    value, gradient = segloss.evaluate("ce", z, labels, reduction="pixel")
    assert value.dtype == np.float32 and value.shape == labels.shape
    assert np.allclose(value, own, rtol=1e-5, atol=1e-6)
    assert (gradient == segloss.evaluate("ce", z, labels)[1]).all()
    # Written with or without the axis of channels.
    for shape in ((2, 4, 5), (2, 1, 4, 5)):
        place = np.empty(shape, np.float32)
        mean = segloss.evaluate("ce", z, labels, loss_map=place)[0]
        assert (place.reshape(labels.shape) == value).all() and abs(mean - value.sum() / 39) < 1e-5
    of_masks = segloss.evaluate("bce", z.astype(np.float64), z > 0, link="sigmoid", reduction="pixel")[0]
    assert of_masks.dtype == np.float64 and of_masks.shape == z.shape
    assert np.allclose(of_masks, np.logaddexp(0, -np.abs(z.astype(np.float64))), rtol=1e-12, atol=0)


def losses_are_composed():
    weights = np.array([0.1, 1, 2.5], np.float32)
    loss = segloss.Loss.compose([
        (0.5, "ce", {"weights": weights, "reduction": "sum"}, ["band", ("decay", {"sigma": 2})]),
        (2, "dice")])
    assert loss.link == "softmax" and str(loss) == (
        "0.5*ce(weights=[0.10000000149011612, 1, 2.5], reduction=sum) @ band @ decay(sigma=2) + 2*dice")
    assert segloss.Loss.compose([(1, "bce")]).link == "sigmoid"
    assert segloss.Loss.compose([(1, "dice", {"smooth": 1})]).link is None
    assert segloss.Loss.compose([(1, "dice")], "softmax").link == "softmax"
    # A list of weights is for classes alone.
    of_classes = segloss.Loss.compose([(1, "focal", {"alpha": [1, 2, 3]})])
    z = random.uniform(-5, 5, (2, 3, 4, 5))
    labels = random.integers(0, 3, (2, 4, 5))
    for again in (of_classes, pickle.loads(pickle.dumps(of_classes))):
        assert again.evaluate(z, labels)[0] == (
            segloss.evaluate("focal(alpha=[1, 2, 3])", z, labels, link="softmax")[0])
    # What has a form under each link stays open, as in text: the link, the words and every digit.
    for terms, text in (
            ([(1, "boundary")], "boundary"),
            ([(0.5, "dice"), (0.5, "boundary")], "0.5*dice + 0.5*boundary"),
            ([(1, "distance", {"sigma": 2.5}), (2, "dice")], "distance(sigma=2.5) + 2*dice"),
            ([(0.5, "tversky", {"reduction": "sum"}), (0, "boundary", {"theta": 2}, ["decay"])],
             "0.5*tversky(reduction=sum) + 0*boundary(theta=2) @ decay"),
            ([(1e16, "boundary", {"weight": 1 / 3}, [("decay", {"sigma": 1e-7})])],
             "1e16*boundary(weight=0.3333333333333333) @ decay(sigma=1e-7)")):
        composed, read = segloss.Loss.compose(terms), segloss.Loss(text)
        assert composed.link is None and read.link is None, text
        for own, targets in ((z, labels), (z[:, :1], labels > 0)):
            expected, gradient = read.evaluate(own, targets)
            for again in (composed, pickle.loads(pickle.dumps(composed)), segloss.Loss(str(composed))):
                found = again.evaluate(own, targets)
                assert found[0] == expected and (found[1] == gradient).all(), text
        for link in ("sigmoid", "softmax"):
            assert str(segloss.Loss.compose(terms, link)) == str(segloss.Loss(text, link))
    assert repr(segloss.Loss.compose([(0.5, "dice"), (1, "boundary", {"theta": 2})])) == (
        "segloss.Loss('0.5*dice + boundary(theta=2)', None)")
    one_hot = np.eye(3)[labels].transpose(0, 3, 1, 2)
    refused("UNSUPPORTED_OPTION", "say link=", segloss.Loss.compose([(0.5, "dice"), (0.5, "boundary")]).evaluate,
            z, one_hot)
    refused("BAD_TEXT", "`dice`", segloss.Loss.compose, [(1, "dise")])
    refused("BAD_TEXT", "letters, digits", segloss.Loss.compose, [(1, "dice + ce")])
    refused("BAD_TEXT", "one link", segloss.Loss.compose, [(1, "bce"), (1, "ce")])
    refused("BAD_VALUE", "-1", segloss.Loss.compose, [(-1, "bce")])
    refused("BAD_TEXT", "letters, digits", segloss.Loss.compose, [(1, "dice", {"reduction": "sum) + ce("})])
    refused("BAD_VALUE", "inf, expected finite", segloss.Loss.compose, [(1, "boundary", {"theta": np.inf})])
    raises(ValueError, "`terms` is empty", segloss.Loss.compose, [])
    raises(TypeError, "(coefficient, name)", segloss.Loss.compose, ["bce"])
    raises(TypeError, "dict of arguments", segloss.Loss.compose, [(1, "bce", [1])])
    raises(TypeError, "`smooth of dice`", segloss.Loss.compose, [(1, "dice", {"smooth": None})])
    raises(TypeError, "`coefficient`", segloss.Loss.compose, [("1", "dice")])


passed(values_and_gradients, memory_is_shared, losses_are_objects, links_are_made_once_by_any_thread,
       targets_are_of_any_dtype, gradients_of_halves_are_single, pixels_have_losses, losses_are_composed)
