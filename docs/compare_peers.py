#!/usr/bin/env python3
"""Compares every row of docs/peers.md: value and gradient of the peer's loss and of ours.

    cargo build --release -p segloss-ffi
    pip install torch numpy monai segmentation-models-pytorch kornia && pip install --no-deps nnunetv2
    python docs/compare_peers.py [--time] [NAME ...]      # rows that contain a NAME; all unless given

Masks of one channel and labels of 4 classes, in float64. Equal is to 1e-9 of the value and of the largest gradient, or to
2e-6 for what makes the targets float32 (nnU-Net, MONAI's generalised Dice and focal loss). `--time` adds the time of value
and gradient on one thread in float32 (8x1x512x512 masks, 4x4x512x512 labels; median of the runs, both sides in turns) and the
ratio. Fails if a row differs.
"""

import argparse
import os
import re
import statistics
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
os.environ.setdefault("SEGLOSS_LIBRARY", os.path.join(ROOT, "target", "release", "libsegloss.so"))
sys.path.insert(0, os.path.join(ROOT, "ffi", "python"))

import kornia  # noqa: E402
import monai  # noqa: E402
import numpy as np  # noqa: E402
import segmentation_models_pytorch as smp  # noqa: E402
import torch  # noqa: E402
from nnunetv2.training.loss import compound_losses, dice  # noqa: E402
from nnunetv2.utilities.helpers import softmax_helper_dim1 as softmax  # noqa: E402

import segloss  # noqa: E402

ROW = re.compile(r"^\| `(.+)` \| (sigmoid|softmax) \| `(.+)` \| (ours(?: - 1| / K)?)[^|]*\|$")
# What is rounded to float32 on the way.
COARSE = ("monai.losses.GeneralizedDice", "monai.losses.Focal", "monai.losses.DiceFocal", "nnunet.")


class Nnunet:
    """nnU-Net's losses, as its trainer makes them: probabilities by softmax, this process alone."""

    @staticmethod
    def MemoryEfficientSoftDiceLoss(**options):
        return dice.MemoryEfficientSoftDiceLoss(softmax, ddp=False, **options)

    @staticmethod
    def DC_and_CE_loss(**options):
        return compound_losses.DC_and_CE_loss(
            options | {"ddp": False}, {}, dice_class=dice.MemoryEfficientSoftDiceLoss)

    @staticmethod
    def DC_and_BCE_loss(**options):
        return compound_losses.DC_and_BCE_loss(
            {}, options | {"ddp": False}, dice_class=dice.MemoryEfficientSoftDiceLoss)


def peer(theirs, dtype):
    """The peer's loss, a function of logits and targets with a channel, and whether it takes labels without one."""
    loss = eval(theirs, {"torch": torch, "monai": monai, "smp": smp, "kornia": kornia, "nnunet": Nnunet})
    if isinstance(loss, torch.nn.Module):
        loss = loss.to(dtype)
    takes_planes = theirs.startswith(("torch.nn.Cross", "smp.", "kornia."))
    return loss, takes_planes


def inputs(link, shape, dtype):
    generator = np.random.default_rng(7)
    logits = (2 * generator.standard_normal(shape)).astype(dtype)
    if link == "sigmoid":
        return logits, (generator.random(shape) < 0.3).astype(np.uint8)
    return logits, generator.integers(0, shape[1], (shape[0], 1, *shape[2:])).astype(np.int64)


def theirs_of(theirs, link, logits, targets):
    """Value and gradient of the peer's loss."""
    z = torch.from_numpy(logits).requires_grad_()
    loss, takes_planes = peer(theirs, z.dtype)
    y = torch.from_numpy(targets)
    y = y.to(z.dtype) if link == "sigmoid" else y[:, 0] if takes_planes else y

    def run():
        z.grad = None
        value = loss(z, y)
        value.backward()
        return value.item(), z.grad.numpy()

    return run


def ours_of(ours, link, logits, targets):
    # Floats, as the peers have.
    y = targets.astype(logits.dtype) if link == "sigmoid" else targets
    loss, out = segloss.Loss(ours, link), np.empty_like(logits)
    return lambda: loss.evaluate(logits, y, out=out, ignore_index=None)


def relative(found, expected):
    largest = np.abs(expected).max()
    return float(np.abs(found - expected).max() / largest) if largest else float(np.abs(found).max())


def timed(runs):
    """Median times of two functions, run in turns."""
    times = [[], []]
    for _ in range(7):
        for run, own in zip(runs, times):
            start = time.perf_counter()
            run()
            own.append(time.perf_counter() - start)
    return [statistics.median(own) for own in times]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--time", action="store_true")
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    with open(os.path.join(ROOT, "docs", "peers.md"), encoding="utf-8") as file:
        lines = [line.rstrip("\n") for line in file]
    table = [line for line in lines if line.startswith("| `")]
    rows = [ROW.match(line) for line in table]
    if not rows or None in rows:
        sys.exit(f"not a row: {table[rows.index(None)] if rows else 'the table is empty'}")
    bad = 0
    for row in rows:
        theirs, link, ours, rule = row.groups()
        if arguments.names and not any(name in theirs for name in arguments.names):
            continue
        shape = (2, 1, 24, 31) if link == "sigmoid" else (2, 4, 24, 31)
        data = inputs(link, shape, np.float64)
        value, gradient = theirs_of(theirs, link, *data)()
        own_value, own_gradient = ours_of(ours, link, *data)()
        shift, factor = -1 if rule == "ours - 1" else 0, 1 / shape[1] if rule == "ours / K" else 1
        errors = relative(own_value * factor + shift, np.array(value)), relative(own_gradient * factor, gradient)
        limit = 2e-6 if theirs.startswith(COARSE) else 1e-9
        is_equal = max(errors) <= limit
        bad += not is_equal
        line = f"{'equal' if is_equal else 'DIFFERS':8} {errors[0]:8.1e} {errors[1]:8.1e}  "
        if arguments.time:
            shape = (8, 1, 512, 512) if link == "sigmoid" else (4, 4, 512, 512)
            data = inputs(link, shape, np.float32)
            runs = [theirs_of(theirs, link, *data), ours_of(ours, link, *data)]
            a, b = (1e9 * t / data[0].size for t in timed(runs))
            line += f"{a:7.2f} {b:6.2f} ns a logit {a / b:5.1f}x  "
        print(line + f"{theirs}  =  {ours}", flush=True)
    if bad:
        sys.exit(f"{bad} rows differ")


if __name__ == "__main__":
    main()
