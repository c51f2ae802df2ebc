"""Fields: what a system wants in its batches beside lightness and color. A field is a function of one `Sample`.

    System(fields={"lines": fields.lines, "hints": fields.hints(4)}, ...)

The fields of a sample are made in the order of their names in the system, and share its random numbers.
"""

from typing import NamedTuple

import numpy as np

from anime_color import hints as hint_planes
from data_prep import lines as line_art


class Sample(NamedTuple):
    """One face, as a field sees it.

    rgb: uint8 (S, S, 3), mirrored where this pass mirrors it. lab: the same, scaled. random: a generator that depends
    on the seed, the pass and the face alone. others: {name: `faces.Faces`}, further sets.
    """

    rgb: np.ndarray
    lab: np.ndarray
    random: np.random.Generator
    others: dict


def lines(sample):
    """Line art (S, S, 1), 0 ink .. 1 paper, by an extractor drawn anew in each pass (`data_prep.lines.mixed`)."""
    return line_art.mixed(sample.rgb, sample.random)[..., None] / np.float32(255)


def hints(factor):
    """A field: hints (S/factor, S/factor, 3) as a user might give them, `hints.drawn` from the face itself."""

    def field(sample):
        return hint_planes.drawn(hint_planes.reduced(sample.lab, factor), sample.random)

    return field
