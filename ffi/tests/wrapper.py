"""The Python module, with NumPy alone, against formulas in double."""

import copy
import gc
import pickle
import sys
import threading

import numpy as np

import segloss

random = np.random.default_rng(1)


def refused(code, says, call, *arguments, **options):
    try:
        call(*arguments, **options)
    except segloss.Error as error:
        assert error.code == f"SEGLOSS_RESULT_{code}", (error.code, error)
        assert says in str(error), error
    else:
        raise AssertionError(f"not refused: {says}")


def raises(kind, says, call, *arguments, **options):
    try:
        call(*arguments, **options)
    except kind as error:
        assert says in str(error), error
    else:
        raise AssertionError(f"no {kind}: {says}")


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


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
        assert abs(value - bce) < 1e-3 and gradient.dtype == dtype

    # Softmax is chosen by the channels, and 255 does not count.
    z = random.uniform(-5, 5, (2, 3, 50)).astype(np.float32)
    labels = random.integers(0, 3, (2, 1, 50))
    labels[random.random(labels.shape) < 0.2] = 255
    valid = labels[:, 0] != 255
    log_p = z - np.log(np.exp(z.astype(np.float64)).sum(1, keepdims=True))
    own = np.take_along_axis(log_p, np.where(valid, labels[:, 0], 0)[:, None], 1)[:, 0]
    value, gradient = segloss.evaluate("ce", z, labels, ignore_index=255)
    assert abs(value + own[valid].mean()) < 1e-6
    assert not gradient.transpose(0, 2, 1)[~valid].any() and gradient.any()
    samples, none = segloss.evaluate("ce", z, labels, reduction="none", gradient=False)
    assert none is None and np.allclose(samples, [-own[i][valid[i]].mean() for i in range(2)])
    scaled = segloss.evaluate("ce", z, labels, scale=2)[1]
    assert np.allclose(scaled, 2 * gradient, rtol=1e-6)
    segloss.evaluate("ce", z, labels, scale=[1, 2])

    out = np.zeros((2, 50, 3), np.float32).transpose(0, 2, 1)
    again, same = segloss.evaluate("ce", z, labels, out=out)
    assert same is out and again == value and (out == gradient).all()
    segloss.evaluate("ce", z, labels, out=out, accumulate=True)
    assert (out == gradient + gradient).all()
    per_pixel = np.empty(labels.shape, np.float32)
    segloss.evaluate("ce", z, labels, loss_map=per_pixel)
    assert abs(per_pixel.sum() / valid.sum() - value) < 1e-6
    mask = valid[:, None]
    assert segloss.evaluate("ce", z, np.where(mask, labels, 77), mask=mask)[0] == value


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

    z = random.uniform(-5, 5, (1, 1, 40)).astype(np.float32)
    y = random.random(z.shape) < 0.5
    expected, gradient = segloss.evaluate("bce + dice", z, y)
    assert segloss.evaluate("bce + dice", Foreign(z), Interface(y.view(np.uint8)))[0] == expected
    out = np.empty_like(z)
    segloss.evaluate("bce + dice", z, y, out=Interface(out))
    assert (out == gradient).all()
    assert segloss.evaluate("bce", z[..., ::2], y[..., ::2])[1].shape == (1, 1, 20)
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
        assert repr(again) == repr(own) and again._options == own._options
        weights = np.ones(z.shape, np.float32)
        assert again.evaluate(z, y, maps={"mine": weights})[0] == (
            own.evaluate(z, y, maps={"mine": weights})[0])


def stages_add_up():
    z = random.uniform(-5, 5, (2, 3, 2 * 65536 + 100)).astype(np.float32)
    labels = random.integers(0, 3, (2, 1, z.shape[2]))
    loss = segloss.Loss("0.3*ce @ band + 0.7*dice", "softmax")
    band = segloss.map_weights("band", labels, link="softmax")
    whole, gradient = loss.evaluate(z, labels, maps={"band": band}, scale=2)

    # Tiles of whole segments, one after the other: the same bits.
    tiles = [slice(0, 65536), slice(65536, None)]
    parts = [(z[..., t], labels[..., t], {"maps": {"band": band[..., t]}}) for t in tiles]
    sums = None
    for part, own, call in parts:
        sums = loss.reduce(part, own, before=sums, **call)
    totals = loss.close(*parts[0][:2], sums, **parts[0][2])
    for tile, (part, own, call) in zip(tiles, parts):
        value, found = loss.finish(part, own, sums, totals, scale=2, **call)
        assert value == whole and (found == gradient[..., tile]).all()

    # Workers with a sample each.
    samples = [(z[i:i + 1], labels[i:i + 1], {"maps": {"band": band[i:i + 1]}}) for i in (0, 1)]
    sums = [loss.reduce(part, own, **call) for part, own, call in samples]
    totals = [loss.close(part, own, s, **call) for (part, own, call), s in zip(samples, sums)]
    merged = segloss.merge(*totals)
    assert (merged == totals[0] + totals[1]).all()
    out = np.zeros_like(z[:1])
    value, same = loss.finish(*samples[1][:2], sums[1], merged, out=out, accumulate=True, scale=2,
                              **samples[1][2])
    assert same is out and abs(value - whole) < 1e-12
    assert np.allclose(out, gradient[1:], rtol=1e-6, atol=0)
    value, none = loss.finish(*samples[1][:2], sums[1], merged, gradient=False, **samples[1][2])
    assert none is None and abs(value - whole) < 1e-12


