"""Fields: what a system wants in its batches. A field is a function of one `Sample`.

    System(fields={**fields.COLORS, "lines": fields.lines, "hints": fields.hints(4)}, ...)

The fields of a sample are made in the order in which the system names them, and share its random numbers.
"""

from functools import cached_property

import numpy as np
from skimage.filters import threshold_otsu

from anime_color import color, histograms
from anime_color import hints as hint_planes
from data_prep import edges
from data_prep import lines as line_art


class Sample:
    """One face, as a field sees it.

    rgb: uint8 (S, S, 3), mirrored where this pass mirrors it. label: its number. random: a generator that depends on
    the seed, the pass and the face alone. lightness: see `color.rgb_to_lab`. others: {name: `faces.Faces`}, further
    sets. boxes: float32 (N, 4), x0, y0, x1, y1 in pixels, of what is in it; None where the set tells none.
    """

    def __init__(self, rgb, label, random, lightness, others, boxes=None):
        self.rgb, self.label, self.random, self.lightness, self.others = rgb, label, random, lightness, others
        self.boxes = boxes

    @cached_property
    def lab(self):
        """Scaled lab (S, S, 3)."""
        return color.rgb_to_lab(self.rgb, self.lightness)

    @cached_property
    def drawn_boxes(self):
        """Its boxes in an order drawn anew in each pass: of what is in it, or of the parts of a face and one anywhere,
        for a user's boxes are not always those of parts."""
        if self.boxes is None:
            sides = self.random.uniform(SMALLEST_BOX, 1, 2)
            corner = self.random.uniform(0, 1 - sides)
            boxes = np.float32([*FACE, (*corner, *(corner + sides))]) * np.float32(self.rgb.shape[0])
        else:
            boxes = self.boxes
        return self.random.permutation(boxes[(boxes[:, 2:] > boxes[:, :2]).all(-1)])


# boxes of a face that fills its picture, as a share of the side: face, hair, left eye, right eye, mouth and chin
FACE = np.float32(
    [[0.2, 0.25, 0.8, 0.9], [0.1, 0, 0.9, 0.4], [0.2, 0.4, 0.5, 0.65], [0.5, 0.4, 0.8, 0.65], [0.33, 0.65, 0.67, 0.9]]
)

SMALLEST_BOX = 0.3  # of the side of a picture, of a box anywhere

COLORS = {"l": lambda sample: sample.lab[..., :1], "ab": lambda sample: sample.lab[..., 1:], "label": lambda s: s.label}


def lines(sample):
    """Line art (S, S, 1), 0 ink .. 1 paper, by an extractor drawn anew in each pass (`data_prep.lines.mixed`)."""
    return line_art.mixed(sample.rgb, sample.random)[..., None] / np.float32(255)


def black_and_white(kind):
    """A field: the picture in ink and paper (S, S, 1), 0 or 1.

    kind: "otsu": what is lighter than Otsu's threshold of its lightness is paper (Furusawa et al. 2017); "lines": its
        line art, cut at `hints.PAPER`; "mixed": one of the two, drawn anew in each pass.
    """

    def field(sample):
        if kind == "lines" or (kind == "mixed" and sample.random.random() < 0.5):
            paper = line_art.mixed(sample.rgb, sample.random) > hint_planes.PAPER
        else:
            lightness = (50 * (sample.lab[..., 0] + 1)).astype("uint8")
            paper = lightness > (threshold_otsu(lightness) if np.ptp(lightness) else 0)
        return paper[..., None].astype("float32")

    return field


def dots(most, factor=1):
    """A field: hints (S/factor, S/factor, 3) at up to `most` places, in the colors of the face there."""

    def field(sample):
        lab = hint_planes.reduced(sample.lab, factor)
        return hint_planes.at_points(lab, sample.random.integers(0, most + 1), sample.random)[0]

    return field


def reference(sample):
    """The colors of the face itself (216,), `histograms.histogram`."""
    return histograms.histogram(sample.rgb)


def hints(factor):
    """A field: hints (S/factor, S/factor, 3) as a user might give them, `hints.drawn` from the face itself."""

    def field(sample):
        return hint_planes.drawn(hint_planes.reduced(sample.lab, factor), sample.random)

    return field


def boxes(most):
    """A field: up to `most` boxes (most, 4), x0, y0, x1, y1 in pixels, and zeros; see `Sample.drawn_boxes`."""

    def field(sample):
        found = np.zeros((most, 4), "float32")
        chosen = sample.drawn_boxes[:most]
        found[: len(chosen)] = chosen
        return found

    return field


def box_valid(most):
    """A field: 1 for each of the `boxes` that is one, 0 for the zeros behind them (most,)."""
    return lambda sample: np.float32(np.arange(most) < len(sample.drawn_boxes))


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
