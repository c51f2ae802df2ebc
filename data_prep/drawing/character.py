"""Who is drawn and how: characters, poses and expressions of the drawn faces, drawn from seeds."""

import colorsys
from dataclasses import dataclass

import numpy as np
from PIL import ImageColor

from .canvas import RGB, Tones

HAIR = (
    "#3c3a48",  # black
    "#7b4d38",  # brown
    "#a9694a",  # chestnut
    "#f3d283",  # blond
    "#d9a45b",  # honey
    "#ccd2e2",  # silver
    "#f29ab7",  # pink
    "#c6403f",  # red
    "#ee8647",  # orange
    "#74b97c",  # green
    "#4bb3b3",  # teal
    "#86c5ec",  # sky
    "#4f7fd0",  # blue
    "#3b4a86",  # navy
    "#8a63bd",  # purple
    "#bfa8e6",  # lavender
)
EYES = ("#4f8fe0", "#39a37a", "#e0982c", "#c8434f", "#8b5cc8", "#a8642f", "#2fa9b5", "#e06a9a", "#6280c0")
SKIN = ("#fee6d8", "#fddcc8", "#f8cdb0", "#edb88f", "#d1966c", "#a36b48")
# main and accent hue, saturation, value are drawn around these pairs
CLOTHES = (
    ("#f7f7fa", "#2f4a86"),
    ("#f7f4ee", "#b8323f"),
    ("#2e3a5e", "#d94a53"),
    ("#3b3b46", "#e4c35a"),
    ("#e9785f", "#fff0d8"),
    ("#f6c9d4", "#a3466b"),
    ("#7fb9a6", "#f6efdc"),
    ("#8fb6e0", "#f4f4f8"),
    ("#f0d27a", "#4d6aa8"),
    ("#7b5ea8", "#f0d9a0"),
    ("#a83f4a", "#f3e2cf"),
    ("#557a4a", "#efd28c"),
    ("#d8d2e8", "#6a5aa6"),
    ("#c98a5a", "#f3e8d6"),
)
BACKS = ("long", "bob", "medium", "wavy", "twin tails", "pony tail", "spiky", "buns", "braids", "fluffy")
BANGS = ("choppy", "blunt", "swept", "center", "spiky")
OUTFITS = ("sailor", "shirt", "blazer", "hoodie", "turtleneck", "crew", "kimono")
ACCESSORIES = ("none", "none", "none", "clip", "ribbon", "headband", "cat ears", "glasses", "flower")


@dataclass(frozen=True)
class Character:
    """Everything that two faces of one character share."""

    hair: Tones
    eyes: Tones
    skin: Tones
    clothes: Tones
    accent: Tones
    back: str
    bangs: str
    outfit: str
    accessory: str
    side: int  # 1 or -1: where partings, side tails and clips sit
    jaw: float  # width of the lower face, 1 on average
    eye_width: float
    eye_height: float
    eye_slant: float  # radians; above 0 the outer corner is higher
    brow_weight: float  # width of the brows, head units
    ahoge: bool  # the single stray lock on the crown
    wobble: np.ndarray  # (32,) in -1..1, the irregularities of hand-drawn locks


@dataclass(frozen=True)
class Expression:
    """brow_lift in head units, brow_slant in radians (above 0: inner end down), openness of each eye 0..1.2."""

    brow_lift: float
    brow_slant: float
    left_open: float
    right_open: float
    mouth: str
    blush: float


# eyes at 0 are closed: curved upward when the mouth laughs, downward otherwise
EXPRESSIONS = (
    Expression(0.0, 0.0, 1.0, 1.0, "smile", 0.7),
    Expression(0.004, -0.05, 1.0, 1.0, "open smile", 0.9),
    Expression(0.01, -0.1, 0.0, 0.0, "laugh", 1.0),
    Expression(0.02, -0.05, 1.12, 1.12, "round", 0.4),
    Expression(-0.012, 0.28, 0.86, 0.86, "pout", 0.5),
    Expression(0.008, -0.28, 0.9, 0.9, "frown", 0.6),
    Expression(0.0, 0.0, 0.66, 0.66, "line", 0.5),
    Expression(0.006, -0.05, 0.0, 1.0, "grin", 0.8),
    Expression(0.006, -0.05, 1.0, 0.0, "open smile", 0.8),
    Expression(0.0, -0.08, 1.0, 1.0, "cat", 0.9),
    Expression(0.0, -0.05, 0.0, 0.0, "smile", 0.8),
    Expression(-0.008, 0.2, 1.0, 1.0, "grin", 0.4),
    Expression(0.0, -0.02, 0.95, 0.95, "line", 0.6),
)


