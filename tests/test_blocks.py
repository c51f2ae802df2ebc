"""Blocks: packing pixels into channels, and colors enlarged along the edges of the lightness."""

import numpy as np
import pytest
from keras import ops

from anime_color.networks import blocks


def array(tensor):
    return ops.convert_to_numpy(tensor)


def random(*shape):
    return np.random.default_rng(0).uniform(-1, 1, shape).astype("float32")


def test_space_to_depth_packs_blocks_in_reading_order():
    x = np.arange(16, dtype="float32").reshape(1, 4, 4, 1)
    packed = array(blocks.SpaceToDepth(2)(x))
    assert packed.shape == (1, 2, 2, 4)
    assert packed[0, 0, 0].tolist() == [0, 1, 4, 5] and packed[0, 1, 0].tolist() == [8, 9, 12, 13]


@pytest.mark.parametrize("factor", [2, 4])
def test_depth_to_space_is_its_inverse(factor):
    x = random(2, 8, 16, 3)
    assert (array(blocks.DepthToSpace(factor)(blocks.SpaceToDepth(factor)(x))) == x).all()


def halved(x):
    return x.reshape(x.shape[0], x.shape[1] // 2, 2, x.shape[2] // 2, 2, -1).mean(axis=(2, 4))


def test_a_constant_color_stays_it_up_to_the_border():
    lightness = random(1, 16, 12, 1)
    ab = np.zeros((1, 8, 6, 2), "float32") + [0.3, -0.2]
    large = array(blocks.GuidedUpsampling()(ab.astype("float32"), lightness))
    assert large.shape == (1, 16, 12, 2)
    assert np.abs(large - [0.3, -0.2]).max() < 1e-5


def test_without_edges_it_is_bilinear():
    ab = random(1, 8, 8, 2)
    large = array(blocks.GuidedUpsampling()(ab, np.zeros((1, 16, 16, 1), "float32")))
    assert large == pytest.approx(array(ops.image.resize(ab, (16, 16), "bilinear")), abs=1e-6)


def test_colors_end_where_the_lightness_has_its_edge():
    """An edge at an odd column, between the pixels of the half-size colors: bilinear smears it over four pixels."""
    lightness = np.full((1, 32, 32, 1), 0.8, "float32")
    lightness[:, :, 15:] = -0.4
    ab = np.where(lightness > 0, 0.1, 0.5) * np.ones(2)
    small = halved(ab).astype("float32")
    guided = array(blocks.GuidedUpsampling()(small, lightness))
    bilinear = array(ops.image.resize(small, (32, 32), "bilinear"))
    assert np.abs(guided - ab).mean() < 0.3 * np.abs(bilinear - ab).mean()
