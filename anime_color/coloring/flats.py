"""Flats: a picture cut into regions, ready for any palette. What takes time is done once; a palette takes milliseconds.

flats = colorizer.flats("portrait.png")
palettes = flats.sampled(colorizer.noises(25), lock={"hair": "#3060c0"})
colorings = flats.paint(palettes)
"""

from functools import cached_property

import numpy as np
from keras import ops

from anime_color import color
from anime_color.coloring import dots as dots_on
from anime_color.coloring import regions
from anime_color.coloring.naming import NAMES
from anime_color.coloring.painting import cut_out, finished, mixture, resized
from anime_color.coloring.palettes import Palette, ab_of
from anime_color.networks.regions import fitted
from data_prep.errors import BadInput

LEAST_SHARE = 0.05  # a region that no pixel belongs to by more does not occur in a picture
TOGETHER = 0.6  # correlation of the colors of two regions of one name, from which on they are one thing
LIKE = 0.5  # how far regions of two pictures may look apart, in deviations a number of their tokens, to be one
DARKEST = 0.1  # scaled lightness from black of a region that can be made lighter: less would be noise, blown up
MOST_SLOPE = 1.0  # of a locked color: how much of it 50 L* more or less can give or take


class Flats:
    """One picture, cut into E regions: those of the network, and the parts of one that dots have split.

    clipped: share of the pixels that were desaturated, for each coloring of the last call.
    """

    def __init__(self, painter, given, rgb, alpha=None, dots=None, weights=""):
        """painter: a `painting.RegionPainter`. given: what its network sees of the picture, scaled lightness
        (1, h, w, 1). rgb, alpha: the picture. dots: [(x, y, color), ...], see `Colorizer.colorize`. weights: their
        name."""
        self.painter, self.rgb, self.alpha, self.weights = painter, rgb, alpha, weights
        self.l = color.rgb_to_lab(rgb)[..., 0]
        m, self.seen = painter.look(given)
        self.occurring = np.flatnonzero(m.max((1, 2)) > LEAST_SHARE)
        self.planes = cut_out(m[self.occurring] / m[self.occurring].sum(0), self.l)
        self.origin = np.arange(len(m))  # the network's region that each region is, or is a part of
        self.clipped = np.zeros(0)
        self.dotted = dots_on.colors(self, dots) if dots else {}
        if painter.draws_lightness and self.dotted:
            self._light({region: lab[0] for region, lab in self.dotted.items()})

    # What the regions are ----------------------------------------------------------------------------------------

    @cached_property
    def alike(self):
        """How alike regions are colored, correlations (E, E)."""
        return self.painter.naming.alike(self.seen)[self.origin][:, self.origin]

    @cached_property
    def names(self):
        """The part that each region is: a tuple of E of `naming.NAMES`."""
        count = len(self.seen)
        named = self.painter.naming(self.seen, self.alike[:count, :count])
        return tuple(named[region] for region in self.origin)

    @cached_property
    def area(self):
        """Share of the picture that each region is (E,)."""
        return self._by_region(self.planes.mean((1, 2)))

    @cached_property
    def lightness(self):
        """Mean scaled lightness of each region (E,), 0 where it does not occur."""
        small = resized(self.l[None], self.planes.shape[1:])[0]
        return self._by_region((self.planes * small).sum((1, 2)) / np.maximum(self.planes.sum((1, 2)), 1e-6))

    @cached_property
    def tokens(self):
        """What each region looks like to the network (E, T); of a part, with its own place and area."""
        tokens = self.seen[self.origin].copy()
        for region in range(len(self.seen), len(tokens)):
            for part in {int(self.origin[region]), region}:
                (plane,) = self.planes[self.occurring == part]
                tokens[part, -3:] = _place_and_area(plane)
        return tokens

    def spot(self, x, y):
        """(row, column) of the planes at which a pixel of the picture lies."""
        (height, width), (h, w) = self.l.shape, self.planes.shape[1:]
        return y * h // height, x * w // width

    def at(self, x, y):
        """The region that a pixel of the picture belongs to most, among those of the part that it belongs to most."""
        here, named = self.planes[:, *self.spot(x, y)], np.array(self.names)[self.occurring]
        part = max(NAMES, key=lambda name: here[named == name].sum())
        return int(self.occurring[np.where(named == part, here, -1).argmax()])

    def thing(self, region):
        """All regions that are one thing with `region`: those of its name that noises color alike."""
        same = np.array([name == self.names[region] for name in self.names])
        return np.flatnonzero(same & (self.alike[region] >= TOGETHER))

    def split(self, region, parts):
        """Cuts a region into as many as `parts` (h, w) has numbers from 0, at the size of the planes. Gives the number
        of each part: the first keeps that of the region, the others are new."""
        row = int(np.flatnonzero(self.occurring == region)[0])
        whole = self.planes[row].copy()
        new = np.arange(parts.max()) + len(self.origin)
        self.planes[row] = whole * (parts == 0)
        self.planes = np.concatenate([self.planes, *[whole[None] * (parts == i) for i in range(1, len(new) + 1)]])
        self.occurring = np.concatenate([self.occurring, new])
        self.origin = np.concatenate([self.origin, np.full(len(new), region)])
        for name in ("alike", "names", "area", "lightness", "tokens"):
            self.__dict__.pop(name, None)
        return [region, *new.tolist()]

    def chosen(self, region):
        """The regions (numbers) that `region` means: a name of `naming.NAMES`, or clicks [(x, y), ...] on what is
        meant. A click means all regions of the name of the one it is on that noises color alike: the hair on both sides
        of a face. None for anything else."""
        if isinstance(region, str) and region in NAMES:
            return self.palette(None).regions(region)
        if isinstance(region, (list, tuple)) and all(np.ndim(place) == 1 for place in region) and len(region):
            clicked = [self.at(*regions.place(place, self.l.shape)) for place in region]
            return np.unique(np.concatenate([self.thing(one) for one in clicked]))
        return None

    def share(self, region):
        """How much each pixel belongs to `region`, float32 (H, W): 0.5 where another part has as much of it.

        region: as in `chosen`, or a mask or a box, as `regions.mask` takes them.
        """
        chosen = self.chosen(region)
        if chosen is None:
            return regions.mask(region, self.l.shape).astype("float32")
        inside, named = np.isin(self.occurring, chosen), np.array(self.names)[self.occurring]
        parts = [self.planes[~inside & (named == name)].sum(0) for name in NAMES]
        own, rival = resized(np.stack([self.planes[inside].sum(0), np.max(parts, 0)]), self.l.shape)
        return own / np.maximum(own + rival, 1e-6)

    # Palettes ----------------------------------------------------------------------------------------------------

    def sampled(self, noises, lock=None):
        """Palettes (N, E, 4), as `Palette.entries`, of the noises (N, latent).

        lock: {region: color}, regions by name or number and colors as `palettes.ab_of` takes them; or a `Palette` of
            this picture, or entries (E, 4): what is decided in it comes out as it is, and the rest is sampled to match.
            What dots say comes on top.
        """
        known = self._known(lock)
        count = len(self.seen)
        palettes = self.painter.palettes(self.seen, noises, known[:count])[:, self.origin]
        palettes = np.where(np.isnan(known), palettes, known)
        given = ~np.isnan(known[:, 0]) & np.isnan(known[:, 2])  # a color without a slope
        palettes[:, given, 2:] = _of_one_hue(palettes[:, given])
        return palettes

    def palette(self, entries):
        """The `Palette` of entries (E, 4); None: one in which nothing is decided."""
        if entries is None:
            entries = np.full((len(self.origin), 4), np.nan, "float32")
        return Palette(self.weights, self.names, entries, self.lightness, self.area, self.tokens)

    def fitted(self):
        """The entries (E, 4) of the picture's own colors, by least squares; NaN where a region does not occur."""
        size = self.planes.shape[1:]
        l, a, b = resized(np.moveaxis(color.rgb_to_lab(self.rgb), -1, 0), size)  # noqa: E741
        m = np.moveaxis(self.planes, 0, -1)[None]
        found = ops.convert_to_numpy(fitted(m, np.stack([a, b], -1)[None], l[None, ..., None]))[0]
        entries = np.full((len(self.origin), 4), np.nan, "float32")
        entries[self.occurring] = found
        return entries

    def carried(self, palette):
        """The `Palette` of this picture that has the colors of another picture's: each region takes those of the
        regions of its name there, the more the more they look alike. What has none there, and the background, stays
        undecided."""
        self._check_weights(palette)
        there, here = (self.painter.standardized(tokens) for tokens in (palette.tokens, self.tokens))
        entries = np.full((len(self.origin), 4), np.nan, "float32")
        for region, name in enumerate(self.names):
            same = [i for i, other in enumerate(palette.names) if other == name and palette.area[i] > 0]
            if same and name != "background":
                distance = ((there[same] - here[region]) ** 2).mean(-1) / (2 * LIKE**2)
                weight = palette.area[same] * np.exp(distance.min() - distance)
                entries[region, :2] = weight @ palette.entries[same, :2] / weight.sum()
        return self.palette(entries)

    # Pictures ----------------------------------------------------------------------------------------------------

    def paint(self, palettes):
        """Colorings uint8 (N, H, W, 3 or 4) of palettes (N, E, 4) or of a list of `Palette`."""
        entries = self._entries(palettes)
        pictures, self.clipped = finished(self.sketch(entries), self.l, len(entries))
        return with_alpha(pictures, self.alpha)

    def sketch(self, palettes):
        """A function that gives scaled ab (2 N, rows, W), a of each coloring by palettes (N, E, 4), then b of each, of
        a slice of rows of the picture."""
        there = self.occurring
        return mixture(self.planes, palettes[:, there], self.lightness[there], self.l)

    # -------------------------------------------------------------------------------------------------------------

    def _light(self, wanted):
        """Gives regions the mean scaled lightness that is `wanted`, {region: l}; black lines stay black."""
        factors = np.ones(len(self.origin), "float32")
        for region, l in wanted.items():  # noqa: E741
            factors[region] = (l + 1) / max(self.lightness[region] + 1, DARKEST)
        (factor,) = resized(np.tensordot(factors[self.occurring], self.planes, 1)[None], self.l.shape)
        self.l = np.clip((self.l + 1) * factor - 1, -1, 1)
        self.rgb = color.lab_to_rgb(np.stack([self.l, *np.zeros((2, *self.l.shape), "float32")], -1))
        self.__dict__.pop("lightness", None)

    def _by_region(self, values):
        found = np.zeros(len(self.origin), "float32")
        found[self.occurring] = values
        return found

    def _entries(self, palettes):
        entries = np.stack([self._of_these_regions(palette) for palette in palettes])
        if np.isnan(entries[:, self.occurring]).any():
            raise BadInput("palette in which some regions are undecided: sample them, with it as the lock")
        return entries

    def _of_these_regions(self, palette):
        """The entries (E, 4) of a `Palette`, or of entries themselves."""
        if isinstance(palette, Palette):
            self._check_weights(palette)
            palette = palette.entries
        entries = np.array(palette, "float32")
        if entries.shape != (len(self.origin), 4):
            raise BadInput(
                f"palette of {len(entries)} regions for a picture of {len(self.origin)}: dots have split one of them; "
                f"carry it over as a character instead"
            )
        return entries

    def _check_weights(self, palette):
        if palette.weights != self.weights or palette.tokens.shape[1] != self.seen.shape[1]:
            raise BadInput(f"palette of the weights {palette.weights}, not of {self.weights}: use the former")

    def _known(self, lock):
        if not isinstance(lock, (Palette, np.ndarray)):
            asked, lock = lock or {}, np.full((len(self.origin), 4), np.nan, "float32")
            for which, value in asked.items():
                lock[self.palette(None).regions(which), :2] = ab_of(value)
        known = self._of_these_regions(lock)
        for region, lab in self.dotted.items():
            known[region, :2] = lab[1:]
        return known


