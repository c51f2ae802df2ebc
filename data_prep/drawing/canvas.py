"""The paper of the drawn faces: one call paints color, region and line art at once.

Points are (n, 2) float arrays in head units: x = 0 is the middle of an upright face, y runs from 0 (top of
the picture) to 1 (bottom). A canvas maps them through the pose and fills polygons at several times the wanted
size; reducing that picture smooths the edges.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import IntEnum
from math import cos, pi, sin

import numpy as np
from PIL import Image, ImageChops, ImageDraw

INKED = 128  # added to the region where there is line art
LINE = 0.0075  # width of an ordinary contour, as a fraction of the picture

RGB = tuple[int, int, int]


@dataclass(frozen=True)
class Tones:
    """A color as it is painted: in light, in shadow, where it shines, and the line around it."""

    base: RGB
    shade: RGB
    light: RGB
    line: RGB

    def shaded(self) -> "Tones":
        """The same color for a thing that lies in shadow as a whole."""
        return replace(self, base=self.shade)


class Region(IntEnum):
    """What a pixel belongs to, finer than the parts of the mask, so that shading can be kept inside one."""

    BACKGROUND = 0
    BACK_HAIR = 1
    TAIL = 2
    NECK = 3
    CLOTHES = 4
    EAR = 5
    FACE = 6
    MOUTH = 7
    LEFT_EYE = 8
    RIGHT_EYE = 9
    FRONT_HAIR = 10
    BROW = 11
    ACCESSORY = 12


def curve(*points: tuple[float, float], closed: bool = False, steps: int = 10) -> np.ndarray:
    """Smooth line through the points (Catmull-Rom spline), `steps` samples between two of them."""
    knots = np.array(points, float)
    if closed:
        knots = np.concatenate([knots[-1:], knots, knots[:2]])
    else:
        knots = np.concatenate([2 * knots[:1] - knots[1:2], knots, 2 * knots[-1:] - knots[-2:-1]])
    before, start, end, after = (knots[i : len(knots) - 3 + i, None] for i in range(4))
    t = np.linspace(0, 1, steps, endpoint=False)[None, :, None]
    spline = start + t / 2 * (
        end - before + t * (2 * before - 5 * start + 4 * end - after + t * (3 * (start - end) + after - before))
    )
    line = spline.reshape(-1, 2)
    return line if closed else np.concatenate([line, knots[-2:-1]])


def bend(start, control, end, steps: int = 8) -> np.ndarray:
    """Quadratic Bezier curve from start to end."""
    t = np.linspace(0, 1, steps)[:, None]
    start, control, end = (np.asarray(point, float) for point in (start, control, end))
    return (1 - t) ** 2 * start + 2 * t * (1 - t) * control + t**2 * end


def ellipse(x: float, y: float, rx: float, ry: float, angle: float = 0.0) -> np.ndarray:
    """Closed ellipse around (x, y), turned by `angle` radians."""
    across, down = rx * _CIRCLE[:, 0], ry * _CIRCLE[:, 1]
    c, s = cos(angle), sin(angle)
    return np.stack([x + c * across - s * down, y + s * across + c * down], axis=1)


_CIRCLE = np.array([(cos(2 * pi * k / 40), sin(2 * pi * k / 40)) for k in range(40)])


def join(*pieces) -> np.ndarray:
    """One outline out of several lines and points."""
    return np.concatenate([np.atleast_2d(np.asarray(piece, float)) for piece in pieces])


def mirrored(points: np.ndarray) -> np.ndarray:
    """The other half of a symmetrical outline: mirrored in x, and run backwards."""
    return points[::-1] * (-1, 1)


def ribbon(points: np.ndarray, width: float, start: float = 0.0, end: float = 0.0) -> np.ndarray:
    """Outline of a pen stroke, `width` wide in the middle, `start` and `end` times that at its ends."""
    t = np.linspace(0, 1, len(points))
    pressure = (1 - (1 - start) * (1 - t) ** 3) * (1 - (1 - end) * t**3)
    along = np.gradient(points, axis=0)
    across = np.stack([-along[:, 1], along[:, 0]], axis=1) / np.hypot(*along.T).clip(1e-9)[:, None]
    side = across * (width / 2 * pressure)[:, None]
    return np.concatenate([points + side, (points - side)[::-1]])


def ring(points: np.ndarray, width: float) -> np.ndarray:
    """Outline of a closed pen stroke of even width."""
    closed = np.concatenate([points, points[:1]])
    return ribbon(closed, width, start=1, end=1)


@dataclass(frozen=True)
class Canvas:
    """Three pictures painted together; `depth` and `mirror` say where the next points lie.

    place: maps (points, depth) to picture coordinates in 0..1.
    depth: how much a point follows the turn of the head: 1 on the face, 0 on the body, below 0 behind.
    """

    color: Image.Image  # RGB
    plan: Image.Image  # L: Region, plus INKED where there is line art
    place: Callable[[np.ndarray, float], np.ndarray]
    depth: float = 0.0
    mirror: int = 1

    @classmethod
    def blank(cls, side: int, place: Callable[[np.ndarray, float], np.ndarray]) -> "Canvas":
        square = (side, side)
        return cls(Image.new("RGB", square, "white"), Image.new("L", square), place)

    def shape(self, points: np.ndarray, region: Region, tones: Tones, width: float = LINE) -> None:
        """Fill a closed outline with the base tone and draw its contour, heavier below and to the right."""
        outline = self._pixels(points)
        for offset in _PEN * (width * self.color.width):
            self._paint(outline + offset, region + INKED, tones.line)
        self._paint(outline, region, tones.base)

    def fill(self, points: np.ndarray, region: Region, color: RGB, ink: bool = False) -> None:
        """Fill a closed outline without a contour; with `ink` the whole of it is line art."""
        self._paint(self._pixels(points), region + INKED * ink, color)

    def stroke(
        self,
        points: np.ndarray,
        region: Region,
        color: RGB,
        width: float = LINE,
        start: float = 0.0,
        end: float = 0.0,
    ) -> None:
        """Draw a line with a pen of changing pressure (see `ribbon`)."""
        self.fill(ribbon(points, width, start, end), region, color, ink=True)

    def tint(
        self,
        points: np.ndarray,
        onto: Region,
        color: RGB,
        opacity: float = 1.0,
        fade: str | None = None,
        ink: bool | None = None,
    ) -> None:
        """Color the inside of an outline where the picture shows the region `onto`.

        fade: "down" or "up", the direction in which the color runs out.
        ink: None leaves the line art visible and as it is; True makes line art, False paints it over.
        """
        pixels = self._pixels(points)
        side = self.color.width
        left, top = np.clip(np.floor(pixels.min(0)).astype(int), 0, side).tolist()
        right, bottom = np.clip(np.ceil(pixels.max(0)).astype(int) + 1, 0, side).tolist()
        if left >= right or top >= bottom:
            return
        box = (left, top, right, bottom)
        mask = Image.new("L", (right - left, bottom - top))
        ImageDraw.Draw(mask).polygon(_flat(pixels - (left, top)), fill=255)
        paintable = _only(onto) if ink is None else _only(onto, onto + INKED)
        mask = ImageChops.multiply(mask, self.plan.crop(box).point(paintable))
        if ink is not None:
            self.plan.paste(onto + INKED * ink, box, mask)
        if fade is not None:
            ramp = Image.linear_gradient("L").resize(mask.size)
            mask = ImageChops.multiply(mask, ImageChops.invert(ramp) if fade == "down" else ramp)
        if opacity < 1:
            mask = ImageChops.multiply(mask, Image.new("L", mask.size, round(255 * opacity)))
        self.color.paste(color, box, mask)

    def _pixels(self, points: np.ndarray) -> np.ndarray:
        return self.place(points * (self.mirror, 1), self.depth) * self.color.width

    def _paint(self, pixels: np.ndarray, code: int, color: RGB) -> None:
        corners = _flat(pixels)
        ImageDraw.Draw(self.color).polygon(corners, fill=color)
        ImageDraw.Draw(self.plan).polygon(corners, fill=int(code))


# where the contour's pen touches around a point, in pen widths: a hexagon moved away from the light (upper left)
_PEN = np.array([(0.15 + 0.7 * cos(pi * k / 3), 0.25 + 0.7 * sin(pi * k / 3)) for k in range(6)])


def _flat(pixels: np.ndarray) -> list[int]:
    # Pillow cuts fractions off; rounding here keeps thin strokes even
    return np.rint(pixels).astype(int).ravel().tolist()


def _only(*codes: int) -> list[int]:
    table = [0] * 256
    for code in codes:
        table[code] = 255
    return table
