"""What arguments may be, and what is said of those that may not: in Python's words."""

import os
import pickle
import subprocess
import sys

import numpy as np

import segloss

from checks import passed, raises, refused

random = np.random.default_rng(1)


def example(dtype=np.float32):
    z = random.uniform(-5, 5, (2, 3, 4, 5)).astype(dtype)
    return z, random.integers(0, 3, (2, 4, 5)).astype(np.uint8)


def same(found, expected):
    return found[0] == expected[0] and (found[1] == expected[1]).all()


def mistakes_are_told():
    z, y = np.zeros((1, 1, 2, 4), np.float32), np.zeros((1, 1, 2, 4), np.uint8)
    refused("BAD_TEXT", "`dice`", segloss.evaluate, "dise", z, y)
    refused("BAD_SHAPE", "`targets`", segloss.evaluate, "bce", z, y[..., :3])
    refused("OVERLAP", "`out` shares memory with `logits`", segloss.evaluate, "bce", z, y, out=z)
    refused("UNSUPPORTED_DTYPE", "`logits` holds int64", segloss.evaluate, "bce", z.astype(np.int64), y)
    refused("UNSUPPORTED_DTYPE", "`out` holds float64", segloss.evaluate, "bce", z, y, out=np.zeros(z.shape))
    refused("BAD_STRIDES", "share memory", segloss.evaluate, "bce", z, y,
            out=np.lib.stride_tricks.as_strided(np.zeros(1, np.float32), z.shape, (0, 0, 0, 0)))
    refused("BAD_SHAPE", "`out` has shape (2, 4), expected (1, 1, 2, 4) as `logits`", segloss.evaluate,
            "bce", z, y, out=np.zeros((2, 4), np.float32))
    refused("NOT_SUPPORTED_BY_LOSS", "`maps` has `nope`", segloss.Loss("bce").evaluate, z, y,
            maps={"nope": z})
    refused("BAD_WEIGHT", "`weights` holds NaN at pixel 0", segloss.evaluate, "bce", z, y, weights=z + np.nan)
    refused("BAD_LENGTH", "`scale` holds 2 values, expected one a sample: 1", segloss.evaluate, "bce", z, y,
            scale=[1, 2])
    refused("BAD_LENGTH", "`spacing` is for 3 axes, expected 2", segloss.evaluate,
            "distance", z, y, spacing=[1, 1, 1])
    raises(ValueError, "cannot be written", segloss.evaluate, "bce", z, y,
           out=np.broadcast_to(np.float32(0), z.shape))
    raises(ValueError, "`link` is 'tanh', expected one of 'sigmoid', 'softmax'", segloss.evaluate, "bce", z, y,
           link="tanh")
    raises(ValueError, "`reduction` is 'sum'", segloss.evaluate, "bce", z, y, reduction="sum")
    raises(ValueError, "has a 0 in it", segloss.evaluate, "bce\0", z, y)
    raises(ValueError, "no Unicode text", segloss.Loss, "\ud800")
    raises(ValueError, "`accumulate` needs `out`", segloss.evaluate, "bce", z, y, accumulate=True)
    raises(TypeError, "`loss` is b'bce', expected a str", segloss.Loss, b"bce")
    raises(TypeError, "`loss` is ['bce'], expected a str", segloss.evaluate, ["bce"], z, y)
    raises(TypeError, "`logits` holds complex64", segloss.evaluate, "bce", z + 1j, y)
    raises(TypeError, "`logits` holds object", segloss.evaluate, "bce", None, y)
    raises(TypeError, "`targets` is no array", segloss.evaluate, "bce", z, [[1], [1, 2]])
    raises(TypeError, "`plugins` has 'mine', expected PixelTerm", segloss.Loss, "bce", plugins=["mine"])
    raises(TypeError, "`plugins` is 5, expected PixelTerm", segloss.evaluate, "bce", z, y, plugins=5)
    raises(TypeError, "`plugins` has [1], expected PixelTerm", segloss.evaluate, "bce", z, y, plugins=[[1]])
    raises(TypeError, "`maps` is list, expected a dict", segloss.evaluate, "bce", z, y, maps=[z])
    raises(TypeError, "`maps` is 1, expected a str", segloss.evaluate, "bce", z, y, maps={1: z})
    raises(TypeError, "`function` is None", segloss.RegionTerm, "k", None)
    raises(TypeError, "`parameters` is ['k'], expected a dict", segloss.PixelTerm, "k", print, ["k"])
    raises(TypeError, "`maps` is 'mine', expected a list", segloss.Loss, "bce", maps="mine")
    raises(TypeError, "`maps` is 3, expected a str", segloss.Loss, "bce", maps=[3])
    raises(ValueError, "`level` is [], expected one of 'best'", segloss.Loss, "bce", level=[])
    term = segloss.PixelTerm("half", lambda z, y, p, q: (z / 2, 0 * z + 0.5))
    raises(TypeError, "plugins cannot be pickled", pickle.dumps, segloss.Loss("half", plugins=[term]))
    raises(TypeError, "`parameters['k']`", segloss.PixelTerm, "k", lambda: None, {"k": "one"})
    raises(ValueError, "`parameters['k']` has 2 numbers, expected 3", segloss.PixelTerm, "k", print, {"k": (1, 2)})
    try:
        segloss.Loss("dise")
    except segloss.Error as error:
        again = pickle.loads(pickle.dumps(error))
        assert (again.code, str(again)) == (error.code, str(error))


