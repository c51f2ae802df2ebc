"""Color scores: colorfulness, UIQM and its parts, gray and brown, distances of histograms."""

import numpy as np
import pytest
from scipy import ndimage, stats

from anime_color.scores import brown_share, chroma_distance, colorfulness, gray_share, hue_distance, uiqm, uiqm_parts
from anime_color.scores.colors import histograms
from data_prep.errors import BadInput

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def halves(left, right):
    rgb = np.zeros((64, 64, 3), "uint8")
    rgb[:, :32], rgb[:, 32:] = left, right
    return rgb


def ramp():
    y, x = np.mgrid[:64, :64]
    return np.stack([4 * x, 4 * y, 255 - 2 * (x + y)], -1).astype("uint8")


PICTURES = {
    "gray": halves((128,) * 3, (128,) * 3),
    "red": halves(RED, RED),
    "red and green": halves(RED, GREEN),
    "red and blue": halves(RED, BLUE),
    "ramp": ramp(),
}
REFERENCE = {  # colorfulness, UIQM, UICM, UISM, UIConM
    "gray": (0, 0, 0, 0, 0),
    "red": (85.5296, -0.2155, -7.6406, 0, 0),
    "red and green": (293.25, 1.0441, 37.0260, 0, 0),
    "red and blue": (272.6187, 0.9203, 32.6343, 0, 0),
    "ramp": (148.6836, 1.2830, 23.3592, 0.6290, 0.1227),
}


@pytest.fixture(scope="module")
def noisy():
    return np.random.default_rng(0).integers(60, 200, (64, 64, 3)).astype("uint8")


def all_of(rgb):
    return np.stack([colorfulness(rgb), uiqm(rgb), *uiqm_parts(rgb)])


@pytest.mark.parametrize("name", PICTURES)
def test_reference_values(name):
    assert all_of(PICTURES[name]) == pytest.approx(REFERENCE[name], abs=5.1e-5)


def test_several_pictures_are_scored_one_by_one():
    expected = np.transpose([*REFERENCE.values()])
    assert all_of(np.stack([*PICTURES.values()])) == pytest.approx(expected, abs=5.1e-5)


def test_gray_has_no_color_at_all(noisy):
    gray = np.repeat(noisy[..., :1], 3, -1)
    assert colorfulness(gray) == 0
    color, sharpness, contrast = uiqm_parts(gray)
    assert color == 0 and sharpness > 0 and contrast > 0


@pytest.mark.parametrize("name", ["red and blue", "ramp"])
def test_colors_count_wherever_they_are_and_sharpness_does_not(name):
    rgb = PICTURES[name]
    mixed = np.random.default_rng(0).permutation(rgb.reshape(-1, 3)).reshape(rgb.shape)
    assert colorfulness(mixed) == pytest.approx(colorfulness(rgb))
    before, after = uiqm_parts(rgb), uiqm_parts(mixed)
    assert after[0] == pytest.approx(before[0])
    if name == "ramp":
        assert after[1] > 2 * before[1]


def test_blur_lowers_sharpness(noisy):
    blurred = [noisy, *(ndimage.gaussian_filter(noisy, (sigma, sigma, 0)) for sigma in (0.7, 1.5, 3))]
    assert all(np.diff([uiqm_parts(rgb)[1] for rgb in blurred]) < 0)


def test_block_contrast_is_highest_at_one_over_e():
    def contrast(share):
        """Of blocks whose left half is light and right half dark, so that (light - dark) / (light + dark) = share."""
        rgb = np.tile(np.repeat([100 * (1 + share), 100 * (1 - share)], 4), 8).round().astype("uint8")
        return uiqm_parts(np.repeat(np.tile(rgb, (64, 1))[..., None], 3, -1))[2]

    assert contrast(0.2) == pytest.approx(-0.2 * np.log(0.2), abs=1e-6)
    assert contrast(0.2) < contrast(0.37) > contrast(0.6)
    assert contrast(0) == contrast(1) == 0


@pytest.mark.parametrize("score", [colorfulness, uiqm, uiqm_parts])
@pytest.mark.parametrize(
    "shape, kind", [((16, 16, 3), "float64"), ((16, 16), "uint8"), ((16, 3), "uint8"), ((0, 9, 9, 3), "uint8")]
)
def test_other_arrays_are_refused(score, shape, kind):
    with pytest.raises(BadInput, match=f"rgb is {kind} .*needed is uint8"):
        score(np.zeros(shape, kind))


