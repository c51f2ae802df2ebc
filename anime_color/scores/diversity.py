"""How different the colorings of one face are, and whether colors or only their speckle differ.

Random junk is the most diverse of all: read these beside a score of realism. Colors are `ab` (N, H, W, 2) or `lab`
(N, H, W, 3) in Lab units, N colorings of one face.
"""

import numpy as np
from skimage import color as skimage_color

from anime_color.scores import inputs
from anime_color.scores.colors import GRAY_CHROMA, chroma_and_hue
from data_prep.errors import BadInput

CELLS = 8  # a side: a cell is an eighth of the picture, about an eye, so its mean is a decision about color
NOISE_IGNORED = 2.0  # Lab units over the cells: what is less is below a just visible difference
HUES = 36
SAMPLED_SIDE = 32  # CIEDE2000 of all pairs looks at a grid of at most this many pixels a side, for it costs 40 times


def mean_pairwise_ab(ab, cells=None):
    """Mean over the pairs of colorings, and over the pixels, of their ab distance in Lab units.

    cells: of the averages of cells x cells parts of the picture instead of its pixels, which speckle does not reach.
    """
    ab = _colorings(ab, 2)
    ab = ab if cells is None else cell_means(ab, cells)
    planes = np.ascontiguousarray(np.moveaxis(ab, -1, 0))  # five times as fast as pixel by pixel

    def distances(i):
        a, b = planes[:, i + 1 :] - planes[:, i : i + 1]
        a *= a
        b *= b
        a += b
        return np.sqrt(a, out=a)

    return _mean_over_pairs(len(ab), distances)


def mean_pairwise_ciede2000(lab, cells=None):
    """Mean over the pairs and the pixels of their CIEDE2000; what is above 10 differs at a glance.

    cells: as in `mean_pairwise_ab`. Without cells, of a regular grid of at most 32 x 32 pixels.
    """
    lab = _colorings(lab, 3)
    if cells is None:
        down, across = (-(-side // SAMPLED_SIDE) for side in lab.shape[1:3])
        lab = lab[:, ::down, ::across]
    else:
        lab = cell_means(lab, cells)
    return _mean_over_pairs(len(lab), lambda i: skimage_color.deltaE_ciede2000(lab[i + 1 :], lab[i : i + 1]))


def cell_means(values, cells=CELLS):
    """Averages (..., cells, cells, C) of the cells x cells parts of (..., H, W, C), which differ by a pixel in size
    where a side is no multiple."""
    for axis in (-3, -2):
        side = values.shape[axis]
        if side < cells:
            raise BadInput(f"cells={cells} of {side} px: needed is at least a pixel a cell")
        starts = np.arange(cells) * side // cells
        shape = [1] * values.ndim
        shape[axis] = cells
        lengths = np.diff([*starts, side]).reshape(shape)
        values = np.add.reduceat(values, starts, axis=axis) / lengths.astype(values.dtype)
    return values


def hue_entropy(ab):
    """Entropy of the hues of N region colors ab (N, ..., 2) in Lab units -> (...): 0 all alike, 1 all different.

    36 bins of 10 degrees and one for gray, over the greatest that N samples can have.
    """
    ab = _colorings(ab, 2)
    chroma, hue = chroma_and_hue(ab)
    bins = np.where(chroma < GRAY_CHROMA, HUES, (hue * HUES / 360).astype(int) % HUES)
    shares = (bins[..., None] == np.arange(HUES + 1)).mean(axis=0)
    logarithm = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    return -(shares * logarithm).sum(-1) / np.log(min(len(ab), HUES + 1)) + 0.0


def feature_distance(maps):
    """Mean pairwise distance of N pictures in a feature network, the construction of LPIPS (Zhang et al. 2018) with
    unit weights: maps (N, h, w, C) of several depths; unit-normalized over channels, squared difference, mean over
    positions, summed over depths."""
    total = 0.0
    for values in maps:
        values = _colorings(values, values.shape[-1])
        unit = values / (np.linalg.norm(values, axis=-1, keepdims=True) + 1e-10)
        count = len(unit)
        # the mean squared distance over all pairs, without forming them
        squares = (unit**2).sum(axis=(0, -1)) * count - (unit.sum(axis=0) ** 2).sum(-1)
        total += 2 * squares.mean() / (count * (count - 1))
    return float(max(total, 0.0))  # rounding alone takes it below


def _colorings(values, channels):
    [values] = inputs.numbers(channels, colorings=values)
    if values.ndim < 2 or len(values) < 2:
        raise BadInput(f"colorings {values.shape}: needed are at least two of a picture; one alone has no diversity")
    return values


def _mean_over_pairs(count, distances):
    """Mean of distances(i), those of coloring i to all after it, over all i."""
    totals = [distances(i).mean(dtype="float64") * (count - 1 - i) for i in range(count - 1)]
    return float(sum(totals) / (count * (count - 1) / 2))
