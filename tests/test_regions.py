"""Regions: masks, boxes and places, and what is none of them."""

import numpy as np
import pytest
from PIL import Image

from anime_color.coloring import regions
from data_prep.errors import BadInput


def test_masks_and_boxes_mean_their_pixels(tmp_path):
    mask = np.zeros((128, 128), bool)
    mask[5:9, 100:120] = True
    Image.fromarray(mask.astype("uint8") * 255).save(tmp_path / "mask.png")
    for region in (mask, mask.astype("uint8"), tmp_path / "mask.png", (100, 5, 120, 9), [100, 5, 120, 9]):
        assert (regions.mask(region, (128, 128)) == mask).all()


@pytest.mark.parametrize(
    ("region", "said"),
    [
        (np.ones((128, 64), bool), "mask of 64x128 px for a picture of 128x128 px"),
        (np.zeros((128, 128), bool), "region is empty"),
        (np.ones((128, 128, 3)), "needed is boolean or uint8"),
        ((0, 0, 129, 10), "box .*right <= 128"),
        ((10, 10, 10, 20), "left < right"),
        ((0, 0, 10.5, 20), "whole numbers"),
        ([(5, 0)], "names and clicks need regions"),
        ([], "needed is a mask or a box"),
        ("missing.png", "no such file"),
    ],
)
def test_what_is_no_region_is_refused(region, said):
    with pytest.raises(BadInput, match=said):
        regions.mask(region, (128, 128))


@pytest.mark.parametrize(
    ("click", "said"),
    [
        ((128, 0), "outside the picture of 128x64 px"),
        ((0, -1), "outside"),
        ((1, 2, 3), "needed is .x, y."),
        ((1.5, 2), "whole"),
    ],
)
def test_what_is_no_place_is_refused(click, said):
    assert regions.place((127, 63.0), (64, 128)) == (127, 63)
    with pytest.raises(BadInput, match=said):
        regions.place(click, (64, 128))