def numbers_are_checked():
    z, y = example()
    mask = np.ones((4, 5), bool)
    for bad, kind in ((2**70, ValueError), (-2**63 - 1, ValueError), (1.5, TypeError), ("255", TypeError),
                      (True, TypeError), ([1, 2**63], ValueError), ([0.5], TypeError)):
        raises(kind, "`ignore_index` is", segloss.evaluate, "ce", z, y, ignore_index=bad)
        raises(kind, "`ignore_index` is", segloss.class_counts, y, 3, ignore_index=bad)
    raises(ValueError, f"`ignore_index` is {2**63}, expected an integer from {-2**63} to {2**63 - 1}",
           segloss.evaluate, "ce", z, y, ignore_index=2**63)
    for bad in ("255", 1.5, True, None, [0, "255"], np.array(["255"]), np.array([[1, 2]]), {"void": 255}):
        own = [None] if bad is None else bad
        raises(TypeError, ", expected an integer, a list of integers, or None", segloss.evaluate, "ce", z, y,
               ignore_index=own)
    raises(TypeError, "`ignore_index` is '255', expected an integer, a list", segloss.map_weights, "band", mask,
           ignore_index="255")
    refused("BAD_LENGTH", "`ignore_index` has 17 labels, expected at most 16", segloss.evaluate, "ce", z, y,
            ignore_index=range(100, 117))
    for bad, kind in ((-1, ValueError), (2**32, ValueError), (1.0, TypeError), ("1", TypeError),
                      (None, TypeError)):
        raises(kind, "`iterations` is", segloss.dilate, mask, bad)
        raises(kind, "`iterations` is", segloss.erode, mask, bad)
    assert (segloss.dilate(mask, 0) == mask).all() and not segloss.erode(mask, 2**32 - 1).any()
    for bad, kind in ((-1, ValueError), (0, ValueError), (4097, ValueError), (1.5, TypeError), ("2", TypeError)):
        raises(kind, "`threads` is", segloss.Loss, "bce", threads=bad)
    raises(TypeError, "`scale` is '2', expected numbers", segloss.evaluate, "ce", z, y, scale="2")
    raises(ValueError, "`scale` has 2 axes", segloss.evaluate, "ce", z, y, scale=[[1, 2]])
    raises(TypeError, "`spacing` is ['1', '1'], expected numbers", segloss.distance, mask, spacing=["1", "1"])
    # NumPy's integers are integers.
    expected = segloss.evaluate("ce", z, y, ignore_index=1)
    for index in (np.int64(1), np.uint8(1), [1], (1,), {1}, np.array([1]), np.array(1)):
        assert same(segloss.evaluate("ce", z, y, ignore_index=index), expected)
    assert same(segloss.evaluate("ce", z, y, ignore_index=[]), segloss.evaluate("ce", z, y, ignore_index=None))


