"""Writes retina.png and retina-mask.png beside this file (see README.md)."""

from pathlib import Path

import numpy as np
from skimage import data, io, util
from skimage.filters import apply_hysteresis_threshold, gaussian, sato
from skimage.morphology import dilation, disk, remove_small_objects
from skimage.transform import downscale_local_mean

BACKGROUND, VESSEL, IGNORED = 0, 1, 255
here = Path(__file__).parent

photograph = util.img_as_float(data.retina())
inside = dilation(photograph.max(axis=2) < 0.15, disk(9)) == 0

# Vessels are dark ridges, and darkest in green. Dividing by the surroundings
# evens out the light; the ridge filter runs at full resolution.
green = photograph[..., 1]
weight = gaussian(inside.astype(float), 30) + 1e-6
surroundings = gaussian(green * inside, 30) / weight
flat = np.where(inside, green / (surroundings + 1e-6), 1.0)
ridge = np.where(inside, sato(flat, sigmas=[2, 3, 4, 5], black_ridges=True), 0.0)

dark = gaussian(flat, 1) < 0.97
vessel = apply_hysteresis_threshold(np.where(dark, ridge, 0.0), 0.03, 0.06)
vessel = remove_small_objects(vessel, max_size=900)
unsure = remove_small_objects(dark & (ridge > 0.03), max_size=100) & ~vessel

# The crop keeps the optic disc and the upper vessels, at half the resolution.
rows, columns = slice(110, 750), slice(50, 1010)
image = downscale_local_mean(photograph[rows, columns], (2, 2, 1))
vessel = downscale_local_mean(vessel[rows, columns].astype(float), (2, 2)) >= 0.5
unsure = downscale_local_mean(unsure[rows, columns].astype(float), (2, 2)) > 0.0
inside = downscale_local_mean(inside[rows, columns].astype(float), (2, 2)) == 1.0

# Not judged: outside the field of view, the rim where a vessel ends, and
# pieces as dark and narrow as a vessel but not joined to one.
rim = dilation(vessel, disk(1)) & ~vessel
mask = np.where(vessel, VESSEL, BACKGROUND).astype(np.uint8)
mask[rim | (unsure & ~vessel) | ~inside] = IGNORED

io.imsave(here / "retina.png", util.img_as_ubyte(image), check_contrast=False)
io.imsave(here / "retina-mask.png", mask, check_contrast=False)
for name, value in [("background", BACKGROUND), ("vessel", VESSEL), ("ignored", IGNORED)]:
    print(f"{name:>10}: {np.mean(mask == value):.1%}")
