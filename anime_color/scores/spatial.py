"""Where in the picture colors change: within regions, across cells, beside lines. Colors in Lab units."""

import numpy as np
from scipy import ndimage
from skimage import segmentation

from anime_color.scores import inputs
from anime_color.scores.diversity import CELLS, cell_means
from data_prep.errors import BadInput

EDGE = 6.0  # L* per pixel: what changes faster is a line or a border
BAND = 1 / 20  # of the side: how far from an edge a leak is looked for
REGIONS = 40


def high_frequency_ab(ab, cells=CELLS):
    """Mean distance in Lab units (N,) of the pixels of ab (N, H, W, 2) from the average of their cell: fringes,
    speckle and, in any picture, its small things. Real faces say how much is right."""
    [ab] = inputs.numbers(2, ab=ab)
    means = cell_means(ab, cells)
    for axis in (-3, -2):
        side = ab.shape[axis]
        means = np.repeat(means, np.diff([*np.arange(cells) * side // cells, side]), axis=axis)
    return np.linalg.norm(ab - means, axis=-1).mean(axis=(-2, -1))


def regions(rgb):
    """Some forty regions of even color of a picture uint8 (H, W, 3): int (H, W), counted from 0. SLIC superpixels
    (Achanta et al. 2012), for pictures whose parts nobody marked."""
    [rgb] = inputs.pictures(rgb=rgb)
    found = segmentation.slic(rgb, n_segments=REGIONS, compactness=10.0, start_label=0)
    return np.unique(found, return_inverse=True)[1].reshape(found.shape)


def coherence(ab, labels):
    """Spread of the colors within regions, in Lab units (N,), of ab (N, H, W, 2): sqrt(var a + var b) of each region
    of labels int (H, W), averaged by their pixels. Patchy tints raise it; read it beside that of the real colors."""
    [ab] = inputs.numbers(2, ab=ab)
    if labels.shape != ab.shape[-3:-1]:
        raise BadInput(f"regions {labels.shape} of pictures {ab.shape}: needed is one region number a pixel")
    order = np.argsort(labels, axis=None, kind="stable")
    starts = np.flatnonzero(np.diff(labels.ravel()[order], prepend=-1))
    pixels = ab.reshape(len(ab), -1, 2)[:, order].astype("float64")
    sizes = np.diff([*starts, pixels.shape[1]])[:, None]
    means = np.add.reduceat(pixels, starts, axis=1) / sizes
    squares = np.add.reduceat(pixels**2, starts, axis=1) / sizes
    spread = np.sqrt(np.maximum(squares - means**2, 0).sum(-1))
    return (spread * sizes[:, 0]).sum(-1) / sizes.sum()


def leak(ab, lightness):
    """Mean color gradient in Lab units a pixel (N,) of ab (N, H, W, 2), close to lines but where the lightness
    (H, W), L* 0..100, has no edge: colors that ran over. NaN where the lightness has no line at all."""
    [ab] = inputs.numbers(2, ab=ab)
    if lightness.shape != ab.shape[-3:-1]:
        raise BadInput(f"lightness {lightness.shape} of colorings {ab.shape}: needed is one size")
    inputs.finite("lightness", lightness)
    edges = np.hypot(*sobel(lightness[..., None].astype("float32")))[..., 0] / 8 > EDGE
    reach = max(2, round(BAND * max(lightness.shape)))
    near = ndimage.binary_dilation(edges, iterations=reach)
    band = near & ~ndimage.binary_dilation(edges, iterations=1)
    if not band.any():
        return np.full(len(ab), np.nan)
    gradients = np.sqrt(sum((part[:, band] ** 2).sum(-1) for part in sobel(ab))) / 8
    return gradients.mean(-1)


def sobel(values):
    """Differences down and across, each (..., H, W, C), of the 3 x 3 Sobel kernels, edges replicated: eight times
    the gradient. SciPy's own would also smooth over pictures and channels."""
    down, across = (
        ndimage.correlate1d(
            ndimage.correlate1d(values, (-1.0, 0.0, 1.0), along, mode="nearest"),
            (1.0, 2.0, 1.0),
            beside,
            mode="nearest",
        )
        for along, beside in ((-3, -2), (-2, -3))
    )
    return down, across
