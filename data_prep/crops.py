"""From a picture to a square face, and what makes a face unfit for learning color."""

import numpy as np
from PIL import Image

# A picture with a shorter side shows no face.
MIN_SIDE = 16

# A picture is gray when hardly any pixel has channels further apart than JPEG noise brings about.
GRAY_SPREAD = 16
GRAY_SHARE = 0.002

# A background is white when most of the outermost pixels are near white. Hair and shoulders touch the border
# of nearly every face, so half is enough.
WHITE_LEVEL = 235
WHITE_BORDER = 1 / 32
WHITE_SHARE = 0.5


def square_crop(rgb: np.ndarray) -> np.ndarray:
    """The largest centered square of a picture (H, W, 3)."""
    height, width = rgb.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return rgb[top : top + side, left : left + side]


def square_pad(rgb: np.ndarray) -> np.ndarray:
    """The whole picture (H, W, 3), centered on a white square."""
    height, width = rgb.shape[:2]
    side = max(height, width)
    if height == width:
        return rgb
    square = np.full((side, side, 3), 255, np.uint8)
    top, left = (side - height) // 2, (side - width) // 2
    square[top : top + height, left : left + width] = rgb
    return square


def resize(rgb: np.ndarray, size: int) -> np.ndarray:
    """An antialiased copy of shape (size, size, 3)."""
    if rgb.shape[:2] == (size, size):
        return rgb
    return np.asarray(Image.fromarray(rgb).resize((size, size), Image.Resampling.LANCZOS))


def is_gray(rgb: np.ndarray) -> bool:
    """Whether a picture (H, W, 3) has no color to learn from."""
    spread = rgb.max(axis=-1) - rgb.min(axis=-1)
    return bool((spread > GRAY_SPREAD).mean() < GRAY_SHARE)


def has_white_background(rgb: np.ndarray) -> bool:
    """Whether at least `WHITE_SHARE` of the outermost pixels of a picture (H, W, 3) are near white."""
    height, width = rgb.shape[:2]
    ring = max(1, round(min(height, width) * WHITE_BORDER))
    border = np.ones((height, width), bool)
    border[ring : height - ring, ring : width - ring] = False
    return bool((rgb[border].min(axis=-1) >= WHITE_LEVEL).mean() >= WHITE_SHARE)
