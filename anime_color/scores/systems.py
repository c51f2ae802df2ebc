"""What can be scored: a name and a function that paints a face. Colorizers, and the baselines of every table."""

from dataclasses import dataclass, field

import numpy as np

from anime_color import color


@dataclass(frozen=True)
class System:
    """name: for tables. paint: (number of the face, uint8 rgb (S, S, 3)) -> scaled lab (N, S, S, 3), N colorings,
    not yet brought into the sRGB gamut. about: what a line of results says of it. baseline: is not marked as best."""

    name: str
    paint: callable
    about: dict = field(default_factory=dict)
    baseline: bool = False


def of_colorizer(colorizer, noises=25, seed=0, about=None):
    """The system of a `Colorizer`, with the `noises` noises of a chroma sheet, the same for every face."""
    latents = colorizer.noises(noises, seed)
    return System(colorizer.name, lambda number, rgb: np.stack(list(colorizer.lab(rgb, latents))), dict(about or {}))


def one_noise(system):
    """`system` deaf to its noise: each face painted with the first, as often as before. Its diversity is 0."""

    def paint(number, rgb):
        lab = system.paint(number, rgb)
        return np.repeat(lab[:1], len(lab), axis=0)

    return System(f"{system.name}, one noise", paint, baseline=True)


def baselines(reference, noises=25, seed=0):
    """Real colors (the floor of every distance), gray, the mean color of the data, and the colors of other faces,
    which are as diverse as real colors can be. `reference` is that of the same face set."""

    def with_ab(rgb, ab):
        lightness = color.rgb_to_lab(rgb)[..., :1]
        return np.stack([np.concatenate([lightness, np.broadcast_to(one, (*rgb.shape[:2], 2))], -1) for one in ab])

    def others(number, rgb):
        random = np.random.default_rng([seed, number])
        chosen = random.choice(reference.faces.count, noises, replace=noises > reference.faces.count)
        return with_ab(rgb, color.rgb_to_lab(reference.faces.rgb(chosen))[..., 1:])

    return [
        System("real colors", lambda number, rgb: color.rgb_to_lab(rgb)[None], baseline=True),
        System("gray", lambda number, rgb: with_ab(rgb, np.zeros((1, 2), "float32")), baseline=True),
        System("mean color", lambda number, rgb: with_ab(rgb, reference.mean_ab[None]), baseline=True),
        System("other faces' colors", others, baseline=True),
    ]
