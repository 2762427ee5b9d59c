"""Times of the maps beside those of other libraries, and whether they agree.

    cargo build --release -p segloss-simd --features rayon --example map_times
    pip install numpy scipy edt opencv-python-headless scikit-image SimpleITK
    python docs/compare_maps.py [--runs 5] [--level avx512] [--side 2048] [WORK ...]

Both sides take turns on the same mask in one process each; a figure is the median of the runs, in
nanoseconds a pixel, on one thread. A ratio is that of the fastest exact library to ours in the same run.
Works: edt, signed, labels, volume, spaced, band, threads, sizes.
"""

import argparse
import os
import subprocess
import tempfile
import time

import cv2
import edt
import numpy as np
import SimpleITK as sitk
from scipy import ndimage
from skimage.data import horse
from skimage.transform import resize

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SPACING = (3.0, 1.0, 0.5)


class Ours:
    """The example that runs the maps, which it is told to do line by line."""

    def __init__(self, level):
        program = os.path.join(ROOT, "target", "release", "examples", "map_times")
        pipe = subprocess.PIPE
        self.process = subprocess.Popen([program], stdin=pipe, stdout=pipe, text=True, bufsize=1)
        self.level = level
        self.folder = tempfile.TemporaryDirectory()

    def tell(self, *words):
        print(*words, file=self.process.stdin, flush=True)

    def image(self, labels):
        path = os.path.join(self.folder.name, "image")
        labels.astype(np.uint8).tofile(path)
        self.tell("image", path, *labels.shape)

    def time(self, work, threads=1, runs=3):
        self.tell("time", work, self.level, threads, runs)
        return float(self.process.stdout.readline())

    def result(self, work, shape):
        path = os.path.join(self.folder.name, "result")
        self.tell("save", work, self.level, 1, path)
        self.process.stdout.readline()
        return np.fromfile(path, np.float32).reshape(shape)


