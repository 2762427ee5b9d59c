#!/usr/bin/env python3
"""Losses, value and gradient, beside PyTorch on the same inputs in the same run.

    cargo build --release -p segloss-simd --features half,rayon --example loss_times
    pip install torch numpy scipy opencv-python-headless matplotlib
    python docs/compare_losses.py [--runs 5] [--level avx512] [--cold] [--json FILE] [--plot FILE] [LOSS ...]
    python docs/compare_losses.py --sizes [--level avx512]     # by size and threads, without the others

Both sides take turns, one process each, one thread; a figure is the median of the runs, in nanoseconds a
logit. `--cold` adds columns of arrays that no cache holds: before each of these runs half a gigabyte of other memory is
written. PyTorch computes each loss in three ways: `eager`, its formula operation by operation, with SciPy for the
maps; `compiled`, the same under torch.compile; `tuned`, the best that was found to write with PyTorch and OpenCV.
The ratios are those of eager, and of the fastest of the three, to segloss with float targets, which is what
PyTorch has (integers for labels). Before they are timed, values and gradients are compared.
"""

import argparse
import json
import os
import subprocess
import tempfile
import time

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from scipy import ndimage

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SMOOTH = 1e-6
STORED = {"f32": np.float32, "u8": np.uint8, "i64": np.int64}


class Ours:
    """The example that runs the losses, which it is told to do line by line."""

    def __init__(self, level):
        program = os.path.join(ROOT, "target", "release", "examples", "loss_times")
        pipe = subprocess.PIPE
        self.process = subprocess.Popen([program], stdin=pipe, stdout=pipe, text=True, bufsize=1)
        self.level = level
        self.folder = tempfile.TemporaryDirectory()

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def tell(self, *words):
        print(*words, file=self.process.stdin, flush=True)

    def ask(self, *words):
        self.tell(*words)
        return float(self.process.stdout.readline())

    def inputs(self, logits, targets, stored):
        logits.tofile(self.path("logits"))
        targets.astype(STORED[stored]).tofile(self.path("targets"))
        self.tell("inputs", self.path("logits"), self.path("targets"), stored, *logits.shape)

    def time(self, link, text, runs=3, threads=1, how="time"):
        return self.ask(how, link, self.level, threads, runs, text)

    def result(self, link, text, shape):
        value = self.ask("save", link, self.level, self.path("gradient"), text)
        return value, np.fromfile(self.path("gradient"), np.float32).reshape(shape)


# The source's formulas, operation by operation.


def bce(z, y):
    return F.binary_cross_entropy_with_logits(z, y)


def dice(z, y):
    p, y = torch.sigmoid(z).flatten(1), y.flatten(1)
    overlap, mass = (p * y).sum(1), p.sum(1) + y.sum(1)
    return (1 - (2 * overlap + SMOOTH) / (mass + SMOOTH)).mean()


def tversky(z, y, fp_weight=0.3, fn_weight=0.7):
    p, y = torch.sigmoid(z).flatten(), y.flatten()
    tp, fp, fn = (p * y).sum(), (p * (1 - y)).sum(), ((1 - p) * y).sum()
    return 1 - (tp + SMOOTH) / (tp + fp_weight * fp + fn_weight * fn + SMOOTH)


def focal_tversky(z, y):
    return tversky(z, y) ** 0.75


def focal(z, y, alpha=0.25, gamma=2.0):
    losses = F.binary_cross_entropy_with_logits(z, y, reduction="none")
    p = torch.sigmoid(z)
    p_t = y * p + (1 - y) * (1 - p)
    alpha_t = y * alpha + (1 - y) * (1 - alpha)
    return (alpha_t * (1 - p_t) ** gamma * losses).mean()


def weighted_bce(z, y, weights):
    return (F.binary_cross_entropy_with_logits(z, y, reduction="none") * weights).mean()


def of_each(y, weigh):
    return torch.from_numpy(np.stack([weigh(mask) for mask in y[:, 0].numpy() > 0.5])).unsqueeze(1)


def scipy_band(mask):
    edge = ndimage.binary_dilation(mask) ^ ndimage.binary_erosion(mask)
    return np.where(ndimage.binary_dilation(edge, iterations=3), np.float32(5), np.float32(1))


