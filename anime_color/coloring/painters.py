"""What paints with a generator: a painter for each kind of picture that generators take.

    takes         what a user brings: "gray picture" (its colors, if any, are not looked at), "line art" or "photo"
    conditions    what else it listens to, by the names of the arguments of `Colorizer.colorize`
    given(rgb)    what a user would bring of a colored picture (H, W, 3): what scores and sheets show to the painter
    said(rgb)     and what he would say beside it, by the names of the conditions
    sketch(...)   (scaled lightness (H, W), a function that gives scaled ab (2 N, rows, W), a of each coloring, then b
                  of each, of a slice of rows) of a picture, painted with noises (N, latent)

Generators work at about the size of their training pictures, so a painter gets a function `reduced` that brings a
picture (H, W) or (H, W, 3) there, and brings what they painted back along the lines of the picture.
"""

from functools import cached_property

import keras
import numpy as np

from anime_color import color, hints
from anime_color.coloring import dots as dots_on
from anime_color.coloring import instances, references
from anime_color.coloring.naming import Naming
from anime_color.coloring.painting import along, along_rows, in_square
from data_prep import lines as line_art
from data_prep.errors import BadInput

PIXELS_AT_ONCE = 2**18  # in one call of a generator, which bounds its memory
RENDER_FACTORS = 2, 45  # the least and the most: pictures of 32 to 720 px
MOST_INK = 0.5  # of a line drawing's mean; what is darker is a picture and no line drawing
LEAST_INK = 0.25  # of the darkest pixel; what is lighter all over is empty paper


def painter(generator, lightness="lab", size=None):
    """The painter of a generator, by what it takes and is made of.

    lightness: "lab" or "luma", what it was trained to see. size: side of the pictures that it was trained on.
    """
    made_of, takes = {layer.name for layer in generator.layers}, set(generator.input)
    if "reference" in takes:
        return ReferencePainter(generator)
    if "boxes" in takes:
        return InstancePainter(generator, lightness)
    if "photo" in takes:
        return PhotoPainter(generator)
    if "gray" in takes:
        return RenderPainter(generator, size)
    if "shading" in made_of:
        return ShadedPainter(generator)
    if "lines" in takes:
        return LinePainter(generator)
    if {"regions", "sampler"} <= made_of:
        return RegionPainter(generator, lightness)
    return PlainPainter(generator, lightness)


class Painter:
    """What is so of most painters."""

    takes, conditions = "gray picture", ()

    def given(self, rgb):
        return rgb if self.takes != "line art" else drawing_of(rgb)

    def said(self, rgb):
        return {}