def masks(side):
    """Of the kinds that transforms behave differently on."""
    rng = np.random.default_rng(1)
    y, x = np.ogrid[:side, :side]
    discs = np.zeros((side, side), bool)
    for _ in range(60 * side**2 // 2048**2 + 8):
        cx, cy = rng.random(2) * side
        radius = 5 * 50 ** rng.random()
        discs |= (x - cx) ** 2 + (y - cy) ** 2 < radius**2
    yield "discs", discs
    for percent in (1, 50, 99, 99.9):
        yield f"{percent} % noise", rng.random((side, side)) < percent / 100
    single = np.ones((side, side), bool)
    single[side // 2 - 3, side * 3 // 8] = False
    yield "one background pixel", single
    photo = resize((~horse()).astype(float), (side, side), order=0) > 0.5
    yield "horse photo", photo
    yield "inverted", ~photo
    yield "empty", np.zeros((side, side), bool)
    yield "full", np.ones((side, side), bool)


def volumes(side):
    rng = np.random.default_rng(1)
    grid = np.ogrid[:side, :side, :side]
    balls = np.zeros((side,) * 3, np.uint8)
    for _ in range(40):
        centre, radius = rng.random(3) * side, 4 * 15 ** rng.random()
        balls |= (sum((g - c) ** 2 for g, c in zip(grid, centre)) < radius**2).astype(np.uint8)
    yield "balls", balls
    for percent in (50, 99):
        yield f"{percent} % noise", (rng.random((side,) * 3) < percent / 100).astype(np.uint8)
    blocks = rng.integers(1, 6, (side // 16,) * 3).astype(np.uint8)
    yield "blocks of labels", np.kron(blocks, np.ones((16,) * 3, np.uint8))
    single = np.ones((side,) * 3, np.uint8)
    single[side // 2 - 3, side // 3, side * 3 // 8] = 0
    yield "one background pixel", single


def stopwatch(function, pixels):
    start = time.perf_counter()
    function()
    return (time.perf_counter() - start) * 1e9 / pixels


def compare(title, ours, images, work, exact, approximate, runs, check=None):
    names = list(exact) + list(approximate)
    print(f"\n### {title} ({ours.level})\n")
    print("|", " | ".join(["mask", *names, "segloss", "ratio"]), "|")
    print("|", " | ".join(["---"] * (len(names) + 3)), "|")
    for name, image in images:
        ours.image(image)
        if check is not None:
            check(name, image, ours.result(work, image.shape))
        peers = {**exact, **approximate}
        times = {peer: [] for peer in names + ["segloss"]}
        for _ in range(runs):
            for peer, function in peers.items():
                times[peer].append(stopwatch(lambda: function(image), image.size))
            times["segloss"].append(ours.time(work))
        median = {peer: float(np.median(each)) for peer, each in times.items()}
        ratio = min(median[peer] for peer in exact) / median["segloss"]
        row = [name, *(f"{median[peer]:.2f}" for peer in names), f"{median['segloss']:.2f}", f"{ratio:.1f}"]
        print("|", " | ".join(row), "|", flush=True)


def agree(reference):
    def check(name, image, found):
        if image.all():
            assert np.isinf(found).all(), name
        else:
            expected = reference(image)
            assert np.allclose(found, expected, rtol=1e-6, atol=0), name

    return check


def bytes_of(image):
    return image.view(np.uint8) if image.dtype == bool else image


def opencv(image, mask=cv2.DIST_MASK_PRECISE):
    return cv2.distanceTransform(bytes_of(image), cv2.DIST_L2, mask)


def signed(transform):
    return lambda image: transform(image) - transform(~image)


ITK_IMAGES = {}


def itk_signed(image):
    """Its copy of the image is made once, in the first run."""
    if id(image) not in ITK_IMAGES:
        ITK_IMAGES[id(image)] = sitk.GetImageFromArray(bytes_of(image))
    settings = {"insideIsPositive": True, "squaredDistance": False, "useImageSpacing": False}
    return sitk.SignedMaurerDistanceMap(ITK_IMAGES[id(image)], **settings)


CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))


def scipy_band(image):
    boundary = ndimage.binary_dilation(image) ^ ndimage.binary_erosion(image)
    return ndimage.binary_dilation(boundary, iterations=3)


def opencv_band(image):
    image = bytes_of(image)
    eroded = cv2.erode(image, CROSS, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return cv2.dilate(cv2.dilate(image, CROSS) ^ eroded, CROSS, iterations=3)


def main():
    works = ["edt", "signed", "labels", "volume", "spaced", "band", "threads", "sizes"]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("works", nargs="*", default=works, metavar="WORK")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--level", default="avx512")
    parser.add_argument("--side", type=int, default=2048)
    given = parser.parse_args()
    cv2.setNumThreads(1)
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    ours, side, runs = Ours(given.level), given.side, given.runs
    few = [(name, image) for name, image in masks(side) if name in ("discs", "50 % noise", "horse photo")]

    if "edt" in given.works:
        exact = {
            "SciPy": ndimage.distance_transform_edt,
            "edt": lambda image: edt.edt(image, parallel=1),
            "OpenCV precise": opencv,
        }
        approximate = {"OpenCV 5x5": lambda image: opencv(image, 5)}
        title = f"Distance to background, {side} x {side}"
        check = agree(ndimage.distance_transform_edt)
        compare(title, ours, masks(side), "background", exact, approximate, runs, check)
    if "signed" in given.works:
        exact = {
            "SciPy twice": signed(ndimage.distance_transform_edt),
            "edt.sdf": lambda image: edt.sdf(image, parallel=1),
            "OpenCV twice": signed(opencv),
        }
        title = f"Signed distance, {side} x {side}"
        check = agree(signed(ndimage.distance_transform_edt))
        # Exact, but to the centres of the object's own border pixels.
        others = {"ITK Maurer": itk_signed}
        compare(title, ours, few, "signed", exact, others, runs, check)
    if "labels" in given.works:
        rng = np.random.default_rng(2)
        cells = np.kron(rng.integers(1, 9, (side // 64,) * 2), np.ones((64, 64))).astype(np.uint8)
        noise = rng.integers(1, 9, (side, side)).astype(np.uint8)
        exact = {"edt": lambda image: edt.edt(image, parallel=1)}
        images = [("cells of 64 x 64", cells), ("noise of 8 labels", noise)]
        compare(f"Distance to other labels, {side} x {side}", ours, images, "classes", exact, {}, runs)
    if "volume" in given.works:
        exact = {"edt": lambda image: edt.edt(image.astype(bool), parallel=1)}
        compare("Distance to background, 256^3", ours, volumes(256), "background", exact, {}, runs)
        exact = {"edt": lambda image: edt.edt(image, parallel=1)}
        images = [(name, image) for name, image in volumes(256) if name == "blocks of labels"]
        compare("Distance to other labels, 256^3", ours, images, "classes", exact, {}, runs)
    if "spaced" in given.works:
        exact = {"edt": lambda image: edt.edt(image.astype(bool), anisotropy=SPACING, parallel=1)}
        compare(f"Spacing {SPACING}, 256^3", ours, volumes(256), "spaced", exact, {}, runs)
    if "band" in given.works:
        exact = {"SciPy": scipy_band, "OpenCV": opencv_band}
        compare(f"Band of theta 3 as bits, {side} x {side}", ours, few, "bits", exact, {}, runs)
        compare(f"Band of theta 3 as f32 weights, {side} x {side}", ours, few, "weights", exact, {}, runs)
    if "threads" in given.works:
        print(f"\n### Threads, {side} x {side} ({given.level})\n\n| work | mask | 1 | 2 | gain |")
        print("| --- | --- | --- | --- | --- |")
        for name, image in few:
            ours.image(image)
            for work in ("background", "signed", "decay", "weights"):
                one, two = zip(*((ours.time(work, 1), ours.time(work, 2)) for _ in range(runs)))
                one, two = np.median(one), np.median(two)
                print(f"| {work} | {name} | {one:.2f} | {two:.2f} | {one / two:.2f} |", flush=True)
    if "sizes" in given.works:
        sides = (256, 1024, 2048, 8192)
        print(f"\n### Distance to background by side ({given.level})\n")
        print("| mask |", " | ".join(map(str, sides)), "|")
        print("| --- |", " | ".join("---" for _ in sides), "|")
        times = {}
        for each in sides:
            for name, image in masks(each):
                ours.image(image)
                times.setdefault(name, []).append(ours.time("background", 1, 5 if each > 4000 else 31))
        for name, row in times.items():
            print("|", " | ".join([name, *(f"{value:.2f}" for value in row)]), "|")


if __name__ == "__main__":
    main()
