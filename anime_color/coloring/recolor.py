"""New colors in one part of a picture that has colors already: they match the rest, and the rest stays as it is.

A picture's own colors tell more than its lightness does: where a region ends is first seen in gray, then each pixel
near the border goes to the side whose colors it has.
"""

import numpy as np
from scipy import ndimage, special

from anime_color import color
from anime_color.coloring import regions
from anime_color.coloring.flats import with_alpha
from anime_color.coloring.painting import finished, mixture, resized

GRAY = 2.0  # mean chroma, in Lab units, below which a picture has no colors that new ones should match
NEAR = 0.015  # of the picture's side: how far a border may move to where the colors change
ALIKE = 8.0  # Lab units: how far a pixel's color is from its side's, as a deviation
LEAST = 0.05  # share of what is near a pixel, below which it is not of the region whatever its color: 1.65 times `NEAR`
NEW_FROM, NEW_AT = 0.1, 0.5  # share of a pixel from which on it takes new colors, and at which no others


def recolored(flats, region, noises):
    """Colorings uint8 (N, H, W, 3 or 4) of a `flats.Flats` whose `region` (see `Flats.share`) gets new colors by noises
    (N, latent). Outside, the picture stays as it is, to the bit: outside of a mask or box, and farther than a fortieth
    of the longer side from where a named or clicked region is seen."""
    own = np.moveaxis(color.rgb_to_lab(flats.rgb)[..., 1:], -1, 0)
    colored = np.linalg.norm(own, axis=0).mean() * color.AB_SCALE >= GRAY
    fitted, chosen = flats.fitted(), flats.chosen(region)
    if chosen is None:
        new, planes = regions.mask(region, flats.l.shape).astype("float32"), flats.planes
        small = resized(new[None], planes.shape[1:])[0]
        inside = (planes * small).sum((1, 2)) > 0.5 * planes.sum((1, 2))
        painted = slice(None)
    else:
        painted = inside = np.isin(flats.occurring, chosen)
        share = _by_color(flats, inside, fitted, own) if colored else flats.share(region)
        new = np.clip((share - NEW_FROM) / (NEW_AT - NEW_FROM), 0, 1)
        planes = flats.planes[inside]  # alone, for at a border those of the other side would bring the old colors along
        near = [ndimage.gaussian_filter(plane, NEAR * max(plane.shape)) for plane in planes]
        planes = planes + np.float32(1e-3) * np.stack(near) + np.float32(1e-9)
        planes = planes / planes.sum(0)
    known = fitted.copy()
    known[flats.occurring[inside] if colored else slice(None)] = np.nan
    there = flats.occurring[painted]
    sketch = mixture(planes, flats.sampled(noises, known)[:, there], flats.lightness[there], flats.l)

    def mixed(rows):
        kept = np.repeat(own[:, rows], len(noises), axis=0)
        return kept + new[rows] * (sketch(rows) - kept)

    pictures, flats.clipped = finished(mixed, flats.l, len(noises))
    return with_alpha(np.where(new[..., None] > 0, pictures, flats.rgb), flats.alpha)


def _by_color(flats, inside, fitted, own):
    """Share (H, W) of the planes `inside`, by Bayes: the prior is their share near a pixel, the likelihood how near its
    own color is to the mean colors of those regions, and of the others, around it."""
    size = flats.planes.shape[1:]
    own = resized(own, size)
    colors = np.insert(fitted[flats.occurring, :2], 0, 1, axis=1).T  # and 1, which sums up the shares
    weights, offs = [], []
    for side in (inside, ~inside):
        planes = np.einsum("ck,khw->chw", colors[:, side], flats.planes[side])
        weight, *ab = (ndimage.gaussian_filter(plane, NEAR * max(size)) for plane in planes)
        weights.append(np.maximum(weight, 1e-6))
        off = np.linalg.norm(np.stack(ab) / weights[-1] - own, axis=0) * color.AB_SCALE
        offs.append(off**2 / (2 * ALIKE**2))
    share = special.expit(np.log(weights[0] / weights[1]) - offs[0] + offs[1])
    share[weights[0] < LEAST * (weights[0] + weights[1])] = 0
    return resized(share[None].astype("float32"), flats.l.shape)[0]
