"""Batches without a sample: 0, and nothing to write."""

import numpy as np

import segloss

from checks import passed, refused


def losses_are_0():
    shapes = ((0, 1, 4, 5), (0, 1, 4, 5)), ((0, 3, 4, 5), (0, 4, 5)), ((0, 3, 2, 4, 5), (0, 1, 2, 4, 5))
    for shape, targets in shapes:
        for dtype in (np.float16, np.float32, np.float64):
            z, y = np.zeros(shape, dtype), np.zeros(targets, np.uint8)
            terms = ("bce", "bce") if shape[1] == 1 else ("ce", "ce(weights=[1, 2, 3])")
            texts = [f"{term} + dice + 0.5*focal_tversky" for term in terms] + ["preset:boundary", "distance"]
            for text in texts:
                value, gradient = segloss.evaluate(text, z, y)
                assert value == 0 and gradient.shape == shape, (text, shape)
                weights = np.zeros(targets)
                assert segloss.evaluate(text, z, y, mask=weights > 0, weights=weights)[0] == 0
            samples, _ = segloss.evaluate(terms[0], z, y, reduction="none", scale=[])
            assert samples.shape == (0,)
            assert segloss.evaluate(terms[0], z, y, reduction="pixel")[0].shape == targets
            out = np.empty(shape, np.float32 if dtype == np.float16 else dtype)
            assert segloss.evaluate(terms[0], z, y, out=out, accumulate=True)[1] is out
            # A mask for all samples, of which there are none.
            assert segloss.evaluate(terms[0], z, y, mask=np.ones((1, *shape[2:]), bool))[0] == 0


def workers_without_samples_take_part():
    random = np.random.default_rng(1)
    z, y = random.normal(size=(3, 4, 6, 7)), random.integers(0, 4, (3, 6, 7))
    loss = segloss.Loss("0.5*ce(weights=[1, 2, 3, 4]) + dice + tversky(pool=batch)")
    whole, gradient = loss.evaluate(z, y)
    parts = [(z, y), (z[:0], y[:0])]
    sums = [loss.reduce(*part) for part in parts]
    assert sums[1].size == 0
    totals = segloss.merge(*[loss.close(*part, own) for part, own in zip(parts, sums)])
    found = [loss.finish(*part, own, totals) for part, own in zip(parts, sums)]
    assert abs(found[0][0] - whole) < 1e-12 and abs(found[1][0] - whole) < 1e-12
    assert np.allclose(found[0][1], gradient, rtol=1e-12, atol=0) and found[1][1].shape == (0, 4, 6, 7)


def maps_and_masks_are_empty():
    for shape in ((0, 4, 5), (0, 1, 4, 5)):
        mask = np.zeros(shape, bool)
        for call in (segloss.distance, segloss.dilate, segloss.erode):
            assert call(mask, spatial=2).shape == shape
        assert segloss.map_weights("band", mask, spatial=2).shape == shape
        found = segloss.statistics(mask, spatial=2)
        assert found["images"] == found["pixels"] == 0 and found["counts"].tolist() == [0, 0]
        refused("NOTHING_TO_LEARN", "", segloss.recommend, mask, spatial=2)
        assert segloss.class_counts(mask.astype(np.uint8), 3, counts=[1, 2, 3]).tolist() == [1, 2, 3]


passed(losses_are_0, workers_without_samples_take_part, maps_and_masks_are_empty)
