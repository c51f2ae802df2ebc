"""Neck and clothes of the drawn faces."""

from dataclasses import replace

import numpy as np

from .canvas import LINE, Canvas, Region, Tones, curve, ellipse, join, mirrored, ring
from .character import Character
from .features import face_outline

FINE = 0.7 * LINE
WHITE = Tones((250, 250, 252), (208, 208, 226), (255, 255, 255), (84, 80, 108))

# from the neck down the right side
SHOULDER = curve((0.078, 0.800), (0.130, 0.838), (0.235, 0.868), (0.305, 0.915), (0.335, 1.000), (0.350, 1.150))
# from the right shoulder to the middle
V_NECK = curve((0.078, 0.800), (0.058, 0.860), (0.0, 0.935))
ROUND_NECK = curve((0.078, 0.800), (0.070, 0.842), (0.0, 0.868))


def both_sides(canvas: Canvas) -> tuple[Canvas, Canvas]:
    """The canvas for the left and for the right half of a symmetrical thing."""
    return replace(canvas, mirror=-1), replace(canvas, mirror=1)


def draw_neck(canvas: Canvas, who: Character) -> None:
    """The neck in the shadow of the chin."""
    side = curve((0.062, 0.640), (0.062, 0.740), (0.070, 0.800), (0.088, 0.850), (0.088, 0.960))
    canvas.shape(join(side, (0.0, 1.0), mirrored(side)), Region.NECK, who.skin)
    canvas.tint(face_outline(who) * (0.9, 1) + (0.010, 0.052), Region.NECK, who.skin.shade)


def draw_behind_neck(canvas: Canvas, who: Character) -> None:
    """The back of hoods and collars."""
    if who.outfit == "hoodie":
        half = curve((0.0, 0.740), (0.140, 0.752), (0.225, 0.815), (0.215, 0.900), (0.0, 0.940))
        canvas.shape(join(half, mirrored(half)), Region.CLOTHES, who.clothes.shaded())
    elif who.outfit in ("shirt", "blazer", "sailor"):
        band = who.accent if who.outfit == "sailor" else WHITE
        canvas.shape(ellipse(0, 0.806, 0.086, 0.030), Region.CLOTHES, band.shaded())


def draw_clothes(canvas: Canvas, who: Character) -> None:
    """The character's outfit over shoulders and neck."""
    OUTFITS[who.outfit](canvas, who)


def _body(canvas: Canvas, tones: Tones, neckline: np.ndarray) -> None:
    outline = join(SHOULDER, mirrored(SHOULDER), mirrored(neckline)[::-1], neckline[::-1])
    canvas.shape(outline, Region.CLOTHES, tones)
    dark = curve((0.215, 0.845), (0.175, 0.920), (0.185, 1.150))
    canvas.tint(join(dark, (0.40, 1.15), (0.40, 0.845)), Region.CLOTHES, tones.shade, 0.75)
    for side in both_sides(canvas):
        arm = curve((0.240, 1.15), (0.238, 1.02), (0.252, 0.960))
        side.stroke(arm, Region.CLOTHES, tones.line, FINE)


def _crew(canvas: Canvas, who: Character) -> None:
    _body(canvas, who.clothes, ROUND_NECK)
    if who.wobble[5] > 0:
        stripe = join((-0.35, 0.945), (0.35, 0.945), (0.35, 0.975), (-0.35, 0.975))
        canvas.tint(stripe, Region.CLOTHES, who.accent.base)
    hem = curve((0.100, 0.806), (0.088, 0.862), (0.0, 0.894))
    band = join(ROUND_NECK, mirrored(ROUND_NECK), mirrored(hem)[::-1], hem[::-1])
    canvas.shape(band, Region.CLOTHES, who.accent)


def _turtleneck(canvas: Canvas, who: Character) -> None:
    _body(canvas, who.clothes, ROUND_NECK)
    side = curve((0.078, 0.752), (0.086, 0.790), (0.100, 0.840), (0.060, 0.862), (0.0, 0.868))
    top = curve((-0.078, 0.752), (0.0, 0.776), (0.078, 0.752))
    canvas.shape(join(top, side, mirrored(side)), Region.CLOTHES, who.clothes)
    canvas.tint(face_outline(who) * (0.8, 1) + (0.0, 0.050), Region.CLOTHES, who.clothes.shade)
    for x in (-0.055, -0.02, 0.02, 0.055):
        canvas.stroke(curve((x, 0.795), (1.1 * x, 0.845)), Region.CLOTHES, who.clothes.line, FINE)


def _shirt(canvas: Canvas, who: Character) -> None:
    _body(canvas, who.clothes, V_NECK)
    _collar(canvas, WHITE if who.wobble[6] > 0 else who.clothes)
    _neckwear(canvas, who)


