"""UIQM, the "IQM" of colorization surveys, with its three parts."""

import numpy as np

from anime_color.scores import inputs
from anime_color.scores.colors import opponents
from anime_color.scores.spatial import sobel
from data_prep.errors import BadInput

BLOCK = 8  # pixels a side


def uiqm(rgb):
    """Underwater image quality measure of uint8 RGB pictures (..., H, W, 3) -> (...) (Panetta et al. 2015), the
    "IQM" of colorization surveys: 0.0282 colorfulness + 0.2953 sharpness + 3.5753 contrast of `uiqm_parts`.

    Comparable within this project only: implementations differ in blocks, trimming and arithmetic.
    """
    return combined(uiqm_parts(rgb))


def combined(parts):
    """UIQM (...) of its parts (3, ...)."""
    return np.tensordot((0.0282, 0.2953, 3.5753), parts, axes=1)


def uiqm_parts(rgb):
    """(colorfulness UICM, sharpness UISM, contrast UIConM), stacked (3, ...), of uint8 RGB (..., H, W, 3).

    Blocks of 8 x 8 without overlap, plain arithmetic, natural logarithm. Contrast is highest at a block contrast of
    1/e: more is less from there on.
    """
    [rgb] = inputs.pictures(rgb=rgb)
    if min(rgb.shape[-3:-1]) < BLOCK:
        raise BadInput(f"rgb {rgb.shape}: needed are at least {BLOCK} px a side")
    pixels = rgb.astype("float32")
    edges = np.hypot(*sobel(pixels)) * pixels
    sharpness = (_block_log_ratio(edges) * (0.299, 0.587, 0.114)).sum(-1)
    return np.stack([_uicm(rgb), sharpness, _block_contrast(pixels.mean(-1))])


def _uicm(rgb):
    means, variances = [], []
    for values in opponents(rgb):
        values = values.reshape(*values.shape[:-2], -1)
        count = values.shape[-1]
        low, high = -(-count // 10), count - count // 10
        middle = np.partition(values, (low, high - 1), axis=-1)[..., low:high]
        mean = middle.mean(-1)
        means.append(mean)
        variances.append(((values - mean[..., None]) ** 2).mean(-1))
    return -0.0268 * np.hypot(*means) + 0.1586 * np.sqrt(sum(variances))


def _blocks(values, rows, columns):
    """Least and greatest of each whole block, (..., blocks down, blocks across, rest)."""
    down, across = values.shape[rows] // BLOCK, values.shape[columns] // BLOCK
    values = values[..., : down * BLOCK, : across * BLOCK, :]
    values = values.reshape(*values.shape[:-3], down, BLOCK, across, BLOCK, values.shape[-1])
    return values.min(axis=(-4, -2)), values.max(axis=(-4, -2))


def _block_log_ratio(edges):
    least, most = _blocks(edges, -3, -2)
    usable = least > 0
    ratio = np.divide(most, least, out=np.ones_like(most), where=usable)
    return 2 * np.log(ratio).mean(axis=(-3, -2))


def _block_contrast(intensity):
    least, most = _blocks(intensity[..., None], -3, -2)
    total = most + least
    contrast = np.divide(most - least, total, out=np.zeros_like(total), where=total > 0)
    inner = (contrast > 0) & (contrast < 1)
    logarithm = np.log(contrast, out=np.zeros_like(contrast), where=inner)
    return -(contrast * logarithm).mean(axis=(-3, -2, -1))
