"""Draws the curves that the trainings of ffi/examples write: python3 docs/plot_training.py NAME=CURVES.csv ... OUT.png"""

import csv
import sys

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402

METRICS = {"dice": "Dice", "boundary_f1": "boundary F1, one pixel of tolerance"}


def read(path):
    """Values by loss, metric and step, one a seed."""
    curves = {}
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            for metric in METRICS:
                steps = curves.setdefault(row["loss"], {}).setdefault(metric, {})
                steps.setdefault(int(row["step"]), []).append(float(row[metric]))
    return curves


def main(*runs, out):
    figure, axes = pyplot.subplots(
        len(runs), len(METRICS), figsize=(9, 3 * len(runs)), sharex=True, sharey=True, squeeze=False)
    for row, run in zip(axes, runs):
        name, path = run.split("=", 1)
        for panel, (metric, title) in zip(row, METRICS.items()):
            for loss, metrics in read(path).items():
                steps = sorted(metrics[metric])
                seeds = [metrics[metric][step] for step in steps]
                [line] = panel.plot(steps, [sum(own) / len(own) for own in seeds], label=loss)
                panel.fill_between(steps, [min(own) for own in seeds], [max(own) for own in seeds],
                                   color=line.get_color(), alpha=0.15, linewidth=0)
            panel.set_title(f"{name}: {title}", fontsize=9)
            panel.set_ylim(0, 1)
            panel.grid(alpha=0.3)
    axes[0][0].legend(fontsize=8, loc="lower right")
    for panel in axes[-1]:
        panel.set_xlabel("steps")
    figure.tight_layout()
    figure.savefig(out, dpi=100)


if __name__ == "__main__":
    main(*sys.argv[1:-1], out=sys.argv[-1])
