"""Named directions in noise space: sliders that say in Lab units or degrees what they do to the colors.

    found = directions.find(colorizer)
    warmer = found.moved(noise, warmth=8, hair_hue=60)

They are found, not trained (in the manner of GANSpace, Härkönen et al. 2020): many noises color the same faces, whose
parts are known, and least squares says how each property of the colorings grows with the noise.
"""

from typing import NamedTuple

import numpy as np

from anime_color import color
from data_prep.drawn_faces import PARTS, draw
from data_prep.errors import BadInput

SLIDERS = {
    "warmth": "Lab units of b* (blue to yellow), the mean of the figure",
    "redness": "Lab units of a* (green to red), the mean of the figure",
    "saturation": "Lab units of chroma, the mean of the figure",
    "hair_hue": "degrees by which the hue of the hair turns, red to yellow to green to blue",
}
LIMITS = {"warmth": 100, "redness": 100, "saturation": 100, "hair_hue": 360}  # of the amounts, either way
_PROPERTIES = ("warmth", "redness", "saturation", "hair a*", "hair b*")


class Directions(NamedTuple):
    """What a noise does, to first order: properties = base + slopes @ noise.

    slopes (properties, latent), base (properties,), in Lab units; certainty: the share of each property's variance
    that this explains, by name.
    """

    slopes: np.ndarray
    base: np.ndarray
    certainty: dict

    def moved(self, noise, **sliders):
        """The nearest noise (latent,) to `noise` at which the named properties differ by what `sliders` say, each in
        its unit (`SLIDERS`); what is not named goes where it goes, and 0 holds it. BadInput as `check`."""
        check(sliders)
        rows, change = [], []
        for name, amount in sliders.items():
            if name == "hair_hue":
                rows += [3, 4]
                turn = np.deg2rad(amount)
                a, b = self.base[3:] + self.slopes[3:] @ noise
                change += [a * np.cos(turn) - b * np.sin(turn) - a, a * np.sin(turn) + b * np.cos(turn) - b]
            else:
                rows.append(_PROPERTIES.index(name))
                change.append(amount)
        step = np.linalg.pinv(self.slopes[rows]) @ change if rows else 0
        return (np.asarray(noise, "float64") + step).astype("float32")


def check(sliders):
    """BadInput names the slider of {name: amount} that there is none of, or whose amount is beyond `LIMITS`."""
    for name, amount in sliders.items():
        if name not in SLIDERS:
            raise BadInput(f"slider {name!r}: allowed are {', '.join(SLIDERS)}")
        limit = LIMITS[name]
        if not -limit <= amount <= limit:  # nor is a NaN within them
            raise BadInput(f"{name}={amount:g}: allowed are -{limit} to {limit} {SLIDERS[name]}")


def find(colorizer, faces=8, noises=256, seed=0):
    """The `Directions` of a `Colorizer`, found on that many drawn faces and noises; seconds.

    More noises than its latent size has numbers are needed, for that many slopes are sought.
    """
    if noises <= colorizer.latent_size:
        raise BadInput(f"noises={noises}: needed are more than the latent size, {colorizer.latent_size}")
    vectors = colorizer.noises(noises, seed)
    drawn = [draw(20 * (1000 + number), colorizer.size) for number in range(faces)]  # a character each
    properties = np.mean([_properties(colorizer, face, vectors) for face in drawn], axis=0)
    known = np.column_stack([vectors, np.ones(noises)])
    solved = np.linalg.lstsq(known, properties, rcond=None)[0]
    rest = ((properties - known @ solved) ** 2).mean(0)
    certainty = 1 - rest / np.maximum(properties.var(0), 1e-9)
    return Directions(solved[:-1].T, solved[-1], dict(zip(_PROPERTIES, certainty.round(3).tolist(), strict=True)))


def _properties(colorizer, face, noises):
    """(noises, properties) of the colorings of one drawn face."""
    figure, hair = face.mask != PARTS.index("background"), face.mask == PARTS.index("hair")
    found = []
    for lab in colorizer.lab(face.rgb, noises):
        ab = color.unscale(color.into_gamut(lab))[..., 1:]
        a, b = ab[figure].mean(0)
        found.append((b, a, np.linalg.norm(ab[figure], axis=-1).mean(), *ab[hair].mean(0)))
    return np.array(found)
