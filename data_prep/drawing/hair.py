"""Hair of the drawn faces: what hangs behind the head, and the bangs and side locks in front of it."""

from dataclasses import replace

import numpy as np

from .canvas import LINE, Canvas, Region, bend, curve, ellipse, join, mirrored, ribbon
from .character import Character

# the outline of the hair over the skull, from the crown down the right side
CROWN = curve(
    (0.0, 0.083), (0.075, 0.090), (0.155, 0.124), (0.225, 0.195), (0.264, 0.295), (0.274, 0.40), (0.262, 0.50)
)
FINE = 0.6 * LINE

# lower edge of the bangs from right to left: valley, tip, valley, ..., valley
BANGS = {
    "choppy": [
        (0.196, 0.400), (0.176, 0.466), (0.132, 0.360), (0.094, 0.420), (0.056, 0.346), (0.004, 0.474),
        (-0.042, 0.342), (-0.096, 0.424), (-0.132, 0.360), (-0.174, 0.464), (-0.196, 0.400),
    ],
    "blunt": [
        (0.196, 0.410), (0.172, 0.438), (0.140, 0.408), (0.104, 0.428), (0.068, 0.402), (0.030, 0.426),
        (-0.006, 0.398), (-0.042, 0.428), (-0.074, 0.404), (-0.112, 0.428), (-0.144, 0.408),
        (-0.172, 0.438), (-0.196, 0.410),
    ],
    "swept": [
        (0.200, 0.430), (0.192, 0.482), (0.148, 0.400), (0.136, 0.450), (0.082, 0.372), (0.050, 0.432),
        (-0.006, 0.330), (-0.042, 0.396), (-0.092, 0.252), (-0.166, 0.424), (-0.178, 0.370),
        (-0.200, 0.470), (-0.204, 0.420),
    ],
    "center": [
        (0.204, 0.420), (0.194, 0.488), (0.162, 0.386), (0.136, 0.430), (0.006, 0.225),
        (-0.128, 0.430), (-0.158, 0.386), (-0.192, 0.486), (-0.204, 0.420),
    ],
    "spiky": [
        (0.196, 0.390), (0.204, 0.478), (0.146, 0.340), (0.134, 0.436), (0.078, 0.320), (0.036, 0.466),
        (0.010, 0.330), (-0.044, 0.424), (-0.062, 0.318), (-0.124, 0.440), (-0.136, 0.340),
        (-0.190, 0.464), (-0.196, 0.390),
    ],
}  # fmt: skip
# tip of the lock before each ear; then for the hair that falls behind the shoulders: length, spread, waviness
# and turn inward at the bottom
FALL = {
    "long": ((0.225, 0.700), 1.15, 0.050, 0.0, 0.0),
    "bob": ((0.236, 0.675), 0.735, 0.030, 0.0, 0.075),
    "medium": ((0.240, 0.660), 0.86, 0.050, 0.006, 0.02),
    "wavy": ((0.240, 0.680), 1.15, 0.085, 0.016, 0.0),
    "twin tails": ((0.228, 0.665), 0.64, -0.03, 0.0, 0.06),
    "pony tail": ((0.230, 0.640), 0.63, -0.03, 0.0, 0.07),
    "spiky": ((0.244, 0.575), 0.65, -0.01, 0.0, 0.09),
    "buns": ((0.232, 0.650), 0.66, -0.01, 0.0, 0.07),
    "braids": ((0.240, 0.600), 0.65, -0.01, 0.0, 0.05),
    "fluffy": ((0.248, 0.620), 0.66, 0.018, 0.012, 0.05),
}


def draw_back(canvas: Canvas, who: Character) -> None:
    """The hair behind neck and body, with tails and buns."""
    canvas = replace(canvas, depth=-0.3, mirror=who.side)
    sides = [replace(canvas, mirror=1), replace(canvas, mirror=-1)]
    if who.back == "twin tails":
        for side in sides:
            _tail(side, who, TWIN_TAIL, TWIN_STRANDS)
    if who.back == "pony tail":
        _tail(canvas, who, PONY_TAIL, PONY_STRANDS)
    if who.back == "buns":
        for side in sides:
            _bun(side, who)
    _fall(canvas, who)
    if who.ahoge:  # drawn before the front hair, out of which it grows
        stray = curve((-0.012, 0.12), (-0.022, 0.055), (0.012, 0.022), (0.068, 0.028))
        canvas.shape(
            join(stray, curve((0.068, 0.028), (0.022, 0.046), (0.018, 0.12))),
            Region.BACK_HAIR,
            who.hair,
        )