def test_uiqm_refuses_pictures_smaller_than_a_block():
    with pytest.raises(BadInput, match="at least 8 px"):
        uiqm(np.zeros((7, 16, 3), "uint8"))


# Shares -----------------------------------------------------------------------------------------------------


def test_gray_share_is_below_eight():
    ab = np.array([[[0, 0], [7.9, 0], [0, -8.0], [5, 6]], [[6, 6], [-40, 3], [0, 100], [8, 0]]])
    assert gray_share(ab) == pytest.approx(3 / 8)
    assert gray_share(np.stack([ab, ab * 0])) == pytest.approx([3 / 8, 1])


def test_brown_is_dark_orange():
    brown = {
        (40, 20, 30): True,
        (64.9, 20, 30): True,
        (65, 20, 30): False,  # skin
        (40, 4, 6): False,  # gray
        (40, 30, 10): False,  # red, 18 degrees
        (40, -10, 30): False,  # green, 108 degrees
        (40, 0, 30): True,  # 90 degrees
        (40, -20, -30): False,  # blue
    }
    lab = np.array([*brown], "float64").reshape(2, 4, 3)
    assert brown_share(lab) == pytest.approx(np.mean([*brown.values()]))
    assert [brown_share(pixel[None, None]) for pixel in lab.reshape(-1, 3)] == [*brown.values()]


@pytest.mark.parametrize("score, channels", [(gray_share, 2), (brown_share, 3), (histograms, 2)])
def test_colors_that_are_none_are_refused(score, channels):
    with pytest.raises(BadInput, match="holds NaN"):
        score(np.full((4, 4, channels), np.nan))
    with pytest.raises(BadInput, match=rf"needed is \(..., {channels}\)"):
        score(np.zeros((4, 4, 4)))


# Histograms -------------------------------------------------------------------------------------------------


def by_hue(*degrees):
    """Hue histogram of pixels of chroma 40."""
    angles = np.radians(degrees)
    return histograms(40 * np.stack([np.cos(angles), np.sin(angles)], -1))[1]


def test_histograms_count_pixels_by_hand():
    by_chroma, by_hue = histograms(np.array([[[0, 5.5], [0, 8.5]], [[-30.5, 0.01], [300, -300]]]))
    assert dict(enumerate(by_chroma)) == dict.fromkeys(range(140), 0) | {5: 1, 8: 1, 30: 1, 139: 1}
    assert dict(enumerate(by_hue)) == dict.fromkeys(range(72), 0) | {18: 1, 35: 1, 63: 1}


def test_chroma_distance_is_how_far_chroma_must_move():
    gray, colored = (histograms(np.full((4, 4, 2), value))[0] for value in (0.0, [30.5, 0]))
    assert chroma_distance(gray, colored) == pytest.approx(30)
    assert chroma_distance(gray, gray + colored) == pytest.approx(15)
    assert chroma_distance(colored, 7 * colored) == pytest.approx(0)


def test_chroma_distance_agrees_with_scipy():
    a, b = np.random.default_rng(0).integers(0, 50, (2, 5, 140))
    bins = np.arange(140)
    expected = [stats.wasserstein_distance(bins, bins, x, y) for x, y in zip(a, b, strict=True)]
    assert chroma_distance(a, b) == pytest.approx(expected)


@pytest.mark.parametrize(
    "a, b, degrees",
    [([359], [1], 5), ([1], [359], 5), ([2], [182], 180), ([2], [92], 90), ([2, 92], [272, 2], 90), ([2], [2, 2], 0)],
)
def test_hue_distance_goes_the_short_way_around(a, b, degrees):
    assert hue_distance(by_hue(*a), by_hue(*b)) == pytest.approx(degrees)


def test_hue_distance_is_the_least_over_all_cuts_of_the_circle():
    a, b = np.random.default_rng(0).integers(0, 50, (2, 72))
    bins = np.arange(72)
    cut = [stats.wasserstein_distance(bins, bins, np.roll(a, by), np.roll(b, by)) for by in range(72)]
    assert hue_distance(a, b) == pytest.approx(5 * min(cut)) == hue_distance(np.roll(a, 17), np.roll(b, 17))


def test_hue_distance_is_unknown_without_a_colored_pixel():
    gray = histograms(np.zeros((4, 4, 2)))[1]
    assert np.isnan(hue_distance(gray, by_hue(10))) and np.isnan(hue_distance(by_hue(10), gray))
