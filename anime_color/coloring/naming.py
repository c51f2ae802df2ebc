"""Which part of a drawing each region of a picture is: hair, skin, eyes, clothes or background.

Read off drawn faces, whose parts are known, on white and before made-up scenes: ridge regression in closed form from
what tells a region of any picture: its number, its place and area, and how alike the sampler colors it and four regions
that are the same part on every face. The last is what the sampler learned from real faces: that strands, bangs and
tails of one picture belong together.
"""

import numpy as np
from PIL import Image

from anime_color import color
from anime_color.coloring import noise
from data_prep.drawn_faces import PARTS, draw

NAMES = ("background", "skin", "hair", "eyes", "clothes")  # a mouth is named as the skin around it
FACES, SIZE = 32, 128  # drawn faces, a character each, every second before a scene
NOISES = 32  # by whose palettes two regions are compared
RIDGE = 3.0
SURE = 0.93  # correlation of colors with the region that stands for a part, from which on a region is of that part
LEAST_AREA = 0.01  # of all drawn faces, from which on a region may stand for its part


def alike(colors):
    """How alike regions are colored by many noises: correlations (K, K) of their colors (N, K, 2)."""
    apart = colors - colors.mean(0)
    length = np.sqrt((apart**2).sum((0, 2))) + 1e-9
    return np.einsum("nkc,njc->kj", apart, apart) / np.outer(length, length)


def parts(drawn):
    """What each pixel of a `data_prep.drawn_faces.DrawnFace` is, places in `NAMES` (size, size)."""
    named = [NAMES.index("skin" if part == "mouth" else part) for part in PARTS]
    return np.array(named, "uint8")[drawn.mask]


class Naming:
    """Names the regions that a `painting.RegionPainter` sees. Made in some seconds, by looking at drawn faces."""

    def __init__(self, painter):
        self.painter = painter
        random, tokens, covered = np.random.default_rng(0), [], []
        for number in range(FACES):
            drawn = draw(20 * (2000 + number) + number % 20, SIZE)
            mask = parts(drawn)
            before = mask[..., None] == 0
            rgb = np.where(before, scene(random), drawn.rgb) if number % 2 else drawn.rgb
            m, seen = painter.look(color.rgb_to_lab(rgb)[None, ..., :1])
            step = SIZE // m.shape[1]
            small = mask[step // 2 :: step, step // 2 :: step]
            tokens.append(seen)
            covered.append(np.stack([m[:, small == part].sum(1) for part in range(len(NAMES))], 1))
        self._fit(tokens, np.array(covered))

    def alike(self, tokens):
        """How alike the sampler colors the regions of one picture: correlations (K, K) of tokens (K, T)."""
        sampler = self.painter.sampler
        noises = noise.schedule("balanced", sampler.input["noise"].shape[-1], NOISES)
        return alike(self.painter.palettes(tokens, noises)[..., :2])

    def __call__(self, tokens, alike):
        """The names of the K regions of one picture, a tuple of `NAMES`; of tokens (K, T), and what `alike` gives for
        them."""
        features = (self._features(tokens, alike) - self.mean) / self.deviation
        shares = np.clip(features @ self.weights + self.base, 0, 1)
        for part, anchor in enumerate(self.anchors, 1):
            shares[alike[:, anchor] >= SURE, part] = 2
        return tuple(NAMES[part] for part in shares.argmax(1))

    def _fit(self, tokens, covered):
        purity = covered.sum(0) / (covered.sum((0, 2))[:, None] + 1e-9)
        purity[covered.sum((0, 2)) < LEAST_AREA * covered.sum()] = 0
        self.anchors = purity[:, 1:].argmax(0)  # a background is not the same region on every face
        features = np.concatenate([self._features(some, self.alike(some)) for some in tokens])
        covered = covered.reshape(-1, len(NAMES))
        area = covered.sum(1, keepdims=True)
        shares, weight = covered / (area + 1e-6), area / area.mean()
        self.mean, self.deviation = features.mean(0), features.std(0) + 1e-3
        self.base = (weight * shares).mean(0)
        features = (features - self.mean) / self.deviation
        squares = (weight * features).T @ features + RIDGE * np.eye(features.shape[1])
        self.weights = np.linalg.solve(squares, (weight * features).T @ (shares - self.base))

    def _features(self, tokens, alike):
        number, place = np.eye(len(tokens)), tokens[:, -3:]
        to_anchors = alike[:, self.anchors]
        hair = to_anchors[:, NAMES.index("hair") - 1 :][:, :1]
        return np.concatenate([number, to_anchors, number * hair, place, number * place[:, :1]], 1)


def scene(random, size=SIZE):
    """A made-up background, uint8 (size, size, 3): a slope of gray, and on it a few large patches, soft or sharp."""
    y, x = np.mgrid[:size, :size] / size - 0.5
    turn = random.uniform(0, 2 * np.pi)
    first, last = random.uniform(0, 1, 2)
    gray = first + (last - first) * np.clip(x * np.cos(turn) + y * np.sin(turn) + 0.5, 0, 1)
    patches = Image.fromarray(random.uniform(0, 1, (random.integers(2, 8),) * 2).astype("float32"))
    how = random.choice([Image.Resampling.BICUBIC, Image.Resampling.NEAREST])
    share = random.choice([0, 0.5])
    gray = (1 - share) * gray + share * np.asarray(patches.resize((size, size), how))
    return np.repeat((255 * np.clip(gray, 0, 1))[..., None].astype("uint8"), 3, -1)
