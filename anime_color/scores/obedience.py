"""How near a coloring comes to what was asked: to the dots that were put on line art, to the colors of a reference.

Dots are taken from the true picture, as a user who knows what he wants would put them: random places of a grid of
cells, each with the mean color of its cell.
"""

import itertools
import warnings

import numpy as np
from skimage.color import deltaE_ciede2000

from anime_color import color, hints

COUNTS = (0, 10, 35, 140)  # dots; without any, it is told at the places of the ten
CELL = 4  # pixels a side
FACES = 100  # are enough: each is painted four times more


def errors(rgb, paint, seed):
    """{"hint_error_10": ..., "near_hints_10": ...} of a picture uint8 (S, S, 3), Lab units: the mean ab distance
    between the hinted cells and their hints, and between the cells around them and the true colors.

    paint: (rgb, dots) -> one coloring, scaled lab (S, S, 3).
    """
    true, found = hints.reduced(color.rgb_to_lab(rgb), CELL), {}
    cells, middle = color.lab_to_rgb(color.into_gamut(true)), CELL // 2
    for count in COUNTS:
        _, rows, columns = hints.at_points(true, count or COUNTS[1], np.random.default_rng([seed, count or COUNTS[1]]))
        dots = [
            (int(x) * CELL + middle, int(y) * CELL + middle, tuple(cells[y, x].tolist()))
            for y, x in zip(rows, columns, strict=True)
        ]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # that dots split a region
            painted = hints.reduced(paint(rgb, dots if count else []), CELL)
        off = color.AB_SCALE * np.linalg.norm((painted - true)[..., 1:], axis=-1)
        at = np.zeros(off.shape, bool)
        at[rows, columns] = True
        around = _grown(at) & ~at
        found[f"hint_error_{count}"] = off[at].mean()
        found[f"near_hints_{count}"] = off[around].mean() if around.any() else np.nan
    return found


def _grown(cells):
    """The cells (h, w) and those that touch them, also at corners."""
    padded = np.pad(cells, 1)
    height, width = cells.shape
    return np.any([padded[y : y + height, x : x + width] for y in range(3) for x in range(3)], axis=0)


DIRECTIONS, QUANTILES = 8, 256  # of the ab plane, and of the values along each


def reference_distance(ab, reference):
    """How far the colors of ab (H, W, 2) are from those of a reference (h, w, 2), in Lab units, whatever lies where:
    the sliced Wasserstein distance (Rabin et al. 2011), the mean over directions of how far quantiles are apart. 0 for
    the same colors, about 0.63 d for a shift by d."""
    angles = np.arange(DIRECTIONS) * np.pi / DIRECTIONS
    directions = np.stack([np.cos(angles), np.sin(angles)])
    at = (np.arange(QUANTILES) + 0.5) / QUANTILES
    found = [np.quantile(some.reshape(-1, 2) @ directions, at, axis=0) for some in (ab, reference)]
    return float(np.abs(found[0] - found[1]).mean())


def inconsistency(lab, masks, part):
    """How differently one thing is colored in several pictures: the mean CIEDE2000 between the mean colors that `part`
    has in each two of them; None if fewer than two show it.

    lab: L*, a*, b* (N, H, W, 3), or a list of (H, W, 3). masks: part numbers of the same sizes.
    """
    means = [one[mask == part].mean(0) for one, mask in zip(lab, masks, strict=True) if (mask == part).any()]
    pairs = list(itertools.combinations(means, 2))
    return float(deltaE_ciede2000(*np.moveaxis(np.array(pairs), 1, 0)).mean()) if pairs else None
