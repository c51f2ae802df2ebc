"""Named directions in noise space: sliders that say in Lab units or degrees what they do to the colors of a picture.

    found = directions.find(flats)
    warmer = found.moved(noise, warmth=8, hair_hue=60)
    found.certainty  # {"warmth": 0.95, ...}: the share of what happens that they foresee

They are found, not trained (in the manner of GANSpace, Härkönen et al. 2020): many noises choose palettes for the
picture, and least squares says how each property of the palettes grows with the noise.
"""

from typing import NamedTuple

import numpy as np

from anime_color import color
from anime_color.coloring import noise as noises_of
from data_prep.errors import BadInput

SLIDERS = {
    "warmth": "Lab units of b* (blue to yellow), the mean of the figure",
    "redness": "Lab units of a* (green to red), the mean of the figure",
    "saturation": "Lab units of chroma, the mean of the figure",
    "hair_hue": "degrees by which the hue of the hair turns, red to yellow to green to blue",
}
LIMITS = {"warmth": 100, "redness": 100, "saturation": 100, "hair_hue": 360}  # of the amounts, either way
_PROPERTIES = ("warmth", "redness", "saturation", "hair a*", "hair b*")
TRIED, CHECKED = 4, 1  # noises by which directions are found and checked, for each number that a noise has


class Directions(NamedTuple):
    """What a noise does to one picture, to first order: properties = base + slopes @ noise.

    slopes (properties, latent), base (properties,), in Lab units; certainty: the share of the variance of what each
    slider names that this foresees, on noises that it was not found on; by name, 1 at best.
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


def find(flats, seed=0):
    """The `Directions` of one picture, a `flats.Flats`."""
    latent_size = 4 * len(flats.seen)
    vectors = noises_of.schedule("random", latent_size, (TRIED + CHECKED) * latent_size, seed)
    properties = _properties(flats, flats.sampled(vectors))
    known = np.column_stack([vectors, np.ones(len(vectors))])
    tried = TRIED * latent_size
    solved = np.linalg.lstsq(known[:tried], properties[:tried], rcond=None)[0]
    rest = ((properties[tried:] - known[tried:] @ solved) ** 2).mean(0)
    variance = properties[tried:].var(0)
    rest, variance = (np.append(values[:3], values[3:].sum()) for values in (rest, variance))
    certainty = 1 - rest / np.maximum(variance, 1e-9)
    return Directions(solved[:-1].T, solved[-1], dict(zip(SLIDERS, certainty.round(2).tolist(), strict=True)))


def _properties(flats, palettes):
    """(N, properties) of palettes (N, E, 4): means over what is not background, and over the hair."""
    ab = palettes[..., :2] * color.AB_SCALE
    figure = np.array([name != "background" for name in flats.names]) * flats.area
    hair = np.array([name == "hair" for name in flats.names]) * flats.area
    figure, hair = (weight / max(weight.sum(), 1e-6) for weight in (figure, hair))
    a, b = np.einsum("nec,e->cn", ab, figure)
    return np.column_stack([b, a, np.linalg.norm(ab, axis=-1) @ figure, np.einsum("nec,e->nc", ab, hair)])
