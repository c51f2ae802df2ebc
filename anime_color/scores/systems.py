"""What can be scored: a name and a function that paints a face. Colorizers, and the baselines of every table."""

from dataclasses import dataclass, field

import numpy as np

from anime_color import color
from anime_color.coloring.painters import drawing_of


@dataclass(frozen=True)
class System:
    """name: for tables. paint: (number of the face, uint8 rgb (S, S, 3)) -> scaled lab (N, S, S, 3), N colorings,
    not yet brought into the sRGB gamut. about: what a line of results says of it. baseline: is not marked as best.
    takes: what it is given of a face, see `painters`; systems that take the same are compared. hinted: (rgb, dots) ->
    one coloring, scaled lab (S, S, 3), of those that color line art with dots. varied: it paints a face in
    several ways."""

    name: str
    paint: callable
    about: dict = field(default_factory=dict)
    baseline: bool = False
    takes: str = "gray picture"
    hinted: callable = None
    varied: bool = False


def of_colorizer(colorizer, noises=25, seed=0, about=None):
    """The system of a `Colorizer`, with the `noises` noises of a chroma sheet, the same for every face; one coloring a
    face from weights without noise. Weights that need a reference get the face itself."""
    latents = colorizer.noises(noises, seed)

    def paint(number, rgb):
        return np.stack(list(colorizer.lab(colorizer.given(rgb), latents, **colorizer.said(rgb))))

    def hinted(rgb, dots):
        return next(colorizer.lab(colorizer.given(rgb), latents[:1], dots=dots, **colorizer.said(rgb)))

    drawn = colorizer.takes == "line art"
    return System(
        f"{colorizer.name}, same reference" if colorizer.needs_reference else colorizer.name,
        paint,
        dict(about or {}),
        takes=colorizer.takes,
        hinted=hinted if drawn else None,
        varied=len(latents) > 1,
    )


def cross_reference(colorizer, faces, noises=25, seed=0, about=None):
    """The system of a `Colorizer` that takes a reference, each face colored as `noises` others are: drawn from `faces`
    (a `faces.Faces`), the same for every face."""
    chosen = np.random.default_rng(seed).choice(faces.count, noises, replace=noises > faces.count)
    told, latents = [{"reference": rgb} for rgb in faces.rgb(chosen)], colorizer.noises(noises, seed)

    def paint(number, rgb):
        given = colorizer.given(rgb)
        some = zip(told, np.resize(latents, (noises, latents.shape[1])), strict=True)
        return np.stack([next(colorizer.lab(given, noise[None], **reference)) for reference, noise in some])

    name = f"{colorizer.name}, cross-reference"
    return System(name, paint, dict(about or {}), takes=colorizer.takes, varied=noises > 1)


def one_noise(system):
    """`system` deaf to its noise: each face painted with the first, as often as before. Its diversity is 0."""

    def paint(number, rgb):
        lab = system.paint(number, rgb)
        return np.repeat(lab[:1], len(lab), axis=0)

    return System(f"{system.name}, one noise", paint, baseline=True)


def of_pictures(name, picture, takes):
    """A baseline that gives what `picture`, (number, rgb) -> uint8 (S, S, 3), makes of a face."""
    return System(name, lambda n, rgb: color.rgb_to_lab(picture(n, rgb))[None], baseline=True, takes=takes)


def line_baselines():
    """What line art is compared with: the true picture, and the lines themselves, uncolored."""
    return [
        of_pictures("real colors", lambda number, rgb: rgb, "line art"),
        of_pictures("lines, uncolored", lambda number, rgb: drawing_of(rgb), "line art"),
    ]


def photo_baselines(alike):
    """What cartoons of photos are compared with: pictures of `alike`, the `faces.Faces` of real cartoons, and the photo
    as it was."""
    return [
        of_pictures("real cartoons", lambda number, rgb: alike.rgb([number % alike.count])[0], "photo"),
        of_pictures("photos, unchanged", lambda number, rgb: rgb, "photo"),
    ]


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