def maps_are_made():
    mask = np.array([[[0, 0, 1, 1, 1, 0, 0]]], np.uint8)
    assert segloss.distance(mask).tolist() == [[[0, 0, 1, 2, 1, 0, 0]]]
    signed = segloss.distance(mask, "signed", dtype=np.float64, spacing=[2])
    assert signed.tolist() == [[[-4, -2, 2, 4, 2, -2, -4]]]
    assert segloss.map_weights("band(theta=0)", mask).tolist() == [[[1, 5, 5, 1, 5, 5, 1]]]
    assert segloss.dilate(mask).tolist() == [[[0, 1, 1, 1, 1, 1, 0]]]
    assert segloss.erode(mask, 1, element="full").tolist() == [[[0, 0, 0, 1, 0, 0, 0]]]
    labels = np.array([[[0, 1, 1, 2]]])
    assert segloss.distance(labels, "other", link="softmax").tolist() == [[[1, 1, 1, 1]]]

    # A map of one's own, and one that is computed: the same as by name.
    z = random.uniform(-5, 5, mask.shape).astype(np.float32)
    band = segloss.map_weights("band", mask)
    computed = segloss.evaluate("bce @ band", z, mask)[0]
    assert segloss.evaluate("bce @ mine", z, mask, maps={"mine": band})[0] == computed
    assert segloss.evaluate("bce @ band", z, mask, maps={"band": band})[0] == computed
    assert segloss.evaluate("bce", z, mask, weights=band)[0] == computed


def masks_are_looked_at():
    labels = random.integers(0, 3, (2, 1, 20, 20))
    counts = segloss.class_counts(labels, 3)
    assert counts.tolist() == np.bincount(labels.ravel(), minlength=3).tolist()
    assert segloss.class_counts(labels, 3, counts=counts).tolist() == (2 * counts).tolist()
    raw = labels.size / (3 * counts + 1e-6)
    assert np.allclose(segloss.class_weights(counts), 3 * raw / raw.sum())
    assert np.allclose(segloss.class_weights([1000, 100, 0]), [2 / 11, 20 / 11, 1])
    found = segloss.statistics([labels > 0, labels > 1])
    assert found["images"] == 4 and found["counts"].sum() == found["pixels"] == 2 * labels.size
    assert segloss.statistics(labels, link="softmax", classes=3)["present"] == 3
    loss, reason = segloss.recommend(labels > 0, "recall")
    assert loss == "0.5*dice + 0.5*tversky(fp=0.3, fn=0.7)" and reason.startswith("medical imaging")


