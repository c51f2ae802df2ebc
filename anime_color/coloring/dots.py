"""Dots of color: what a dot is on takes its color, hair to its tips; dots that contradict each other split a region."""

import warnings

import numpy as np
from scipy import ndimage
from skimage import filters, segmentation

from anime_color import color
from anime_color.coloring import regions
from anime_color.coloring.painting import resized
from anime_color.coloring.palettes import ab_of
from data_prep.errors import BadInput

MOST = 1000
ONE_COLOR = 2.0  # Lab units between two dots that say the same
APART = 0.1  # correlation that a region may lack to take the color of a dot nearer by half the picture's side


def colors(flats, dots):
    """{region: scaled ab} of `dots`, [(x, y, color), ...], on a `flats.Flats`; regions in which they contradict split.

    BadInput if a dot is none, lies outside, or says another color than one on the same place.
    """
    if len(dots) > MOST:
        raise BadInput(f"{len(dots)} dots: at most {MOST} can be taken")
    said = {}
    for dot in dots:
        if np.ndim(dot) == 0 and not isinstance(dot, (list, tuple)) or len(dot) != 3:
            raise BadInput(f"dot {dot!r}: needed is (x, y, color)")
        x, y = regions.place(dot[:2], flats.l.shape)
        said.setdefault(flats.at(x, y), []).append((x, y, ab_of(dot[2])))
    found = {}
    for region, some in said.items():
        distinct = []
        for *_, ab in some:
            if not any(_same(ab, other) for other in distinct):
                distinct.append(ab)
        if len(distinct) == 1:
            found[region] = distinct[0]
        else:
            found |= dict(zip(flats.split(region, _parts(flats, region, some, distinct)), distinct, strict=True))
            warnings.warn(f"dots of {len(distinct)} colors on one region: it is split between them", stacklevel=4)
    return found | _spread(flats, found)


def _same(ab, other):
    return np.abs(ab - other).max() * color.AB_SCALE <= ONE_COLOR


def _parts(flats, region, dots, distinct):
    """Which of the `distinct` colors each pixel (h, w) is nearest to, as the lines of the drawing run (watershed)."""
    size = flats.planes.shape[1:]
    markers = np.zeros(size, int)
    for x, y, ab in dots:
        number = next(i for i, other in enumerate(distinct, 1) if _same(ab, other))
        place = flats.spot(x, y)
        if markers[place] not in (0, number):
            raise BadInput(f"dots at {x, y}: two colors on one place; leave one of them out")
        markers[place] = number
    (plane,) = flats.planes[flats.occurring == region]
    inside = (plane > plane.max() / 2) | (markers > 0)
    lines = filters.sobel(resized(flats.l[None], size)[0])
    parts = segmentation.watershed(lines, markers, mask=inside)
    nearest = ndimage.distance_transform_edt(parts == 0, return_distances=False, return_indices=True)
    return parts[tuple(nearest)] - 1  # pieces apart from all dots belong to the nearest part


def _spread(flats, found):
    """{region: scaled ab} of the other regions of the things that dots are on."""
    spread, place = {}, flats.tokens[:, -3:-1]
    for region in set(range(len(flats.origin))) - set(found):
        near = [other for other in found if region in flats.thing(other)]
        if near:
            off = np.linalg.norm(place[near] - place[region], axis=-1)
            spread[region] = found[near[int((flats.alike[region, near] - APART * off).argmax())]]
    return spread
