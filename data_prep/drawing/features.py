"""Face and features of the drawn faces: ears, face, eyes, brows, nose and mouth."""

from dataclasses import replace

import numpy as np

from .canvas import LINE, RGB, Canvas, Region, Tones, curve, ellipse, join, mirrored, ribbon, ring
from .character import Character, Expression, Pose, mix

LIP, TONGUE = (186, 62, 66), (232, 120, 122)
MOUTH = Tones((150, 46, 58), (118, 34, 48), LIP, LIP)
WHITE, LID_SHADOW = (255, 255, 255), (196, 196, 220)
BLUSH = (0.97, 0.58, 0.57)  # times the color of the skin
EYE_X, EYE_Y = 0.112, 0.522


def face_outline(who: Character) -> np.ndarray:
    """Closed outline of the face: round cheeks, small pointed chin."""
    jaw = who.jaw
    half = curve(
        (0.0, 0.150), (0.140, 0.180), (0.218, 0.300), (0.230, 0.430), (0.220 * jaw, 0.540), (0.180 * jaw, 0.625),
        (0.105 * jaw, 0.692), (0.040, 0.729), (0.0, 0.737),
    )  # fmt: skip
    return join(half, mirrored(half)[1:-1])


def draw_ears(canvas: Canvas, who: Character) -> None:
    """To be drawn before the face."""
    for mirror in (1, -1):
        side = replace(canvas, depth=0.3, mirror=mirror)
        ear = curve((0.205, 0.475), (0.240, 0.452), (0.258, 0.485), (0.244, 0.550), (0.205, 0.580), closed=True)
        side.shape(ear, Region.EAR, who.skin)
        side.tint(ellipse(0.228, 0.52, 0.014, 0.036, 0.15), Region.EAR, who.skin.shade)


def draw_face(canvas: Canvas, who: Character, mood: Expression) -> None:
    """The bare face with blush and nose."""
    face = replace(canvas, depth=1.0)
    face.shape(face_outline(who), Region.FACE, who.skin)
    cheek = tuple(round(channel * by) for channel, by in zip(who.skin.base, BLUSH, strict=True))
    for sign in (1, -1):
        for size in (1.0, 0.85, 0.7, 0.55, 0.4):
            glow = ellipse(sign * 0.142, 0.620, 0.056 * size, 0.030 * size)
            face.tint(glow, Region.FACE, cheek, 0.10 * mood.blush)
        if mood.blush > 0.75:
            for k in (-1, 0, 1):
                x = sign * 0.142 + 0.022 * k
                face.tint(ribbon(curve((x + 0.007, 0.609), (x - 0.007, 0.631)), 0.0055), Region.FACE, cheek, 0.8)
    face.tint(curve((0.004, 0.595), (0.014, 0.602), (0.003, 0.607), closed=True), Region.FACE, who.skin.shade)
    face.stroke(curve((-0.003, 0.592), (0.006, 0.601), (-0.001, 0.606)), Region.FACE, who.skin.line, 0.8 * LINE)


def draw_hair_shadow(canvas: Canvas, who: Character, locks: list[np.ndarray]) -> None:
    """The shadow of the bangs on the forehead."""
    canvas = replace(canvas, depth=1.0, mirror=who.side)
    lower = join(*locks) + (0.006 * who.side, 0.022)
    canvas.tint(join(lower, (-0.28, 0.1), (0.28, 0.1)), Region.FACE, who.skin.shade)


def draw_eyes(canvas: Canvas, who: Character, pose: Pose) -> None:
    """Both eyes, open or closed, each a region of its own, lashes included."""
    canvas = replace(canvas, depth=1.0)
    laughing = pose.expression.mouth in ("laugh", "grin", "open smile")
    for mirror, region, openness in (
        (-1, Region.LEFT_EYE, pose.expression.left_open),
        (1, Region.RIGHT_EYE, pose.expression.right_open),
    ):
        side = replace(canvas, mirror=mirror)
        if openness == 0:
            _closed_eye(side, who, region, laughing)
        else:
            _open_eye(side, who, region, openness, pose.gaze)


def _eye_points(who: Character, *points, openness: float = 1.0) -> np.ndarray:
    """Eye coordinates (1 is half the eye's width or height, +x the outer corner) to head units."""
    grid = np.array(points, float) * (who.eye_width, who.eye_height)
    # a closing lid sinks towards the lower rim
    grid[:, 1] = np.where(grid[:, 1] < 0, grid[:, 1] * (2 * openness - 1), grid[:, 1])
    c, s = np.cos(-who.eye_slant), np.sin(-who.eye_slant)
    return grid @ np.array([[c, s], [-s, c]]) + (EYE_X, EYE_Y)


