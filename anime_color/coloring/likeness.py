"""Which character a panel shows: the reference that looks most like it.

A guess, for nothing here knows the characters: pages let users correct it. Gray panels are compared by what the
classifier of characters sees in them; line art by how its lines run (HOG, Dalal and Triggs 2005).
"""

from functools import cache

import keras
import numpy as np
from PIL import Image
from skimage.feature import hog

from anime_color import color
from anime_color.coloring.painters import drawing_of
from anime_color.coloring.painting import in_square
from anime_color.networks import teachers

PAPER = 240  # luma of 255 at and above which nothing is drawn
CELL = 8  # pixels in which the directions of lines are counted


def likest(panels, references, drawn):
    """The name of the reference that each of the panels, uint8 (H, W, 3) without their frames, looks most like.

    references: {name: uint8 (H, W, 3)}, colored. drawn: whether the panels are line art.
    """
    if not panels or len(references) == 1:
        return list(references)[:1] * len(panels)
    looks = _of_lines if drawn else _of_lightness
    known = np.stack([looks(drawing_of(rgb) if drawn else rgb) for rgb in references.values()])
    seen = np.stack([looks(panel) for panel in panels])
    known, seen = (some - known.mean(0) for some in (known, seen))  # what all characters share says nothing
    known, seen = (some / (np.linalg.norm(some, axis=1, keepdims=True) + 1e-6) for some in (known, seen))
    return [list(references)[number] for number in (seen @ known.T).argmax(1)]


def _of_lines(rgb):
    return hog(color.luma(_square(rgb)), pixels_per_cell=(CELL, CELL), cells_per_block=(1, 1))


def _of_lightness(rgb):
    lightness = color.rgb_to_lab(_square(rgb))[None, ..., :1]
    return _character_features().predict_on_batch(lightness)[0]


@cache
def _character_features():
    network = teachers.find("characters").network
    return keras.Model(network.input, network.get_layer("pool").output)


def _square(picture):
    """What is drawn of a picture (H, W, 3), without the paper around it, in the middle of white, at the size that the
    classifier was trained on."""
    rows, columns = np.nonzero(color.luma(picture) < PAPER)
    if len(rows):
        picture = picture[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    square, _ = in_square(picture)
    size = (teachers.CHARACTERS_SIZE, teachers.CHARACTERS_SIZE)
    return np.asarray(Image.fromarray(square).resize(size, Image.Resampling.BOX))
