"""Any picture in, pictures of the same size out; the lightness of gray pictures is untouched."""

from typing import NamedTuple

import numpy as np
from PIL import Image

from anime_color import networks, presets
from anime_color.coloring import noise, painters, painting, references, regions
from anime_color.coloring.flats import Flats, with_alpha
from anime_color.coloring.recolor import recolored
from data_prep import on_white, open_with_alpha
from data_prep.errors import BadInput

SHORTEST_SIDE, LONGEST_SIDE = 16, 4000
_SOME = (list, tuple, dict)
LARGEST_RATIO = 8  # of long to short side, as the generator sees it: longer strips are seen squeezed


class Regions(NamedTuple):
    """shares: how much of each region a pixel belongs to, float32 (K, H, W), the sum over K 1. names: the part that
    each region is, of `naming.NAMES`; a tuple of K."""

    shares: np.ndarray
    names: tuple


class Colorizer:
    """Paints pictures with a trained generator.

    A picture is a path, a PIL image or an array (see `data_prep.open_image`). What comes back is uint8 RGB of its size,
    or RGBA with its alpha where it has one. What the picture has to be depends on the weights, see `takes`:

        "gray picture"   its own colors, if any, are not looked at; its lightness is kept, for colors that sRGB cannot
                         show at that lightness are desaturated until it can
        "line art"       dark ink on light paper, drawn or scanned
        "photo"          anything; it gets another lightness and other colors

    generator: its inputs say what it takes, see `painters`. Of one with several outputs only the picture counts. One
        that is made of regions and palette cuts a picture once, at its own size, and paints it with many palettes; what
        another one paints is enlarged.
    size: side of the pictures that it was trained on; pictures are shown to it at about this size, so that colors do
        not depend on that of the picture.
    lightness: "lab" or "luma", what the generator was trained to see.
    multiple: height and width that the generator gets are multiples of this.
    name: of the weights, for people.
    takes, conditions: what it colors, and the names of the arguments of `colorize` that it listens to.
    clipped: share of the pixels that were desaturated, for each coloring of the last call.
    """

    def __init__(self, generator, size, lightness="lab", multiple=32, name=""):
        self.generator = networks.color_path(generator)
        self.size, self.multiple, self.name = size, multiple, name
        self.painter = painters.painter(self.generator, lightness, size)
        self.takes, self.conditions = self.painter.takes, self.painter.conditions
        self.clipped = np.zeros(0)

    @classmethod
    def from_preset(cls, name_or_run):
        """The colorizer of a shipped preset (see `anime-color presets`) or of a run folder's newest checkpoint."""
        return cls(**presets.load(name_or_run))

    @property
    def knows_regions(self):
        """Whether the weights cut pictures into regions, as those of `chroma` do."""
        return isinstance(self.painter, painters.RegionPainter)

    @property
    def needs_reference(self):
        """Whether the weights color nothing without a reference, as those of `comicolorization`."""
        return isinstance(self.painter, painters.ReferencePainter)

    @property
    def latent_size(self):
        """Length of a noise; 0 for weights that paint a picture in one way."""
        return self.generator.input["noise"].shape[-1] if "noise" in self.conditions else 0

    def given(self, rgb):
        """What an artist would have begun with to make the colored picture `rgb` (H, W, 3): for weights that take line
        art its lines, else the picture itself."""
        return self.painter.given(rgb)

    def said(self, rgb):
        """What he would have said beside it, {condition: value}: for weights that need a reference, the picture."""
        return self.painter.said(rgb)

    def chroma(self, picture, noises=25, seed=0, schedule="balanced", **conditions):
        """Colorings of one picture, uint8 (noises, H, W, 3 or 4); a single one from weights without noise.

        noises: how many, or the noises themselves (N, latent).
        seed, schedule: of the noises, see `noise.schedule`.
        conditions: as in `colorize`, but for the noise; they are the same in all colorings.
        """
        return self._paint(picture, self.noises(noises, seed, schedule), conditions)

    def colorize(self, picture, noise=None, seed=0, **conditions):
        """One coloring of one picture, uint8 (H, W, 3 or 4). BadInput for conditions that the weights do not know, see
        `conditions`.

        noise: (latent,), such as one of `noises()` that was liked or saved; None takes the first of the sheet of
            `seed`.
        lock: {region: color}, regions by name ("hair", "eyes", "skin", "clothes", "background") or number, colors as
            "#3060c0", "navy" or (red, green, blue); or a `palettes.Palette`. What is locked comes out in that color, at
            the lightness of the picture, and the rest is sampled to match it.
        dots: [(x, y, color) or (x, y, color, radius), ...], pixels from the left and the top, or a JSON file with such
            a list; several in a row are a stroke. With regions, what a dot is on takes its color, hair to its tips, and
            dots that contradict each other in one region split it, with a warning. On line art, a dot also tells how
            light that is.
        threshold: of line art: what is darker (1..255) is ink and all else paper; "otsu" finds it.
        reference: a colored picture of which the colors are taken. Weights with regions give each the colors of the
            regions there that look like it, and sample what has none; `lock` comes on top.
        palette, histogram: of weights that need a reference, in its place: `references.Colors`, a list of colors or
            of (color, share), or their file; or 216 numbers, as `histograms.histogram` gives them.
        boxes: what is to be colored apart, at most eight, see `instances.boxes`: [(left, top, right, bottom), ...] in
            pixels, their JSON file, or a detector, "faces" or "objects".
        render_factor: 2 to 45: the picture is looked at at 16 times as many pixels a side. Each colors otherwise; far
            above what the weights were trained on, even areas fall into patches. None is what they were trained on.
        """
        if noise is not None and np.size(noise):
            self._check_known(["noise"])
        chosen = self.noises(seed=seed)[:1] if noise is None else self.noises(np.asarray(noise, "float32")[None])
        return self._paint(picture, chosen, conditions)[0]

    def recolor(self, picture, region, noises=25, seed=0, schedule="balanced"):
        """New colors inside a region of one picture, to match the rest, uint8 (noises, H, W, 3 or 4); outside it, the
        picture as it was, to the bit.

        region: a name such as "hair", clicks on what is meant, a mask or a box, see `flats.Flats.share`. Weights that
            know no regions take masks and boxes.
        noises, seed, schedule: as in `chroma`.
        """
        noises = self.noises(noises, seed, schedule)
        if self.takes != "gray picture":
            raise BadInput(f"weights {self.name}: they take {self.takes}; recolor with those of a gray picture")
        if self.knows_regions:
            flats = self.flats(picture)
            colorings = recolored(flats, region, noises)
            self.clipped = flats.clipped
            return colorings
        rgb, alpha = open_with_alpha(picture)
        inside = regions.mask(region, rgb.shape[:2])
        return with_alpha(np.where(inside[..., None], self._painted(rgb, alpha, noises), rgb), alpha)

    def flats(self, picture, dots=None, **ink):
        """The picture cut into regions, `flats.Flats`: ready for any palette, each in milliseconds. BadInput if the
        weights know no regions.

        dots, threshold: as in `colorize`.
        """
        if not self.knows_regions:
            raise BadInput(f"weights {self.name}: they know no regions; take those of a chroma of this version")
        self._check_known(ink)
        rgb, alpha = open_with_alpha(picture)
        self._check(rgb)
        seen, reduced = self._seen(rgb, alpha)
        shaded = self.painter.shaded(seen, reduced, dots, **ink)
        given = painters.scaled_lightness(reduced(shaded), self.painter.lightness)
        return Flats(self.painter, given, shaded, alpha, dots, self.name)

    def regions(self, picture):
        """The soft regions of one picture, `Regions`: how much of each a pixel belongs to, float32 (K, H, W), and what
        they are. BadInput if the weights know no regions."""
        flats = self.flats(picture)
        shares = np.zeros((len(flats.origin), *flats.l.shape), "float32")
        shares[flats.occurring] = painting.resized(flats.planes, flats.l.shape)
        return Regions(shares, flats.names)

    def decided(self, flats, lock=None, reference=None):
        """What `flats.sampled` of the picture `flats` is to keep: the colors of a reference, and on top what is locked;
        both as in `colorize`."""
        if reference is None:
            return lock
        if lock and not isinstance(lock, dict):
            raise BadInput("lock: a palette, and a reference beside it: give one of the two")
        palette = flats.carried(self.palette_of(reference))
        for which, value in (lock or {}).items():
            palette = palette.with_color(which, value)
        return palette

    def palette_of(self, picture):
        """The `palettes.Palette` of a colored picture: its own colors, fitted to its regions. BadInput if it is gray,
        or the weights know no regions."""
        if not self.knows_regions:
            raise BadInput(f"weights {self.name}: they know no regions; take those of a chroma of this version")
        rgb = references.colored(picture)
        self._check(rgb)
        given = painters.scaled_lightness(self._reduced(rgb), self.painter.lightness)
        flats = Flats(self.painter, given, rgb, weights=self.name)
        return flats.palette(flats.fitted())

    def noises(self, noises=25, seed=0, schedule="balanced"):
        """The noises (N, latent) of `chroma` with the same arguments, (1, 0) of weights without noise. BadInput if
        given ones do not fit."""
        if isinstance(noises, int) and not self.latent_size:
            noises = np.zeros((1, 0))
        elif isinstance(noises, int):
            noises = noise.schedule(schedule, self.latent_size, noises, seed)
        noises = np.asarray(noises, "float32")
        if noises.ndim != 2 or noises.shape[1] != self.latent_size or not np.isfinite(noises).all():
            raise BadInput(f"noises {noises.shape}: needed are finite numbers (count, {self.latent_size})")
        return noises

    def lab(self, rgb, noises, **conditions):
        """Yields the coloring of `rgb`, uint8 (H, W, 3), by each of the noises (N, latent): scaled lab (H, W, 3), as
        the generator wants it, so some of it outside the sRGB gamut."""
        if self.knows_regions:
            flats = self._flats(rgb, conditions)
            lightness, sketch = flats.l, flats.sketch(flats.sampled(noises, self._decided(flats, conditions)))
        else:
            lightness, sketch = self.painter.sketch(rgb, self._reduced, noises, **conditions)
        for a, b in zip(*np.split(sketch(slice(None)), 2), strict=True):
            yield np.stack([lightness, a, b], -1)

    def _paint(self, picture, noises, conditions):
        """uint8 (N, H, W, 3 or 4) of the noises (N, latent)."""
        conditions = {
            name: value
            for name, value in conditions.items()
            if value is not None and not (name in ("dots", "lock", "boxes") and isinstance(value, _SOME) and not value)
        }
        self._check_known(conditions)
        if self.knows_regions:
            flats = self._flats(picture, conditions)
            colorings = flats.paint(flats.sampled(noises, self._decided(flats, conditions)))
            self.clipped = flats.clipped
            return colorings
        rgb, alpha = open_with_alpha(picture)
        return with_alpha(self._painted(rgb, alpha, noises, conditions), alpha)

    def _flats(self, picture, conditions):
        return self.flats(picture, **{n: value for n, value in conditions.items() if n not in ("lock", "reference")})

    def _decided(self, flats, conditions):
        return self.decided(flats, conditions.get("lock"), conditions.get("reference"))

    def _painted(self, rgb, alpha, noises, conditions=()):
        """uint8 (N, H, W, 3) of weights that know no regions."""
        self._check(rgb)
        lightness, sketch = self.painter.sketch(*self._seen(rgb, alpha), noises, **dict(conditions))
        colorings, self.clipped = painting.finished(sketch, lightness, len(noises))
        return colorings

    def _check_known(self, conditions):
        for name in conditions:
            if name not in self.conditions:
                known = ", ".join(self.conditions) or "none"
                raise BadInput(f"{name}: weights {self.name} do not know it; conditions that they know: {known}")

    def _seen(self, rgb, alpha):
        """(the picture that a painter gets, how it is reduced for the network). A gray picture keeps the pixels that it
        has where it is transparent, and is reduced on white; others lie on white in any case."""
        if self.takes == "gray picture":
            return rgb, lambda picture, sides=None: self._reduced(on_white(picture, alpha), sides)
        return on_white(rgb, alpha), self._reduced

    def _check(self, rgb):
        height, width = rgb.shape[:2]
        if min(height, width) < SHORTEST_SIDE or max(height, width) > LONGEST_SIDE:
            raise BadInput(
                f"picture of {width}x{height} px: needed is {SHORTEST_SIDE} to {LONGEST_SIDE} px a side; resize it"
            )

    def _reduced(self, rgb, sides=None):
        """A picture, (H, W) or (H, W, 3), at about the size of the training faces: its short side there, both sides
        multiples; or at the given height and width."""
        fixed = sides or next(given.shape[1:3] for given in self.generator.input.values() if len(given.shape) == 4)
        if None not in fixed:
            height, width = fixed
        else:
            ratio = self.size / min(rgb.shape[:2])
            sides = (min(side * ratio, LARGEST_RATIO * self.size) for side in rgb.shape[:2])
            height, width = (max(1, round(side / self.multiple)) * self.multiple for side in sides)
        return np.asarray(Image.fromarray(rgb).resize((width, height), Image.Resampling.LANCZOS))
