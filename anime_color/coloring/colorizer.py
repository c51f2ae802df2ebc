"""Any picture in, pictures of the same size out, their lightness untouched."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from joblib import cpu_count
from PIL import Image

from anime_color import color, presets
from anime_color.coloring import characters, noise, painting, regions
from data_prep import on_white, open_with_alpha
from data_prep.errors import BadInput

SHORTEST_SIDE, LONGEST_SIDE = 16, 4000
LARGEST_RATIO = 8  # of long to short side, as the generator sees it: longer strips are seen squeezed
PIXELS_AT_ONCE = 2**20  # of all colorings, finished by one thread, which bounds the memory


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
    def latent_size(self):
        return self.generator.input["noise"].shape[-1]

    def chroma(self, picture, noises=25, seed=0, schedule="balanced"):
        """Colorings of one picture, uint8 (noises, H, W, 3 or 4).

        noises: how many, or the noises themselves (N, latent).
        seed, schedule: of the noises, see `noise.schedule`.
        """
        rgb, alpha = open_with_alpha(picture)
        return _with_alpha(self._paint(rgb, alpha, self.noises(noises, seed, schedule)), alpha)

    def colorize(self, picture, noise=None, seed=0, character=None):
        """One coloring of one picture, uint8 (H, W, 3 or 4).

        noise: (latent,), such as one of `noises()` that was liked or saved; None takes the first of the sheet of
            `seed`.
        character: a `characters.Character` or the path of its file: its noise, and colors drawn to its palette.
        """
        rgb, alpha = open_with_alpha(picture)
        palette = None
        if character is not None:
            if noise is not None:
                raise BadInput("both a noise and a character were given, and a character has its own: give one of them")
            if not isinstance(character, characters.Character):
                character = characters.load(character)
            if character.weights != self.name:
                raise BadInput(f"a character of the weights {character.weights}, not of {self.name}: use the former")
            noise, palette = character.noise, character.palette
        chosen = self.noises(seed=seed)[:1] if noise is None else self.noises(np.asarray(noise, "float32")[None])
        return _with_alpha(self._paint(rgb, alpha, chosen, palette), alpha)[0]

    def recolor(self, picture, region, noises=25, seed=0, schedule="balanced"):
        """New colors inside a region of one picture, uint8 (noises, H, W, 3 or 4); outside it, the picture as it was.

        region: a mask, a box or clicks, see `regions.mask`.
        noises, seed, schedule: as in `chroma`.
        """
        rgb, alpha = open_with_alpha(picture)
        inside = regions.mask(on_white(rgb, alpha), region)
        colorings = self._paint(rgb, alpha, self.noises(noises, seed, schedule))
        return _with_alpha(np.where(inside[..., None], colorings, rgb), alpha)

    def noises(self, noises=25, seed=0, schedule="balanced"):
        """The noises (N, latent) of `chroma` with the same arguments. BadInput if given ones do not fit."""
        if isinstance(noises, int):
            noises = noise.schedule(schedule, self.latent_size, noises, seed)
        noises = np.asarray(noises, "float32")
        if noises.ndim != 2 or noises.shape[1] != self.latent_size or not np.isfinite(noises).all():
            raise BadInput(f"noises {noises.shape}: needed are finite numbers (count, {self.latent_size})")
        return noises

    def character(self, picture, noise):
        """The `characters.Character` of the coloring of `picture` by `noise` (latent,)."""
        colored = self.colorize(picture, noise)
        solid = colored[..., :3] if colored.shape[2] == 3 else colored[colored[..., 3] > 127][None, :, :3]
        if not solid.size:
            raise BadInput("the picture is wholly transparent: a character needs colors that can be seen")
        return characters.Character(self.name, np.asarray(noise, "float32"), characters.palette(solid))

    def regions(self, picture):
        """The soft regions of one picture, `painting.Regions`: how much of each a pixel belongs to, float32 (K, H, W),
        and what they mostly are. BadInput if the weights know no regions."""
        rgb, alpha = open_with_alpha(picture)
        if not isinstance(self.painter, painting.RegionPainter):
            raise BadInput(f"weights {self.name}: they know no regions; take those of a chroma of this version")
        self._check(rgb)
        return self.painter.regions(self._given(on_white(rgb, alpha)), color.rgb_to_lab(rgb)[..., 0])

    def lab(self, rgb, noises, seen=None, palette=None):
        """Yields the coloring of `rgb`, uint8 (H, W, 3), by each of the noises (N, latent): scaled lab (H, W, 3), as
        the generator wants it, so some of it outside the sRGB gamut.

        seen: what the generator looks at instead of `rgb`, where transparency makes the two differ.
        palette: L*, a*, b* (K, 3) that the colors are drawn to.
        """
        lightness = color.rgb_to_lab(rgb)[..., 0]
        sketch = self.painter.sketch(self._given(rgb if seen is None else seen), lightness, noises, palette)
        for a, b in zip(*np.split(sketch(slice(None)), 2), strict=True):
            yield np.stack([lightness, a, b], -1)

    def _paint(self, rgb, alpha, noises, palette=None):
        """uint8 (N, H, W, 3) of the noises (N, latent)."""
        self._check(rgb)
        height, width = rgb.shape[:2]
        lightness = color.rgb_to_lab(rgb)[..., 0]
        sketch = self.painter.sketch(self._given(on_white(rgb, alpha)), lightness, noises, palette)
        pictures = np.empty((len(noises), height, width, 3), "uint8")
        rows = max(1, PIXELS_AT_ONCE // (width * len(noises)))

        def finish(top):
            band = slice(top, min(top + rows, height))
            places = color.places_of_lightness(lightness[band])
            ab = sketch(band)
            ab += 1
            ab *= color.AB_PLACES_EACH
            ab += np.float32(0.5)
            clipped = np.zeros(len(noises))
            for i, (a, b) in enumerate(zip(*np.split(ab, 2), strict=True)):
                found = color.looked_up(places, a, b)
                pictures[i, band] = found.view("uint8").reshape(*found.shape, 4)[..., :3]
                clipped[i] = np.count_nonzero(found >> 24)
            return clipped

        color.swatches()
        with ThreadPoolExecutor(cpu_count()) as threads:
            self.clipped = sum(threads.map(finish, range(0, height, rows))) / (height * width)
        return pictures

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


def _with_alpha(pictures, alpha):
    """The pictures (N, H, W, 3), and `alpha` (H, W) as their fourth channel if there is one."""
    if alpha is None:
        return pictures
    return np.concatenate([pictures, np.broadcast_to(alpha[..., None], (*pictures.shape[:-1], 1))], -1)
