"""Pictures of colorings: the chroma sheet, the before/after strip, the noise sweep. All uint8 RGB arrays."""

from pathlib import Path

import numpy as np
from PIL import Image, PngImagePlugin

from anime_color import color
from anime_color.files import written_aside

MARGIN = 2  # pixels of white between two pictures


def gray(rgb):
    """What a colorizer gets to see of `rgb` (H, W, 3): the same lightness without color."""
    lab = color.rgb_to_lab(rgb)
    return color.lab_to_rgb(lab * np.array([1, 0, 0], "float32"))


def sheet(original, colorings, given=None):
    """The chroma sheet: the original and what was colored of it, then up to 25 colorings in a grid of 5 columns.

    given: what was colored; None for the gray version of the original.
    original (H, W, 3), colorings (N, H, W, 3) -> uint8; 25 of them give 5 rows, 6 pictures wide.
    """
    rows = [stack(list(colorings[i : i + 5]), axis=1) for i in range(0, len(colorings), 5)]
    left = stack([original, gray(original) if given is None else given], axis=0)
    return stack([left, stack(rows)], axis=1)


def row(original, colorings, given=None):
    """One face a row: original, what was colored of it (None: the gray version; not shown if it is the original), and
    its colorings (N, H, W, 3)."""
    shown = [] if given is original else [gray(original) if given is None else given]
    return stack([original, *shown, *colorings], axis=1)


def with_strip(coloring, palette):
    """A coloring (H, W, 3 or 4), and below it the colors of its `palettes.Palette`."""
    height, width = coloring.shape[:2]
    return stack([coloring[..., :3], palette.strip(width, max(4, height // 12))])


def before_after(original, colored):
    """A strip of three: gray, colored, original."""
    return stack([gray(original), colored, original], axis=1)


def stack(pictures, axis=0):
    """Pictures under each other (axis 0) or side by side (axis 1), a thin white margin between; a smaller one is
    filled up with white."""
    across = 1 - axis
    extent = max(picture.shape[across] for picture in pictures)
    parts = []
    for picture in pictures:
        fill = [(0, 0), (0, 0), (0, 0)]
        fill[across] = (0, extent - picture.shape[across])
        fill[axis] = (MARGIN if parts else 0, 0)
        parts.append(np.pad(picture, fill, constant_values=255))
    return np.concatenate(parts, axis)


def save_png(picture, path, metadata=None):
    """Writes a PNG with `metadata` as its text fields."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    texts = PngImagePlugin.PngInfo()
    for name, value in {"Software": "Anime Color", **(metadata or {})}.items():
        texts.add_itxt(name, str(value))
    with written_aside(path) as aside:
        Image.fromarray(picture).save(aside, format="PNG", pnginfo=texts, optimize=True)


def save_animation(pictures, path, milliseconds=80):
    """Writes pictures (N, H, W, 3) as an endless GIF or WebP animation, by the suffix of `path`."""
    first, *others = [Image.fromarray(picture) for picture in pictures]
    with written_aside(path) as aside:
        first.save(aside, save_all=True, append_images=others, duration=milliseconds, loop=0)
