"""Hints: colors at places of a line drawing, as a plane that a network reads.

    hints (H, W, 3) float32     where there is one: a*/110, b*/110 and 0.5 to 1 by its lightness, 0 to 100; else zeros

So the third number is both the mask and the lightness, nothing is 0 as at the border of a padded picture, and line and
hint together are the four channels that the published networks read.
"""

import numpy as np

PAPER = 190  # of 255: lighter is paper, where a network reads ink and paper alone (Furusawa et al. 2017)
MOST = 140  # points of a training face, as in the paper's test
NONE, FEW = 0.4, 0.42  # share of faces without a hint, and with 2 to 15 of them; the others have 16 to `MOST`
CROSS = 0.5  # share of points that reach one further along an axis, for each of the two: short strokes


def written(plane, rows, columns, lab):
    """Puts the scaled colors `lab` (..., 3) at places of a plane (H, W, 3), changed and returned."""
    plane[rows, columns] = np.concatenate([lab[..., 1:], (lab[..., :1] + 3) / 4], -1)
    return plane


def at_points(lab, count, random):
    """A plane with `count` hints at different random places of a picture lab (H, W, 3), in its colors there."""
    height, width = lab.shape[:2]
    places = random.choice(height * width, min(count, height * width), replace=False)
    rows, columns = np.divmod(places, width)
    return written(np.zeros_like(lab), rows, columns, lab[rows, columns]), rows, columns


def drawn(lab, random):
    """A plane as training wants it, of a picture lab (H, W, 3): 0 to 140 points and short strokes, 40 % of them empty
    (the draw of rapidrabbit76/PaintsTensorFlow, 2019)."""
    kind = random.random()
    if kind < NONE:
        return np.zeros_like(lab)
    count = random.integers(2, 16) if kind < NONE + FEW else random.integers(16, MOST + 1)
    plane, rows, columns = at_points(lab, count, random)
    height, width = lab.shape[:2]
    for across, along in ((1, 0), (0, 1)):
        crossed = random.random(len(rows)) < CROSS
        for step in (-1, 1):
            to_rows, to_columns = rows + step * across, columns + step * along
            inside = crossed & (0 <= to_rows) & (to_rows < height) & (0 <= to_columns) & (to_columns < width)
            written(plane, to_rows[inside], to_columns[inside], lab[rows[inside], columns[inside]])
    return plane


def reduced(lab, factor):
    """The means (H/factor, W/factor, 3) of blocks of factor x factor pixels of lab (H, W, 3)."""
    height, width = (side // factor for side in lab.shape[:2])
    return lab.reshape(height, factor, width, factor, 3).mean((1, 3))
