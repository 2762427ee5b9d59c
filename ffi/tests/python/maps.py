"""Weight maps, distances and morphology, by hand."""

import numpy as np

import segloss

from checks import passed, raises, refused

random = np.random.default_rng(1)


def maps_are_made():
    mask = np.array([[0, 0, 1, 1, 1, 0, 0]], np.uint8)
    assert segloss.distance(mask).tolist() == [[0, 0, 1, 2, 1, 0, 0]]
    signed = segloss.distance(mask, "signed", dtype=np.float64, spacing=[9, 2])
    assert signed.dtype == np.float64 and signed.tolist() == [[-4, -2, 2, 4, 2, -2, -4]]
    assert segloss.map_weights("band(theta=0)", mask[0], spatial=1).tolist() == [1, 5, 5, 1, 5, 5, 1]
    assert segloss.dilate(mask[0], spatial=1).tolist() == [0, 1, 1, 1, 1, 1, 0]
    assert segloss.erode(mask[0], 1, element="full", spatial=1).tolist() == [0, 0, 0, 1, 0, 0, 0]
    assert segloss.erode(mask, 1, border="keep").tolist() == [[0, 0, 0, 1, 0, 0, 0]]
    labels = np.array([[0, 1, 1, 2]])
    assert segloss.distance(labels, "other", link="softmax").tolist() == [[1, 1, 1, 1]]
    out = np.zeros((1, 7))
    assert segloss.distance(mask, out=out) is out and out.tolist() == [[0, 0, 1, 2, 1, 0, 0]]

    # A map of one's own, and one that is computed: the same as by name.
    mask = random.random((2, 1, 9, 9)) < 0.3
    z = random.uniform(-5, 5, mask.shape).astype(np.float32)
    band = segloss.map_weights("band", mask)
    computed = segloss.evaluate("bce @ band", z, mask)[0]
    assert segloss.evaluate("bce @ mine", z, mask, maps={"mine": band})[0] == computed
    assert segloss.evaluate("bce @ band", z, mask, maps={"band": band})[0] == computed
    assert segloss.evaluate("bce", z, mask, weights=band)[0] == computed
    # Without the axis of channels, as weights and as a map.
    stack = segloss.map_weights("band", mask[:, 0], spatial=2)
    assert (stack == band[:, 0]).all()
    assert segloss.evaluate("bce @ mine", z, mask[:, 0], maps={"mine": stack})[0] == computed


def squared_distances(mask, axes):
    """To the nearest background along the last `axes` axes, each stack of them by itself."""
    found = np.full(mask.shape, np.inf)
    for at in np.ndindex(mask.shape[:mask.ndim - axes]):
        background = np.argwhere(~mask[at])
        for pixel in np.ndindex(mask.shape[mask.ndim - axes:]):
            if len(background):
                found[at + pixel] = ((background - pixel) ** 2).sum(1).min()
    return found


# Shapes, what is said, and how many axes are of space; or how the error begins.
AXES = [
    ((6, 7), None, 2), ((6, 7), 2, 2), ((6, 7), 1, 1), ((6, 7), 3, "expected 3 to 5 axes because"),
    ((7,), 1, 1), ((7,), None, "lines say spatial=1"), ((7,), 2, "expected 2 to 4 axes because"),
    ((3, 6, 7), None, "say spatial=2 for a stack of images, or spatial=3 for a volume"),
    ((1, 6, 7), None, "say spatial=2 for a stack of images, or spatial=3 for a volume"),
    ((3, 6, 7), 2, 2), ((3, 6, 7), 3, 3), ((3, 2, 7), 1, 1),
    ((2, 1, 6, 7), None, 2), ((1, 1, 6, 7), None, 2), ((2, 1, 6, 7), 3, 3), ((2, 1, 6, 7), 2, 2),
    ((2, 3, 6, 7), None, "say spatial=2 for batch x channels x height x width, or spatial=3 for batch x depth"),
    ((2, 3, 6, 7), 2, 2), ((2, 3, 6, 7), 3, 3), ((2, 3, 6, 7), 1, "expected 1 to 3 axes because"),
    ((2, 2, 3, 4, 5), None, 3), ((2, 2, 3, 4, 5), 3, 3), ((2, 2, 3, 4, 5), 2, "expected 2 to 4 axes because"),
    ((), None, "expected 2 axes for an image"), ((1,) * 6, None, "expected 2 axes for an image"),
]


