"""Any picture in, pictures of the same size out, their lightness untouched."""

from typing import NamedTuple

import numpy as np
from PIL import Image

from anime_color import color, presets
from anime_color.coloring import noise, painting, regions
from anime_color.coloring.flats import Flats, with_alpha
from anime_color.coloring.recolor import recolored
from data_prep import on_white, open_with_alpha
from data_prep.errors import BadInput

SHORTEST_SIDE, LONGEST_SIDE = 16, 4000
LARGEST_RATIO = 8  # of long to short side, as the generator sees it: longer strips are seen squeezed


class Regions(NamedTuple):
    """shares: how much of each region a pixel belongs to, float32 (K, H, W), the sum over K 1. names: the part that
    each region is, of `naming.NAMES`; a tuple of K."""

    shares: np.ndarray
    names: tuple


class Colorizer:
    """Paints gray pictures with a trained generator.

    A picture is a path, a PIL image or an array (see `data_prep.open_image`); its own colors, if any, are not looked
    at. What comes back is uint8 RGB of its size, or RGBA with its alpha where it has one; its lightness is the
    picture's, for colors that sRGB cannot show at that lightness are desaturated until it can.

    generator: takes `l` and `noise`, returns scaled lab. One that is made of regions and palette cuts a picture once,
        at its own size, and paints it with many palettes; what another one paints is enlarged.
    size: side of the faces that it was trained on; pictures are shown to it at about this size, so that colors do
        not depend on that of the picture.
    lightness: "lab" or "luma", what the generator was trained to see.
    multiple: height and width that the generator gets are multiples of this.
    name: of the weights, for people.
    clipped: share of the pixels that were desaturated, for each coloring of the last call.
    """

    def __init__(self, generator, size, lightness="lab", multiple=32, name=""):
        self.generator, self.size, self.lightness, self.multiple, self.name = (
            generator,
            size,
            lightness,
            multiple,
            name,
        )
        self.painter = painting.painter(generator)
        self.clipped = np.zeros(0)

    @classmethod
    def from_preset(cls, name_or_run):
        """The colorizer of a shipped preset (see `anime-color presets`) or of a run folder's newest checkpoint."""
        return cls(**presets.load(name_or_run))

    @property
    def knows_regions(self):
        """Whether the weights cut pictures into regions, as those of `chroma` do."""
        return isinstance(self.painter, painting.RegionPainter)

    @property
    def latent_size(self):
        return self.generator.input["noise"].shape[-1]

    def chroma(self, picture, noises=25, seed=0, schedule="balanced", lock=None, dots=None):
        """Colorings of one picture, uint8 (noises, H, W, 3 or 4).

        noises: how many, or the noises themselves (N, latent).
        seed, schedule: of the noises, see `noise.schedule`.
        lock, dots: as in `colorize`; they are the same in all colorings.
        """
        return self._paint(picture, self.noises(noises, seed, schedule), lock, dots)

    def colorize(self, picture, noise=None, seed=0, lock=None, dots=None):
        """One coloring of one picture, uint8 (H, W, 3 or 4).

        noise: (latent,), such as one of `noises()` that was liked or saved; None takes the first of the sheet of
            `seed`.
        lock: {region: color}, regions by name ("hair", "eyes", "skin", "clothes", "background") or number, colors as
            "#3060c0", "navy" or (red, green, blue); or a `palettes.Palette`. What is locked comes out in that color, at
            the lightness of the picture, and the rest is sampled to match it.
        dots: [(x, y, color), ...], pixels from the left and the top: what a dot is on takes its color, hair to its
            tips. Dots that contradict each other in one region split it, with a warning.
        """
        chosen = self.noises(seed=seed)[:1] if noise is None else self.noises(np.asarray(noise, "float32")[None])
        return self._paint(picture, chosen, lock, dots)[0]

    def recolor(self, picture, region, noises=25, seed=0, schedule="balanced"):
        """New colors inside a region of one picture, to match the rest, uint8 (noises, H, W, 3 or 4); outside it, the
        picture as it was, to the bit.

        region: a name such as "hair", clicks on what is meant, a mask or a box, see `flats.Flats.share`. Weights that
            know no regions take masks and boxes.
        noises, seed, schedule: as in `chroma`.
        """
        noises = self.noises(noises, seed, schedule)
        if self.knows_regions:
            flats = self.flats(picture)
            colorings = recolored(flats, region, noises)
            self.clipped = flats.clipped
            return colorings
        rgb, alpha = open_with_alpha(picture)
        inside = regions.mask(region, rgb.shape[:2])
        return with_alpha(np.where(inside[..., None], self._enlarged(rgb, alpha, noises), rgb), alpha)

    def flats(self, picture, dots=None):
        """The picture cut into regions, `flats.Flats`: ready for any palette, each in milliseconds. BadInput if the
        weights know no regions.

        dots: as in `colorize`.
        """
        rgb, alpha = open_with_alpha(picture)
        self._check(rgb)
        if not self.knows_regions:
            raise BadInput(f"weights {self.name}: they know no regions; take those of a chroma of this version")
        return Flats(self.painter, self._given(on_white(rgb, alpha)), rgb, alpha, dots, self.name)

    def regions(self, picture):
        """The soft regions of one picture, `Regions`: how much of each a pixel belongs to, float32 (K, H, W), and what
        they are. BadInput if the weights know no regions."""
        flats = self.flats(picture)
        shares = np.zeros((len(flats.origin), *flats.l.shape), "float32")
        shares[flats.occurring] = painting.resized(flats.planes, flats.l.shape)
        return Regions(shares, flats.names)

    def noises(self, noises=25, seed=0, schedule="balanced"):
        """The noises (N, latent) of `chroma` with the same arguments. BadInput if given ones do not fit."""
        if isinstance(noises, int):
            noises = noise.schedule(schedule, self.latent_size, noises, seed)
        noises = np.asarray(noises, "float32")
        if noises.ndim != 2 or noises.shape[1] != self.latent_size or not np.isfinite(noises).all():
            raise BadInput(f"noises {noises.shape}: needed are finite numbers (count, {self.latent_size})")
        return noises

    def lab(self, rgb, noises):
        """Yields the coloring of `rgb`, uint8 (H, W, 3), by each of the noises (N, latent): scaled lab (H, W, 3), as
        the generator wants it, so some of it outside the sRGB gamut."""
        lightness = color.rgb_to_lab(rgb)[..., 0]
        if self.knows_regions:
            flats = self.flats(rgb)
            sketch = flats.sketch(flats.sampled(noises))
        else:
            sketch = self.painter.sketch(self._given(rgb), lightness, noises)
        for a, b in zip(*np.split(sketch(slice(None)), 2), strict=True):
            yield np.stack([lightness, a, b], -1)

    def _paint(self, picture, noises, lock=None, dots=None):
        """uint8 (N, H, W, 3 or 4) of the noises (N, latent)."""
        if self.knows_regions or lock or dots:
            flats = self.flats(picture, dots)
            colorings = flats.paint(flats.sampled(noises, lock))
            self.clipped = flats.clipped
            return colorings
        rgb, alpha = open_with_alpha(picture)
        return with_alpha(self._enlarged(rgb, alpha, noises), alpha)

    def _enlarged(self, rgb, alpha, noises):
        """uint8 (N, H, W, 3) of weights that know no regions."""
        self._check(rgb)
        lightness = color.rgb_to_lab(rgb)[..., 0]
        sketch = self.painter.sketch(self._given(on_white(rgb, alpha)), lightness, noises)
        colorings, self.clipped = painting.finished(sketch, lightness, len(noises))
        return colorings

    def _check(self, rgb):
        height, width = rgb.shape[:2]
        if min(height, width) < SHORTEST_SIDE or max(height, width) > LONGEST_SIDE:
            raise BadInput(
                f"picture of {width}x{height} px: needed is {SHORTEST_SIDE} to {LONGEST_SIDE} px a side; resize it"
            )

    def _given(self, rgb):
        """Scaled lightness (1, h, w, 1) as the generator wants to see it."""
        return color.rgb_to_lab(self._reduced(rgb), self.lightness)[None, ..., :1]

    def _reduced(self, rgb):
        """The picture at about the size of the training faces: its short side there, both sides multiples."""
        fixed = self.generator.input["l"].shape[1:3]
        if None not in fixed:
            height, width = fixed
        else:
            ratio = self.size / min(rgb.shape[:2])
            sides = (min(side * ratio, LARGEST_RATIO * self.size) for side in rgb.shape[:2])
            height, width = (max(1, round(side / self.multiple)) * self.multiple for side in sides)
        return np.asarray(Image.fromarray(rgb).resize((width, height), Image.Resampling.LANCZOS))
