"""sRGB <-> CIELAB (D65, 2 degrees), and the one home of every color scale.

Contract, everywhere in the package:

    rgb   (..., H, W, 3) uint8     sRGB, 0..255
    l     (..., H, W, 1) float32   L*/50 - 1, so -1..1
    ab    (..., H, W, 2) float32   a*/110, b*/110; inside the sRGB gamut within +-0.98
    lab   (..., H, W, 3) float32   l and ab side by side: what generators return and critics see

The NumPy forms call scikit-image; the `keras.ops` forms are for losses and run on every backend. They agree to
1e-3 on the scaled values, for matrices and white point are scikit-image's own.
"""

import functools
import warnings

import numpy as np
from keras import ops
from skimage import color as skimage_color
from skimage.color.colorconv import rgb_from_xyz, xyz_from_rgb

from data_prep.errors import BadInput

LIGHTNESS_SCALE = 50.0
AB_SCALE = 110.0
LIGHTNESS = ("lab", "luma")
GAMUT_TOLERANCE = 1e-4  # of linear sRGB; rounding, far below one 8-bit level of a light color

_XYZ_FROM_RGB = xyz_from_rgb.astype("float32")
_RGB_FROM_XYZ = rgb_from_xyz.astype("float32")
_WHITE = skimage_color.xyz_tristimulus_values(illuminant="D65", observer="2", dtype="float32")
_RGB_FROM_LINEAR_F = _RGB_FROM_XYZ * _WHITE
_LINEAR_BELOW = 0.008856  # CIE: below this the cube root is replaced by its tangent


def rgb_to_lab(rgb, lightness="lab"):
    """Scaled `lab` float32 (..., H, W, 3) of uint8 `rgb` (..., H, W, 3), in NumPy.

    lightness: "lab" takes L from the color picture itself. "luma" takes L of its luma gray (weights 0.2125,
        0.7154, 0.0721 on the gamma-encoded values), as the ancestor did: darker by 5 L* on average, by up to
        30 for saturated colors, so that l and ab no longer belong to one picture.
    """
    if lightness not in LIGHTNESS:
        raise BadInput(f"lightness={lightness!r}: allowed are {', '.join(LIGHTNESS)}")
    rgb = np.asarray(rgb)
    if rgb.dtype != np.uint8 or rgb.ndim < 3 or rgb.shape[-1] != 3:
        raise BadInput(f"rgb is {rgb.dtype} {rgb.shape}: needed is uint8 (..., height, width, 3)")
    lab = skimage_color.rgb2lab((rgb / np.float32(255)).astype("float32"))
    if lightness == "luma":
        gray = skimage_color.gray2rgb(skimage_color.rgb2gray(rgb))
        lab[..., 0] = skimage_color.rgb2lab(gray)[..., 0]
    return scale(lab)


def lab_to_rgb(lab):
    """uint8 `rgb` of scaled `lab` (..., H, W, 3), in NumPy; colors outside the sRGB gamut are clipped."""
    return np.round(255 * _float_rgb(lab)).astype("uint8")


def out_of_gamut(lab):
    """Boolean (..., H, W): the pixels of scaled `lab` that no sRGB color can show."""
    return ~_shown_by_srgb(_linear_rgb(np.asarray(lab, "float32"), np))


def into_gamut(lab):
    """Scaled `lab` whose pixels outside the sRGB gamut are desaturated until they are inside: unlike clipping,
    this keeps lightness and hue."""
    lab = np.array(lab, "float32")
    outside = out_of_gamut(lab)
    lab[outside, 1:] *= _showable_share(*np.moveaxis(lab[outside], -1, 0))[:, None]
    return lab


def painted(lab):
    """(uint8 `rgb` of scaled `lab` (..., H, W, 3), share of its pixels that had to be desaturated): `lab_to_rgb` of
    `into_gamut`, to one 8-bit level."""
    lab = np.asarray(lab, "float32")
    return Brush(lab[..., 0])(lab[..., 1], lab[..., 2])


class Brush:
    """Paints one lightness `l` (..., H, W), scaled, in many colors: what only lightness decides is computed once."""

    def __init__(self, l):  # noqa: E741  (the name of the contract)
        self.l = np.ascontiguousarray(l, "float32")
        self.y = self.l * np.float32(LIGHTNESS_SCALE / 116) + np.float32((LIGHTNESS_SCALE + 16) / 116)
        self.by_y = _linear(self.y) * _RGB_FROM_LINEAR_F[:, 1].reshape(3, *[1] * self.y.ndim)

    def __call__(self, a, b):
        """As `painted`, of scaled a and b (..., H, W)."""
        channels = self._channels(a, b)
        outside = np.nonzero(~_shown_by_srgb(channels))
        if len(outside[0]):
            there = self.l[outside], a[outside], b[outside]
            share = _showable_share(*there)
            inside = Brush(there[0])._channels(there[1] * share, there[2] * share)
        rgb = np.empty((*self.l.shape, 3), "uint8")
        for i, channel in enumerate(channels):
            if len(outside[0]):
                channel[outside] = inside[i]
            np.clip(channel, 0, 1, out=channel)
            channel *= np.float32(len(_ENCODED) - 1)
            channel += np.float32(0.5)
            rgb[..., i] = _ENCODED[channel.astype("int32")]
        return rgb, len(outside[0]) / self.l.size

    def _channels(self, a, b):
        """Linear red, green and blue, as `_linear_rgb`."""
        x = _linear(self.y + a * np.float32(AB_SCALE / 500))
        z = _linear(np.maximum(self.y - b * np.float32(AB_SCALE / 200), 0))
        return [x * m[0] + by_y + z * m[2] for m, by_y in zip(_RGB_FROM_LINEAR_F, self.by_y, strict=True)]


