"""The usual formulas of segmentation losses, in PyTorch and SciPy: what segloss is compared with."""

import numpy
import torch
import torch.nn.functional as F
from scipy import ndimage


def bce(z, y):
    return F.binary_cross_entropy_with_logits(z, y)


def dice(z, y, smooth=1e-6):
    p, y = torch.sigmoid(z).flatten(1), y.flatten(1)
    overlap = (2 * (p * y).sum(1) + smooth) / (p.sum(1) + y.sum(1) + smooth)
    return (1 - overlap).mean()


def tversky(z, y, alpha=0.5, beta=0.5, smooth=1e-6):
    p = torch.sigmoid(z)
    tp, fp, fn = (p * y).sum(), (p * (1 - y)).sum(), ((1 - p) * y).sum()
    return 1 - (tp + smooth) / (tp + alpha * fp + beta * fn + smooth)


def focal_tversky(z, y, alpha=0.5, beta=0.5, gamma=1.0, smooth=1e-6):
    return tversky(z, y, alpha, beta, smooth) ** gamma


def focal(z, y, alpha=0.25, gamma=2.0):
    p = torch.sigmoid(z)
    p_true = y * p + (1 - y) * (1 - p)
    weight = (y * alpha + (1 - y) * (1 - alpha)) * (1 - p_true) ** gamma
    return (weight * F.binary_cross_entropy_with_logits(z, y, reduction="none")).mean()


def _each_mask(y, weights_of):
    masks = y.numpy()[:, 0] > 0.5
    return torch.from_numpy(numpy.stack([weights_of(mask) for mask in masks])[:, None]).to(y.dtype)


def band(y, theta=3, weight=5.0):
    def weights_of(mask):
        edge = ndimage.binary_dilation(mask) ^ ndimage.binary_erosion(mask)
        return numpy.where(ndimage.binary_dilation(edge, iterations=theta), weight, 1.0)

    return _each_mask(y, weights_of)


def decay(y, sigma=5.0):
    def weights_of(mask):
        distance = ndimage.distance_transform_edt(mask) - ndimage.distance_transform_edt(~mask)
        return numpy.exp(-abs(distance) / sigma)

    return _each_mask(y, weights_of)


def boundary(z, y, theta=3, weight=5.0):
    return F.binary_cross_entropy_with_logits(z, y, weight=band(y, theta, weight))


def distance(z, y, sigma=5.0):
    return F.binary_cross_entropy_with_logits(z, y, weight=decay(y, sigma))


def preset_boundary(z, y):
    return 0.3 * bce(z, y) + 0.4 * dice(z, y) + 0.3 * boundary(z, y)


def cross_entropy(z, labels, weights=None, ignore_index=255):
    return F.cross_entropy(z, labels, weight=weights, ignore_index=ignore_index)


def _true_class(labels, classes, ignore_index):
    """Labels that are classes, and which pixels count."""
    valid = labels != ignore_index
    return torch.where(valid, labels, torch.zeros_like(labels)), valid


def multi_class_dice(z, labels, smooth=1e-6, ignore_index=255):
    classes = z.shape[1]
    labels, valid = _true_class(labels, classes, ignore_index)
    valid = valid[:, None].to(z.dtype)
    y = F.one_hot(labels, classes).movedim(-1, 1).to(z.dtype) * valid
    p = torch.softmax(z, 1) * valid
    axes = [axis for axis in range(z.ndim) if axis != 1]
    overlap = (2 * (p * y).sum(axes) + smooth) / (p.sum(axes) + y.sum(axes) + smooth)
    return 1 - overlap.mean()


def multi_class_focal(z, labels, gamma=2.0, alpha=None, ignore_index=255):
    ce = F.cross_entropy(z, labels, reduction="none", ignore_index=ignore_index)
    labels, valid = _true_class(labels, z.shape[1], ignore_index)
    p_true = torch.softmax(z, 1).gather(1, labels[:, None])[:, 0]
    weight = (1 - p_true) ** gamma * (1 if alpha is None else alpha.to(z.dtype)[labels])
    return (weight * ce * valid).sum() / (valid.to(z.dtype).sum() + 1e-6)
