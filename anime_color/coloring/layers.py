"""A coloring as layers for a painting program: flats, one layer a region, and the gray drawing on top.

The drawing lies above in the blend mode "luminosity" (W3C Compositing and Blending Level 1, section 10.3: SetLum),
which takes the colors from below and the lightness from the drawing. The flats are as flat as that allows: merged, the
layers give the coloring back.
"""

from pathlib import Path

import numpy as np
from PIL import Image

from anime_color.coloring.painting import resized
from anime_color.files import written_aside
from data_prep.errors import BadInput

LUMINOSITY = np.array([0.3, 0.59, 0.11], "float32")
OFF = 0.75  # levels of 255 that a pixel may be off before rounding
TRIED = 9  # colors between the flat one and the one that gives the pixel back exactly


def check():
    """BadInput if PSD files cannot be written here."""
    _library()


def save(path, flats, palette):
    """Writes the coloring of `flats` by a `Palette` as a PSD file: a group "flats" with one layer a region, named as
    the part that it is and its number, the largest below; above it the layer "drawing"."""
    psd_tools, modes = _library()
    (coloring,) = flats.paint([palette])
    rgb = coloring[..., :3].astype("float32")
    alpha = np.full(rgb.shape[:2], 255, "uint8") if flats.alpha is None else flats.alpha
    drawing = np.round(rgb @ LUMINOSITY)
    seen = np.isin(flats.occurring, palette.shown)  # the others are too small for a layer
    belongs = flats.occurring[seen][resized(flats.planes[seen], flats.l.shape).argmax(0)]
    psd = psd_tools.PSDImage.new("RGB", (rgb.shape[1], rgb.shape[0]))
    group = []
    for region in palette.shown:
        rows, columns = np.nonzero((belongs == region) & (alpha > 0))
        if not len(rows):
            continue
        box = np.s_[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        inside = belongs[box] == region
        flat = _flat(rgb[box][inside], palette.colors[region].astype("float32"))
        layer = np.zeros((*inside.shape, 4), "uint8")
        layer[inside] = np.column_stack([flat, alpha[box][inside]])
        name = f"{palette.names[region]} {region}"
        group.append(psd.create_pixel_layer(Image.fromarray(layer), name, top=box[0].start, left=box[1].start))
    psd.create_group(group, "flats")
    gray = np.dstack([np.repeat(drawing[..., None], 3, -1).astype("uint8"), alpha])
    psd.create_pixel_layer(Image.fromarray(gray), "drawing", blend_mode=modes.LUMINOSITY)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with written_aside(path) as aside:
        psd.save(aside)


def _flat(rgb, color):
    """The colors uint8 (N, 3), as near to `color` (3,) as can be, from which the drawing's luminosity makes `rgb`
    (N, 3): all have its differences between red, green and blue, or are so dark or bright that these do not show."""
    luminosity = rgb @ LUMINOSITY
    exact = rgb + (color @ LUMINOSITY - luminosity)[:, None]
    exact += np.maximum(0, -exact.min(1))[:, None] - np.maximum(0, exact.max(1) - 255)[:, None]
    found, left = exact.copy(), np.arange(len(rgb))
    for share in np.linspace(0, 1, TRIED):
        tried = color + share * (exact[left] - color)
        good = np.abs(_with_luminosity(np.round(tried), luminosity[left]) - rgb[left]).max(1) <= OFF
        found[left[good]], left = tried[good], left[~good]
    return np.round(found).clip(0, 255).astype("uint8")


def _with_luminosity(rgb, luminosity):
    """SetLum of the specification, of colors (N, 3) from 0 to 255."""
    moved = rgb + (luminosity - rgb @ LUMINOSITY)[:, None]
    low, high, luminosity = moved.min(1), moved.max(1), luminosity[:, None]
    down = np.where(low < 0, luminosity[:, 0] / np.maximum(luminosity[:, 0] - low, 1e-6), 1)
    moved = luminosity + (moved - luminosity) * down[:, None]
    up = np.where(high > 255, (255 - luminosity[:, 0]) / np.maximum(high - luminosity[:, 0], 1e-6), 1)
    return luminosity + (moved - luminosity) * np.minimum(up, 1)[:, None]


def _library():
    try:
        import psd_tools
        from psd_tools.constants import BlendMode
    except ImportError as error:
        raise BadInput("layers need psd-tools: pip install 'anime-color[layers]' or pip install psd-tools") from error
    return psd_tools, BlendMode
