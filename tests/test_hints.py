"""Hints: as many as asked for, in the colors of the picture; drawn as users give them."""

import numpy as np
import pytest
from keras import ops

from anime_color import color, hints, networks
from data_prep.drawn_faces import draw

DRAWS = 2000


@pytest.fixture(scope="module")
def lab():
    return color.rgb_to_lab(draw(3, 32).rgb)


@pytest.fixture(scope="module")
def each_its_own():
    """A picture (32, 32, 3) in which no two pixels have one a*."""
    lab = np.zeros((32, 32, 3), "float32")
    lab[..., 1] = np.linspace(-0.9, 0.9, 1024).reshape(32, 32)
    return lab


@pytest.fixture(scope="module")
def planes(each_its_own):
    random = np.random.default_rng(0)
    return [hints.drawn(each_its_own, random) for _ in range(DRAWS)]


def decoded(plane):
    """(where there are hints, their scaled lab) of a plane."""
    there = plane.any(-1)
    return there, np.stack([4 * plane[..., 2] - 3, plane[..., 0], plane[..., 1]], -1)


@pytest.mark.parametrize("count", [0, 1, 17, 140, 1024])
def test_as_many_hints_as_asked_for_in_the_colors_of_the_picture(lab, count):
    plane, rows, columns = hints.at_points(lab, count, np.random.default_rng(count))
    there, colors = decoded(plane)
    assert plane.shape == lab.shape and plane.dtype == np.float32
    assert there.sum() == count == len(set(zip(rows.tolist(), columns.tolist(), strict=True)))
    assert there[rows, columns].all()
    assert colors[there] == pytest.approx(lab[there], abs=1e-5)
    assert (plane[~there] == 0).all()


def test_no_more_hints_than_pixels(lab):
    assert decoded(hints.at_points(lab[:4, :5], 100, np.random.default_rng(0))[0])[0].all()


def test_scaled_by_hand():
    """Black, mid gray and white without color: 0.5, 0.75, 1; so black, too, is told from no hint."""
    lab = np.array([[[-1, 0, 0], [0, 0.3, -0.2], [1, 0, 0]]], "float32")
    plane, *_ = hints.at_points(lab, 3, np.random.default_rng(0))
    assert plane[0] == pytest.approx(np.array([[0, 0, 0.5], [0.3, -0.2, 0.75], [0, 0, 1]]))


def test_every_hint_is_told_from_none(each_its_own, planes):
    for lightness in (-1, 1):
        lab = each_its_own * [0, 0, 0] + [lightness, 0, 0]
        assert decoded(hints.at_points(lab, 50, np.random.default_rng(0))[0])[0].sum() == 50
    for plane in planes:
        assert set(np.unique(plane[..., 2]).tolist()) <= {0, 0.75}  # the third number is the mask


def test_forty_percent_are_empty_and_most_others_have_few(planes):
    points = np.array([len(np.unique(plane[plane.any(-1), 0])) for plane in planes])
    assert np.mean(points == 0) == pytest.approx(0.4, abs=0.04)
    assert np.mean((points > 0) & (points <= 15)) == pytest.approx(0.42, abs=0.04)
    assert np.mean(points > 15) == pytest.approx(0.18, abs=0.04)
    assert 120 < points.max() <= hints.MOST == 140  # a few of 140 lie under the crosses of others


def test_points_have_crosses_of_at_most_five(each_its_own, planes):
    """Every hint has the color of its own pixel or of a neighbor, and half of the points reach along an axis."""
    reached, alone = 0, 0
    for plane in planes:
        rows, columns = np.nonzero(plane.any(-1))
        source = np.abs(each_its_own[..., 1].ravel() - plane[rows, columns, 0][:, None]).argmin(1)
        off = np.abs(np.stack(np.divmod(source, 32)) - [rows, columns])
        assert (off.sum(0) <= 1).all()
        if 0 < len(set(source.tolist())) <= 15:
            reached, alone = reached + off.sum(1), alone + len(set(source.tolist()))
    assert reached / (2 * alone) == pytest.approx([0.5, 0.5], abs=0.06)  # of the two neighbors along each axis


def test_drawn_by_the_seed_alone(lab):
    one, other, another = ([hints.drawn(lab, r) for _ in range(9)] for r in map(np.random.default_rng, (4, 4, 5)))
    assert (np.stack(one) == other).all() and (np.stack(one) != another).any()


def test_reduced_is_the_mean_of_blocks():
    lab = np.zeros((2, 4, 3), "float32")
    lab[..., 0] = [[0, 0.2, 1, 1], [0.4, 0.6, 1, -1]]
    lab[..., 2] = [[0.5, 0.5, 0, 0], [0.5, 0.5, 0, 0.8]]
    assert hints.reduced(lab, 2) == pytest.approx(np.array([[[0.3, 0, 0.5], [0.5, 0, 0.2]]]))
    assert (hints.reduced(lab, 1) == lab).all()


def test_enlarging_as_the_generator_does_keeps_every_hint(lab):
    """Of interpolation, single pixels would vanish."""
    plane, *_ = hints.at_points(lab, 60, np.random.default_rng(0))
    stages = (networks.additive_unet(*names, 2) for names in (("hints", "draft"), ("draft", "coloring")))
    generator = networks.two_stage_generator(*stages, 4)
    enlarged = ops.convert_to_numpy(generator.get_layer("enlarged_draft")(plane[None]))[0]
    assert enlarged.shape == (128, 128, 3)
    assert (enlarged.reshape(32, 4, 32, 4, 3) == plane[:, None, :, None]).all()
    assert enlarged.any(-1).sum() == 16 * 60
