"""What the drawn faces wear on the head: bows, clips, bands, flowers, glasses, cat ears."""

from dataclasses import replace

from .canvas import LINE, Canvas, Region, bend, curve, ellipse, join, ring
from .character import Character
from .clothes import both_sides, draw_bow
from .features import EYE_X, EYE_Y

INNER_EAR, POLLEN = (244, 178, 178), (246, 206, 92)


def draw_cat_ears(canvas: Canvas, who: Character) -> None:
    """To be drawn before the front hair, out of which they grow."""
    outer = join(
        bend((0.075, 0.140), (0.125, 0.070), (0.205, 0.034)),
        bend((0.205, 0.034), (0.264, 0.130), (0.248, 0.260)),
    )
    inner = join(
        bend((0.120, 0.140), (0.150, 0.090), (0.201, 0.062)),
        bend((0.201, 0.062), (0.238, 0.130), (0.229, 0.220)),
    )
    for side in both_sides(replace(canvas, depth=0.3)):
        side.shape(outer, Region.TAIL, who.hair)
        side.tint(inner, Region.TAIL, INNER_EAR)


def draw_accessory(canvas: Canvas, who: Character) -> None:
    """The ties of tails and the character's accessory, in front of everything."""
    if who.back == "twin tails":
        for side in both_sides(canvas):
            draw_bow(side, who.accent, (0.262, 0.232), 0.75, Region.ACCESSORY)
    elif who.back == "pony tail":
        draw_bow(replace(canvas, mirror=who.side), who.accent, (0.150, 0.108), 0.8, Region.ACCESSORY)
    if who.accessory in ACCESSORIES:
        ACCESSORIES[who.accessory](replace(canvas, depth=1.0, mirror=who.side), who)


def _clip(canvas: Canvas, who: Character) -> None:
    bar = join((0.110, 0.330), (0.190, 0.306), (0.192, 0.322), (0.112, 0.346))
    for drop in (0.0, 0.030):
        canvas.shape(bar + (0, drop), Region.ACCESSORY, who.accent)


def _ribbon(canvas: Canvas, who: Character) -> None:
    draw_bow(canvas, who.accent, (0.165, 0.150), 1.15, Region.ACCESSORY)


def _headband(canvas: Canvas, who: Character) -> None:
    upper = curve((-0.262, 0.285), (-0.190, 0.175), (0.0, 0.122), (0.190, 0.175), (0.262, 0.285))
    lower = curve((0.270, 0.325), (0.195, 0.215), (0.0, 0.160), (-0.195, 0.215), (-0.270, 0.325))
    canvas.shape(join(upper, lower), Region.ACCESSORY, who.accent)


def _flower(canvas: Canvas, who: Character) -> None:
    x, y = 0.185, 0.235
    petal = replace(who.accent, base=who.accent.light)
    for dx, dy in ((0.0, -0.032), (0.031, -0.010), (0.019, 0.026), (-0.019, 0.026), (-0.031, -0.010)):
        canvas.shape(ellipse(x + dx, y + dy, 0.024, 0.024), Region.ACCESSORY, petal, 0.7 * LINE)
    canvas.shape(ellipse(x, y, 0.017, 0.017), Region.ACCESSORY, replace(petal, base=POLLEN), 0.7 * LINE)


def _glasses(canvas: Canvas, who: Character) -> None:
    frame = who.accent.line
    lens = curve(
        (-0.088, -0.045), (0.0, -0.072), (0.090, -0.050), (0.082, 0.055), (0.0, 0.092), (-0.078, 0.055), closed=True
    )  # fmt: skip
    for side in both_sides(canvas):
        side.fill(ring(lens + (EYE_X, EYE_Y), 1.1 * LINE), Region.ACCESSORY, frame, ink=True)
        hinge = curve((EYE_X + 0.089, EYE_Y - 0.040), (0.218, EYE_Y - 0.044))
        side.stroke(hinge, Region.ACCESSORY, frame, LINE, 1, 1)
    bridge = curve((-0.026, EYE_Y - 0.030), (0.0, EYE_Y - 0.040), (0.026, EYE_Y - 0.030))
    canvas.stroke(bridge, Region.ACCESSORY, frame, LINE, 1, 1)


ACCESSORIES = {"clip": _clip, "ribbon": _ribbon, "headband": _headband, "glasses": _glasses, "flower": _flower}