def axes_are_read_one_way_or_asked_for():
    for shape, spatial, expected in AXES:
        mask = random.random(shape) < 0.6
        said = {} if spatial is None else {"spatial": spatial}
        if isinstance(expected, str):
            for call in (segloss.distance, segloss.dilate, segloss.erode, segloss.statistics, segloss.recommend):
                refused("BAD_SHAPE", expected, call, mask, **said)
            refused("BAD_SHAPE", expected, segloss.map_weights, "band", mask, **said)
            continue
        distances = squared_distances(mask, expected)
        found = segloss.distance(mask, dtype=np.float64, **said)
        assert found.shape == shape and (found**2 - distances < 1e-9).all(), (shape, spatial)
        # A step of the cross is what is within a distance of 1; outside the image is background.
        away = squared_distances(~mask, expected)
        assert (segloss.dilate(mask, **said) == (away <= 1)).all(), (shape, spatial)
        assert (segloss.erode(mask, border="keep", **said) == (distances > 1)).all(), (shape, spatial)
        for of_all in ((shape, mask.copy()), (shape[:1] + (1,) + shape[2:], None)):
            if len(of_all[0]) != expected + 2 and of_all[1] is None:
                continue
            counted = random.random(of_all[0]) < 0.9
            narrow = segloss.distance(mask, mask=counted, **said)
            whole = segloss.distance(mask, mask=np.broadcast_to(counted, shape).copy(), **said)
            assert (narrow == whole).all(), (shape, spatial)
        images = segloss.statistics(mask, **said)["images"]
        assert images == np.prod(shape[:len(shape) - expected], dtype=int), (shape, spatial)
    raises(ValueError, "`spatial` is 0, expected an integer from 1 to 3", segloss.distance, mask, spatial=0)
    raises(TypeError, "`spatial` is 2.0", segloss.distance, mask, spatial=2.0)


def labels_are_told_of_the_link():
    labels = np.array([[0, 0, 1, 2], [0, 255, 1, 2]])
    says = 'labels of classes take link="softmax"'
    for dtype in (np.uint8, np.int16, np.int64):
        given = labels.astype(dtype)
        refused("BAD_TARGET", says, segloss.map_weights, "band", given)
        for call in (segloss.distance, segloss.statistics, segloss.recommend):
            refused("BAD_TARGET", says, call, given)
        refused("BAD_TARGET", says, segloss.statistics, [given > 0, given])
    # Where the link is not what is wrong.
    for call, given, link in ((segloss.distance, labels / 3, "sigmoid"), (segloss.distance, -labels, "softmax"),
                              (segloss.statistics, labels, "softmax")):
        try:
            call(given, link=link)
        except segloss.Error as error:
            assert error.code == "SEGLOSS_RESULT_BAD_TARGET" and "link" not in str(error), error
        else:
            raise AssertionError("not refused")
    assert segloss.map_weights("band(theta=0)", labels, link="softmax").shape == labels.shape
    # As the docstring warns: void is a class here unless said, which a loss of labels leaves out.
    void = np.array([[1, 1, 255, 1, 1]])
    assert segloss.map_weights("band(theta=0)", void, link="softmax").tolist() == [[1, 5, 5, 5, 1]]
    assert segloss.map_weights("band(theta=0)", void, link="softmax", ignore_index=255).tolist() == [[1] * 5]


def results_have_the_dtype_that_is_asked_for():
    mask = np.array([[0, 1, 1]], bool)
    for dtype in (np.float32, np.float64, "float32", "d", float, np.dtype(np.float64)):
        for found in (segloss.distance(mask, dtype=dtype), segloss.map_weights("band", mask, dtype=dtype)):
            assert found.dtype == np.dtype(dtype)
    for dtype in (np.float16, np.int32, complex, object):
        says = f"`dtype` is {np.dtype(dtype)}, expected float32 or float64"
        refused("UNSUPPORTED_DTYPE", says, segloss.distance, mask, dtype=dtype)
        refused("UNSUPPORTED_DTYPE", says, segloss.map_weights, "band", mask, dtype=dtype)
    refused("UNSUPPORTED_DTYPE", "`out` holds float16", segloss.distance, mask, out=np.zeros((1, 3), np.float16))


passed(maps_are_made, axes_are_read_one_way_or_asked_for, labels_are_told_of_the_link,
       results_have_the_dtype_that_is_asked_for)
