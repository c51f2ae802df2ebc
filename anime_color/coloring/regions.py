"""Which pixels of a picture are meant: masks, boxes and places, checked."""

import numbers

import numpy as np

from data_prep import open_image
from data_prep.errors import BadInput


def mask(region, size):
    """Boolean (H, W): the pixels of a picture of `size` (H, W) that `region` means.

    region: one of
        a mask, boolean or uint8 array (H, W), or the path of a picture of the same size: what is not black;
        a box, (left, top, right, bottom) in pixels, right and bottom not included.
    BadInput if it is none of these, has another size, lies outside or is empty.
    """
    height, width = size
    if not isinstance(region, (list, tuple)):
        found = _read_mask(region)
        if found.shape != (height, width):
            raise BadInput(
                f"mask of {found.shape[1]}x{found.shape[0]} px for a picture of {width}x{height} px: give the same size"
            )
    elif len(region) == 4 and all(np.ndim(side) == 0 for side in region):
        left, top, right, bottom = (whole_number(side, f"box {region}") for side in region)
        if not (0 <= left < right <= width and 0 <= top < bottom <= height):
            raise BadInput(
                f"box {left, top, right, bottom}: needed is 0 <= left < right <= {width}, 0 <= top < bottom <= {height}"
            )
        found = np.zeros((height, width), bool)
        found[top:bottom, left:right] = True
    else:
        raise BadInput(f"region {region}: needed is a mask or a box of 4 numbers; names and clicks need regions")
    if not found.any():
        raise BadInput("the region is empty: mark at least one pixel of the mask")
    return found


def place(click, size):
    """The pixel (x, y) of a picture of `size` (H, W) that a click means. BadInput if it is none."""
    height, width = size
    if len(click) != 2 if isinstance(click, (list, tuple)) else np.shape(click) != (2,):
        raise BadInput(f"place {click}: needed is (x, y)")
    x, y = (whole_number(number, f"place {click}") for number in click)
    if not (0 <= x < width and 0 <= y < height):
        raise BadInput(f"place {x, y}: outside the picture of {width}x{height} px")
    return x, y


def whole_number(number, where):
    if isinstance(number, bool) or not isinstance(number, numbers.Real) or not float(number).is_integer():
        raise BadInput(f"{where}: needed are whole numbers of pixels")
    return int(number)


def _read_mask(region):
    if isinstance(region, np.ndarray) and region.ndim == 2 and region.dtype in (np.bool_, np.uint8):
        return region > 0
    if isinstance(region, np.ndarray):
        raise BadInput(f"mask is an array of {region.dtype} {region.shape}: needed is boolean or uint8 (H, W)")
    return open_image(region).max(-1) > 0
