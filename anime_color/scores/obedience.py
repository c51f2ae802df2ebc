"""Hint obedience: how near a coloring of line art comes to the dots that were put on it.

Dots are taken from the true picture, as a user who knows what he wants would put them: random places of a grid of
cells, each with the mean color of its cell.
"""

import warnings

import numpy as np

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
