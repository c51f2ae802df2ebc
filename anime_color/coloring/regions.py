"""The part of a picture that is to be colored anew: a mask, a box, or clicks on it."""

import numpy as np
from PIL import Image
from skimage import segmentation

from data_prep import open_image
from data_prep.errors import BadInput

LONGEST_SIDE = 512  # pixels at which superpixels are looked for: the time they take, and the detail of a small picture


def mask(rgb, region):
    """Boolean (H, W): the pixels of the picture `rgb` (H, W, 3) that `region` means.

    region: one of
        a mask, boolean or uint8 array (H, W), or the path of a picture of the same size: what is not black;
        a box, (left, top, right, bottom) in pixels, right and bottom not included;
        clicks, [(x, y), ...] in pixels: the superpixels that they are on.
    BadInput if it is none of these, has another size, lies outside or is empty.
    """
    height, width = rgb.shape[:2]
    if not isinstance(region, (list, tuple)):
        found = _read_mask(region)
        if found.shape != (height, width):
            raise BadInput(
                f"mask of {found.shape[1]}x{found.shape[0]} px for a picture of {width}x{height} px: give the same size"
            )
    elif len(region) == 4 and all(np.ndim(side) == 0 for side in region):
        left, top, right, bottom = (_whole(side, f"box {region}") for side in region)
        if not (0 <= left < right <= width and 0 <= top < bottom <= height):
            raise BadInput(
                f"box {left, top, right, bottom}: needed is 0 <= left < right <= {width}, 0 <= top < bottom <= {height}"
            )
        found = np.zeros((height, width), bool)
        found[top:bottom, left:right] = True
    else:
        found = _clicked(rgb, region)
    if not found.any():
        raise BadInput("the region is empty: mark at least one pixel of the mask")
    return found


def superpixels(rgb):
    """Numbers (H, W) of the pieces of even color that a picture `rgb` (H, W, 3) falls into (Felzenszwalb and
    Huttenlocher 2004); lines part them."""
    height, width = rgb.shape[:2]
    ratio = min(1, LONGEST_SIDE / max(height, width))
    size = max(1, round(width * ratio)), max(1, round(height * ratio))
    reduced = np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.BOX))
    numbers = segmentation.felzenszwalb(reduced, scale=500, sigma=0.8, min_size=max(1, reduced[..., 0].size // 500))
    return np.asarray(Image.fromarray(numbers.astype("int32")).resize((width, height), Image.Resampling.NEAREST))


def _clicked(rgb, clicks):
    height, width = rgb.shape[:2]
    numbers, chosen = superpixels(rgb), []
    for click in clicks:
        if np.shape(click) != (2,):
            raise BadInput(f"region {clicks}: needed is a mask, a box of 4 numbers or a list of (x, y)")
        x, y = (_whole(place, f"click {click}") for place in click)
        if not (0 <= x < width and 0 <= y < height):
            raise BadInput(f"click {x, y}: outside the picture of {width}x{height} px")
        chosen.append(numbers[y, x])
    return np.isin(numbers, chosen)


def _whole(number, where):
    if isinstance(number, (bool, str)) or number is None or int(number) != number:
        raise BadInput(f"{where}: needed are whole numbers of pixels")
    return int(number)


def _read_mask(region):
    if isinstance(region, np.ndarray) and region.ndim == 2 and region.dtype in (np.bool_, np.uint8):
        return region > 0
    if isinstance(region, np.ndarray):
        raise BadInput(f"mask is an array of {region.dtype} {region.shape}: needed is boolean or uint8 (H, W)")
    return open_image(region).max(-1) > 0