UPPER_LID = ((-1.0, 0.30), (-0.82, -0.30), (-0.40, -0.84), (0.10, -1.0), (0.60, -0.80), (0.92, -0.25), (1.0, 0.15))
LOWER_LID = ((1.0, 0.15), (0.86, 0.66), (0.50, 0.95), (0.0, 1.0), (-0.50, 0.92), (-0.86, 0.66), (-1.0, 0.30))


def _lash_color(who: Character) -> RGB:
    return mix(who.hair.line, (30, 20, 34), 0.6)


def _open_eye(canvas: Canvas, who: Character, region: Region, openness: float, gaze: tuple[float, float]) -> None:
    def at(*points) -> np.ndarray:
        return curve(*_eye_points(who, *points, openness=openness))

    upper, lower = at(*UPPER_LID), at(*LOWER_LID)
    canvas.fill(join(upper, lower[1:-1]), region, WHITE)
    canvas.tint(join(upper, (upper + (0, 0.26 * who.eye_height))[::-1]), region, LID_SHADOW)
    _iris(canvas, who, region, gaze)
    lash = _lash_color(who)
    # the upper lash line: thin at the inner corner, heavy outside, ending in a wing
    weight = np.interp(np.linspace(0, 1, len(upper)), (0, 0.35, 0.8, 1), (0.06, 0.22, 0.36, 0.30)) * who.eye_height
    raised = upper + np.stack([0.25 * weight * np.linspace(-1, 2, len(upper)), -weight], axis=1)
    for lashes in (
        join(raised, upper[::-1]),
        at((0.80, -0.70), (1.32, -0.50), (1.0, 0.25)),
        at((0.5, -1.0), (1.10, -0.98), (0.9, -0.4)),
    ):
        canvas.fill(lashes, region, lash, ink=True)
    canvas.stroke(at((0.99, 0.25), (0.84, 0.70), (0.45, 0.98)), region, lash, 1.1 * LINE, start=0.8)
    canvas.stroke(at((0.25, 1.02), (-0.2, 1.02), (-0.5, 0.95)), region, who.skin.line, 0.6 * LINE)
    crease = at((-0.62, -1.02), (0.0, -1.38), (0.66, -1.18))
    canvas.stroke(crease, Region.FACE, who.skin.line, 0.6 * LINE)


def _iris(canvas: Canvas, who: Character, region: Region, gaze: tuple[float, float]) -> None:
    width, height = who.eye_width, who.eye_height
    # the canvas may be mirrored; gaze and highlights are not
    across = canvas.mirror
    x = EYE_X + across * gaze[0] * 0.13 * width - 0.04 * width
    y = EYE_Y + gaze[1] * 0.08 * height + 0.04 * height
    rx, ry = 0.70 * width, 0.93 * height
    eyes = who.eyes
    dark = mix(eyes.line, (30, 20, 40), 0.3)
    disc = ellipse(x, y, rx, ry)
    canvas.tint(disc, region, eyes.base, ink=False)
    canvas.tint(ellipse(x, y - 0.05 * ry, 0.98 * rx, ry), region, dark, 0.6, fade="down")
    canvas.tint(ellipse(x, y + 0.56 * ry, 0.66 * rx, 0.36 * ry), region, eyes.light, 0.9)
    canvas.tint(ring(disc, 0.9 * LINE), region, dark, ink=True)
    canvas.tint(ellipse(x, y + 0.02 * ry, 0.36 * rx, 0.40 * ry), region, mix(dark, (20, 12, 30), 0.5))
    canvas.tint(ellipse(x - across * 0.32 * rx, y - 0.40 * ry, 0.33 * rx, 0.30 * ry), region, WHITE, ink=False)
    canvas.tint(ellipse(x + across * 0.42 * rx, y + 0.40 * ry, 0.17 * rx, 0.14 * ry), region, WHITE, ink=False)


