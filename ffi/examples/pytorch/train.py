"""Trains a small U-Net on thin vessels with each of three losses, and times them beside PyTorch's formulas.

    python3 train.py [--steps 200] [--seeds 3] [--curves curves.csv]
    python3 train.py --smoke
"""

import argparse
import csv
import statistics
import time

import numpy
import torch
from torch import nn

import segloss
import segloss_torch
import source_losses
import vessels

SIDE, BATCH, HELD_OUT, EVERY = 64, 8, 32, 20
LOSSES = {"bce": source_losses.bce, "dice": source_losses.dice,
          "preset:boundary": source_losses.preset_boundary}


class UNet(nn.Module):
    """Three levels of 8, 16 and 32 channels."""

    def __init__(self, channels=(8, 16, 32)):
        super().__init__()
        self.down = nn.ModuleList(
            self.block(before, after) for before, after in zip((1, *channels), channels))
        self.up = nn.ModuleList(
            self.block(below + beside, beside) for below, beside in zip(channels[:0:-1], channels[-2::-1]))
        self.last = nn.Conv2d(channels[0], 1, 1)

    @staticmethod
    def block(before, after):
        return nn.Sequential(
            nn.Conv2d(before, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU(),
            nn.Conv2d(after, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU())

    def forward(self, x):
        beside = []
        for block in self.down:
            x = block(nn.functional.max_pool2d(x, 2) if beside else x)
            beside.append(x)
        beside.pop()
        for block in self.up:
            larger = nn.functional.interpolate(x, scale_factor=2.0, mode="nearest")
            x = block(torch.cat([larger, beside.pop()], 1))
        return self.last(x)


def edges(mask):
    return mask & ~segloss.erode(mask, border="keep")


def scores(predicted, mask):
    """Dice, and the F1 of boundary pixels that may be off by one step: over all images."""
    dice = 2 * (predicted & mask).sum() / max(1, predicted.sum() + mask.sum())
    found, true = edges(predicted), edges(mask)
    precision = (found & segloss.dilate(true)).sum() / max(1, found.sum())
    recall = (true & segloss.dilate(found)).sum() / max(1, true.sum())
    return dice, 2 * precision * recall / max(1e-9, precision + recall)


def timed(loss, z, y):
    """Seconds for value and gradient, the value, and the gradient."""
    z = z.detach().requires_grad_()
    begin = time.perf_counter()
    value = loss(z, y)
    value.backward()
    return time.perf_counter() - begin, value.item(), z.grad


def train(text, seed, steps):
    """One training: its curve (step, Dice, boundary F1), losses, and times of ours and PyTorch's formulas."""
    torch.manual_seed(seed)
    random = numpy.random.default_rng(seed)
    images, masks = vessels.batch(numpy.random.default_rng(1000), HELD_OUT, SIDE)
    true = masks.numpy() > 0.5
    model, criterion = UNet(), segloss_torch.Loss(text)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    curve, losses, times = [], [], []
    for step in range(steps + 1):
        if step % EVERY == 0 or step == steps:
            model.eval()
            with torch.no_grad():
                curve.append((step, *scores(model(images).numpy() > 0, true)))
            model.train()
        if step == steps:
            break
        x, y = vessels.batch(random, BATCH, SIDE)
        z = model(x)
        # Of the same logits, in turns: the first of the two finds colder caches.
        pair = {"ours": criterion, "theirs": LOSSES[text]}
        order = ("ours", "theirs") if step % 2 else ("theirs", "ours")
        found = {name: timed(pair[name], z, y) for name in order}
        (ours, value, gradient), (theirs, expected, slope) = found["ours"], found["theirs"]
        assert abs(value - expected) < 1e-5 * max(1, expected), (text, step, value, expected)
        assert (gradient - slope).abs().max() < 1e-5 * slope.abs().max(), (text, step)
        losses.append(value)
        times.append((ours, theirs))
        optimizer.zero_grad()
        z.backward(gradient)
        optimizer.step()
    return curve, losses, times


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--steps", type=int, default=200)
    options.add_argument("--seeds", type=int, default=3)
    options.add_argument("--curves", help="a CSV file to write: loss, seed, step, dice, boundary_f1")
    options.add_argument("--smoke", action="store_true", help="few steps, and whether the loss falls")
    options = options.parse_args()
    steps, seeds = (12, 1) if options.smoke else (options.steps, options.seeds)
    rows = []
    print(f"{'loss':<16} {'Dice':>15} {'boundary F1':>15}   {'segloss':>10} {'PyTorch':>10}  a step")
    for text in LOSSES:
        last, times = [], []
        for seed in range(seeds):
            curve, losses, own = train(text, seed, steps)
            rows += [(text, seed, *point) for point in curve]
            last.append(curve[-1][1:])
            times += own[steps // 10:]
            fell = statistics.mean(losses[-3:]) < 0.95 * statistics.mean(losses[:3])
            assert fell, (text, losses)
        mean, spread = numpy.mean(last, 0), numpy.std(last, 0)
        ours, theirs = (1e6 * statistics.median(column) for column in zip(*times))
        print(f"{text:<16} {mean[0]:>7.3f} ± {spread[0]:.3f} {mean[1]:>7.3f} ± {spread[1]:.3f}"
              f"   {ours:>7.0f} µs {theirs:>7.0f} µs", flush=True)
    if options.curves:
        with open(options.curves, "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["loss", "seed", "step", "dice", "boundary_f1"])
            writer.writerows(rows)
    print("all checks passed")


if __name__ == "__main__":
    main()