def _of_one_hue(entries):
    """Slopes (..., 2) of entries (..., 4) that change how strong a color is and not its hue, nor turn it into another
    within half of the lightness: who asks for blue hair wants it blue in the shade."""
    color, slope = np.split(entries, 2, -1)
    square = (color * color).sum(-1, keepdims=True)
    along = (color * slope).sum(-1, keepdims=True) / np.maximum(square, 1e-6)
    return color * np.clip(along, -MOST_SLOPE, MOST_SLOPE)


def with_alpha(pictures, alpha):
    """The pictures (N, H, W, 3), and `alpha` (H, W) as their fourth channel if there is one."""
    if alpha is None:
        return pictures
    return np.concatenate([pictures, np.broadcast_to(alpha[..., None], (*pictures.shape[:-1], 1))], -1)


def _place_and_area(plane):
    """The last three numbers of a region's token, see `networks.regions.Tokens`: y, x from -1 to 1, log of the area."""
    height, width = plane.shape
    total = plane.sum() + 1e-6
    y = (plane.sum(1) * ((2 * np.arange(height) + 1) / height - 1)).sum() / total
    x = (plane.sum(0) * ((2 * np.arange(width) + 1) / width - 1)).sum() / total
    return y, x, np.log(plane.mean() + 1e-6)