class PlainPainter(Painter):
    """Paints with any generator of l, and of noise if it has any; its colors are enlarged along the lines of the
    picture."""

    def __init__(self, generator, lightness="lab"):
        self.generator, self.lightness = generator, lightness
        self.conditions = ("noise",) if "noise" in generator.input else ()

    def sketch(self, rgb, reduced, noises):
        given, lightness = scaled_lightness(reduced(rgb), self.lightness), color.rgb_to_lab(rgb)[..., 0]
        chunk, colorings = max(1, PIXELS_AT_ONCE // given.size), []
        for start in range(0, len(noises), chunk):
            some = noises[start : start + chunk]
            shown = {"l": np.repeat(given, len(some), axis=0), "noise": some}
            colorings.append(self.generator.predict_on_batch({name: shown[name] for name in self.generator.input}))
        lab = np.concatenate(colorings)
        planes = np.moveaxis(lab[..., 1:], -1, 0).reshape(-1, *lab.shape[1:3])
        return lightness, along_rows(planes, given[0, ..., 0], lightness)


class RegionPainter(Painter):
    """Asks a generator that is made of regions and palette: what it sees, what it samples, what the regions are. A
    `flats.Flats` paints with it."""

    conditions = ("noise", "lock", "dots", "reference")
    draws_lightness = False

    def __init__(self, generator, lightness="lab"):
        self.lightness = lightness
        seen = generator.get_layer("painting").input[0], generator.get_layer("tokens_of_regions").output
        self.read = keras.Model(generator.input["l"], seen)
        self.sampler = generator.get_layer("sampler")

    def shaded(self, rgb, reduced, dots=None, threshold=None):
        """The picture (H, W, 3) whose lightness is cut into regions: the given one."""
        return rgb

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


class LinePainter(Painter):
    """Paints line art with a generator of lines and hints, once: what changes the coloring are dots."""

    takes, conditions = "line art", ("dots", "threshold")

    def __init__(self, generator):
        self.generator, self.factor = generator, generator.get_layer("small_lines").pool_size[0]

    def sketch(self, rgb, reduced, noises, dots=None, threshold=None):
        lightness, *ab = drawn(self.generator, self.factor, ink_of(rgb, threshold), reduced, dots)
        ab = np.stack(ab)
        return np.clip(lightness, -1, 1), lambda rows: ab[:, rows]


class ShadedPainter(RegionPainter):
    """The door of `RegionPainter` for line art: a network draws the lightness that the lines stand for, and all that
    can be done with regions can be done with that."""

    takes, conditions = "line art", ("noise", "lock", "dots", "reference", "threshold")
    draws_lightness = True

    def __init__(self, generator):
        super().__init__(generator.get_layer("chroma"))
        self.shading = generator.get_layer("shading")
        self.factor = self.shading.get_layer("stem").factor

    def shaded(self, rgb, reduced, dots=None, threshold=None):
        """A gray picture (H, W, 3): the lines (H, W, 3), filled with lightness; a dot's is that of its color."""
        (lightness,) = drawn(self.shading, self.factor, ink_of(rgb, threshold), reduced, dots)
        return color.lab_to_rgb(np.stack([np.clip(lightness, -1, 1), *np.zeros((2, *rgb.shape[:2]), "float32")], -1))


class ReferencePainter(Painter):
    """Paints with a generator of a reference's colors and of dots, once: of line art, which it sees as ink and paper,
    or of a gray picture. It sees the picture in the middle of a white square, and a dot as a single pixel of that."""

    def __init__(self, generator):
        self.generator, self.drawn = generator, "lines" in generator.input
        self.takes = "line art" if self.drawn else "gray picture"
        self.conditions = (*references.CONDITIONS, "dots", *(["threshold"] if self.drawn else []))
        self.cells = generator.input["hints"].shape[1:3]

    def said(self, rgb):
        return {"reference": rgb}

    def sketch(self, rgb, reduced, noises, dots=None, threshold=None, **told):
        reference = references.histogram(**told)
        guide = ink_of(rgb, threshold) if self.drawn else rgb
        square, place = in_square(guide)
        small = reduced(square)
        if self.drawn:
            shown = (small > hints.PAPER)[None, ..., None].astype("float32")
            small, guide = small / np.float32(255), square / np.float32(255)
        else:
            shown = color.rgb_to_lab(small)[None, ..., :1]
            small, guide = shown[0, ..., 0], color.rgb_to_lab(square)[..., 0]
        top, left = place[0].start, place[1].start
        # a dot is one pixel, as in training: of a wider one the network makes splashes
        moved = [d._replace(x=d.x + left, y=d.y + top, radius=0) for d in dots_on.checked(dots or [], rgb.shape[:2])]
        given = {"hints": dots_on.plane(moved, guide.shape, self.cells)[None], "reference": reference[None]}
        painted = self.generator.predict_on_batch({("lines" if self.drawn else "l"): shown, **given})[0]
        lightness, *ab = along(np.moveaxis(painted, -1, 0), small, guide)[:, *place]
        if not self.drawn:
            lightness = guide[place]
        else:  # ink stays black, whatever was painted
            lightness = (np.clip(lightness, -1, 1) + 1) * guide[place] - 1
        ab = np.stack(ab)
        return lightness, lambda rows: ab[:, rows]


class InstancePainter(Painter):
    """Paints with a generator that looks at what is in boxes apart, once; without any, at the whole picture alone."""

    conditions = ("boxes",)

    def __init__(self, generator, lightness="lab"):
        self.generator, self.lightness = generator, lightness

    def sketch(self, rgb, reduced, noises, boxes=None):
        given, size = scaled_lightness(reduced(rgb), self.lightness), rgb.shape[1::-1]
        found = instances.boxes(boxes, rgb) if boxes is not None else []
        # multiplied before it is divided, a box that ends at the border ends there in what the generator sees, too
        seen = np.array(found or [(0, 0, *size)]) * np.tile(given.shape[2:0:-1], 2) / np.tile(size, 2)
        valid = np.full((1, len(seen)), float(bool(found)), "float32")
        painted = self.generator.predict_on_batch({"l": given, "boxes": np.float32(seen)[None], "box_valid": valid})[0]
        ab = along(np.moveaxis(painted[..., 1:], -1, 0), given[0, ..., 0], color.rgb_to_lab(rgb)[..., 0])
        return color.rgb_to_lab(rgb)[..., 0], lambda rows: ab[:, rows]


class PhotoPainter(Painter):
    """Turns photos into pictures of their own lightness and color, once, with a generator of photos."""

    takes = "photo"

    def __init__(self, generator):
        self.generator = generator

    def sketch(self, rgb, reduced, noises):
        small = color.scale_rgb(reduced(rgb))
        painted = self.generator.predict_on_batch({"photo": small[None]})[0]
        # each channel along its own: a line of the photo is a line of the cartoon
        planes = [
            along(np.moveaxis(painted[..., i : i + 1], -1, 0), small[..., i], color.scale_rgb(rgb[..., i]))[0]
            for i in range(3)
        ]
        lab = color.rgb_to_lab(color.unscale_rgb(np.stack(planes, -1)))
        ab = np.moveaxis(lab[..., 1:], -1, 0)
        return lab[..., 0], lambda rows: ab[:, rows]


class RenderPainter(Painter):
    """Paints with a generator that makes a whole sRGB picture of a gray one, once.

    As DeOldify has it, the picture is stretched to a square of 16 * `render_factor` pixels; of what is rendered the
    colors are kept, the U and V of YUV, and the luma is not. Ours: colors are enlarged along the lines of the picture.
    """

    conditions = ("render_factor",)

    def __init__(self, generator, size):
        self.generator, self.usual = generator, max(RENDER_FACTORS[0], size // 16)

    def sketch(self, rgb, reduced, noises, render_factor=None):
        side = 16 * checked_render_factor(render_factor or self.usual)
        gray = color.luma(rgb)
        small = color.luma(reduced(np.repeat(gray[..., None], 3, -1), (side, side)))
        rendered = self.generator.predict_on_batch({"gray": color.scale_rgb(small)[None, ..., None]})[0]
        kept = color.rgb_to_lab(color.with_luma(color.unscale_rgb(rendered), small))
        ab = along(np.moveaxis(kept[..., 1:], -1, 0), color.scale_rgb(small), color.scale_rgb(gray))
        return color.rgb_to_lab(rgb)[..., 0], lambda rows: ab[:, rows]


def checked_render_factor(factor):
    """The render factor itself. BadInput if it is none."""
    least, most = RENDER_FACTORS
    if not isinstance(factor, (int, np.integer)) or not least <= factor <= most:
        raise BadInput(f"render_factor={factor!r}: needed is a whole number from {least} to {most}")
    return int(factor)


def scaled_lightness(rgb, lightness):
    """Scaled lightness (1, h, w, 1) of a picture (h, w, 3), as a generator wants to see it."""
    return color.rgb_to_lab(rgb, lightness)[None, ..., :1]


def drawing_of(rgb):
    """The lines (H, W, 3) of a colored picture, as an artist might have drawn them before. Where a soft painting has no
    line for the extractor, what is darker than its surroundings is drawn, in full black where that is strongest."""
    lines = line_art.extract(rgb)
    if _empty(lines):
        ink = 255 - line_art.extract(rgb, "dilate_difference").astype("float32")
        lines = (255 - ink * (255 / max(ink.max(), 1))).astype("uint8")
    return np.repeat(lines[..., None], 3, -1)


def _empty(lines):
    return lines.min() > 255 * (1 - LEAST_INK)


def ink_of(rgb, threshold=None):
    """Lines uint8 (H, W) of a scanned or drawn line drawing, its paper white. BadInput if it is empty or no line
    art."""
    lines = line_art.cleaned(rgb, threshold)
    if _empty(lines):
        raise BadInput("no line on the drawing: needed is dark ink on light paper")
    if lines.mean() < 255 * MOST_INK:
        raise BadInput(
            "the picture is mostly dark: needed is line art, dark ink on light paper; weights such as chroma-128 color "
            "gray pictures"
        )
    return lines


def drawn(network, factor, lines, reduced, dots):
    """What a network of lines and hints, the latter `factor` times smaller, paints: planes (C, H, W) of lines uint8
    (H, W) with dots."""
    small = reduced(lines) / np.float32(255)
    plane = dots_on.plane(dots or [], lines.shape, [side // factor for side in small.shape])
    painted = network.predict_on_batch({"lines": small[None, ..., None], "hints": plane[None]})[0]
    return along(np.moveaxis(painted, -1, 0), small, lines / np.float32(255))


def _scale(layer):
    """(mean, deviation) of a `networks.regions.Standardized`."""
    return keras.ops.convert_to_numpy(layer.mean), keras.ops.convert_to_numpy(layer.deviation)
