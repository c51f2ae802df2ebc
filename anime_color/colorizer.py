"""Any picture in, pictures of the same size out, their lightness untouched."""

import numpy as np
from PIL import Image

from anime_color import color, networks, noise, presets
from data_prep.errors import BadInput
from data_prep.pictures import open_image

LONGEST_SIDE = 4000
LARGEST_RATIO = 8  # of long to short side, as the generator sees it: longer strips are seen squeezed
PIXELS_AT_ONCE = 2**19  # in one call of the generator, which bounds the memory


class Colorizer:
    """Paints gray pictures with a trained generator.

    generator: takes `l` and `noise`, returns scaled lab.
    size: side of the faces that it was trained on; pictures are colored at about this size, and the colors
        enlarged to the picture's own.
    lightness: "lab" or "luma", what the generator was trained to see.
    multiple: height and width that the generator gets are multiples of this.
    """

    def __init__(self, generator, size, lightness="lab", multiple=32, name=""):
        self.generator, self.size, self.lightness, self.multiple, self.name = (
            generator,
            size,
            lightness,
            multiple,
            name,
        )

    @classmethod
    def from_preset(cls, name_or_run):
        """The colorizer of a shipped preset (see `anime-color presets`) or of a run folder's newest checkpoint."""
        return cls(**presets.load(name_or_run))

    @property
    def latent_size(self):
        return self.generator.input["noise"].shape[-1]

    def chroma(self, picture, noises=25, seed=0, schedule="random"):
        """Colorings of one picture, uint8 (noises, H, W, 3) at the picture's own size.

        picture: path, PIL image or array (see `data_prep.open_image`); its colors, if any, are not looked at.
        noises: how many, or the noises themselves (N, latent).
        seed, schedule: of the noises, see `noise.schedule`.
        """
        rgb = open_image(picture)
        if isinstance(noises, int):
            noises = noise.schedule(schedule, self.latent_size, noises, seed)
        pictures = np.empty((len(noises), *rgb.shape), "uint8")
        for i, lab in enumerate(self.lab(rgb, noises)):
            pictures[i] = color.lab_to_rgb(color.into_gamut(lab))
        return pictures

    def lab(self, rgb, noises):
        """Yields the coloring of `rgb`, uint8 (H, W, 3), by each of the noises (N, latent): scaled lab (H, W, 3), as
        the generator wants it, so some of it outside the sRGB gamut."""
        height, width = rgb.shape[:2]
        if max(height, width) > LONGEST_SIDE:
            raise BadInput(f"picture of {width}x{height} px: at most {LONGEST_SIDE} px a side; reduce it first")
        noises = np.asarray(noises, "float32")
        if noises.ndim != 2 or noises.shape[1] != self.latent_size or not np.isfinite(noises).all():
            raise BadInput(f"noises {noises.shape}: needed are finite numbers (count, {self.latent_size})")
        lightness = color.rgb_to_lab(rgb)[..., :1]
        seen = color.rgb_to_lab(self._reduced(rgb), self.lightness)[None, ..., :1]
        chunk = max(1, PIXELS_AT_ONCE // (seen.shape[1] * seen.shape[2]))
        paint = networks.painter(self.generator, seen)
        for start in range(0, len(noises), chunk):
            for lab in paint(noises[start : start + chunk]):
                yield np.concatenate([lightness, _resized(lab[..., 1:], height, width)], -1)

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


def _resized(ab, height, width):
    """Float planes (h, w, 2) at another size, bilinear."""
    planes = [Image.fromarray(np.ascontiguousarray(ab[..., i])) for i in range(2)]
    return np.stack([np.asarray(p.resize((width, height), Image.Resampling.BILINEAR)) for p in planes], -1)