def _fall(canvas: Canvas, who: Character) -> None:
    _, length, spread, wave, inward = FALL[who.back]
    y = np.linspace(0.36, length, 48)
    down = (y - 0.36) / (length - 0.36)
    x = 0.268 + spread * np.sin(np.pi / 2 * down) - inward * down**3 + wave * np.sin((y - 0.36) * 34)
    side = np.stack([x, y], axis=1)
    count = 7
    edge = np.linspace(x[-1], -x[-1], count + 1)
    hem = []
    for left, right, loose in zip(edge[:-1], edge[1:], who.wobble[:count], strict=True):
        tip = ((left + right) / 2 + 0.12 * left, length + 0.045 + 0.018 * loose)
        hem.append(_lock((left, length), tip, (right, length)))
    top = curve((0.0, 0.11), (0.15, 0.15), (0.235, 0.25))  # below the front hair's outline, however the head turns
    outline = join(top, side, *hem, mirrored(side), mirrored(top))
    canvas.shape(outline, Region.BACK_HAIR, who.hair)
    inner = curve(
        (0.0, 0.30), (0.22, 0.45), (0.235, 0.7), (0.25, 1.2), (-0.25, 1.2), (-0.235, 0.7), (-0.22, 0.45), closed=True
    )
    canvas.tint(inner, Region.BACK_HAIR, who.hair.shade)
    for inset, reach in ((0.055, length - 0.10), (0.025, length - 0.20)):
        strand = side[(y > 0.5) & (y < reach)] - (inset, 0)
        if len(strand) > 3:
            canvas.stroke(strand, Region.BACK_HAIR, who.hair.line, FINE)
            canvas.stroke(strand * (-1, 1), Region.BACK_HAIR, who.hair.line, FINE)


TWIN_TAIL = join(
    curve(
        (0.215, 0.235), (0.300, 0.165), (0.375, 0.215), (0.420, 0.360), (0.430, 0.540), (0.405, 0.720), (0.415, 0.860)
    ),
    curve((0.415, 0.860), (0.365, 0.800), (0.352, 0.900)),
    curve((0.352, 0.900), (0.318, 0.790), (0.305, 0.640), (0.315, 0.500), (0.300, 0.380), (0.235, 0.300)),
)
TWIN_STRANDS = (
    curve((0.262, 0.245), (0.335, 0.270), (0.378, 0.400), (0.385, 0.560), (0.366, 0.740)),
    curve((0.262, 0.262), (0.325, 0.330), (0.348, 0.470), (0.345, 0.620)),
)
PONY_TAIL = join(
    curve(
        (0.085, 0.130),
        (0.120, 0.055),
        (0.215, 0.035),
        (0.325, 0.085),
        (0.395, 0.230),
        (0.420, 0.420),
        (0.395, 0.590),
        (0.410, 0.720),
    ),
    curve((0.410, 0.720), (0.355, 0.660), (0.340, 0.765)),
    curve((0.340, 0.765), (0.300, 0.640), (0.305, 0.480), (0.300, 0.340), (0.240, 0.220)),
)
PONY_STRANDS = (
    curve((0.155, 0.100), (0.260, 0.115), (0.340, 0.250), (0.368, 0.420), (0.352, 0.590)),
    curve((0.165, 0.120), (0.260, 0.180), (0.318, 0.330), (0.330, 0.480)),
)