def labels_are_ignored():
    z, _ = example()
    y = random.integers(0, 3, (2, 4, 5))
    for labels in ([-100], [255, -100], [3, 4, 5, 6, 7, 8, 9, 10], list(range(100, 116))):
        with_void = np.where(random.random(y.shape) < 0.4, random.choice(labels, y.shape), y)
        valid = ~np.isin(with_void, labels)
        expected = segloss.evaluate("ce + dice", z, np.where(valid, with_void, 0), mask=valid)
        for given in (labels, tuple(labels), np.array(labels)):
            assert same(segloss.evaluate("ce + dice", z, with_void, ignore_index=given), expected)
    refused("BAD_TARGET", "PyTorch's label of pixels that do not count is ignore_index=-100",
            segloss.evaluate, "ce", z, np.full(y.shape, -100))


def what_nothing_uses_is_refused():
    z, y = example()
    out, loss = np.zeros_like(z), segloss.Loss("ce")
    term = segloss.PixelTerm("unused", lambda z, y, p, q: (z, z))
    raises(ValueError, "`link` is given beside a Loss", segloss.evaluate, loss, z, y, link="softmax")
    raises(ValueError, "`plugins` is given beside a Loss", segloss.evaluate, loss, z, y, plugins=[term])
    for name, value in (("out", out), ("scale", 2), ("accumulate", True)):
        raises(ValueError, f"`{name}` is given, which gradient=False has no use for", loss.evaluate, z, y,
               gradient=False, **{name: value})
    raises(ValueError, "`loss_map` is given beside", loss.evaluate, z, y, reduction="pixel", loss_map=out)
    raises(ValueError, "`dtype` is given beside `out`", segloss.distance, y[0], out=np.zeros((4, 5)),
           dtype=np.float64)
    raises(TypeError, "unexpected keyword", loss.evaluate, z, y, weight=z)
    refused("NOT_SUPPORTED_BY_LOSS", "`weights` is given and nothing uses it", segloss.evaluate, "dice", z, y,
            weights=np.ones(y.shape))


def outputs_are_arrays_that_can_be_written():
    z, y = example()
    for name, shape in (("out", z.shape), ("loss_map", y.shape)):
        says = f"`{name}` is a list, which the result cannot be written into"
        raises(TypeError, says, segloss.evaluate, "ce", z, y, **{name: np.zeros(shape).tolist()})
        raises(TypeError, f"`{name}` holds big-endian float32, expected numbers in this machine's byte order",
               segloss.evaluate, "ce", z, y, **{name: np.zeros(shape, ">f4")})
        raises(ValueError, f"`{name}` has a stride of -4 bytes along axis {len(shape) - 1}", segloss.evaluate,
               "ce", z, y, **{name: np.zeros(shape, np.float32)[..., ::-1]})
        raises(TypeError, f"`{name}` is a masked array", segloss.evaluate, "ce", z, y,
               **{name: np.ma.zeros(shape, np.float32)})
    raises(TypeError, "`out` is a list", segloss.dilate, y[0] > 0, out=[[0] * 5] * 4)
    refused("BAD_SHAPE", "`out` has shape (5, 4), expected (4, 5) as `mask`", segloss.dilate, y[0] > 0,
            out=np.zeros((5, 4), bool))


def inputs_are_flipped_and_swapped():
    z, y = example()
    weights = random.random(y.shape)
    mask = weights > 0.3
    expected = segloss.evaluate("ce", z, y, weights=weights, mask=mask)

    def flipped(array, axis):
        return np.flip(np.ascontiguousarray(np.flip(array, axis)), axis)

    for axis in (-1, -2, (-1, -2), 0):
        own = [flipped(array, axis) for array in (z, y, weights, mask)]
        assert any(stride < 0 for stride in own[0].strides)
        assert same(segloss.evaluate("ce", *own[:2], weights=own[2], mask=own[3]), expected)
    for order in "<>":
        swapped = segloss.evaluate("ce", z.astype(order + "f4"), y.astype(order + "i4"),
                                   weights=weights.astype(order + "f8"), mask=mask)
        assert same(swapped, expected)
    # Fields of records are neither whole elements apart nor aligned.
    records = np.zeros(z.shape, [("skip", "u1"), ("z", "f4")])
    records["z"] = z
    assert same(segloss.evaluate("ce", records["z"], y, weights=weights, mask=mask), expected)
    image = y[0] > 0
    assert (segloss.distance(image[::-1]) == segloss.distance(np.ascontiguousarray(image[::-1]))).all()
    assert segloss.statistics(image[:, ::-1])["pixels"] == image.size
    assert (segloss.class_counts(y[:, ::-1], 3) == segloss.class_counts(y, 3)).all()


