#!/usr/bin/env python3
"""Boundary and distance losses, map included, value and gradient: ours beside PyTorch with SciPy's maps (the
source's way) and with OpenCV's, on 8 masks of 512 x 512 of discs. Medians of one run; ours are measured
before and after the others.

    pip install torch scipy opencv-python-headless
    python docs/compare_mapped_losses.py

Threads: one. Prints a table in ns per pixel, and ratios to ours.
"""

import json
import pathlib
import statistics
import subprocess
import time

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from scipy import ndimage

ROOT = pathlib.Path(__file__).resolve().parent.parent
BATCH, SIDE = 8, 512
PIXELS = BATCH * SIDE * SIDE
CALLS = 7


def discs():
    rng = np.random.default_rng(1)
    y, x = np.mgrid[:SIDE, :SIDE]
    masks = np.zeros((BATCH, 1, SIDE, SIDE), bool)
    for mask in masks:
        for _ in range(12):
            cx, cy, radius = rng.integers(SIDE), rng.integers(SIDE), int(4 * 16 ** rng.random())
            mask[0] |= (x - cx) ** 2 + (y - cy) ** 2 <= radius**2
    return torch.from_numpy(masks.astype(np.float32))


def scipy_band(mask):
    eroded = ndimage.binary_erosion(mask)
    dilated = ndimage.binary_dilation(mask)
    return np.where(ndimage.binary_dilation(eroded != dilated, iterations=3), 5.0, 1.0)


def scipy_decay(mask):
    signed = ndimage.distance_transform_edt(mask) - ndimage.distance_transform_edt(~mask)
    return np.exp(-np.abs(signed) / 5.0)


CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))


def opencv_band(mask):
    mask = mask.astype(np.uint8)
    edge = cv2.dilate(mask, CROSS) - cv2.erode(mask, CROSS, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return np.where(cv2.dilate(edge, CROSS, iterations=3) > 0, np.float32(5), np.float32(1))


def opencv_decay(mask):
    mask = mask.astype(np.uint8)
    inside = cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    outside = cv2.distanceTransform(1 - mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.exp(np.float32(-0.2) * (inside + outside))


def peer(weigh, targets, logits):
    def call():
        logits.grad = None
        maps = [weigh(mask[0].numpy() > 0.5) for mask in targets]
        weights = torch.from_numpy(np.stack(maps).astype(np.float32)).unsqueeze(1)
        losses = F.binary_cross_entropy_with_logits(logits, targets, reduction="none")
        (losses * weights).mean().backward()

    call()
    times = []
    for _ in range(CALLS):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e9 / PIXELS


def ours():
    """Medians of the criterion bench, by its names."""
    command = ["cargo", "bench", "-p", "segloss-simd", "--bench", "mapped_losses", "--", "(boundary|distance)/"]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    found = {}
    for path in (ROOT / "target/criterion").glob("8x1x512x512/*/new/estimates.json"):
        median = json.loads(path.read_text())["median"]["point_estimate"]
        name = json.loads((path.parent / "benchmark.json").read_text())["function_id"]
        found[name] = median / PIXELS
    return found


def main():
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    targets, logits = discs(), (torch.rand(BATCH, 1, SIDE, SIDE) * 16 - 8).requires_grad_()
    first = ours()
    peers = {
        "boundary": [peer(scipy_band, targets, logits), peer(opencv_band, targets, logits)],
        "distance": [peer(scipy_decay, targets, logits), peer(opencv_decay, targets, logits)],
    }
    second = ours()
    print("| loss | level, targets | ours | source | OpenCV's map | source / ours | OpenCV's / ours |")
    print("|---|---|---|---|---|---|---|")
    for loss, (source, opencv) in peers.items():
        for name in sorted(name for name in first if name.startswith(f"{loss}/")):
            time = statistics.mean([first[name], second[name]])
            _, stored, level = name.split("/")
            ratios = f"{source / time:.1f}x | {opencv / time:.1f}x"
            print(f"| {loss} | {level}, {stored} | {time:.2f} | {source:.1f} | {opencv:.1f} | {ratios} |")


main()
