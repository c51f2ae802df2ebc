"""sRGB <-> CIELAB (D65, 2 degrees), and the one home of every color scale.

Contract, everywhere in the package:

    rgb   (..., H, W, 3) uint8     sRGB, 0..255
    l     (..., H, W, 1) float32   L*/50 - 1, so -1..1
    ab    (..., H, W, 2) float32   a*/110, b*/110; inside the sRGB gamut within +-0.98
    lab   (..., H, W, 3) float32   l and ab side by side: what generators return and critics see

The NumPy forms call scikit-image; the `keras.ops` forms are for losses and run on every backend. They agree to
1e-3 on the scaled values, for matrices and white point are scikit-image's own.
"""

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
    lab[outside] = _desaturated(lab[outside])
    return lab


def painted(lab):
    """(uint8 `rgb` of scaled `lab` (..., H, W, 3), share of its pixels that had to be desaturated): `lab_to_rgb` of
    `into_gamut`, to one 8-bit level, in a quarter of its time."""
    lab = np.asarray(lab, "float32")
    pixels = lab.reshape(-1, 3)
    rgb, outside = np.empty(pixels.shape, "uint8"), 0
    for start in range(0, len(pixels), _PIXELS_IN_CACHE):
        some = pixels[start : start + _PIXELS_IN_CACHE]
        linear = _linear_rgb(some, np)
        clipped = ~_shown_by_srgb(linear)
        linear[:, clipped] = _linear_rgb(_desaturated(some[clipped]), np)
        level = np.clip(linear, 0, 1) * np.float32(len(_ENCODED) - 1) + np.float32(0.5)
        rgb[start : start + _PIXELS_IN_CACHE] = _ENCODED[level.astype("int32")].T
        outside += np.count_nonzero(clipped)
    return rgb.reshape(lab.shape), outside / len(pixels)


def _desaturated(pixels):
    """Scaled lab (N, 3) with the largest share of its colors, found by halving, that sRGB can show."""
    share = np.zeros(len(pixels), "float32")
    for halving in range(1, 8):
        tried = share + np.float32(0.5**halving)
        inside = _shown_by_srgb(_linear_rgb(_with_share(pixels, tried), np))
        share = np.where(inside, tried, share)
    return _with_share(pixels, share)


def _with_share(pixels, share):
    return np.stack([pixels[:, 0], pixels[:, 1] * share, pixels[:, 2] * share], -1)


def _shown_by_srgb(linear):
    red, green, blue = linear
    least, most = np.minimum(np.minimum(red, green), blue), np.maximum(np.maximum(red, green), blue)
    return (least >= -GAMUT_TOLERANCE) & (most <= 1 + GAMUT_TOLERANCE)


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
    return library.tensordot(
        _RGB_FROM_XYZ * _WHITE, library.where(f > 6 / 29, f * f * f, (f - 16 / 116) * (1 / 7.787)), 1
    )


_ENCODED = np.round(255 * _encoded(np.linspace(0, 1, 2**14 + 1), np)).astype("uint8")  # finer than 8 bits everywhere
_PIXELS_IN_CACHE = 2**14
