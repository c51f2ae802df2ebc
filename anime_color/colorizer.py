"""Any picture in, pictures of the same size out, their lightness untouched."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from joblib import cpu_count
from PIL import Image

from anime_color import characters, color, networks, noise, presets, regions
from data_prep import on_white, open_with_alpha
from data_prep.errors import BadInput

LONGEST_SIDE = 4000
LARGEST_RATIO = 8  # of long to short side, as the generator sees it: longer strips are seen squeezed
PIXELS_AT_ONCE = 2**18  # in one call of the generator and finished by one thread, which bounds the memory


class Colorizer:
    """Paints gray pictures with a trained generator.

    A picture is a path, a PIL image or an array (see `data_prep.open_image`); its own colors, if any, are not looked
    at. What comes back is uint8 RGB of its size, or RGBA with its alpha where it has one; its lightness is the
    picture's, for colors that sRGB cannot show at that lightness are desaturated until it can.

    generator: takes `l` and `noise`, returns scaled lab.
    size: side of the faces that it was trained on; pictures are colored at about this size, and the colors
        enlarged to the picture's own, so that they do not depend on it.
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
        self.clipped = np.zeros(0)

    @classmethod
    def from_preset(cls, name_or_run):
        """The colorizer of a shipped preset (see `anime-color presets`) or of a run folder's newest checkpoint."""
        return cls(**presets.load(name_or_run))

    @property
    def latent_size(self):
        return self.generator.input["noise"].shape[-1]

    def chroma(self, picture, noises=25, seed=0, schedule="random"):
        """Colorings of one picture, uint8 (noises, H, W, 3 or 4).

        noises: how many, or the noises themselves (N, latent).
        seed, schedule: of the noises, see `noise.schedule`.
        """
        rgb, alpha = open_with_alpha(picture)
        return _with_alpha(self._paint(rgb, alpha, self.noises(noises, seed, schedule)), alpha)

    def colorize(self, picture, noise=None, seed=0, character=None):
        """One coloring of one picture, uint8 (H, W, 3 or 4).

        noise: (latent,), such as one of `noises()` that was liked or saved; None draws it by `seed`.
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
        chosen = self.noises(1, seed) if noise is None else np.asarray(noise, "float32")[None]
        return _with_alpha(self._paint(rgb, alpha, chosen, palette), alpha)[0]

    def recolor(self, picture, region, noises=25, seed=0, schedule="random"):
        """New colors inside a region of one picture, uint8 (noises, H, W, 3 or 4); outside it, the picture as it was.

        region: a mask, a box or clicks, see `regions.mask`.
        noises, seed, schedule: as in `chroma`.
        """
        rgb, alpha = open_with_alpha(picture)
        inside = regions.mask(on_white(rgb, alpha), region)
        colorings = self._paint(rgb, alpha, self.noises(noises, seed, schedule))
        return _with_alpha(np.where(inside[..., None], colorings, rgb), alpha)

    def noises(self, noises=25, seed=0, schedule="random"):
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
        return characters.Character(self.name, np.asarray(noise, "float32"), characters.palette(solid))

    def lab(self, rgb, noises, seen=None, palette=None):
        """Yields the coloring of `rgb`, uint8 (H, W, 3), by each of the noises (N, latent): scaled lab (H, W, 3), as
        the generator wants it, so some of it outside the sRGB gamut.

        seen: what the generator looks at instead of `rgb`, where transparency makes the two differ.
        palette: L*, a*, b* (K, 3) that the colors are drawn to.
        """
        lightness = color.rgb_to_lab(rgb)[..., :1]
        for ab in self._small_ab(rgb if seen is None else seen, noises, palette):
            yield np.concatenate([lightness, np.stack(_resized(ab, *rgb.shape[:2]), -1)], -1)

    def _paint(self, rgb, alpha, noises, palette=None):
        """uint8 (N, H, W, 3) of the noises (N, latent)."""
        height, width = rgb.shape[:2]
        rows = max(1, PIXELS_AT_ONCE // width)
        bands = [slice(top, min(top + rows, height)) for top in range(0, height, rows)]
        group = max(1, PIXELS_AT_ONCE // (height * width))
        lightness = [color.rgb_to_lab(rgb[band])[..., 0] for band in bands]
        colors = list(self._small_ab(on_white(rgb, alpha), noises, palette))
        pictures, clipped = np.empty((len(noises), *rgb.shape), "uint8"), np.zeros(len(noises))

        def finish(first, last):
            for band, l in zip(bands, lightness, strict=True):  # noqa: E741
                brush = color.Brush(l, group)
                for start in range(first, last, group):
                    some = slice(start, min(start + group, last))
                    a, b = np.stack([_resized(ab, height, width, band) for ab in colors[some]], 1)
                    pictures[some, band], desaturated = brush(a, b)
                    clipped[some] += desaturated / (height * width)

        ends = np.linspace(0, len(noises), min(cpu_count(), len(noises)) + 1).astype(int)
        with ThreadPoolExecutor() as threads:
            list(threads.map(finish, ends[:-1], ends[1:]))
        self.clipped = clipped
        return pictures

    def _small_ab(self, seen, noises, palette):
        """Yields scaled ab (h, w, 2) at the size of the generator, for each of the noises."""
        height, width = seen.shape[:2]
        if max(height, width) > LONGEST_SIDE:
            raise BadInput(f"picture of {width}x{height} px: at most {LONGEST_SIDE} px a side; reduce it first")
        given = color.rgb_to_lab(self._reduced(seen), self.lightness)[None, ..., :1]
        chunk = max(1, PIXELS_AT_ONCE // given.size)
        paint = networks.painter(self.generator, given)
        for start in range(0, len(noises), chunk):
            for lab in paint(noises[start : start + chunk]):
                yield (lab if palette is None else characters.drawn_to(lab, palette))[..., 1:]

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


def _resized(ab, height, width, rows=slice(None)):
    """The two planes of ab (h, w, 2), bilinear at another size; only the given rows of it."""
    top, bottom, _ = rows.indices(height)
    box = (0, top * ab.shape[0] / height, ab.shape[1], bottom * ab.shape[0] / height)
    planes = [Image.fromarray(np.ascontiguousarray(ab[..., i])) for i in range(2)]
    return [np.asarray(p.resize((width, bottom - top), Image.Resampling.BILINEAR, box)) for p in planes]