def _tail(canvas: Canvas, who: Character, outline: np.ndarray, strands) -> None:
    canvas.shape(outline, Region.TAIL, who.hair)
    inner = join(strands[1], outline[len(outline) // 2 :])
    canvas.tint(inner, Region.TAIL, who.hair.shade)
    shine = ribbon(strands[0][4:16] + (0.012, 0), 0.016)
    canvas.tint(shine, Region.TAIL, who.hair.light, 0.8)
    for strand in strands:
        canvas.stroke(strand, Region.TAIL, who.hair.line, FINE)


def _bun(canvas: Canvas, who: Character) -> None:
    canvas.shape(ellipse(0.185, 0.125, 0.082, 0.076), Region.TAIL, who.hair)
    canvas.tint(ellipse(0.205, 0.150, 0.080, 0.070), Region.TAIL, who.hair.shade)
    canvas.tint(ellipse(0.178, 0.115, 0.070, 0.062), Region.TAIL, who.hair.base)
    canvas.tint(ribbon(curve((0.140, 0.110), (0.165, 0.080), (0.200, 0.078)), 0.014), Region.TAIL, who.hair.light)
    canvas.stroke(
        curve((0.150, 0.160), (0.190, 0.165), (0.222, 0.130), (0.200, 0.092)), Region.TAIL, who.hair.line, FINE
    )


def _lock(start, tip, end) -> np.ndarray:
    """One lock of hair: both edges fall steeply before they meet at the tip."""
    start, tip, end = (np.asarray(point, float) for point in (start, tip, end))
    lean = np.array([0.2, 0.62])
    return join(bend(start, start + lean * (tip - start), tip), bend(tip, end + lean * (tip - end), end)[1:])


def draw_front(canvas: Canvas, who: Character, locks: list[np.ndarray]) -> None:
    """Bangs, side locks and the hair over the skull, with strands, second tone and shine."""
    canvas = replace(canvas, depth=1.0, mirror=who.side)
    outline = join(mirrored(_crown(who, 16)), _crown(who, 0), *locks)
    canvas.shape(outline, Region.FRONT_HAIR, who.hair)
    canvas.tint(outline, Region.FRONT_HAIR, who.hair.shade, 0.3, fade="up")
    for lock in locks:
        _shade_lock(canvas, who, lock)
    _shine(canvas, who)
    for lock in locks[:-1]:
        canvas.stroke(_strand(lock[-1]), Region.FRONT_HAIR, who.hair.line, 0.8 * LINE, start=0.1, end=0.5)


def _crown(who: Character, chance: int) -> np.ndarray:
    """The outline over the right half of the skull: smooth, in thorns or in curls."""
    if who.back not in ("spiky", "fluffy"):
        return CROWN
    count = 5
    uneven = np.pad(who.wobble[chance + 5 : chance + 9], 1)  # both ends of the line stay
    rim = CROWN[((len(CROWN) - 1) * (np.arange(count + 1) + 0.3 * uneven) / count).astype(int)]
    center = np.array((0.0, 0.38))
    locks = []
    for k in range(count):
        above, below = rim[k] - center, rim[k + 1] - center
        loose = who.wobble[chance + k]
        if who.back == "spiky":
            tip = center + below * (1.46 + 0.10 * loose) - 0.26 * above + (0.0, 0.02)
            locks += [
                bend(rim[k], center + 0.55 * above + 0.5 * below, tip),
                bend(tip, center + 1.03 * below - 0.06 * above, rim[k + 1]),
            ]
        else:
            locks.append(bend(rim[k], center + 0.5 * (above + below) * (1.27 + 0.06 * loose), rim[k + 1]))
    return join(*locks)


def _strand(valley: np.ndarray) -> np.ndarray:
    """The line between two locks, from near the crown down to the valley where they part."""
    crown = np.array([0.10 * valley[0], 0.10])
    top = valley + (crown - valley) * 0.45
    below = valley + (0.0, 0.012)  # into the gap, where the contours of both locks go on
    return bend(top, (valley[0] + 0.25 * (top[0] - valley[0]), (valley[1] + top[1]) / 2), below)


def front_locks(who: Character) -> list[np.ndarray]:
    """The lower edge of the front hair from right to left, lock by lock, each (15, 2)."""
    edge = np.array(BANGS[who.bangs])
    edge[1::2, 1] += 0.010 * who.wobble[: len(edge) // 2]
    edge[1::2, 0] += 0.008 * who.wobble[16 : 16 + len(edge) // 2]
    tip_x, tip_y = FALL[who.back][0]
    right = _lock(CROWN[-1], (tip_x, tip_y + 0.012 * who.wobble[30]), edge[0])
    left = _lock(edge[-1], (-tip_x, tip_y + 0.012 * who.wobble[31]), CROWN[-1] * (-1, 1))
    return [right, *(_lock(*edge[k : k + 3]) for k in range(0, len(edge) - 2, 2)), left]


def _shade_lock(canvas: Canvas, who: Character, lock: np.ndarray) -> None:
    # a lock is two curves of eight points that share the tip, from right to left on the unmirrored side
    tip = lock[7]
    dark, rim = (lock[0], lock[:8]) if canvas.mirror > 0 else (lock[-1], lock[7:][::-1])
    if dark[1] > 0.45:  # the outer edge of a side lock has no strand above it
        strand = bend(dark - (0, 0.2), dark - (0, 0.1), dark)
    else:
        strand = _strand(dark)[2:]
    middle = (lock[0] + lock[-1]) / 2
    canvas.tint(join(strand, rim, bend(tip, 0.4 * tip + 0.6 * middle, strand[0])), Region.FRONT_HAIR, who.hair.shade)


def _shine(canvas: Canvas, who: Character) -> None:
    """The band of light around the crown, broken at the parting: jagged, or two smooth arcs."""
    height = 0.182 + 0.012 * who.wobble[20]
    for left, right, teeth in ((-0.205, -0.06, 4), (-0.035, 0.205, 6)):
        x = np.linspace(left, right, 4 * teeth + 1)
        arc = height + 1.6 * x**2
        taper = np.sin(np.pi * np.linspace(0, 1, len(x)))
        if who.wobble[21] > 0:
            jag = np.where(np.arange(len(x)) % 4 == 2, 0.034, 0.014) * (1 + 0.3 * np.resize(who.wobble, len(x)))
            top, bottom = arc - 0.5 * jag * taper, arc + 0.012 + jag * taper
        else:
            top, bottom = arc - 0.010 * taper, arc + 0.014 * taper
            thin = np.stack([x, arc + 0.030], axis=1)[3:-3]
            canvas.tint(ribbon(thin, 0.006), Region.FRONT_HAIR, who.hair.light)
        band = join(np.stack([0.96 * x, top], axis=1), np.stack([x, bottom], axis=1)[::-1])
        canvas.tint(band, Region.FRONT_HAIR, who.hair.light)


def draw_over_shoulders(canvas: Canvas, who: Character) -> None:
    """Locks and braids that hang before the clothes."""
    for mirror in (1, -1):
        side = replace(canvas, mirror=mirror)
        if who.back in ("long", "wavy"):
            _long_lock(side, who)
        if who.back == "braids":
            _braid(side, who)


def _long_lock(canvas: Canvas, who: Character) -> None:
    if who.back == "wavy":
        outer = curve(
            (0.262, 0.45), (0.292, 0.56), (0.276, 0.66), (0.306, 0.76), (0.284, 0.87), (0.300, 0.97), (0.27, 1.06)
        )
        inner = curve(
            (0.205, 0.50), (0.232, 0.60), (0.214, 0.70), (0.242, 0.80), (0.216, 0.90), (0.236, 1.00), (0.25, 1.07)
        )
    else:
        outer = curve((0.262, 0.45), (0.282, 0.60), (0.290, 0.78), (0.274, 0.94), (0.250, 1.06))
        inner = curve((0.200, 0.50), (0.218, 0.64), (0.216, 0.80), (0.222, 0.94), (0.236, 1.07))
    canvas.shape(join(outer, inner[::-1]), Region.TAIL, who.hair)
    middle = 0.45 * inner + 0.55 * outer
    canvas.tint(join(inner, middle[::-1]), Region.TAIL, who.hair.shade)
    canvas.stroke(middle[8:], Region.TAIL, who.hair.line, FINE)


def _braid(canvas: Canvas, who: Character) -> None:
    for k in range(6):
        y = 0.60 + 0.058 * k
        turn = 0.5 if k % 2 else -0.5
        x = 0.252 + 0.006 * (k % 2)
        canvas.shape(ellipse(x, y, 0.038, 0.043, turn), Region.TAIL, who.hair)
        canvas.tint(ellipse(x + 0.018, y + 0.012, 0.03, 0.04, turn), Region.TAIL, who.hair.shade)
        canvas.stroke(
            curve((x - 0.02, y - 0.012), (x, y + 0.004), (x + 0.012, y + 0.026)), Region.TAIL, who.hair.line, FINE
        )
    canvas.shape(_lock((0.285, 0.93), (0.262, 1.03), (0.225, 0.93)), Region.TAIL, who.hair)
    canvas.shape(ellipse(0.255, 0.932, 0.030, 0.014), Region.ACCESSORY, who.accent)
