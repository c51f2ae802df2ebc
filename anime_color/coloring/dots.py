"""Dots of color, (x, y, color) or (x, y, color, radius), in pixels from the left and the top; many in a row are a
stroke.

On regions, what a dot is on takes its color, hair to its tips; dots that contradict each other split a region. For a
network of hints they become a plane (hints.py).
"""

import json
import numbers
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy import ndimage
from skimage import filters, segmentation

from anime_color import color, hints
from anime_color.coloring import regions
from anime_color.coloring.painting import resized
from anime_color.coloring.palettes import lab_of
from data_prep.errors import BadInput

MOST = 1000
ONE_COLOR = 2.0  # Lab units between two dots that say the same
APART = 0.1  # correlation that a region may lack to take the color of a dot nearer by half the picture's side


class Dot(NamedTuple):
    """x, y: its pixel. lab: its color, scaled. radius: in pixels; 0 is the one pixel."""

    x: int
    y: int
    lab: np.ndarray
    radius: float


def checked(dots, size):
    """The list of `Dot` that `dots` means on a picture of `size` (H, W): a list of them, or the path of a JSON file
    with one. BadInput if a dot is none or lies outside."""
    if isinstance(dots, (str, Path)):
        dots = load(dots)
    if not isinstance(dots, (list, tuple)):
        raise BadInput(f"dots {dots!r}: needed is a list of (x, y, color) or (x, y, color, radius), or a JSON file")
    if len(dots) > MOST:
        raise BadInput(f"{len(dots)} dots: at most {MOST} can be taken")
    return [_checked(dot, size) for dot in dots]


def load(path):
    """The dots of a JSON file, [[x, y, "#rrggbb"], [x, y, "navy", radius], ...]."""
    try:
        return json.loads(Path(path).read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise BadInput(f"{path}: no dots ({type(error).__name__}); needed is JSON, [[x, y, color], ...]") from error


def _checked(dot, size):
    if isinstance(dot, Dot):
        return dot
    if not isinstance(dot, (list, tuple, np.ndarray)) or len(dot) not in (3, 4):
        raise BadInput(f"dot {dot!r}: needed is (x, y, color) or (x, y, color, radius)")
    x, y = regions.place(dot[:2], size)
    radius = dot[3] if len(dot) == 4 else 0
    if isinstance(radius, bool) or not isinstance(radius, numbers.Real) or not 0 <= radius <= max(size):
        raise BadInput(f"dot {dot!r}: its radius is a number of pixels from 0 to {max(size)}")
    return Dot(x, y, lab_of(dot[2]), radius)


def plane(dots, size, cells):
    """Hints (h, w, 3) of dots on a picture of `size` (H, W), for a network whose plane has `cells` (h, w): the cell in
    which a dot lies, so none is lost, and those with their centers inside its radius. Later dots cover earlier ones."""
    found = np.zeros((*cells, 3), "float32")
    # the centers of the cells, counted as pixels are: the center of pixel 0 is 0
    rows, columns = ((np.arange(cell) + 0.5) * side / cell - 0.5 for cell, side in zip(cells, size, strict=True))
    for dot in checked(dots, size):
        inside = np.hypot(rows[:, None] - dot.y, columns - dot.x) <= dot.radius
        inside[(2 * dot.y + 1) * cells[0] // (2 * size[0]), (2 * dot.x + 1) * cells[1] // (2 * size[1])] = True
        hints.written(found, *np.nonzero(inside), dot.lab)
    return found


def colors(flats, dots):
    """{region: scaled lab} of `dots` on a `flats.Flats`, which count where their centers are; regions in which they
    contradict split. That two are of different lightness counts on line art alone, whose lightness is not given.

    BadInput as `checked`, or if two say different colors on one place.
    """
    counts = slice(0 if flats.painter.draws_lightness else 1, 3)

    def same(lab, other):
        return np.abs(lab - other)[counts].max() * color.AB_SCALE <= ONE_COLOR

    said = {}
    for dot in checked(dots, flats.l.shape):
        said.setdefault(flats.at(dot.x, dot.y), []).append(dot)
    found = {}
    for region, some in said.items():
        distinct = []
        for dot in some:
            if not any(same(dot.lab, other) for other in distinct):
                distinct.append(dot.lab)
        if len(distinct) == 1:
            found[region] = distinct[0]
        else:
            of_each = [next(i for i, lab in enumerate(distinct, 1) if same(dot.lab, lab)) for dot in some]
            found |= dict(zip(flats.split(region, _parts(flats, region, some, of_each)), distinct, strict=True))
            warnings.warn(f"dots of {len(distinct)} colors on one region: it is split between them", stacklevel=4)
    return found | _spread(flats, found)


def _parts(flats, region, dots, of_each):
    """Which of the colors, by their numbers `of_each`, each pixel (h, w) is nearest to, as the lines of the drawing run
    (watershed)."""
    size = flats.planes.shape[1:]
    markers = np.zeros(size, int)
    for dot, number in zip(dots, of_each, strict=True):
        place = flats.spot(dot.x, dot.y)
        if markers[place] not in (0, number):
            raise BadInput(f"dots at {dot.x, dot.y}: two colors on one place; leave one of them out")
        markers[place] = number
    (plane,) = flats.planes[flats.occurring == region]
    inside = (plane > plane.max() / 2) | (markers > 0)
    lines = filters.sobel(resized(flats.l[None], size)[0])
    parts = segmentation.watershed(lines, markers, mask=inside)
    nearest = ndimage.distance_transform_edt(parts == 0, return_distances=False, return_indices=True)
    return parts[tuple(nearest)] - 1  # pieces apart from all dots belong to the nearest part


def _spread(flats, found):
    """{region: scaled lab} of the other regions of the things that dots are on."""
    spread, place = {}, flats.tokens[:, -3:-1]
    for region in set(range(len(flats.origin))) - set(found):
        near = [other for other in found if region in flats.thing(other)]
        if near:
            off = np.linalg.norm(place[near] - place[region], axis=-1)
            spread[region] = found[near[int((flats.alike[region, near] - APART * off).argmax())]]
    return spread