def masked_arrays_are_masks():
    for link, targets in (("softmax", random.integers(0, 3, (2, 4, 5))), ("sigmoid", None)):
        z, _ = example()
        y = (z > 0).astype(np.uint8) if targets is None else targets
        term = "bce" if targets is None else "ce"
        loss = segloss.Loss(f"{term} @ mine", link, maps=["mine"])
        weights, mine = random.random(y.shape), random.random((2, 1, 4, 5))
        out = [random.random(shape) < 0.2 for shape in (z.shape, y.shape, y.shape, mine.shape, y.shape)]
        of_z = out[0].any(1) if targets is not None else out[0]
        of_mine = out[3][:, 0] if targets is not None else np.broadcast_to(out[3], y.shape)
        mask = random.random(y.shape) < 0.8
        counted = mask & ~of_z & ~out[1] & ~out[2] & ~of_mine & ~out[4]
        expected = loss.evaluate(z, y, weights=weights, mask=counted, maps={"mine": mine})
        torn = np.where(out[0], np.nan, z).astype(np.float32)
        found = loss.evaluate(
            np.ma.array(torn, mask=out[0]), np.ma.array(np.where(out[1], 77, y), mask=out[1]),
            weights=np.ma.array(np.where(out[2], np.nan, weights), mask=out[2]),
            maps={"mine": np.ma.array(np.where(out[3], np.nan, mine), mask=out[3])},
            mask=np.ma.array(mask, mask=out[4]))
        assert same(found, expected)
        # A mask is of its shape and type beside a masked array too.
        left_out = np.ma.array(z, mask=out[0])
        for bad in (np.ones((2, 4, 1), bool), np.ones((2, 1, 1), bool), np.ones((1, 1), bool)):
            refused("BAD_SHAPE", "`mask` has shape", loss.evaluate, left_out, y, maps={"mine": mine}, mask=bad)
        raises(TypeError, "`mask` holds float64, expected uint8 or bool", loss.evaluate, left_out, y,
               maps={"mine": mine}, mask=np.ones(y.shape))
        # Nothing left out is no mask.
        assert same(loss.evaluate(np.ma.array(z), y, maps={"mine": np.ma.array(mine)}),
                    loss.evaluate(z, y, maps={"mine": mine}))
    image = np.array([[0, 1, 1, 1, 1, 0]])
    masked = np.ma.array(image, mask=image * 0)
    masked[0, 2] = np.ma.masked
    assert (segloss.distance(masked) == segloss.distance(image, mask=~masked.mask)).all()
    raises(TypeError, "`mask` is a masked array, which morphology has no use for", segloss.dilate, masked)
    labels = np.ma.array([0, 1, 2, 2, 7], mask=[0, 0, 0, 1, 1])
    assert segloss.class_counts(labels, 3).tolist() == [1, 1, 1]
    assert segloss.class_counts(labels, 3, mask=[1, 0, 1, 1, 1]).tolist() == [1, 0, 1]


def libraries_are_looked_for():
    environment = os.environ | {"SEGLOSS_LIBRARY": "/nowhere/libsegloss.so"}
    run = subprocess.run([sys.executable, "-c", "import segloss"], env=environment, capture_output=True, text=True)
    assert run.returncode == 1
    for part in ("ImportError: SEGLOSS_LIBRARY is '/nowhere/libsegloss.so'",
                 "cargo build --release -p segloss-ffi", "set SEGLOSS_LIBRARY to target/release/libsegloss.so"):
        assert part in run.stderr, run.stderr


passed(mistakes_are_told, numbers_are_checked, labels_are_ignored, what_nothing_uses_is_refused,
       outputs_are_arrays_that_can_be_written, inputs_are_flipped_and_swapped, masked_arrays_are_masks,
       libraries_are_looked_for)
