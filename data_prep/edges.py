"""Cartoons whose outlines are blurred: what a critic of cartoons is to call no cartoon.

A generator that must look like cartoons may give their flat colors and forget their clear edges, which are a small
part of a picture. So its critic is shown, as fakes, real cartoons that have everything but the clear edges
(Chen, Lai, Liu, "CartoonGAN", CVPR 2018, section 3.2).

The published recipe is OpenCV's. skimage.feature.canny finds other edges, since it measures gradients by L2,
interpolates along them and marks nothing at the border, so OpenCV's Canny is written here in whole numbers.
"""

import numpy as np
from PIL import Image
from scipy import ndimage

from .errors import BadInput

# Thresholds for L1 gradients of gray 0..255 by unsmoothed Sobel filters: an edge begins above the high one and is
# followed as long as it is above the low one.
LOW, HIGH = 100, 200
# The published blur is for pictures of 256 px. From this longer side down, half the reach is as strong a blur.
LARGE = 192
# Binomial taps: what OpenCV takes for a Gaussian of so many pixels when no sigma is given.
LARGE_TAPS, SMALL_TAPS = (1, 4, 6, 4, 1), (1, 2, 1)
# An angle is nearer to an axis than to a diagonal up to tan 22.5 degrees, as a fraction of 2**15.
AXIS, ONE = 13573, 1 << 15


def smoothed(picture: np.ndarray) -> np.ndarray:
    """The cartoon with its edges blurred and all else untouched: uint8 (H, W, 3) -> a new uint8 (H, W, 3).

    Canny's edges of the gray picture, with thresholds 100 and 200 and without smoothing, are dilated by a square as
    wide as the blur; where that is set, each channel is blurred by a Gaussian. Both are 5 x 5 pixels from a longer
    side of 192 up, as published for 256, and 3 x 3 below, for 64 to 128.

    Source: section 3.2 of Chen, Lai and Liu (CVPR 2018), with the parameters that its public re-implementations share.

    Raises BadInput for another picture.
    """
    _check(picture)
    taps = LARGE_TAPS if max(picture.shape[:2]) >= LARGE else SMALL_TAPS
    edges = _canny(np.asarray(Image.fromarray(picture).convert("L")))
    near = ndimage.maximum_filter(edges, len(taps), mode="constant")
    return np.where(near[..., None], _blurred(picture, taps), picture)


def _check(picture: np.ndarray) -> None:
    array = isinstance(picture, np.ndarray)
    fits = array and picture.ndim == 3 and picture.shape[2] == 3
    if not fits or picture.dtype != np.uint8 or 0 in picture.shape:
        found = f"an array of {picture.dtype} {picture.shape}" if array else f"a {type(picture).__name__}"
        raise BadInput(f"edges: the picture is {found}; give uint8 of shape (H, W, 3), as open_image does")


def _canny(gray: np.ndarray) -> np.ndarray:
    """bool (H, W): the edges of a gray picture, uint8 (H, W), as OpenCV's Canny gives them by default."""
    gray = gray.astype(np.int32)
    across = ndimage.sobel(gray, axis=1, mode="nearest")
    down = ndimage.sobel(gray, axis=0, mode="nearest")
    magnitude = abs(across) + abs(down)
    thin = (magnitude > LOW) & _is_ridge(magnitude, across, down)
    # pieces touch at corners, too; skimage's hysteresis counts only sides
    pieces, count = ndimage.label(thin, np.ones((3, 3)))
    kept = np.zeros(count + 1, bool)
    kept[pieces[thin & (magnitude > HIGH)]] = True
    return kept[pieces]


def _is_ridge(magnitude: np.ndarray, across: np.ndarray, down: np.ndarray) -> np.ndarray:
    """bool (H, W): where the magnitude (H, W) of the gradient (across, down) is the highest on the gradient's way.

    Of two equal neighbors the left or the upper one wins; on a diagonal, both must be lower.
    """
    height, width = magnitude.shape
    padded = np.pad(magnitude, 1)  # beyond the border there is nothing

    def neighbor(y, x):
        return padded[1 + y : 1 + y + height, 1 + x : 1 + x + width]

    wide, tall = abs(across), abs(down)
    diagonal = np.where(
        (across ^ down) < 0,  # of different signs: the gradient rises to the upper right or the lower left
        (magnitude > neighbor(-1, 1)) & (magnitude > neighbor(1, -1)),
        (magnitude > neighbor(-1, -1)) & (magnitude > neighbor(1, 1)),
    )
    return np.select(
        [tall * ONE < wide * AXIS, tall * ONE > wide * (AXIS + 2 * ONE)],  # tan 67.5 is 2 more than tan 22.5
        [
            (magnitude > neighbor(0, -1)) & (magnitude >= neighbor(0, 1)),
            (magnitude > neighbor(-1, 0)) & (magnitude >= neighbor(1, 0)),
        ],
        diagonal,
    )


def _blurred(picture: np.ndarray, taps: tuple[int, ...]) -> np.ndarray:
    """uint8 (H, W, 3): each channel blurred by whole-number taps down and across; halves are rounded up."""
    total = picture.astype(np.int32)
    for axis in (0, 1):
        total = ndimage.correlate1d(total, taps, axis, mode="mirror")  # the border pixel itself is not repeated
    whole = sum(taps) ** 2
    return ((total + whole // 2) // whole).astype(np.uint8)
