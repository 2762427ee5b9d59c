"""Images of thin branching vessels, drawn: one pixel in twelve or so is foreground."""

import numpy
import torch


def _walk(mask, random, place, heading, length, radius):
    side = len(mask)
    rows, columns = numpy.ogrid[:side, :side]
    for step in range(length):
        heading += random.normal(0, 0.12)
        place = place + (numpy.sin(heading), numpy.cos(heading))
        if not (0 <= place).all() or not (place < side).all():
            return
        mask |= (rows - place[0]) ** 2 + (columns - place[1]) ** 2 <= radius**2
        if radius > 0.8 and length - step > 8 and random.random() < 0.04:
            turn = random.choice([-1, 1]) * random.uniform(0.4, 0.9)
            _walk(mask, random, place, heading + turn, (length - step) // 2, 0.75 * radius)


def draw(random, side):
    """A mask, and an image in which vessels are somewhat darker than an uneven background."""
    mask = numpy.zeros((side, side), bool)
    for _ in range(2):
        angle = random.uniform(0, 2 * numpy.pi)
        edge = side / 2 * (1 - 0.98 * numpy.array([numpy.sin(angle), numpy.cos(angle)]))
        _walk(mask, random, edge, angle + random.normal(0, 0.3), side, random.uniform(0.8, 1.4))
    rows, columns = numpy.mgrid[:side, :side] / side
    waves = random.uniform(-1, 1, 4)
    background = numpy.sin(4 * waves[0] * rows + 3 * waves[1]) + numpy.cos(4 * waves[2] * columns + waves[3])
    image = 0.5 * background - random.uniform(0.5, 1.0) * mask + random.normal(0, 0.5, mask.shape)
    return image.astype(numpy.float32), mask


def batch(random, samples, side):
    images, masks = zip(*[draw(random, side) for _ in range(samples)])
    return (torch.from_numpy(numpy.stack(images)[:, None]),
            torch.from_numpy(numpy.stack(masks)[:, None].astype(numpy.float32)))
