"""sRGB <-> CIELAB (D65, 2 degrees), and the one home of every color scale.

Contract, everywhere in the package:

    rgb   (..., H, W, 3) uint8     sRGB, 0..255
    l     (..., H, W, 1) float32   L*/50 - 1, so -1..1
    ab    (..., H, W, 2) float32   a*/110, b*/110; inside the sRGB gamut within +-0.98
    lab   (..., H, W, 3) float32   l and ab side by side: what generators return and critics see
    photo (..., H, W, 3) float32   sRGB / 127.5 - 1, so -1..1: for systems that change lightness and color
    gray  (..., H, W, 1) float32   the luma of sRGB (0.299 R + 0.587 G + 0.114 B) / 127.5 - 1, for systems that read it

The NumPy forms call scikit-image; the `keras.ops` forms are for losses and run on every backend. They agree to
1e-3 on the scaled values, for matrices and white point are scikit-image's own.
"""

import functools
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from keras import ops
from skimage import color as skimage_color
from skimage.color.colorconv import rgb_from_xyz, xyz_from_rgb

from data_prep.errors import BadInput

LIGHTNESS_SCALE = 50.0
AB_SCALE = 110.0
LIGHTNESS = ("lab", "luma")
IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # mean and deviation of its red, green and blue, of 0..1
LAB_LEAST = np.array([0.0, -86.183, -107.857], "float32")  # L*, a*, b* of sRGB colors, to within a thousandth
LAB_MOST = np.array([100.0, 98.233, 94.478], "float32")
# of `to_unit`, for L, a and b
UNIT_SCALE = np.array([LIGHTNESS_SCALE / 100, AB_SCALE / 255, AB_SCALE / 255], "float32")
UNIT_OFFSET = np.array([LIGHTNESS_SCALE / 100, 128 / 255, 128 / 255], "float32")

_RAW_SCALE = np.array([LIGHTNESS_SCALE, AB_SCALE, AB_SCALE], "float32")
_RAW_OFFSET = np.array([LIGHTNESS_SCALE, 0, 0], "float32")
_XYZ_FROM_RGB = xyz_from_rgb.astype("float32")
_RGB_FROM_XYZ = rgb_from_xyz.astype("float32")
_WHITE = skimage_color.xyz_tristimulus_values(illuminant="D65", observer="2", dtype="float32")
_RGB_FROM_LINEAR_F = _RGB_FROM_XYZ * _WHITE
_LUMA = np.array([0.299, 0.587, 0.114], "float32")
_IMAGENET_MEAN, _IMAGENET_DEVIATION = 2 * np.array(IMAGENET, "float32") - np.array([[1], [0]], "float32")
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
    lab = np.asarray(lab, "float32")
    found = np.zeros(lab.shape[:-1], bool)
    np.put(found, Brush(lab[..., 0]).levels(lab[None, ..., 1], lab[None, ..., 2])[1], True)
    return found


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
    rgb, desaturated = Brush(lab[..., 0])(lab[None, ..., 1], lab[None, ..., 2])
    return rgb[0], desaturated.sum() / lab[..., 0].size