@dataclass(frozen=True)
class Pose:
    """Everything in which two faces of one character differ."""

    tilt: float  # radians
    yaw: float  # head units by which the middle of the face moves sideways
    nod: float  # the same, downward
    scale: float
    dx: float
    dy: float
    gaze: tuple[float, float]  # each -1..1
    expression: Expression

    def place(self, points: np.ndarray, depth: float) -> np.ndarray:
        """Head units to picture coordinates, both (n, 2).

        The middle of the head moves sideways and down by `depth` times the turn (its rim stays), then the head
        tilts around the chin; the neck passes the tilt on to the shoulders, which stand still.
        """
        x, y = points.T
        turn = depth * (1 - (x / 0.36) ** 2).clip(0) * ((0.85 - y) / 0.15).clip(0, 1)
        x, y = x + self.yaw * turn, y + self.nod * turn - 0.74
        rigid = ((0.14 - y) / 0.16).clip(0, 1)
        angle = self.tilt * rigid * rigid * (3 - 2 * rigid)
        c, s = np.cos(angle), np.sin(angle)
        x, y = c * x - s * y, s * x + c * y + 0.74
        return np.stack([0.5 + self.dx + self.scale * x, 0.4 + self.dy + self.scale * (y - 0.4)], axis=1)


def mix(first: RGB, second: RGB, amount: float) -> RGB:
    """From the first color (0) to the second (1)."""
    return tuple(round(a + (b - a) * amount) for a, b in zip(first, second, strict=True))


def _tones(base: RGB, shadow: tuple[float, float, float]) -> Tones:
    dark = tuple(round(channel * by) for channel, by in zip(base, shadow, strict=True))
    deep = tuple(round(0.34 * channel) for channel in dark)
    return Tones(base, dark, mix(base, (255, 255, 255), 0.45), mix(deep, (54, 26, 46), 0.4))


def _varied(rng: np.random.Generator, code: str, hue: float, value: float) -> RGB:
    h, s, v = colorsys.rgb_to_hsv(*(channel / 255 for channel in ImageColor.getrgb(code)))
    h = (h + rng.uniform(-hue, hue)) % 1.0
    v = min(1.0, max(0.0, v + rng.uniform(-value, value)))
    return tuple(round(255 * channel) for channel in colorsys.hsv_to_rgb(h, s, v))


def _one_of(rng: np.random.Generator, names):
    return names[rng.integers(len(names))]


def character(label: int) -> Character:
    """The character with this number."""
    rng = np.random.default_rng([0, label])
    cloth_code, accent_code = _one_of(rng, CLOTHES)
    cool, warm = (0.74, 0.69, 0.80), (0.94, 0.76, 0.72)
    # neighbors take turns in what is seen first, so that a few characters already differ
    back = BACKS[(3 * label + label // len(HAIR)) % len(BACKS)]
    accessory = _one_of(rng, ACCESSORIES)
    if back in ("spiky", "fluffy") and accessory == "cat ears":
        accessory = "clip"  # ears would drown in such hair
    return Character(
        hair=_tones(_varied(rng, HAIR[5 * label % len(HAIR)], 0.02, 0.05), cool),
        eyes=_tones(_varied(rng, _one_of(rng, EYES), 0.02, 0.05), cool),
        skin=_tones(_varied(rng, SKIN[min(rng.integers(8), rng.integers(6))], 0.004, 0.01), warm),
        clothes=_tones(_varied(rng, cloth_code, 0.03, 0.04), cool),
        accent=_tones(_varied(rng, accent_code, 0.02, 0.04), cool),
        back=back,
        bangs=_one_of(rng, BANGS),
        outfit=_one_of(rng, OUTFITS),
        accessory=accessory,
        side=_one_of(rng, (-1, 1)),
        jaw=rng.uniform(0.94, 1.06),
        eye_width=rng.uniform(0.068, 0.077),
        eye_height=rng.uniform(0.064, 0.083),
        eye_slant=rng.uniform(-0.12, 0.16),
        brow_weight=rng.uniform(0.008, 0.014),
        ahoge=rng.random() < 0.25,
        wobble=rng.uniform(-1, 1, 32),
    )


def pose(seed: int) -> Pose:
    """The pose and expression of this face."""
    rng = np.random.default_rng([1, seed])
    return Pose(
        tilt=rng.uniform(-0.13, 0.13),
        yaw=rng.uniform(-0.03, 0.03),
        nod=rng.uniform(-0.012, 0.014),
        scale=rng.uniform(0.97, 1.04),
        dx=rng.uniform(-0.02, 0.02),
        dy=rng.uniform(0.0, 0.02),
        gaze=(rng.uniform(-1, 1), rng.uniform(-0.6, 0.6)),
        expression=_one_of(rng, EXPRESSIONS),
    )
