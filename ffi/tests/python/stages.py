"""Losses in parts: the values and gradients of whole ones."""

import numpy as np

import segloss

from checks import passed, raises, refused

random = np.random.default_rng(1)


def stages_add_up():
    z = random.uniform(-5, 5, (2, 3, 2 * 65536 + 100)).astype(np.float32)
    labels = random.integers(0, 3, (2, 1, z.shape[2]))
    lines = {"spatial": 1}
    loss = segloss.Loss("0.3*ce @ band + 0.7*dice", "softmax")
    band = segloss.map_weights("band", labels, link="softmax", **lines)
    whole, gradient = loss.evaluate(z, labels, maps={"band": band}, scale=2, **lines)

    # Tiles of whole segments, one after the other: the same bits.
    tiles = [slice(0, 65536), slice(65536, None)]
    parts = [(z[..., t], labels[..., t], {"maps": {"band": band[..., t]}, **lines}) for t in tiles]
    sums = None
    for part, own, call in parts:
        sums = loss.reduce(part, own, before=sums, **call)
    totals = loss.close(*parts[0][:2], sums, **parts[0][2])
    for tile, (part, own, call) in zip(tiles, parts):
        value, found = loss.finish(part, own, sums, totals, scale=2, **call)
        assert value == whole and (found == gradient[..., tile]).all()

    # Workers with a sample each.
    samples = [(z[i:i + 1], labels[i:i + 1], {"maps": {"band": band[i:i + 1]}, **lines}) for i in (0, 1)]
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


def lengths_are_checked():
    z, y = np.zeros((1, 1, 2, 2), np.float32), np.zeros((1, 1, 2, 2), np.uint8)
    loss = segloss.Loss("bce")
    raises(ValueError, "`before` has 1 numbers", loss.reduce, z, y, before=[0])
    raises(ValueError, "`other` has 1 numbers", segloss.merge, [0, 0], [0])
    raises(TypeError, "`one` is ['0', '1'], expected numbers", segloss.merge, ["0", "1"], [0, 0])
    refused("BAD_LENGTH", "`sums` has 1 entries", loss.close, z, y, [0])
    refused("NOT_SUPPORTED_BY_LOSS", "`band`", segloss.Loss("boundary").reduce, z, y)
    raises(TypeError, "`spacing` is given, which reduce() has no use for", loss.reduce, z, y, spacing=[1, 1])
    raises(TypeError, "`scale` is given, which close() has no use for", loss.close, z, y, [0], scale=1)


passed(stages_add_up, lengths_are_checked)
