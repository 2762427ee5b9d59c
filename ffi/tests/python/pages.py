"""The Python that pages show does what they say."""

import pathlib
import re

import numpy as np

import segloss

from checks import passed, refused

random = np.random.default_rng(1)
ROOT = pathlib.Path(__file__).parents[3]


def blocks(page):
    """Returns the Python of a page, block by block."""
    return re.findall(r"^```python\n(.*?)^```", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL)


def the_readme_runs():
    (quick_start,) = blocks("README.md")
    names = {}
    exec(quick_start, names)
    # Half of ln 2, and half of the dice loss of one half everywhere where there is nothing.
    assert f"{names['value']:.6f}" == "0.846574", names["value"]
    assert names["gradient"].shape == names["logits"].shape


def regions_pool_as_the_readme_says():
    logits = random.normal(size=(3, 4, 6, 6)).astype("float32")
    labels = random.integers(0, 4, (3, 6, 6))
    labels[0] = 0
    binary = logits[:, :1], labels > 1
    for term, inputs, pool in [("dice", binary, "sample"), ("dice", (logits, labels), "batch"),
                               ("tversky", binary, "batch"), ("tversky", (logits, labels), "batch"),
                               ("focal_tversky", binary, "batch"), ("focal_tversky", (logits, labels), "batch")]:
        by_pool = {pool: segloss.evaluate(f"{term}(pool={pool})", *inputs)[0] for pool in ("sample", "batch")}
        assert segloss.evaluate(term, *inputs)[0] == by_pool[pool] != by_pool["sample" if pool == "batch" else "batch"]


def the_page_on_targets_runs():
    (examples,) = blocks("docs/targets.md")
    names = {}
    exec(examples, names)
    assert names["band"].shape == (4, 4)


def what_the_table_advises_is_taken():
    logits = random.normal(size=(2, 3, 6, 6)).astype("float32")
    one, two = logits[:, :1], logits[:, :2]
    truth = random.random((2, 6, 6)) < 0.4
    mask = 255 * truth.astype("uint8")

    def value(*arguments, **options):
        return segloss.evaluate(*arguments, **options)[0]

    wanted = value("bce", one, truth)
    assert value("bce", one, mask) == value("bce", one, truth.astype("int64")) == wanted
    refused("BAD_TARGET", "nothing but 0 and 255", segloss.evaluate, "ce", two, mask)
    assert value("ce", two, mask // 255) == value("ce", two, truth)
    jpeg = np.where(truth, 254, 3).astype("uint8")
    refused("BAD_TARGET", "expected a mask", segloss.evaluate, "bce", one, jpeg)
    assert value("bce", one, jpeg > 127) == wanted
    soft = mask / 255 * 0.75
    assert 0 < value("bce", one, soft) != wanted
    passing = np.where(truth, 1.02, -0.02)
    refused("BAD_TARGET", "expected 0 to 1", segloss.evaluate, "bce", one, passing)
    assert value("bce", one, passing.clip(0, 1)) == wanted
    assert value("bce", one, mask.astype("float32") / 255 * np.float32(1.0000004)) == wanted
    refused("BAD_TARGET", "expected 0 to 1", segloss.evaluate, "bce", one, truth * np.float32(1.000001))

    labels = random.integers(0, 3, (2, 6, 6)).astype("uint8")
    unsure = random.random(labels.shape) < 0.2
    wanted = value("ce", logits, labels, mask=~unsure)
    for void, options in [(255, {}), (254, {"ignore_index": [254, 255]}), (77, {"ignore_index": 77})]:
        assert value("ce", logits, np.where(unsure, np.uint8(void), labels), **options) == wanted
    of_pytorch = np.where(unsure, -100, labels.astype(int))
    assert value("ce", logits, of_pytorch, ignore_index=-100) == wanted
    from_one = np.where(unsure, 0, labels + 1).astype("uint8")
    assert value("ce", logits, from_one.astype(int) - 1, ignore_index=-1) == wanted
    refused("BAD_TARGET", "label 255", segloss.evaluate, "ce", logits, np.where(unsure, 255, labels),
            ignore_index=None)
    last = np.ascontiguousarray(logits.transpose(0, 2, 3, 1))
    assert value("ce", last.transpose(0, 3, 1, 2), labels) == value("ce", logits, labels)


def bands_are_as_drawn():
    page = (ROOT / "docs/targets.md").read_text()
    rows = re.findall(r"^(?:labels|band.theta=3.) {6,}([0-9V.#](?: [0-9V.#])+)", page, re.MULTILINE)
    labels, nearest = (row.split() for row in rows[:2])
    assert len(labels) == len(nearest) == 12
    image = np.array([[9 if label == "V" else int(label) for label in labels]] * 5)
    for void, band in (("nearest", [row == "#" for row in nearest]), ("cut", [False] * len(labels))):
        weights = segloss.map_weights(
            f"band(theta=3, weight=5, void={void})", image, link="softmax", ignore_index=9)
        assert (weights == np.where(band, 5, 1)).all(), weights


passed(the_readme_runs, regions_pool_as_the_readme_says, the_page_on_targets_runs, what_the_table_advises_is_taken,
       bands_are_as_drawn)
