"""Terms of one's own, as functions of arrays."""

import gc
import sys

import numpy as np

import segloss

from checks import passed, refused, sigmoid

random = np.random.default_rng(1)


def plugins_run():
    z = random.uniform(-5, 5, (2, 1, 20, 30))
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

    # A channel without a valid pixel has no part in means over channels.
    z3, y3 = random.uniform(-5, 5, (2, 3, 4, 5)), random.random((2, 3, 4, 5)) < 0.3
    for out in ([1], [0, 2], [0, 1, 2]):
        mask = np.ones(z3.shape, bool)
        mask[:, out] = False
        mine = segloss.evaluate("my_dice", z3, y3, link="sigmoid", mask=mask, plugins=[region])
        builtin = segloss.evaluate("dice(pool=sample)", z3, y3, link="sigmoid", mask=mask)
        assert abs(mine[0] - builtin[0]) < 1e-13
        assert np.allclose(mine[1], builtin[1], rtol=0, atol=1e-15)

    logits = random.uniform(-5, 5, (2, 3, 20, 35))
    labels = random.integers(0, 3, (2, 20, 35)).astype(np.uint8)
    own = segloss.ClassTerm("own_ce", lambda log_p, p, q: (-log_p, -np.ones_like(p)))
    mine = segloss.evaluate("own_ce + 0.5*dice", logits, labels, link="softmax", plugins=[own])
    builtin = segloss.evaluate("ce + 0.5*dice", logits, labels, link="softmax")
    assert abs(mine[0] - builtin[0]) < 1e-13 and np.allclose(mine[1], builtin[1], rtol=0, atol=1e-15)

    # They have the link of their kind.
    assert segloss.Loss("own_ce + dice", plugins=[own]).link == "softmax"
    assert segloss.Loss("squared_error + dice", plugins=[term]).link == "sigmoid"
    assert segloss.Loss("my_dice", plugins=[region]).link is None

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


passed(plugins_run)