def scipy_decay(mask):
    signed = ndimage.distance_transform_edt(mask) - ndimage.distance_transform_edt(~mask)
    return np.exp(-np.abs(signed) / 5.0).astype(np.float32)


CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))


def opencv_band(mask):
    mask = mask.view(np.uint8)
    eroded = cv2.erode(mask, CROSS, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    band = cv2.dilate(cv2.dilate(mask, CROSS) ^ eroded, CROSS, iterations=3).astype(np.float32)
    band *= 4
    band += 1
    return band


def opencv_decay(mask):
    def distance(mask):
        return cv2.distanceTransform(mask.view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)

    return np.exp((distance(mask) + distance(~mask)) * np.float32(-0.2))


def boundary(z, y, weigh=scipy_band):
    return weighted_bce(z, y, of_each(y, weigh))


def tuned_weighted(weigh):
    return lambda z, y: F.binary_cross_entropy_with_logits(z, y, weight=of_each(y, weigh))


def tuned_boundary_preset(z, y):
    weights = of_each(y, opencv_band).mul_(0.3).add_(0.3)
    return F.binary_cross_entropy_with_logits(z, y, weight=weights) + 0.4 * dice(z, y)


def ce(z, y):
    return F.cross_entropy(z, y, ignore_index=255)


def weighted_ce(z, y):
    return F.cross_entropy(z, y, weight=class_weights(z), ignore_index=255)


def class_weights(z):
    return torch.linspace(0.2, 2.0, z.shape[1])


def dice_of_classes(z, y):
    classes = z.shape[1]
    p = F.softmax(z, 1)
    valid = (y != 255).unsqueeze(1).float()
    members = F.one_hot(y.clamp(0, classes - 1), classes).permute(0, 3, 1, 2).float() * valid
    p = p * valid
    ratios = []
    for k in range(classes):
        overlap, mass = (p[:, k] * members[:, k]).sum(), p[:, k].sum() + members[:, k].sum()
        if mass > 0:
            ratios.append((2 * overlap + SMOOTH) / (mass + SMOOTH))
    return 1 - torch.stack(ratios).mean()


def tuned_dice_of_classes(z, y):
    classes, valid = z.shape[1], (y != 255)
    p = F.softmax(z, 1) * valid.unsqueeze(1)
    members = F.one_hot(torch.where(valid, y, 0), classes).permute(0, 3, 1, 2) * valid.unsqueeze(1)
    overlap, mass = (p * members).sum((0, 2, 3)), p.sum((0, 2, 3)) + members.sum((0, 2, 3))
    return 1 - ((2 * overlap + SMOOTH) / (mass + SMOOTH)).mean()


def focal_of_classes(z, y):
    losses = F.cross_entropy(z, y, reduction="none", ignore_index=255)
    p_t = F.softmax(z, 1).gather(1, y.clamp(0, z.shape[1] - 1).unsqueeze(1)).squeeze(1)
    valid = (y != 255).float()
    return ((1 - p_t) ** 2 * losses * valid).sum() / (valid.sum() + SMOOTH)


BINARY = {
    "bce": ("bce", bce, None),
    "dice": ("dice", dice, None),
    "tversky": ("tversky(fp=0.3, fn=0.7)", tversky, None),
    "focal_tversky": ("focal_tversky(fp=0.3, fn=0.7, gamma=0.75)", focal_tversky, None),
    "focal": ("focal", focal, None),
    "balanced": ("preset:balanced", lambda z, y: 0.5 * bce(z, y) + 0.5 * dice(z, y), None),
    "imbalanced": ("preset:imbalanced", lambda z, y: 0.5 * focal(z, y) + 0.5 * dice(z, y), None),
    "medical": ("preset:medical", lambda z, y: 0.5 * dice(z, y) + 0.5 * tversky(z, y), None),
    "boundary": ("boundary", boundary, tuned_weighted(opencv_band)),
    "distance": ("distance", lambda z, y: boundary(z, y, scipy_decay), tuned_weighted(opencv_decay)),
    "boundary_preset": (
        "preset:boundary",
        lambda z, y: 0.3 * bce(z, y) + 0.4 * dice(z, y) + 0.3 * boundary(z, y),
        tuned_boundary_preset,
    ),
}


def weighted_text(classes):
    weights = ", ".join(f"{w:.9g}" for w in torch.linspace(0.2, 2.0, classes).tolist())
    return f"ce(weights=[{weights}])"


CLASSES = {
    "ce": (lambda classes: "ce", ce, None),
    "weighted_ce": (weighted_text, weighted_ce, None),
    "class_dice": (lambda classes: "dice", dice_of_classes, tuned_dice_of_classes),
    "class_focal": (lambda classes: "focal", focal_of_classes, None),
}


def masks(batch, side):
    """Discs, and logits that follow them."""
    rng = np.random.default_rng(1)
    y, x = np.mgrid[:side, :side]
    targets = np.zeros((batch, 1, side, side), np.float32)
    for mask in targets:
        for _ in range(12):
            cx, cy, radius = rng.integers(side), rng.integers(side), int(4 * (side / 32) ** rng.random())
            mask[0][(x - cx) ** 2 + (y - cy) ** 2 <= radius**2] = 1
    noise = rng.standard_normal(targets.shape, np.float32)
    return (5 * (targets - 0.5) + 1.5 * noise).astype(np.float32), targets


def labels(batch, classes, side):
    """Cells of random classes with an ignored rim, and logits that follow them."""
    rng = np.random.default_rng(2)
    cells = rng.integers(0, classes, (batch, side // 32, side // 32))
    targets = np.kron(cells, np.ones((32, 32), np.int64))
    targets[:, ::32], targets[:, :, ::32] = 255, 255
    logits = 1.5 * rng.standard_normal((batch, classes, side, side), np.float32)
    logits += 3 * (targets[:, None] == np.arange(classes)[None, :, None, None])
    return logits.astype(np.float32), targets


def step(loss, logits, targets):
    def call():
        logits.grad = None
        value = loss(logits, targets)
        value.backward()
        return value

    return call


OTHER = np.zeros(1 << 26)


def stopwatch(call, count, cold=False):
    if cold:
        OTHER[::8] += 1
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1e9 / count


def peers(eager, tuned, logits, targets):
    ways = {"eager": step(eager, logits, targets)}
    torch._dynamo.reset()
    ways["compiled"] = step(torch.compile(eager, dynamic=False), logits, targets)
    if tuned is not None:
        ways["tuned"] = step(tuned, logits, targets)
        if tuned is tuned_dice_of_classes:
            ways["tuned"] = step(torch.compile(tuned, dynamic=False), logits, targets)
    return ways


def compare(name, link, text, eager, tuned, arrays, ours, types, runs, cold):
    """One row: times of every way, after checking that all give the same."""
    logits, targets = arrays
    z, y = torch.from_numpy(logits).requires_grad_(), torch.from_numpy(targets)
    ours.inputs(logits, targets, types[0])
    value, gradient = ours.result(link, text, logits.shape)
    ways = peers(eager, tuned, z, y)
    for way, call in ways.items():
        for _ in range(2):
            expected = float(call().detach())
        largest = float(z.grad.abs().max())
        off = float((torch.from_numpy(gradient) - z.grad).abs().max()) / largest
        assert abs(value - expected) <= 1e-4 * abs(expected), (name, way, value, expected)
        assert off <= 1e-4, (name, way, off)
    times = {way: [] for way in [*ways, *types, "stream", "cold best", "cold ours"]}
    for _ in range(runs):
        for way, call in ways.items():
            times[way].append(stopwatch(call, logits.size))
        for stored in types:
            ours.inputs(logits, targets, stored)
            times[stored].append(ours.time(link, text))
        ours.inputs(logits, targets, types[0])
        times["stream"].append(ours.ask("stream", 1, 5))
    if cold:
        best = min(ways, key=lambda way: np.median(times[way]))
        for _ in range(runs):
            times["cold best"].append(stopwatch(ways[best], logits.size, cold=True))
            times["cold ours"].append(ours.time(link, text, runs=1, how="cold"))
    return {way: float(np.median(each)) for way, each in times.items() if each}


WAYS = ["eager", "compiled", "tuned"]


def print_row(cells):
    print("|", " | ".join(cells), "|", flush=True)


def table(title, losses, types, how, cold):
    """A row a loss, printed as it comes."""
    print(f"\n### {title}\n")
    head = ["loss", *WAYS, *(f"segloss, {stored}" for stored in types), "stream", "eager / ours", "best / ours"]
    head += ["best, cold", f"segloss, {types[0]}, cold", "cold ratio"] if cold else []
    print_row(head)
    print_row(["---"] * len(head))
    rows = {}
    for name in losses:
        row = rows[name] = how(name)
        ours, best = row[types[0]], min(row[way] for way in WAYS if way in row)
        cells = [f"{row[way]:.2f}" if way in row else "" for way in [*WAYS, *types, "stream"]]
        cells += [f"{row['eager'] / ours:.1f}", f"{best / ours:.1f}"]
        if cold:
            peer, own = row["cold best"], row["cold ours"]
            cells += [f"{peer:.2f}", f"{own:.2f}", f"{peer / own:.1f}"]
        print_row([name, *cells])
    return rows, types


def plot(path, tables):
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    rows = [(f"{name} {title}", row, types[0]) for title, (rows, types) in tables.items() for name, row in rows.items()]
    figure, axis = pyplot.subplots(figsize=(9, 0.32 * len(rows) + 1.2))
    for way, marker, colour in [("eager", "o", "#b0413e"), ("compiled", "s", "#e3a857"), ("tuned", "D", "#6b8f71")]:
        found = [(row[way], place) for place, (_, row, _) in enumerate(rows) if way in row]
        axis.plot(*zip(*found), marker, color=colour, label=f"PyTorch, {way}")
    axis.plot([row[own] for _, row, own in rows], range(len(rows)), "|", ms=14, mew=3, color="#23395b", label="segloss")
    axis.plot([row["stream"] for _, row, _ in rows], range(len(rows)), "|", ms=9, color="#999999", label="streaming pass")
    axis.set(xscale="log", xlabel="ns a logit, value and gradient, one thread", yticks=range(len(rows)))
    axis.set_yticklabels([name for name, _, _ in rows])
    axis.invert_yaxis()
    axis.grid(axis="x", which="both", alpha=0.25)
    axis.legend(loc="upper right", fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=110)


def sizes(ours, runs):
    """Over the streaming pass of the same run, by side of one image, on one thread and on two."""
    texts = ["bce", "preset:balanced", "preset:imbalanced", "preset:medical"]
    print(f"\n### By size, u8 targets ({ours.level}): ns a pixel, and over the streaming pass\n")
    print_row(["side", "threads", "stream", *texts])
    print_row(["---"] * (3 + len(texts)))
    for side in (256, 512, 1024, 2048, 8192):
        ours.inputs(*masks(1, side), "u8")
        for threads in (1, 2):
            asked = {text: [] for text in ["stream", *texts]}
            for _ in range(runs):
                asked["stream"].append(ours.ask("stream", threads, 5))
                for text in texts:
                    asked[text].append(ours.time("sigmoid", text, threads=threads))
            found = {text: float(np.median(each)) for text, each in asked.items()}
            cells = [f"{found[text]:.2f} ({found[text] / found['stream']:.1f}x)" for text in texts]
            print_row([str(side), str(threads), f"{found['stream']:.2f}", *cells])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("losses", nargs="*", default=[*BINARY, *CLASSES], metavar="LOSS")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--level", default="avx512")
    parser.add_argument("--cold", action="store_true")
    parser.add_argument("--sizes", action="store_true")
    parser.add_argument("--json")
    parser.add_argument("--plot")
    given = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    ours, tables = Ours(given.level), {}
    if given.sizes:
        return sizes(ours, given.runs)
    arrays = masks(8, 512)
    types = ["f32", "u8"]
    binary = [name for name in BINARY if name in given.losses]
    if binary:
        title = f"8x1x512x512 ({given.level})"
        how = lambda name: compare(name, "sigmoid", *BINARY[name], arrays, ours, types, given.runs, given.cold)
        tables[title] = table(title, binary, types, how, given.cold)
    of_classes = [name for name in CLASSES if name in given.losses]
    for classes in (4, 19) if of_classes else ():
        arrays, types = labels(4, classes, 512), ["i64", "u8"]

        def how(name):
            text, eager, tuned = CLASSES[name]
            return compare(
                name, "softmax", text(classes), eager, tuned, arrays, ours, types, given.runs, given.cold)

        title = f"4x{classes}x512x512 ({given.level})"
        tables[title] = table(title, of_classes, types, how, given.cold)
    if given.json:
        with open(given.json, "w") as file:
            json.dump({title: rows for title, (rows, _) in tables.items()}, file, indent=1)
    if given.plot:
        plot(given.plot, tables)


main()
