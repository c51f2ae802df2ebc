"""Built-in faces: seeded anime-style drawings on white, with part masks, line art, part boxes and a label.

One vector drawing per seed, at any size. Colors mean something, so that a colorizer can learn from them: skin
has natural tones, the white of the eyes is white, the mouth is reddish, hair and clothes vary by character.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from .drawing.accessories import draw_accessory, draw_cat_ears
from .drawing.canvas import INKED, Canvas, Region
from .drawing.character import character, pose
from .drawing.clothes import draw_behind_neck, draw_clothes, draw_neck
from .drawing.features import draw_brows, draw_ears, draw_eyes, draw_face, draw_hair_shadow, draw_mouth
from .drawing.hair import draw_back, draw_front, draw_over_shoulders, front_locks
from .errors import BadInput

PARTS = ("background", "skin", "hair", "eyes", "clothes", "mouth")
BOX_NAMES = ("face", "hair", "left eye", "right eye", "mouth", "clothes", "neck", "accessory")
FACES_PER_CHARACTER = 20
MIN_SIZE, MAX_SIZE = 32, 1024

_PART_OF = {
    Region.BACKGROUND: "background",
    Region.BACK_HAIR: "hair",
    Region.TAIL: "hair",
    Region.NECK: "skin",
    Region.CLOTHES: "clothes",
    Region.EAR: "skin",
    Region.FACE: "skin",
    Region.MOUTH: "mouth",
    Region.LEFT_EYE: "eyes",
    Region.RIGHT_EYE: "eyes",
    Region.FRONT_HAIR: "hair",
    Region.BROW: "hair",
    Region.ACCESSORY: "clothes",
}
_FACE = (Region.FACE, Region.LEFT_EYE, Region.RIGHT_EYE, Region.MOUTH)
_HAIR = tuple(region for region, part in _PART_OF.items() if part == "hair")
_BOXED = (
    _FACE,
    _HAIR,
    (Region.LEFT_EYE,),
    (Region.RIGHT_EYE,),
    (Region.MOUTH,),
    (Region.CLOTHES,),
    (Region.NECK,),
    (Region.ACCESSORY,),
)


@dataclass(frozen=True)
class DrawnFace:
    """One drawn face.

    rgb: (size, size, 3) uint8 sRGB, white around the figure.
    mask: (size, size) uint8, index into PARTS; worn things (ribbons, glasses) count as clothes.
        Below 64 pixels a closed mouth may be thinner than a pixel; it then shows in its box alone.
    lines: (size, size) uint8, 0 ink .. 255 paper.
    boxes: (8, 4) float32 x0, y0, x1, y1 in pixels, one row per BOX_NAMES, left and right as seen; a row of
        zeros where nothing of it shows.
    label: character number, `seed // FACES_PER_CHARACTER`.
    """

    rgb: np.ndarray
    mask: np.ndarray
    lines: np.ndarray
    boxes: np.ndarray
    label: int


def draw(seed: int, size: int = 128) -> DrawnFace:
    """The face with this seed, `size` pixels square.

    The same seed gives the same bytes at one size, and the same drawing at any. Seeds 0..19 are one character
    in different poses and expressions, 20..39 the next, and so on.

    Raises BadInput for a seed below 0, a size outside 32..1024, or anything but integers.
    """
    check_whole("draw", "seed", seed, 0, None)
    check_whole("draw", "size", size, MIN_SIZE, MAX_SIZE)
    seed, size = int(seed), int(size)
    factor = max(3, -(-512 // size))  # drawn at 512 pixels or more, and at least three times the size
    label = seed // FACES_PER_CHARACTER
    canvas = _paint(seed, label, size * factor)
    ink = canvas.plan.point([255] * INKED + [0] * INKED)
    return DrawnFace(
        rgb=np.array(canvas.color.reduce(factor)),
        mask=_mask(canvas, factor),
        lines=np.array(ink.reduce(factor)),
        boxes=_boxes(canvas, factor),
        label=label,
    )


def check_whole(function: str, name: str, value: int, low: int, high: int | None) -> None:
    """BadInput, named after the function, unless the value is a whole number from low to high; None: to any."""
    allowed = f"{low} or more" if high is None else f"{low} to {high}"
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or value < low or (high is not None and value > high):
        raise BadInput(f"{function}: {name} is {value!r}; give a whole number, {allowed}")


def _paint(seed: int, label: int, side: int) -> Canvas:
    who, how = character(label), pose(seed)
    locks = front_locks(who)
    canvas = Canvas.blank(side, how.place)
    draw_back(canvas, who)
    draw_behind_neck(canvas, who)
    draw_neck(canvas, who)
    draw_clothes(canvas, who)
    draw_over_shoulders(canvas, who)
    draw_ears(canvas, who)
    draw_face(canvas, who, how.expression)
    draw_hair_shadow(canvas, who, locks)
    draw_mouth(canvas, who, how.expression.mouth)
    draw_eyes(canvas, who, how)
    if who.accessory == "cat ears":
        draw_cat_ears(canvas, who)
    draw_front(canvas, who, locks)
    draw_brows(canvas, who, how.expression)
    draw_accessory(canvas, who)
    return canvas


def _mask(canvas: Canvas, factor: int) -> np.ndarray:
    """The part that covers most of each pixel; the small parts count double, or they vanish at small sizes."""
    votes = []
    for part in PARTS:
        weight = 254 if part in ("eyes", "mouth") else 127
        regions = [region for region in Region if _PART_OF[region] == part]
        votes.append(np.asarray(_where(canvas, regions, weight).reduce(factor)))
    return np.argmax(votes, axis=0).astype(np.uint8)


def _boxes(canvas: Canvas, factor: int) -> np.ndarray:
    found = [_where(canvas, regions, 255).getbbox() or (0, 0, 0, 0) for regions in _BOXED]
    return np.array(found, np.float32) / np.float32(factor)


def _where(canvas: Canvas, regions: Iterable[Region], value: int) -> Image.Image:
    shown = {code for region in regions for code in (region, region + INKED)}
    return canvas.plan.point([value if code in shown else 0 for code in range(256)])
