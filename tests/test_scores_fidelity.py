"""Fidelity scores: PSNR, SSIM, CIEDE2000 and the ab error."""

import numpy as np
import pytest
from skimage import metrics

from anime_color.scores import ab_error, ciede2000, psnr, ssim
from data_prep.errors import BadInput

# (L*, a*, b*), (L*, a*, b*), CIEDE2000: the test pairs of Sharma, Wu and Dalal 2005, table 1
SHARMA = [
    ((50.0000, 2.6772, -79.7751), (50.0000, 0.0000, -82.7485), 2.0425),
    ((50.0000, 3.1571, -77.2803), (50.0000, 0.0000, -82.7485), 2.8615),
    ((50.0000, 2.8361, -74.0200), (50.0000, 0.0000, -82.7485), 3.4412),
    ((50.0000, -1.3802, -84.2814), (50.0000, 0.0000, -82.7485), 1.0000),
    ((50.0000, -1.1848, -84.8006), (50.0000, 0.0000, -82.7485), 1.0000),
    ((50.0000, -0.9009, -85.5211), (50.0000, 0.0000, -82.7485), 1.0000),
    ((50.0000, 0.0000, 0.0000), (50.0000, -1.0000, 2.0000), 2.3669),
    ((50.0000, -1.0000, 2.0000), (50.0000, 0.0000, 0.0000), 2.3669),
    ((50.0000, 2.4900, -0.0010), (50.0000, -2.4900, 0.0009), 7.1792),
    ((50.0000, 2.4900, -0.0010), (50.0000, -2.4900, 0.0010), 7.1792),
    ((50.0000, 2.4900, -0.0010), (50.0000, -2.4900, 0.0011), 7.2195),
    ((50.0000, 2.4900, -0.0010), (50.0000, -2.4900, 0.0012), 7.2195),
    ((50.0000, -0.0010, 2.4900), (50.0000, 0.0009, -2.4900), 4.8045),
    ((50.0000, -0.0010, 2.4900), (50.0000, 0.0010, -2.4900), 4.8045),
    ((50.0000, -0.0010, 2.4900), (50.0000, 0.0011, -2.4900), 4.7461),
    ((50.0000, 2.5000, 0.0000), (50.0000, 0.0000, -2.5000), 4.3065),
    ((50.0000, 2.5000, 0.0000), (73.0000, 25.0000, -18.0000), 27.1492),
    ((50.0000, 2.5000, 0.0000), (61.0000, -5.0000, 29.0000), 22.8977),
    ((50.0000, 2.5000, 0.0000), (56.0000, -27.0000, -3.0000), 31.9030),
    ((50.0000, 2.5000, 0.0000), (58.0000, 24.0000, 15.0000), 19.4535),
    ((50.0000, 2.5000, 0.0000), (50.0000, 3.1736, 0.5854), 1.0000),
    ((50.0000, 2.5000, 0.0000), (50.0000, 3.2972, 0.0000), 1.0000),
    ((50.0000, 2.5000, 0.0000), (50.0000, 1.8634, 0.5757), 1.0000),
    ((50.0000, 2.5000, 0.0000), (50.0000, 3.2592, 0.3350), 1.0000),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((63.0109, -31.0961, -5.8663), (62.8187, -29.7946, -4.0864), 1.2630),
    ((61.2901, 3.7196, -5.3901), (61.4292, 2.2480, -4.9620), 1.8731),
    ((35.0831, -44.1164, 3.7933), (35.0232, -40.0716, 1.5901), 1.8645),
    ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
    ((36.4612, 47.8580, 18.3852), (36.2715, 50.5065, 21.2231), 1.4146),
    ((90.8027, -2.0831, 1.4410), (91.1528, -1.6435, 0.0447), 1.4441),
    ((90.9257, -0.5406, -0.9208), (88.6381, -0.8985, -0.7239), 1.5381),
    ((6.7747, -0.2908, -2.4247), (5.8714, -0.0985, -2.2286), 0.6377),
    ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
]


@pytest.fixture(scope="module")
def pair():
    """Two pictures of one random scene, the second with noise."""
    random = np.random.default_rng(0)
    scene = random.integers(0, 256, (40, 48, 3))
    return scene.astype("uint8"), (scene + random.normal(0, 40, scene.shape)).clip(0, 255).astype("uint8")


def flat(value, size=32):
    return np.full((size, size, 3), value, "uint8")


@pytest.mark.parametrize(
    "a, b, decibels",
    [(100, 101, 48.1308), (100, 102, 42.1102), (100, 110, 28.1308), (100, 150, 14.1514), (0, 255, 0)],
)
def test_psnr_reference_values(a, b, decibels):
    assert psnr(flat(a), flat(b)) == pytest.approx(decibels, abs=5e-5)


def test_psnr_agrees_with_scikit_image(pair):
    assert psnr(*pair) == pytest.approx(metrics.peak_signal_noise_ratio(*pair, data_range=255), rel=1e-6)


def test_psnr_of_several_pictures_is_one_each():
    values = psnr(np.stack([flat(100)] * 3), np.stack([flat(101), flat(100), flat(110)]))
    assert values == pytest.approx([48.1308, np.inf, 28.1308], abs=5e-5)


