"""Regions: masks, boxes and clicks, and what is none of them."""

import numpy as np
import pytest
from PIL import Image

from anime_color.coloring import regions
from data_prep.drawn_faces import PARTS, draw
from data_prep.errors import BadInput


@pytest.fixture(scope="module")
def face():
    return draw(7, 128)


def test_masks_and_boxes_mean_their_pixels(face, tmp_path):
    mask = np.zeros((128, 128), bool)
    mask[5:9, 100:120] = True
    Image.fromarray(mask.astype("uint8") * 255).save(tmp_path / "mask.png")
    for region in (mask, mask.astype("uint8"), tmp_path / "mask.png", (100, 5, 120, 9), [100, 5, 120, 9]):
        assert (regions.mask(face.rgb, region) == mask).all()


@pytest.mark.parametrize("size", [128, 700])
def test_a_click_means_the_piece_that_it_is_on(size):
    """Hair of even color: the piece is hair nearly everywhere, and a good part of it."""
    drawn = draw(7, size)
    hair = drawn.mask == PARTS.index("hair")
    colors = np.median(drawn.rgb[hair], axis=0)
    near = hair & (np.abs(drawn.rgb - colors).max(-1) < 12)
    y, x = np.argwhere(near)[near.sum() // 2]
    clicked = regions.mask(drawn.rgb, [(x, y)])
    assert clicked[y, x] and (clicked & hair).sum() > 0.8 * clicked.sum() and clicked.sum() > 0.05 * hair.sum()
    other = np.argwhere(drawn.mask == PARTS.index("skin"))[0]
    both = regions.mask(drawn.rgb, [(x, y), (other[1], other[0])])
    assert (both >= clicked).all() and both.sum() > clicked.sum()


@pytest.mark.parametrize(
    ("region", "said"),
    [
        (np.ones((128, 64), bool), "mask of 64x128 px for a picture of 128x128 px"),
        (np.zeros((128, 128), bool), "region is empty"),
        (np.ones((128, 128, 3)), "needed is boolean or uint8"),
        ((0, 0, 129, 10), "box .*right <= 128"),
        ((10, 10, 10, 20), "left < right"),
        ((0, 0, 10.5, 20), "whole numbers"),
        ([(128, 0)], "outside the picture"),
        ([(1, 2, 3)], "needed is a mask, a box"),
        ([], "region is empty"),
        ("missing.png", "no such file"),
    ],
)
def test_what_is_no_region_is_refused(face, region, said):
    with pytest.raises(BadInput, match=said):
        regions.mask(face.rgb, region)