def _closed_eye(canvas: Canvas, who: Character, region: Region, laughing: bool) -> None:
    lash = _lash_color(who)
    if laughing:
        lid = ((-1.0, 0.45), (-0.5, -0.02), (0.05, -0.15), (0.6, 0.05), (1.05, 0.50))
        lashes = ((0.95, 0.36),)
    else:
        lid = ((-1.0, 0.25), (-0.5, 0.58), (0.05, 0.68), (0.6, 0.52), (1.05, 0.12))
        lashes = ((0.78, 0.36), (1.0, 0.22))
    canvas.stroke(curve(*_eye_points(who, *lid)), region, lash, 0.021, start=0.3, end=0.45)
    for x, y in lashes:
        hair = _eye_points(who, (x, y), (x + 0.14, y + 0.10), (x + 0.34, y + 0.12))
        canvas.stroke(curve(*hair), region, lash, 0.010, start=1)


def draw_brows(canvas: Canvas, who: Character, mood: Expression) -> None:
    """Brows lie over the bangs, as is the custom of the genre."""
    color = mix(who.hair.shade, who.hair.line, 0.75)
    for mirror in (1, -1):
        side = replace(canvas, depth=1.0, mirror=mirror)
        lift = 0.392 - mood.brow_lift
        x = np.array([0.058, 0.110, 0.168])
        y = lift + np.array([0.006, -0.008, 0.010]) - (x - 0.110) * mood.brow_slant
        side.stroke(curve(*zip(x, y, strict=True)), Region.BROW, color, who.brow_weight, start=0.6)


def draw_mouth(canvas: Canvas, who: Character, shape: str) -> None:
    """`shape` is a name in CLOSED_MOUTHS or OPEN_MOUTHS."""
    canvas = replace(canvas, depth=1.0)
    if shape in CLOSED_MOUTHS:
        canvas.tint(ellipse(0, 0.674, 0.022, 0.006), Region.FACE, mix(who.skin.shade, LIP, 0.25))
        canvas.stroke(curve(*CLOSED_MOUTHS[shape]), Region.MOUTH, LIP, 1.35 * LINE, start=0.5, end=0.5)
        return
    lip, jaw, teeth = OPEN_MOUTHS[shape]
    lip, jaw = curve(*lip), curve(*jaw)
    inside = replace(MOUTH, line=mix(LIP, who.skin.line, 0.5))
    canvas.shape(join(lip, jaw), Region.MOUTH, inside, 0.8 * LINE)
    canvas.tint(ellipse(0, jaw[:, 1].max() + 0.004, 0.036, 0.022), Region.MOUTH, TONGUE)
    if teeth:
        canvas.tint(join(lip + (0, teeth), (0.1, 0.6), (-0.1, 0.6)), Region.MOUTH, WHITE)


CLOSED_MOUTHS = {
    "smile": ((-0.044, 0.645), (-0.022, 0.659), (0.0, 0.663), (0.022, 0.659), (0.044, 0.645)),
    "line": ((-0.026, 0.657), (0.0, 0.656), (0.026, 0.657)),
    "pout": ((-0.030, 0.664), (-0.012, 0.655), (0.008, 0.653), (0.030, 0.662)),
    "frown": ((-0.034, 0.666), (0.0, 0.652), (0.034, 0.666)),
    "cat": (
        (-0.048, 0.646), (-0.030, 0.660), (-0.010, 0.657), (0.0, 0.646), (0.010, 0.657), (0.030, 0.660), (0.048, 0.646),
    ),
}  # fmt: skip
# upper edge from left to right, lower edge back, and how far the teeth show
OPEN_MOUTHS = {
    "open smile": (
        ((-0.044, 0.640), (0.0, 0.646), (0.044, 0.640)),
        ((0.044, 0.640), (0.032, 0.674), (0.0, 0.690), (-0.032, 0.674), (-0.044, 0.640)),
        0.0,
    ),
    "laugh": (
        ((-0.056, 0.634), (0.0, 0.640), (0.056, 0.634)),
        ((0.056, 0.634), (0.042, 0.680), (0.0, 0.700), (-0.042, 0.680), (-0.056, 0.634)),
        0.010,
    ),
    "grin": (
        ((-0.050, 0.640), (0.0, 0.648), (0.050, 0.640)),
        ((0.050, 0.640), (0.030, 0.668), (0.0, 0.676), (-0.030, 0.668), (-0.050, 0.640)),
        0.013,
    ),
    "round": (
        ((-0.018, 0.664), (-0.014, 0.647), (0.0, 0.642), (0.014, 0.647), (0.018, 0.664)),
        ((0.018, 0.664), (0.012, 0.680), (0.0, 0.685), (-0.012, 0.680), (-0.018, 0.664)),
        0.0,
    ),
}
