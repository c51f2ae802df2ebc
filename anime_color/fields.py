"""Fields: what a system wants in its batches. A field is a function of one `Sample`.

    System(fields={**fields.COLORS, "lines": fields.lines, "hints": fields.hints(4)}, ...)

The fields of a sample are made in the order in which the system names them, and share its random numbers.
"""

from functools import cached_property

import numpy as np

from anime_color import color
from anime_color import hints as hint_planes
from data_prep import edges
from data_prep import lines as line_art


class Sample:
    """One face, as a field sees it.

    rgb: uint8 (S, S, 3), mirrored where this pass mirrors it. label: its number. random: a generator that depends on
    the seed, the pass and the face alone. lightness: see `color.rgb_to_lab`. others: {name: `faces.Faces`}, further
    sets.
    """

    def __init__(self, rgb, label, random, lightness, others):
        self.rgb, self.label, self.random, self.lightness, self.others = rgb, label, random, lightness, others

    @cached_property
    def lab(self):
        """Scaled lab (S, S, 3)."""
        return color.rgb_to_lab(self.rgb, self.lightness)


COLORS = {"l": lambda sample: sample.lab[..., :1], "ab": lambda sample: sample.lab[..., 1:], "label": lambda s: s.label}


def lines(sample):
    """Line art (S, S, 1), 0 ink .. 1 paper, by an extractor drawn anew in each pass (`data_prep.lines.mixed`)."""
    return line_art.mixed(sample.rgb, sample.random)[..., None] / np.float32(255)


def hints(factor):
    """A field: hints (S/factor, S/factor, 3) as a user might give them, `hints.drawn` from the face itself."""

    def field(sample):
        return hint_planes.drawn(hint_planes.reduced(sample.lab, factor), sample.random)

    return field


def whole(sample):
    """The whole picture (S, S, 3), sRGB / 127.5 - 1."""
    return color.scale_rgb(sample.rgb)


def gray(sample):
    """Its gray (S, S, 1) as a gray photo has it, `color.luma`; on the same scale."""
    return color.scale_rgb(color.luma(sample.rgb))[..., None]


def photo(size):
    """A field: a part of the picture, size x size, at a random place; sRGB / 127.5 - 1."""
    return lambda sample: color.scale_rgb(_part(sample.rgb, size, sample.random))


def another(name, size, smoothed=False):
    """A field: the same of a random picture of the further set `name`, mirrored or not.

    smoothed: its edges are blurred, see `data_prep.edges`.
    """

    def field(sample):
        pictures, random = sample.others[name], sample.random
        picture = pictures.rgb([random.integers(pictures.count)])[0]
        # before a part is cut out of it, for the width of the blur belongs to the whole picture
        part = _part(edges.smoothed(picture) if smoothed else picture, size, random)
        return color.scale_rgb(part[:, ::-1] if random.random() < 0.5 else part)

    return field


def _part(rgb, size, random):
    top, left = (random.integers(side - size + 1) for side in rgb.shape[:2])
    return rgb[top : top + size, left : left + size]
