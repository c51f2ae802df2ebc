"""From networks to pixels: what a generator sees and samples, regions cut out along the picture's own lightness at its
own size, and colors finished by a table (`color.swatches`).

Planes are (K, H, W) here, a region or a color after the other, for pixels that lie together are read together.
"""

from concurrent.futures import ThreadPoolExecutor
from functools import cached_property

import keras
import numpy as np
from joblib import cpu_count
from PIL import Image

from anime_color import color
from anime_color.coloring.naming import Naming

PIXELS_AT_ONCE = 2**18  # in one call of a generator, which bounds its memory
FINISHED_AT_ONCE = 2**20  # pixels of all colorings, finished by one thread, which bounds the memory
CUT_AT = 512  # longest side at which borders are brought to the lines; what is larger is enlarged from there
EDGE = 0.15  # change of scaled lightness, 7.5 L*, at which what lies on the other side counts little
REACH = 1.5  # pixels of the region network from which a border is brought to its line
CERTAINTY = 4  # how much less than the inside of a region counts what lies between two


def painter(generator):
    """What paints with a generator: a `RegionPainter` where it is made of regions and palette, or a `PlainPainter`."""
    made_of = {layer.name for layer in generator.layers}
    return RegionPainter(generator) if {"regions", "sampler"} <= made_of else PlainPainter(generator)


class PlainPainter:
    """Paints with any generator of l and noise; its colors are enlarged to the size of the picture."""

    def __init__(self, generator):
        self.generator = generator

    def sketch(self, given, lightness, noises):
        """A function that gives scaled ab (2 N, rows, W), a of each coloring, then b of each, of a slice of rows of a
        picture painted with noises (N, latent).

        given: what the generator sees of it, scaled lightness (1, h, w, 1). lightness: its own, scaled (H, W).
        """
        chunk, colorings = max(1, PIXELS_AT_ONCE // given.size), []
        for start in range(0, len(noises), chunk):
            some = noises[start : start + chunk]
            colorings.append(self.generator.predict_on_batch({"l": np.repeat(given, len(some), axis=0), "noise": some}))
        lab = np.concatenate(colorings)
        planes = np.moveaxis(lab[..., 1:], -1, 0).reshape(-1, *lab.shape[1:3])
        return lambda rows: resized(planes, lightness.shape, rows)


class RegionPainter:
    """Asks a generator that is made of regions and palette: what it sees, what it samples, what the regions are."""

    def __init__(self, generator):
        seen = generator.get_layer("painting").input[0], generator.get_layer("tokens_of_regions").output
        self.read = keras.Model(generator.input["l"], seen)
        self.sampler = generator.get_layer("sampler")

    def look(self, given):
        """(m (K, h, w), tokens (K, T)) of scaled lightness (1, H, W, 1)."""
        m, tokens = self.read.predict_on_batch(given)
        return np.ascontiguousarray(np.moveaxis(m[0], -1, 0)), tokens[0]

    def palettes(self, tokens, noises, known=None):
        """Palettes (N, K, 4) of the noises (N, latent), all in one batch, of the regions that `tokens` (K, T) tell of.

        known: (K, 4), what is not NaN of it comes out as it is, and the rest is sampled to match.
        """
        known = np.full(self.sampler.output.shape[1:], np.nan, "float32") if known is None else known
        locked = ~np.isnan(known)
        mean, deviation = _scale(self.sampler.get_layer("palette_standardized"))
        standardized = np.where(locked, (known - mean) / deviation, 0)
        given = {"tokens": tokens, "known": standardized, "locked": locked}
        given = {name: np.repeat(x[None].astype("float32"), len(noises), axis=0) for name, x in given.items()}
        return np.where(locked, known, self.sampler.predict_on_batch(given | {"noise": noises}))

    def standardized(self, tokens):
        """Tokens (..., T) as the sampler sees them: each number with mean 0 and deviation 1 on the training faces."""
        mean, deviation = _scale(self.sampler.get_layer("palette").get_layer("tokens_standardized"))
        return (tokens - mean) / deviation

    @cached_property
    def naming(self):
        """What tells the part of a drawing that a region is."""
        return Naming(self)


def mixture(planes, palettes, means, lightness):
    """A function that gives scaled ab (2 N, rows, W) like `PlainPainter.sketch`, of palettes (N, K, 4) mixed as planes
    (K, h, w), whose sum over K is 1, say. means: the mean lightness of each region (K,). lightness: (H, W)."""
    colors, slopes = np.split(palettes, 2, -1)
    flat = colors - slopes * means[:, None]
    # ab = sum over k of share k * (color - slope * mean) + lightness * sum of share k * slope: one matrix for all
    matrix = np.concatenate([part.transpose(2, 0, 1).reshape(-1, len(planes)) for part in (flat, slopes)])
    matrix = np.ascontiguousarray(matrix, "float32")

    def ab(rows):
        l, shares = lightness[rows], resized(planes, lightness.shape, rows)  # noqa: E741
        flat, slope = np.split((matrix @ shares.reshape(len(shares), -1)).reshape(-1, *l.shape), 2)
        slope *= l
        flat += slope
        return flat

    return ab


def finished(sketch, lightness, count):
    """(`count` pictures uint8 (N, H, W, 3), share of the pixels of each that had to be desaturated) of a sketch as
    `PlainPainter.sketch` gives it and of scaled lightness (H, W)."""
    height, width = lightness.shape
    pictures = np.empty((count, height, width, 3), "uint8")
    rows = max(1, FINISHED_AT_ONCE // (width * count))

    def finish(top):
        band = slice(top, min(top + rows, height))
        places = color.places_of_lightness(lightness[band])
        ab = sketch(band)
        ab += 1
        ab *= color.AB_PLACES_EACH
        ab += np.float32(0.5)
        clipped = np.zeros(count)
        for i, (a, b) in enumerate(zip(*np.split(ab, 2), strict=True)):
            found = color.looked_up(places, a, b)
            pictures[i, band] = found.view("uint8").reshape(*found.shape, 4)[..., :3]
            clipped[i] = np.count_nonzero(found >> 24)
        return clipped

    color.swatches()
    with ThreadPoolExecutor(cpu_count()) as threads:
        return pictures, sum(threads.map(finish, range(0, height, rows))) / (height * width)


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


def _scale(layer):
    """(mean, deviation) of a `networks.regions.Standardized`."""
    return keras.ops.convert_to_numpy(layer.mean), keras.ops.convert_to_numpy(layer.deviation)
