"""From regions to pixels: regions are cut out once along the picture's own lightness, at its own size; then a coloring
is a matrix product and a look into a table (`color.swatches`).

Planes are (K, H, W) here, a region or a color after the other, for pixels that lie together are read together.
"""

from functools import cached_property
from typing import NamedTuple

import keras
import numpy as np
from PIL import Image

from anime_color.color import rgb_to_lab
from anime_color.coloring.characters import drawn_to
from anime_color.networks.regions import LEAST_PIXELS
from data_prep.drawn_faces import PARTS, draw

PIXELS_AT_ONCE = 2**18  # in one call of a generator, which bounds its memory
LEAST_SHARE = 0.05  # a region that no pixel belongs to by more does not occur in a picture
CUT_AT = 512  # longest side at which borders are brought to the lines; what is larger is enlarged from there
EDGE = 0.15  # change of scaled lightness, 7.5 L*, at which what lies on the other side counts little
REACH = 1.5  # pixels of the region network from which a border is brought to its line
CERTAINTY = 4  # how much less than the inside of a region counts what lies between two
NAMING_FACES, NAMING_SIZE = 8, 128  # drawn faces by which regions get their names


class Regions(NamedTuple):
    """shares: how much of each region a pixel belongs to, float32 (K, H, W), the sum over K 1. names: what each region
    mostly is on drawn faces, of `data_prep.drawn_faces.PARTS`; a tuple of K."""

    shares: np.ndarray
    names: tuple


def painter(generator):
    """What paints with a generator: a `RegionPainter` where it is made of regions and palette, or a `PlainPainter`."""
    made_of = {layer.name for layer in generator.layers}
    return RegionPainter(generator) if {"regions", "sampler"} <= made_of else PlainPainter(generator)