class Brush:
    """Paints one lightness `l` (H, W), scaled, in many colors, up to `count` at once: what only lightness decides is
    computed once, and what is computed for every pixel needs no new memory, which would take longer than computing.
    Not for two threads at once."""

    def __init__(self, l, count=1):  # noqa: E741  (the name of the contract)
        self.l = np.asarray(l, "float32")
        self.y = self.l * np.float32(LIGHTNESS_SCALE / 116) + np.float32((LIGHTNESS_SCALE + 16) / 116)
        self.scratch = np.empty((4, count, *self.l.shape), "float32")
        self.places = np.empty((3, count, *self.l.shape), "int32")
        linear_y = _linear(self.y.copy(), *self.scratch[:2, 0])
        self.by_y = np.multiply.outer(_LEVELS_FROM_LINEAR_F[:, 1], linear_y) + np.float32(0.5)

    def __call__(self, a, b):
        """(uint8 rgb (N, H, W, 3), how many pixels of each had to be desaturated) of scaled a and b (N, H, W)."""
        places, outside = self.levels(a, b)
        if len(outside):
            l, a, b = (np.take(x, outside) for x in (np.broadcast_to(self.l, a.shape), a, b))  # noqa: E741
            share = _showable_share(l, a, b)
            inside = Brush(l).levels((a * share)[None], (b * share)[None])[0]
            for place, mended in zip(places, inside, strict=True):
                place.reshape(-1)[outside] = mended
        rgb = np.empty((*places.shape[1:], 3), "uint8")
        for i, place in enumerate(places):
            rgb[..., i] = _ENCODED.take(place, mode="clip")
        return rgb, np.bincount(outside // self.l.size, minlength=len(rgb))

    def levels(self, a, b):
        """(linear red, green and blue as places in `_ENCODED`, int32 (3, N, H, W), until the next call; places in `a`
        of the pixels that sRGB cannot show) of scaled a and b (N, H, W)."""
        x, z, part, other = self.scratch[:, : len(a)]
        places = self.places[:, : len(a)]
        np.multiply(a, np.float32(AB_SCALE / 500), out=x)
        np.multiply(b, np.float32(-AB_SCALE / 200), out=z)
        x += self.y
        z += self.y
        np.maximum(z, 0, out=z)  # as scikit-image treats what is bluer than any blue
        x, z = _linear(x, part, other), _linear(z, part, other)
        for (by_x, _, by_z), by_y, place in zip(_LEVELS_FROM_LINEAR_F, self.by_y, places, strict=True):
            np.multiply(x, by_x, out=part)
            np.multiply(z, by_z, out=other)
            part += by_y
            part += other
            np.copyto(place, part, casting="unsafe")
        red, green, blue = places.view("uint32")  # what is below 0 is very large here
        largest = part.view("uint32")
        np.maximum(np.maximum(red, green, out=largest), blue, out=largest)
        return places, np.flatnonzero(largest > _WHITEST + 1)  # a place more, for rounding


def _linear(f, above, square):
    """The inverse of CIELAB's f, in place: a cube, below 6/29 the tangent of it there; the others are scratch."""
    np.maximum(f, np.float32(6 / 29), out=above)
    f -= above
    f *= np.float32(3 * (6 / 29) ** 2)
    np.multiply(above, above, out=square)
    square *= above
    f += square
    return f


AB_PLACES = 128
_MOST_AB = 1.0  # scaled ab beyond this are taken for it; sRGB shows none beyond 0.98
AB_PLACES_EACH = (AB_PLACES - 1) / (2 * _MOST_AB)


def places_of_lightness(l):  # noqa: E741
    """Where in `swatches` the colors of scaled lightness (...) begin, int32."""
    return ((np.asarray(l) + 1) * np.float32(127.5) + np.float32(0.5)).astype("int32").clip(0, 255) * AB_PLACES**2


def looked_up(places, a, b):
    """uint32 (...): the swatches at `places_of_lightness` of a and b, given as (scaled value + 1) * AB_PLACES_EACH
    + 1/2. Their low three bytes are red, green and blue, the high one is 255 where the color had to be desaturated.
    A third of the time of computing colors, to within half a step of the table: 0.9 of a* and b*, 0.2 L*."""
    a, b = (np.clip(x, 0, AB_PLACES - 1, out=x).astype("int32") for x in (a, b))
    a *= AB_PLACES
    a += b
    a += places
    return swatches().take(a)


@functools.cache
def swatches():
    """uint32 (256 * 128 * 128,): sRGB of lightness, a and b in even steps, desaturated as `painted` does it."""
    side = np.linspace(-_MOST_AB, _MOST_AB, AB_PLACES, dtype="float32")
    found = np.empty((256, AB_PLACES, AB_PLACES, 4), "uint8")

    def fill(start, end):
        lightness = np.linspace(-1, 1, 256, dtype="float32")[start:end]
        lightness, a, b = np.meshgrid(lightness, side, side, indexing="ij")
        brush, outside = Brush(lightness), np.zeros(lightness.size, bool)
        outside[brush.levels(a[None], b[None])[1]] = True
        found[start:end, ..., :3] = brush(a[None], b[None])[0][0]
        found[start:end, ..., 3] = 255 * outside.reshape(lightness.shape)

    _most_color()
    with ThreadPoolExecutor() as threads:
        list(threads.map(fill, range(0, 256, 16), range(16, 257, 16)))
    return found.view("uint32").ravel()


def _showable_share(l, a, b):  # noqa: E741
    """The share of the color of scaled pixels (N,) that sRGB can show at their lightness, rounded down to a cell of
    `_most_color`."""
    most = _most_color()
    rows, columns = most.shape[1:]
    length = np.maximum(np.abs(a) + np.abs(b), np.float32(1e-6))
    row = ((l + 1) * np.float32(rows / 2)).astype("int32").clip(0, rows - 1)
    column = ((a / length + 1) * np.float32(columns / 2)).astype("int32").clip(0, columns - 1)
    return np.minimum(1, most[(b < 0).astype("int32"), row, column] / length)


@functools.cache
def _most_color():
    """The length |a| + |b| of scaled ab that sRGB can show everywhere in a cell: b from 0 up or below, 256 cells of
    lightness, 256 of a / (|a| + |b|), which is a cheap hue. Found by halving at their corners."""
    side, lightness, a = np.meshgrid((1, -1), *[np.linspace(-1, 1, 257)] * 2, indexing="ij")
    a, b = (values.astype("float32") for values in (a, side * (1 - np.abs(a))))
    brush, length = Brush(lightness), np.zeros(a.shape, "float32")
    for halving in range(1, 13):
        step = np.float32(1.8 * 0.5**halving)
        length += step
        length.ravel()[brush.levels((a * length)[None], (b * length)[None])[1]] -= step
    rows = np.minimum(length[:, :-1], length[:, 1:])
    return np.minimum(rows[:, :, :-1], rows[:, :, 1:])


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


def to_raw(lab):
    """L*, a*, b* of scaled `lab` tensors (..., 3), in `keras.ops`."""
    return ops.add(ops.multiply(lab, _RAW_SCALE), _RAW_OFFSET)


def to_unit(lab):
    """Scaled `lab` tensors (..., 3) in 0..1 as OpenCV's 8-bit lab divided by 255, in `keras.ops`: L*/100,
    (a* + 128) / 255, (b* + 128) / 255. Gray is at 128/255, not in the middle."""
    return ops.add(ops.multiply(lab, UNIT_SCALE), UNIT_OFFSET)


def scale_rgb(rgb):
    """float32 of -1..1 of uint8 `rgb` of any shape: what networks of photos read and return."""
    return np.asarray(rgb, "float32") / np.float32(127.5) - 1


def unscale_rgb(rgb):
    """uint8 `rgb` of scaled values; what lies outside -1..1 is clipped."""
    return np.round((np.clip(rgb, -1, 1) + 1) * 127.5).astype("uint8")


def luma(rgb):
    """uint8 (..., H, W) of uint8 `rgb`: 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601), the Y of YUV."""
    return np.round(np.asarray(rgb, "float32") @ _LUMA).astype("uint8")


def with_luma(rgb, gray):
    """uint8 `rgb` with the luma `gray` (..., H, W): its U and V are kept, which all three numbers tell by what they are
    apart. What is then outside 0..255 is clipped."""
    rgb = np.asarray(rgb, "float32")
    return np.round(np.clip(rgb + (np.asarray(gray, "float32") - rgb @ _LUMA)[..., None], 0, 255)).astype("uint8")


def imagenet_scaled(photo):
    """Scaled sRGB tensors (..., 3), or gray ones (..., 1), as networks of ImageNet read them: (..., 3), of mean 0 and
    deviation 1 over its pictures; in `keras.ops`."""
    return ops.divide(ops.subtract(photo, _IMAGENET_MEAN), _IMAGENET_DEVIATION)


def imagenet_unscaled(x):
    """The inverse: scaled sRGB tensors (..., 3), which may lie outside -1..1."""
    return ops.add(ops.multiply(x, _IMAGENET_DEVIATION), _IMAGENET_MEAN)


def rgb_to_lab_tensor(rgb):
    """Scaled `lab` of sRGB tensors (..., 3) in 0..1, in `keras.ops`; differentiable."""
    rgb = ops.cast(rgb, "float32")
    linear = ops.where(rgb > 0.04045, ((ops.maximum(rgb, 0.04045) + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    xyz = ops.divide(ops.matmul(linear, _XYZ_FROM_RGB.T), _WHITE)  # a PyTorch tensor cannot be divided by an array
    bounded = ops.maximum(xyz, _LINEAR_BELOW)  # keeps the gradient of the unused branch finite
    f = ops.where(xyz > _LINEAR_BELOW, bounded ** (1 / 3), 7.787 * xyz + 16 / 116)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return ops.stack([(116 * y - 16) / LIGHTNESS_SCALE - 1, 500 * (x - y) / AB_SCALE, 200 * (y - z) / AB_SCALE], -1)


def lab_to_rgb_tensor(lab):
    """sRGB tensors (..., 3), clipped to 0..1, of scaled `lab`, in `keras.ops`; differentiable inside the gamut."""
    lab = ops.cast(lab, "float32")
    y = lab[..., 0] * (LIGHTNESS_SCALE / 116) + (LIGHTNESS_SCALE + 16) / 116
    z = ops.maximum(y - lab[..., 2] * (AB_SCALE / 200), 0)  # as scikit-image treats what is bluer than any blue
    f = ops.stack([y + lab[..., 1] * (AB_SCALE / 500), y, z], -1)
    linear = ops.where(f > 6 / 29, f * f * f, (f - 16 / 116) * (1 / 7.787))
    return ops.clip(_encoded(ops.matmul(linear, _RGB_FROM_LINEAR_F.T), ops), 0.0, 1.0)


def _encoded(linear, library):
    """sRGB of linear values; its bound keeps the gradient of the unused branch finite."""
    bounded = library.maximum(linear, 0.0031308)
    return library.where(linear > 0.0031308, 1.055 * bounded ** (1 / 2.4) - 0.055, 12.92 * linear)


_WHITEST = 2**14  # finer than 8 bits everywhere
_LEVELS_FROM_LINEAR_F = np.float32(_WHITEST) * _RGB_FROM_LINEAR_F
_ENCODED = np.round(255 * _encoded(np.linspace(0, 1, _WHITEST + 1), np)).astype("uint8")