def _linear(f):
    """The inverse of CIELAB's f."""
    return np.where(f > np.float32(6 / 29), f * f * f, (f - np.float32(16 / 116)) * np.float32(1 / 7.787))


def _shown_by_srgb(linear):
    red, green, blue = linear
    least, most = np.minimum(np.minimum(red, green), blue), np.maximum(np.maximum(red, green), blue)
    return (least >= -GAMUT_TOLERANCE) & (most <= 1 + GAMUT_TOLERANCE)


def _showable_share(l, a, b):  # noqa: E741
    """The share of the color of scaled pixels (N,) that sRGB can show at their lightness, rounded down to a cell of
    `_most_chroma`."""
    most = _most_chroma()
    level = ((l + 1) * np.float32(0.5 * most.shape[0])).astype("int32").clip(0, most.shape[0] - 1)
    hue = (np.arctan2(b, a) * np.float32(most.shape[1] / (2 * np.pi))).astype("int32") % most.shape[1]
    return np.minimum(1, most[level, hue] / np.maximum(np.hypot(a, b), np.float32(1e-6)))


@functools.cache
def _most_chroma():
    """The chroma, as a length of scaled ab, that sRGB can show everywhere in each of 256 x 360 cells of lightness and
    hue; found by halving at their corners."""
    levels, hue = np.linspace(-1, 1, 257, dtype="float32"), np.deg2rad(np.arange(-1, 361, dtype="float32"))
    a, b = np.cos(hue), np.sin(hue)
    brush, chroma = Brush(np.repeat(levels[:, None], len(hue), 1)), np.zeros((len(levels), len(hue)), "float32")
    for halving in range(1, 13):
        tried = chroma + np.float32(1.3 * 0.5**halving)
        chroma = np.where(_shown_by_srgb(brush._channels(a * tried, b * tried)), tried, chroma)
    rows = np.minimum(chroma[:-1], chroma[1:])
    # a hue is truncated towards 0 before it wraps, so that a cell reaches one degree to both sides of its number
    return np.minimum(np.minimum(rows[:, :-2], rows[:, 1:-1]), rows[:, 2:])


def _float_rgb(lab):
    with warnings.catch_warnings():
        # a network may invent colors with a negative Z; that they are clipped is our documented behavior
        warnings.filterwarnings("ignore", "Conversion from CIE-LAB", UserWarning)
        return skimage_color.lab2rgb(unscale(np.asarray(lab, "float32")))


def scale(lab):
    """Scaled float32 `lab` of L*, a*, b* values (..., 3)."""
    lab = np.asarray(lab, "float32")
    return np.concatenate([lab[..., :1] / LIGHTNESS_SCALE - 1, lab[..., 1:] / AB_SCALE], -1)


def unscale(lab):
    """L*, a*, b* values of scaled `lab` (..., 3)."""
    return np.concatenate([(lab[..., :1] + 1) * LIGHTNESS_SCALE, lab[..., 1:] * AB_SCALE], -1)


def rgb_to_lab_tensor(rgb):
    """Scaled `lab` of sRGB tensors (..., 3) in 0..1, in `keras.ops`; differentiable."""
    rgb = ops.cast(rgb, "float32")
    linear = ops.where(rgb > 0.04045, ((ops.maximum(rgb, 0.04045) + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    xyz = ops.matmul(linear, _XYZ_FROM_RGB.T) / _WHITE
    bounded = ops.maximum(xyz, _LINEAR_BELOW)  # keeps the gradient of the unused branch finite
    f = ops.where(xyz > _LINEAR_BELOW, bounded ** (1 / 3), 7.787 * xyz + 16 / 116)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return ops.stack([(116 * y - 16) / LIGHTNESS_SCALE - 1, 500 * (x - y) / AB_SCALE, 200 * (y - z) / AB_SCALE], -1)


def lab_to_rgb_tensor(lab):
    """sRGB tensors (..., 3), clipped to 0..1, of scaled `lab`, in `keras.ops`; differentiable inside the gamut."""
    linear = ops.moveaxis(_linear_rgb(ops.cast(lab, "float32"), ops), 0, -1)
    return ops.clip(_encoded(linear, ops), 0.0, 1.0)


def _encoded(linear, library):
    """sRGB of linear values; its bound keeps the gradient of the unused branch finite."""
    bounded = library.maximum(linear, 0.0031308)
    return library.where(linear > 0.0031308, 1.055 * bounded ** (1 / 2.4) - 0.055, 12.92 * linear)


def _linear_rgb(lab, library):
    """Linear sRGB (3, ...) of scaled `lab` (..., 3), not clipped: outside 0..1 where sRGB has no such color. By the
    functions of `library`, `keras.ops` for tensors or NumPy, which is several times as fast on arrays."""
    y = lab[..., 0] * (LIGHTNESS_SCALE / 116) + (LIGHTNESS_SCALE + 16) / 116
    z = library.maximum(y - lab[..., 2] * (AB_SCALE / 200), 0)  # as scikit-image treats what is bluer than any blue
    f = library.stack([y + lab[..., 1] * (AB_SCALE / 500), y, z], 0)
    return library.tensordot(_RGB_FROM_LINEAR_F, library.where(f > 6 / 29, f * f * f, (f - 16 / 116) * (1 / 7.787)), 1)


_ENCODED = np.round(255 * _encoded(np.linspace(0, 1, 2**14 + 1), np)).astype("uint8")  # finer than 8 bits everywhere
