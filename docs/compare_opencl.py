#!/usr/bin/env python3
"""BCE + Dice, value and gradient, on an OpenCL device: segloss beside array expressions of pyopencl.

    cargo build --release -p segloss-opencl --example bench
    pip install pyopencl numpy Mako
    python docs/compare_opencl.py --size 2048 --runs 5

Each run times both, one after the other, on data that is on the device; medians are printed in
nanoseconds a pixel, from the first command to the value in hand. The two are compared in value first.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyopencl as cl
import pyopencl.array as cl_array
import pyopencl.clmath as cl_math

TEXT = "0.5*bce + 0.5*dice"
SMOOTH = 1e-6


def value_and_gradient(z, y):
    """As a user of pyopencl writes it down, in stable forms."""
    tail = cl_math.log(1 + cl_math.exp(-abs(z)))
    bce = cl_array.sum((z + abs(z)) * np.float32(0.5) - z * y + tail).get() / z.size
    p = 1 / (1 + cl_math.exp(-z))
    overlap = cl_array.sum(p * y).get()
    total = (cl_array.sum(p) + cl_array.sum(y)).get() + SMOOTH
    dice = 1 - (2 * overlap + SMOOTH) / total
    of_dice = -2 * y / np.float32(total) + np.float32((2 * overlap + SMOOTH) / total**2)
    gradient = np.float32(0.5 / z.size) * (p - y) + np.float32(0.5) * of_dice * p * (1 - p)
    return 0.5 * bce + 0.5 * dice, gradient


def time_of_arrays(queue, z, y):
    start = time.perf_counter()
    value, gradient = value_and_gradient(z, y)
    queue.finish()
    del gradient
    return time.perf_counter() - start, float(value)


def time_of_segloss(bench, size):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "times.json")
        command = [bench, "--loss", TEXT, "--size", f"{size}x{size}", "--runs", "5", "--json", path]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return json.loads(path.read_text())[0]["times"][0]["seconds_of_call"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=2048)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--bench", default="target/release/examples/bench")
    arguments = parser.parse_args()

    context = cl.Context([cl.get_platforms()[0].get_devices()[0]])
    queue = cl.CommandQueue(context)
    random = np.random.default_rng(7)
    shape = (arguments.size, arguments.size)
    z = random.uniform(-6, 6, shape).astype(np.float32)
    y = random.integers(0, 2, shape).astype(np.float32)
    exact = np.logaddexp(0, z.astype(np.float64)) - z.astype(np.float64) * y
    p = 1 / (1 + np.exp(-z.astype(np.float64)))
    dice = 1 - (2 * (p * y).sum() + SMOOTH) / (p.sum() + y.sum() + SMOOTH)
    expected = 0.5 * exact.mean() + 0.5 * dice
    z, y = cl_array.to_device(queue, z), cl_array.to_device(queue, y)
    _, value = time_of_arrays(queue, z, y)
    if abs(value - expected) > 1e-4 * abs(expected):
        sys.exit(f"pyopencl's value is {value}, expected {expected}")
    arrays, own = [], []
    for _ in range(arguments.runs):
        arrays.append(time_of_arrays(queue, z, y)[0])
        own.append(time_of_segloss(arguments.bench, arguments.size))
    pixels = arguments.size**2
    of_arrays, of_own = (statistics.median(times) * 1e9 / pixels for times in (arrays, own))
    print(f"{TEXT}, {arguments.size}x{arguments.size}, ns a pixel, medians of {arguments.runs}:")
    print(f"pyopencl arrays {of_arrays:.2f}, segloss {of_own:.2f}: {of_arrays / of_own:.1f} times")


if __name__ == "__main__":
    main()
