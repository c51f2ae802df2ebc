"""Regions and palettes: what the closed forms promise, and what the networks made of them do."""

import keras
import numpy as np
import pytest
from keras import ops

from anime_color import networks
from anime_color.faces import Faces
from anime_color.networks import regions
from anime_color.training.palette_phases import Palettes

K = 5


def array(tensor):
    return ops.convert_to_numpy(tensor)


def picture(seed=0, height=16, width=24):
    """(one-hot regions, lightness) of which each region holds some pixels."""
    random = np.random.default_rng(seed)
    m = np.eye(K, dtype="float32")[random.integers(0, K, (1, height, width))]
    return m, random.uniform(-1, 1, (1, height, width, 1)).astype("float32")


def test_a_picture_of_one_color_a_region_comes_back_exactly():
    m, l = picture()  # noqa: E741
    ab = m @ np.random.default_rng(1).uniform(-1, 1, (K, 2)).astype("float32")
    palette = regions.fitted(m, ab, l)
    assert array(palette)[..., 2:] == pytest.approx(0, abs=1e-3)
    assert array(regions.painted(m, palette, l)) == pytest.approx(ab, abs=2e-4)


def test_the_slope_is_that_of_least_squares():
    m, l = picture()  # noqa: E741
    slopes = np.random.default_rng(2).uniform(-0.5, 0.5, (K, 2)).astype("float32")
    ab = l * (m @ slopes) + 0.1
    found = array(regions.fitted(m, ab, l))[0]
    for k in range(K):
        inside = m[0, ..., k] == 1
        variance = l[0][inside].var()
        assert found[k, 2:] == pytest.approx(slopes[k] * variance / (variance + regions.FLAT), abs=2e-3)
    assert array(regions.painted(m, found[None], l)) == pytest.approx(ab, abs=0.01)


def test_fitting_is_linear_in_color():
    m, l = picture()  # noqa: E741
    one, other = np.random.default_rng(3).uniform(-1, 1, (2, *l.shape[:3], 2)).astype("float32")
    together = array(regions.fitted(m, one + 2 * other, l))
    assert together == pytest.approx(
        array(regions.fitted(m, one, l)) + 2 * array(regions.fitted(m, other, l)), abs=1e-4
    )


def test_a_region_of_no_area_changes_nothing():
    m, l = picture()  # noqa: E741
    m[..., 0] += m[..., 1]
    m[..., 1] = 0
    palette = np.random.default_rng(4).uniform(-1, 1, (1, K, 4)).astype("float32")
    changed = palette.copy()
    changed[:, 1] += 0.5
    assert (array(regions.painted(m, changed, l)) == array(regions.painted(m, palette, l))).all()
    assert np.isfinite(array(regions.fitted(m, np.repeat(l, 2, -1), l))).all()


def test_equal_colors_without_slope_are_flat():
    l = picture()[1]  # noqa: E741
    m = np.random.default_rng(5).dirichlet(np.ones(K), l.shape[:3]).astype("float32")
    palette = np.tile(np.array([0.3, -0.2, 0, 0], "float32"), (1, K, 1))
    assert array(regions.painted(m, palette, l)) == pytest.approx(
        np.broadcast_to([0.3, -0.2], (*l.shape[:3], 2)), abs=1e-5
    )


def made(factor=2):
    keras.utils.set_random_seed(0)
    cut = networks.region_network(K, 8, factor, 8)
    palette = networks.palette_network(K, 13, 16, 1)
    velocity = palette.get_layer("velocity").kernel  # begins at 0; a trained one would not stay there
    velocity.assign(np.random.default_rng(0).normal(0, 0.1, velocity.shape))
    return cut, palette, networks.generator_of(cut, palette)


@pytest.mark.parametrize("factor", [2, 4])
def test_the_generator_keeps_the_lightness_and_takes_any_multiple(factor):
    cut, _, generator = made(factor)
    noises = np.random.default_rng(0).standard_normal((2, K * 4)).astype("float32")
    for height, width in ((32, 32), (64, 96)):
        l = np.random.default_rng(1).uniform(-1, 1, (2, height, width, 1)).astype("float32")  # noqa: E741
        lab = array(generator({"l": l, "noise": noises}))
        assert lab.shape == (2, height, width, 3) and (lab[..., :1] == l).all()
        assert np.abs(lab[0, ..., 1:] - lab[1, ..., 1:]).mean() > 0.01
        assert (array(generator({"l": l, "noise": noises})) == lab).all()
        m = array(cut(l)["regions"])
        assert m.shape == (2, height // 2, width // 2, K) and m.sum(-1) == pytest.approx(1, abs=1e-5)


def test_regions_see_the_whole_face():
    cut = made()[0]
    l = np.random.default_rng(1).uniform(-1, 1, (1, 64, 64, 1)).astype("float32")  # noqa: E741
    changed = l.copy()
    changed[:, 60:, 60:] += 1
    assert np.abs(array(cut(changed)["regions"]) - array(cut(l)["regions"]))[0, 0, 0].max() > 0


def test_tokens_tell_area_place_and_lightness():
    m, l = picture(height=8, width=8)  # noqa: E741
    m[:] = 0
    m[:, :4, :, 0], m[:, 4:, :, 1] = 1, 1  # the upper and the lower half
    tokens = array(regions.Tokens()(m, np.full((1, 8, 8, 3), 0.5, "float32"), l))[0]
    assert tokens[0, :3] == pytest.approx(0.5, abs=1e-3)
    assert tokens[0, 3] == pytest.approx(l[0, :4].mean(), abs=1e-3)
    assert tokens[:2, 5] == pytest.approx([-0.5, 0.5], abs=1e-3) and tokens[:2, 6] == pytest.approx(0, abs=1e-3)
    assert tokens[:2, -1] == pytest.approx(np.log(0.5), abs=1e-3)


def test_palettes_of_all_faces_are_standardized_and_numbered(face_set):
    cut, palette, generator = made()
    faces = Faces(face_set, split="all", batch_size=8)
    given = {"regions": cut, "palette": palette, "generator": generator}
    read = Palettes(given, faces, True, 16, True, seed=0)
    assert len(read.tokens) == 2 * faces.count and len(read) == 8
    weight = read.weight[..., None] ** 2
    assert (weight * read.palette).sum(0) / weight.sum(0) == pytest.approx(0, abs=1e-3)
    assert (read[len(read) + 3]["palette"] == read.after(len(read))[3]["palette"]).all()
    again = Palettes(given, faces, True, 16, False, seed=0)
    assert (again[2]["tokens"] == read[2]["tokens"]).all() and again.palette == pytest.approx(read.palette, abs=1e-6)