def _blazer(canvas: Canvas, who: Character) -> None:
    _body(canvas, WHITE, V_NECK)
    edge = curve((0.040, 1.08), (0.075, 0.960), (0.118, 0.834))
    for side in both_sides(canvas):
        side.shape(join(SHOULDER[6:], (0.0, 1.15), edge), Region.CLOTHES, who.clothes)
        lapel = join((0.165, 0.905), (0.135, 0.925), (0.150, 0.950), edge)
        side.shape(lapel, Region.CLOTHES, who.clothes.shaded())
    _collar(canvas, WHITE)
    _neckwear(canvas, who)


def _collar(canvas: Canvas, tones: Tones) -> None:
    outer = curve((0.120, 0.842), (0.105, 0.890), (0.070, 0.918))
    inner = curve((0.0, 0.880), (0.055, 0.845), (0.082, 0.786))
    for side in both_sides(canvas):
        side.shape(join(outer, inner), Region.CLOTHES, tones)


def _neckwear(canvas: Canvas, who: Character) -> None:
    if who.wobble[7] > 0:
        draw_bow(canvas, who.accent, (0.0, 0.900), 0.9, Region.CLOTHES)
        return
    tie = join((0.022, 0.905), (0.040, 1.15), (-0.040, 1.15), (-0.022, 0.905))
    canvas.shape(tie, Region.CLOTHES, who.accent)
    knot = join((0.030, 0.872), (0.020, 0.912), (-0.020, 0.912), (-0.030, 0.872))
    canvas.shape(knot, Region.CLOTHES, who.accent)


def _sailor(canvas: Canvas, who: Character) -> None:
    _body(canvas, who.clothes, V_NECK)
    collar = join(
        curve((0.080, 0.792), (0.150, 0.842), (0.235, 0.872)),
        curve((0.235, 0.872), (0.190, 0.945), (0.0, 0.990)),
        curve((0.0, 0.930), (0.056, 0.865), (0.080, 0.792)),
    )
    for side in both_sides(canvas):
        side.shape(collar, Region.CLOTHES, who.accent)
        side.tint(ring(collar * 0.92 + (0.006, 0.072), 0.007), Region.CLOTHES, WHITE.base)
    # a bow in the color of a pale blouse would drown
    pale = sum(who.clothes.base) > 600
    draw_bow(canvas, who.eyes if pale else who.clothes, (0.0, 0.938), 1.0, Region.CLOTHES)


def _hoodie(canvas: Canvas, who: Character) -> None:
    _body(canvas, who.clothes, ROUND_NECK)
    outer = curve((0.105, 0.790), (0.185, 0.835), (0.160, 0.900), (0.0, 0.945))
    inner = curve((0.0, 0.905), (0.065, 0.870), (0.105, 0.790))
    for side in both_sides(canvas):
        side.shape(join(outer, inner), Region.CLOTHES, who.clothes)
        side.tint(
            join(outer[10:], curve((0.0, 0.922), (0.125, 0.885), (0.185, 0.835))), Region.CLOTHES, who.clothes.shade
        )
        string = curve((0.040, 0.920), (0.048, 0.970), (0.040, 1.040))
        side.stroke(string, Region.CLOTHES, who.accent.base, 1.6 * LINE, start=1, end=1)


def _kimono(canvas: Canvas, who: Character) -> None:
    _body(canvas, who.clothes, V_NECK)
    inner = curve((0.082, 0.785), (0.070, 0.870), (-0.060, 1.150))
    outer = curve((0.010, 1.150), (0.110, 0.900), (0.125, 0.815))
    for side in both_sides(canvas):
        side.shape(join(inner, outer), Region.CLOTHES, who.accent)


OUTFITS = {
    "sailor": _sailor,
    "shirt": _shirt,
    "blazer": _blazer,
    "hoodie": _hoodie,
    "turtleneck": _turtleneck,
    "crew": _crew,
    "kimono": _kimono,
}


def draw_bow(canvas: Canvas, tones: Tones, at: tuple[float, float], size: float, region: Region) -> None:
    """A ribbon bow, `size` 1 being 0.16 wide, with its knot at `at`."""
    tail = join((0.0, 0.0), (0.045, 0.075), (0.025, 0.070), (0.012, 0.085))
    loop = curve((0.0, 0.0), (0.050, -0.036), (0.078, -0.030), (0.074, 0.030), (0.048, 0.028), closed=True)
    fold = curve((0.010, 0.0), (0.045, 0.002))
    for sign in (1, -1):
        stretch = (sign * size, size)
        canvas.shape(tail * stretch + at, region, tones.shaded())
        canvas.shape(loop * stretch + at, region, tones)
        canvas.stroke(fold * stretch + at, region, tones.line, FINE)
    canvas.shape(ellipse(*at, 0.017 * size, 0.019 * size), region, tones)
