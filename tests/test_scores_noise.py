"""Scores of what the noise changes: diversity of colorings, and where in the picture their colors change."""

import itertools

import numpy as np
import pytest
from scipy import ndimage
from skimage.color import deltaE_ciede2000

from anime_color.scores import (
    coherence,
    feature_distance,
    high_frequency_ab,
    hue_entropy,
    leak,
    mean_pairwise_ab,
    mean_pairwise_ciede2000,
    spatial,
)
from data_prep.errors import BadInput


@pytest.fixture(scope="module")
def lab():
    """Five random colorings of a picture whose sides are no multiple of the cells; they share L."""
    random = np.random.default_rng(0)
    lab = random.normal(0, 30, (5, 13, 18, 3))
    lab[..., 0] = random.uniform(0, 100, (13, 18))
    return lab


def cells_of(values, cells):
    """The cells of (N, H, W, C), one after the other."""
    rows, columns = ([slice(i * n // cells, (i + 1) * n // cells) for i in range(cells)] for n in values.shape[1:3])
    return [values[:, down, across] for down, across in itertools.product(rows, columns)]


def over_pairs(values, distance):
    return np.mean([distance(values[i], values[j]).mean() for i in range(len(values)) for j in range(i)])


def ab_distance(a, b):
    return np.hypot(a[..., 0] - b[..., 0], a[..., 1] - b[..., 1])


@pytest.mark.parametrize("cells", [None, 1, 4, 8, 13])
def test_pairwise_distances_agree_with_loops(lab, cells):
    values = lab if cells is None else np.stack([cell.mean(axis=(1, 2)) for cell in cells_of(lab, cells)], 1)
    assert mean_pairwise_ab(lab[..., 1:], cells) == pytest.approx(over_pairs(values[..., 1:], ab_distance))
    assert mean_pairwise_ciede2000(lab, cells) == pytest.approx(over_pairs(values, deltaE_ciede2000))


def test_pairwise_ciede2000_looks_at_a_grid_of_large_pictures():
    large = np.random.default_rng(1).normal(50, 15, (3, 70, 50, 3))
    assert mean_pairwise_ciede2000(large) == pytest.approx(over_pairs(large[:, ::3, ::2], deltaE_ciede2000))


def test_opposite_colorings_are_eighty_apart():
    ab = np.zeros((2, 16, 16, 2), "float32")
    ab[0, ..., 0], ab[1, ..., 0] = 40, -40
    assert mean_pairwise_ab(ab) == mean_pairwise_ab(ab, 8) == 80


def test_speckle_does_not_reach_the_cells():
    speckle = np.where(np.indices((64, 64)).sum(0) % 2, 20.0, -20.0)
    ab = np.stack([speckle, -speckle])[..., None] * (1, 0)
    assert mean_pairwise_ab(ab) == pytest.approx(40) and mean_pairwise_ab(ab, 8) == pytest.approx(0)
    assert high_frequency_ab(ab) == pytest.approx([20, 20])


@pytest.mark.parametrize(
    "score",
    [
        lambda lab: mean_pairwise_ab(lab[..., 1:]),
        lambda lab: mean_pairwise_ab(lab[..., 1:], 4),
        mean_pairwise_ciede2000,
        lambda lab: mean_pairwise_ciede2000(lab, 4),
        lambda lab: feature_distance([lab]),
    ],
    ids=["ab", "ab of cells", "CIEDE2000", "CIEDE2000 of cells", "features"],
)
def test_copies_have_no_diversity_and_order_does_not_matter(score, lab):
    assert score(np.repeat(lab[:1], 4, axis=0)) == pytest.approx(0, abs=1e-12)
    assert score(lab[::-1]) == pytest.approx(score(lab))


def test_feature_distance_agrees_with_loops():
    random = np.random.default_rng(0)
    maps = [random.normal(0.3, 1, (6, side, side, channels)) for side, channels in ((8, 3), (4, 10))]

    def distance(a, b):
        a, b = (values / np.sqrt((values**2).sum(-1, keepdims=True)) for values in (a, b))
        return ((a - b) ** 2).sum(-1)

    assert feature_distance(maps) == pytest.approx(sum(over_pairs(values, distance) for values in maps))
    assert feature_distance([7 * values for values in maps]) == pytest.approx(feature_distance(maps))


def hues(degrees, chroma=40):
    angles = np.radians(degrees)
    return chroma * np.stack([np.cos(angles), np.sin(angles)], -1)


EVERY_BIN = np.concatenate([hues(np.arange(36) * 10 + 5), np.zeros((1, 2))])
ENTROPIES = {
    "distinct": (hues(np.arange(25) * 10 + 5), 1),
    "equal": (hues(np.full(25, 123)), 0),
    "two of four": (hues([5, 5, 95, 95]), 0.5),  # ln 2 of at most ln 4
    "gray": (hues([5, 95, 185, 275], chroma=7.9), 0),
    "every bin twice": (np.repeat(EVERY_BIN, 2, axis=0), 1),
    "each of two regions": (np.stack([hues([5, 15, 25]), hues([7, 7, 7])], axis=1), [1, 0]),
}


@pytest.mark.parametrize("ab, entropy", ENTROPIES.values(), ids=ENTROPIES)
def test_hue_entropy(ab, entropy):
    assert hue_entropy(ab) == pytest.approx(entropy)


@pytest.mark.parametrize(
    "score, channels",
    [(mean_pairwise_ab, 2), (mean_pairwise_ciede2000, 3), (hue_entropy, 2), (lambda maps: feature_distance([maps]), 4)],
)
def test_one_noise_alone_and_numbers_that_are_none_are_refused(score, channels):
    colorings = np.zeros((2, 16, 16, channels))
    with pytest.raises(BadInput, match="at least two"):
        score(colorings[:1])
    colorings[0, 3, 3, 1] = np.nan
    with pytest.raises(BadInput, match="colorings holds NaN.*needed are finite"):
        score(colorings)


@pytest.mark.parametrize(
    "score, channels", [(mean_pairwise_ab, 2), (mean_pairwise_ciede2000, 3), (high_frequency_ab, 2)]
)
def test_other_shapes_are_refused(score, channels):
    with pytest.raises(BadInput, match=rf"needed is \(..., {channels}\)"):
        score(np.zeros((2, 16, 16, 4)), cells=8)
    with pytest.raises(BadInput, match="at least a pixel a cell"):
        score(np.zeros((2, 7, 16, channels)), cells=8)


# Where colors change ----------------------------------------------------------------------------------------


def test_high_frequency_is_the_distance_from_the_cells_mean(lab):
    cells = cells_of(lab[..., 1:], 4)
    total = sum(ab_distance(cell, cell.mean(axis=(1, 2), keepdims=True)).sum(axis=(1, 2)) for cell in cells)
    assert high_frequency_ab(lab[..., 1:], 4) == pytest.approx(total / (13 * 18))


def test_coherence_agrees_with_loops(lab):
    ab, labels = lab[..., 1:], np.random.default_rng(0).choice([0, 2, 3, 7], (13, 18))
    spread = [[np.sqrt(one[labels == k].var(0).sum()) for k in labels.ravel()] for one in ab]
    assert coherence(ab, labels) == pytest.approx(np.mean(spread, axis=1))


def test_colors_that_keep_to_the_regions_of_a_picture_are_coherent():
    rgb = np.zeros((64, 64, 3), "uint8")
    rgb[:, :27], rgb[:, 27:] = (230, 40, 40), (40, 40, 230)
    labels = spatial.regions(rgb)
    assert labels.shape == (64, 64) and set(np.unique(labels)) == set(range(labels.max() + 1))
    ab = rgb[None, ..., :2] / 10
    assert coherence(ab, labels) == pytest.approx([0], abs=1e-6) and coherence(ab, labels * 0) > 9


@pytest.fixture(scope="module")
def disc():
    """(ab, L*) of a disc whose color ends where its lightness does, on white."""
    inside = np.hypot(*(np.indices((64, 64)) - 31.5)) < 18
    return inside[None, ..., None] * np.array([40.0, -30.0]), np.where(inside, 40.0, 100.0)


def test_colors_that_run_over_leak(disc):
    ab, lightness = disc
    leaks = [leak(ndimage.gaussian_filter(ab, (0, sigma, sigma, 0)), lightness)[0] for sigma in (0, 1, 2)]
    assert leaks[0] == pytest.approx(0, abs=1e-6) and leaks[0] + 0.5 < leaks[1] < leaks[2]
    assert leak(ab * 0 + (20, 30), lightness) == 0
    assert np.isnan(leak(ab, lightness * 0 + 50)).all()


def test_a_leak_is_a_color_gradient_a_pixel():
    ab = np.linspace(0, 63, 64)[None, None, :, None] * np.ones((1, 64, 1, 1)) * (3, -4)
    step = np.ones((64, 1)) * (np.arange(64) < 32)
    assert leak(np.concatenate([ab, ab / 2]), 60 * step) == pytest.approx([5, 2.5])
    # a step of 12 L* rises by 6 a pixel, for Sobel spreads it over two
    assert leak(ab, 12.5 * step) == pytest.approx([5]) and np.isnan(leak(ab, 11.5 * step))


@pytest.mark.parametrize("size", [(16, 15), (8, 16), (256,)])
def test_regions_of_another_size_are_refused(size):
    with pytest.raises(BadInput, match="one region number a pixel"):
        coherence(np.zeros((2, 16, 16, 2)), np.zeros(size, int))


def test_leak_refuses_another_lightness(disc):
    ab, lightness = disc
    with pytest.raises(BadInput, match="needed is one size"):
        leak(ab, lightness[:32])
    with pytest.raises(BadInput, match="lightness holds NaN"):
        leak(ab, lightness * np.nan)