class PlainPainter:
    """Paints with any generator of l and noise; its colors are enlarged to the size of the picture."""

    def __init__(self, generator):
        self.generator = generator

    def sketch(self, given, lightness, noises, palette=None):
        """A function that gives scaled ab (2 N, rows, W), a of each coloring, then b of each, of a slice of rows of a
        picture painted with noises (N, latent).

        given: what the generator sees of it, scaled lightness (1, h, w, 1). lightness: its own, scaled (H, W).
        palette: L*, a*, b* (colors, 3) that its colors are drawn to.
        """
        chunk, colorings = max(1, PIXELS_AT_ONCE // given.size), []
        for start in range(0, len(noises), chunk):
            some = noises[start : start + chunk]
            colorings.append(self.generator.predict_on_batch({"l": np.repeat(given, len(some), axis=0), "noise": some}))
        lab = np.concatenate(colorings)
        lab = lab if palette is None else drawn_to(lab, palette)
        planes = np.moveaxis(lab[..., 1:], -1, 0).reshape(-1, *lab.shape[1:3])
        return lambda rows: resized(planes, lightness.shape, rows)


class RegionPainter:
    """Paints with a generator that is made of regions and palette. What its noise does not change is computed once."""

    def __init__(self, generator):
        seen = generator.get_layer("painting").input[0], generator.get_layer("tokens_of_regions").output
        self.read = keras.Model(generator.input["l"], seen)
        self.sampler = generator.get_layer("sampler")

    def look(self, given):
        """(m (K, h, w), tokens (1, K, T)) of scaled lightness (1, H, W, 1)."""
        m, tokens = self.read.predict_on_batch(given)
        return np.ascontiguousarray(np.moveaxis(m[0], -1, 0)), tokens

    def palettes(self, tokens, noises):
        """Palettes (N, K, 4) of the noises (N, latent), all in one batch."""
        return self.sampler.predict_on_batch({"tokens": np.repeat(tokens, len(noises), axis=0), "noise": noises})

    def regions(self, given, lightness):
        """The `Regions` of a picture; arguments as in `sketch`."""
        return Regions(resized(cut_out(self.look(given)[0], lightness), lightness.shape), self.names)

    @cached_property
    def names(self):
        """What each region mostly is: the part of drawn faces that most of its area lies on."""
        covered = np.zeros((self.sampler.output.shape[1], len(PARTS)))
        for number in range(NAMING_FACES):
            drawn = draw(20 * (2000 + number), NAMING_SIZE)  # a character each
            m = self.look(rgb_to_lab(drawn.rgb)[None, ..., :1])[0]
            step = NAMING_SIZE // m.shape[1]
            mask = drawn.mask[step // 2 :: step, step // 2 :: step]
            covered += np.stack([m[:, mask == part].sum(1) for part in range(len(PARTS))], 1)
        return tuple(PARTS[part] for part in covered.argmax(1))

    def sketch(self, given, lightness, noises, palette=None):
        """As `PlainPainter.sketch`."""
        m, tokens = self.look(given)
        small = resized(given[..., 0], m.shape[1:])
        mean = (m * small).sum((1, 2)) / (m.sum((1, 2)) + LEAST_PIXELS)
        colors, slopes = np.split(self.palettes(tokens, noises), 2, -1)
        if palette is not None:
            there = np.broadcast_to(mean[:, None], (*colors.shape[:-1], 1))
            colors = drawn_to(np.concatenate([there, colors], -1), palette)[..., 1:]
        occurring = m.max((1, 2)) > LEAST_SHARE
        planes = cut_out(m[occurring] / m[occurring].sum(0), lightness)
        # ab = sum over k of share k * (color - slope * mean + slope * lightness): one matrix for all colorings
        mixed = np.concatenate([(colors - slopes * mean[:, None])[:, occurring], slopes[:, occurring]], 1)
        matrix = np.ascontiguousarray(mixed.transpose(2, 0, 1).reshape(-1, mixed.shape[1]), "float32")

        def ab(rows):
            l, shares = lightness[rows], resized(planes, lightness.shape, rows)  # noqa: E741
            return (matrix @ np.concatenate([shares, shares * l]).reshape(2 * len(shares), -1)).reshape(-1, *l.shape)

        return ab


def cut_out(m, lightness):
    """Soft regions (K, H, W), the sum over K 1, at the size of scaled lightness (H, W) up to `CUT_AT`, of regions
    (K, h, w) as the network gives them. Borders move to where the lightness has its lines."""
    ratio = min(1, CUT_AT / max(lightness.shape))
    height, width = (max(1, round(side * ratio)) for side in lightness.shape)
    shares = np.moveaxis(resized(m, (height, width)), 0, -1).copy()
    reach = REACH * max(height / m.shape[1], width / m.shape[2])
    if reach > REACH:
        shares *= (shares * shares).sum(-1, keepdims=True) ** CERTAINTY
        shares = _spread(shares, resized(lightness[None], (height, width))[0], reach)
        shares /= shares.sum(-1, keepdims=True)
    return np.ascontiguousarray(np.moveaxis(shares, -1, 0))


def resized(planes, size, rows=slice(None)):
    """The given rows of planes (K, h, w) at another `size` (height, width), bilinear, or the mean of all pixels where
    they get smaller."""
    if planes.shape[1:] == tuple(size):
        return planes[:, rows]
    top, bottom, _ = rows.indices(size[0])
    box = (0, top * planes.shape[1] / size[0], planes.shape[2], bottom * planes.shape[1] / size[0])
    pictures = (Image.fromarray(np.ascontiguousarray(plane, "float32")) for plane in planes)
    return np.stack([p.resize((size[1], bottom - top), Image.Resampling.BILINEAR, box) for p in pictures])


def _spread(shares, guide, reach):
    """Averages shares (H, W, K) over `reach` pixels, but not across edges of `guide` (H, W): one pass of the recursive
    filter of the domain transform (Gastal and Oliveira 2011, equations 11 and 21)."""
    for _ in range(2):  # down and up the columns, then the same along the rows
        distance = 1 + np.abs(np.diff(guide, axis=0)) * np.float32(reach / EDGE)
        kept = np.exp(distance * np.float32(-np.sqrt(2) / reach))[..., None]
        step, last = np.empty_like(shares[0]), len(shares) - 1
        for j in range(last):
            _follow(shares[j + 1], shares[j], kept[j], step)
        for j in range(last, 0, -1):
            _follow(shares[j - 1], shares[j], kept[j - 1], step)
        # a line's pixels have to lie together
        shares, guide = np.ascontiguousarray(shares.swapaxes(0, 1)), guide.T
    return shares


def _follow(line, before, kept, step):
    """line += kept * (before - line), without new memory."""
    np.subtract(before, line, out=step)
    step *= kept
    line += step