@pytest.mark.parametrize("score", [psnr, ssim])
def test_noise_lowers_fidelity(score):
    noise = np.random.default_rng(1).normal(0, 1, (64, 64, 3))
    noisy = [(128 + spread * noise).clip(0, 255).astype("uint8") for spread in (1, 2, 5, 10, 20, 40)]
    values = [score(flat(128, 64), picture) for picture in noisy]
    assert all(np.diff(values) < 0)


@pytest.mark.parametrize(
    "a, b, similarity", [(100, 110, 0.995476), (128, 64, 0.800063), (200, 210, 0.998811), (0, 255, 9.9990e-5)]
)
def test_ssim_reference_values(a, b, similarity):
    assert ssim(flat(a), flat(b)) == pytest.approx(similarity, rel=5e-5, abs=5e-7)
    assert ssim(flat(b), flat(a)) == pytest.approx(similarity, rel=5e-5, abs=5e-7)


def test_ssim_is_the_formula_under_a_gaussian_window(pair):
    bell = np.exp(-(np.arange(-5, 6) ** 2) / (2 * 1.5**2))
    window = np.outer(bell, bell) / bell.sum() ** 2

    def local(values):
        return (np.lib.stride_tricks.sliding_window_view(values, (11, 11), axis=(0, 1)) * window).sum((-2, -1))

    x, y = (picture.astype("float64") for picture in pair)
    mx, my = local(x), local(y)
    sx, sy, sxy = local(x * x) - mx**2, local(y * y) - my**2, local(x * y) - mx * my
    similarity = (2 * mx * my + 6.5025) * (2 * sxy + 58.5225) / ((mx**2 + my**2 + 6.5025) * (sx + sy + 58.5225))
    assert ssim(*pair) == pytest.approx(similarity.mean(), abs=1e-9)


@pytest.mark.parametrize("score, itself", [(psnr, np.inf), (ssim, 1), (ciede2000, 0)])
def test_a_picture_is_like_itself_and_order_does_not_matter(score, itself, pair):
    a, b = pair
    assert score(a, a) == pytest.approx(itself, abs=1e-12)
    assert score(a, b) == pytest.approx(score(b, a)) and score(a, b) != pytest.approx(itself)


@pytest.mark.parametrize("a, b, difference", SHARMA, ids=range(1, 35))
def test_ciede2000_of_the_published_pairs(a, b, difference):
    assert ciede2000(a, b) == pytest.approx(difference, abs=5e-5)
    assert ciede2000(b, a) == pytest.approx(difference, abs=5e-5)


def test_ciede2000_of_many_colors_is_one_each_and_of_a_picture_the_mean():
    first, second, differences = (np.array(column) for column in zip(*SHARMA, strict=True))
    assert ciede2000(first, second) == pytest.approx(differences, abs=5e-5)
    red, green = np.zeros((2, 4, 4, 3), "uint8")
    red[..., 0] = green[..., 1] = 255
    half = red.copy()
    half[:, :2] = green[:, :2]
    whole = ciede2000((53.2408, 80.0925, 67.2032), (87.7347, -86.1827, 83.1793))  # the published L*, a*, b* of both
    assert ciede2000(np.stack([red, red]), np.stack([green, half])) == pytest.approx([whole, whole / 2], abs=0.01)


def test_ab_error_is_a_mean_distance_of_each_coloring():
    original = np.zeros((6, 8, 2)) + (10, -20)
    colorings = np.stack([original, original + (3, 4), original + (0, -7)])
    colorings[2, :3] = original[:3]
    assert ab_error(colorings, original) == pytest.approx([0, 5, 3.5])


def test_ab_error_refuses_what_cannot_be_compared():
    with pytest.raises(BadInput, match="needed is one size"):
        ab_error(np.zeros((2, 6, 8, 2)), np.zeros((6, 6, 2)))
    with pytest.raises(BadInput, match="ab holds NaN"):
        ab_error(np.full((2, 6, 8, 2), np.nan), np.zeros((6, 8, 2)))


@pytest.mark.parametrize("score", [psnr, ssim, ciede2000])
@pytest.mark.parametrize(
    "b, needed",
    [
        (np.zeros((32, 32)), "b is float64 .*needed is uint8"),
        (np.zeros((32, 32), "uint8"), r"b is uint8 \(32, 32\): needed is uint8 \(..., height, width, 3\)"),
        (np.zeros((32, 31, 3), "uint8"), r"a \(32, 32, 3\), b \(32, 31, 3\)\): needed is one shape"),
    ],
    ids=["float", "gray", "size"],
)
def test_other_pictures_are_refused(score, b, needed):
    with pytest.raises(BadInput, match=needed):
        score(flat(0), b)


@pytest.mark.parametrize("size", [(10, 40), (40, 10)])
def test_ssim_refuses_pictures_smaller_than_its_window(size):
    with pytest.raises(BadInput, match="at least 11 px"):
        ssim(*np.zeros((2, *size, 3), "uint8"))


@pytest.mark.parametrize(
    "b, needed",
    [((50, np.nan, 0), "b holds NaN"), ((50, 0), r"\(..., 3\)"), ([[50, 0, 0]], "needed is one shape")],
)
def test_ciede2000_refuses_other_colors(b, needed):
    with pytest.raises(BadInput, match=needed):
        ciede2000((50.0, 0.0, 0.0), b)