def plugins_run():
    z = random.uniform(-5, 5, (2, 1, 600))
    y = (random.random(z.shape) < 0.3).astype(np.uint8)
    p = sigmoid(z)

    def squared_error(z, y, p, q, scale):
        return scale * (p - y) ** 2, 2 * scale * (p - y) * p * q

    term = segloss.PixelTerm("squared_error", squared_error, {"scale": (1, 0, 10)})
    value, gradient = segloss.evaluate("squared_error(scale=2)", z, y, plugins=[term])
    assert abs(value - 2 * np.mean((p - y) ** 2)) < 1e-13
    assert np.allclose(gradient, 4 * (p - y) * p * (1 - p) / z.size, rtol=0, atol=1e-15)
    refused("BAD_TEXT", "`scale` is 11", segloss.Loss, "squared_error(scale=11)", plugins=[term])

    def dice(tp, fp, fn):
        hit = 2 * tp + 1e-6
        all = hit + fp + fn
        loss = ((fp + fn) / all).mean()
        return loss, hit / all**2 / len(tp), (all + fp + fn) / all**2 / len(tp)

    region = segloss.RegionTerm("my_dice", dice, pool="sample")
    mine = segloss.evaluate("my_dice + 0.5*bce", z, y, plugins=[region])
    builtin = segloss.evaluate("dice + 0.5*bce", z, y)
    assert abs(mine[0] - builtin[0]) < 1e-13 and np.allclose(mine[1], builtin[1], rtol=0, atol=1e-15)

    logits = random.uniform(-5, 5, (2, 3, 700))
    labels = random.integers(0, 3, (2, 1, 700)).astype(np.uint8)
    own = segloss.ClassTerm("own_ce", lambda log_p, p, q: (-log_p, -np.ones_like(p)))
    mine = segloss.evaluate("own_ce + 0.5*dice", logits, labels, link="softmax", plugins=[own])
    builtin = segloss.evaluate("ce + 0.5*dice", logits, labels, link="softmax")
    assert abs(mine[0] - builtin[0]) < 1e-13 and np.allclose(mine[1], builtin[1], rtol=0, atol=1e-15)

    # A loss keeps its plugins.
    loss = segloss.Loss("my_dice", plugins=[region])
    del region, term
    gc.collect()
    assert loss.evaluate(z, y)[0] > 0

    # An exception does not go through C.
    shown, hook = [], sys.excepthook
    sys.excepthook = lambda kind, *_: shown.append(kind)
    try:
        broken = segloss.PixelTerm("broken", lambda z, y, p, q: 1 / 0)
        assert np.isnan(segloss.evaluate("broken", z, y, plugins=[broken])[0])
        wrong = segloss.RegionTerm("wrong", lambda tp, fp, fn: None)
        assert np.isnan(segloss.evaluate("wrong", z, y, plugins=[wrong])[0])
    finally:
        sys.excepthook = hook
    assert ZeroDivisionError in shown and TypeError in shown


def mistakes_are_told():
    z, y = np.zeros((1, 1, 4), np.float32), np.zeros((1, 1, 4), np.uint8)
    refused("BAD_TEXT", "`dice`", segloss.evaluate, "dise", z, y)
    refused("BAD_SHAPE", "`targets`", segloss.evaluate, "bce", z, y[..., :3])
    refused("BAD_STRIDES", "stride -1", segloss.evaluate, "bce", z[..., ::-1], y)
    refused("OVERLAP", "`outputs.gradient`", segloss.evaluate, "bce", z, y, out=z)
    refused("UNSUPPORTED_DTYPE", "int64", segloss.evaluate, "bce", z.astype(np.int64), y)
    refused("BAD_STRIDES", "share memory", segloss.evaluate, "bce", z, y,
            out=np.lib.stride_tricks.as_strided(np.zeros(1, np.float32), z.shape, (0, 0, 0)))
    refused("NOT_SUPPORTED_BY_LOSS", "`nope`", segloss.evaluate, "bce", z, y, maps={"nope": z})
    refused("NOTHING_TO_LEARN", "class 0", segloss.recommend, y)
    raises(ValueError, "cannot be written", segloss.evaluate, "bce", z, y,
           out=np.broadcast_to(np.float32(0), z.shape))
    raises(ValueError, "`link` is 'tanh'", segloss.evaluate, "bce", z, y, link="tanh")
    raises(ValueError, "`reduction` is 'sum'", segloss.evaluate, "bce", z, y, reduction="sum")
    raises(ValueError, "has a 0 in it", segloss.evaluate, "bce\0", z, y)
    raises(ValueError, "`accumulate` needs `out`", segloss.evaluate, "bce", z, y, accumulate=True)
    loss = segloss.Loss("bce")
    raises(ValueError, "`before` has 1 numbers", loss.reduce, z, y, before=[0])
    raises(ValueError, "`other` has 1 numbers", segloss.merge, [0, 0], [0])
    refused("BAD_LENGTH", "`sums` has 1 entries", loss.close, z, y, [0])
    refused("NOT_SUPPORTED_BY_LOSS", "`band`", segloss.Loss("boundary").reduce, z, y)
    term = segloss.PixelTerm("half", lambda z, y, p, q: (z / 2, 0 * z + 0.5))
    raises(TypeError, "plugins cannot be pickled", pickle.dumps, segloss.Loss("half", plugins=[term]))
    raises(TypeError, "expected a str", segloss.Loss, b"bce")
    raises(TypeError, "`logits` holds complex64", segloss.evaluate, "bce", z + 1j, y)
    raises(TypeError, ">f4", segloss.evaluate, "bce", z.astype(">f4"), y)


for test in (values_and_gradients, memory_is_shared, losses_are_objects, stages_add_up, maps_are_made,
             masks_are_looked_at, plugins_run, mistakes_are_told):
    test()
assert segloss.version().count(".") == 2
print("all checks passed")
