"""Lines of pictures: where they lie, what they are like, and what becomes of a scan."""

from functools import cache

import numpy as np
import pytest
from scipy import ndimage

from data_prep.drawn_faces import DrawnFace, draw
from data_prep.errors import BadInput
from data_prep.lines import EXTRACTORS, XDOG, XDoG, canny, cleaned, dilate_difference, extract, mixed, xdog

NAMES = list(EXTRACTORS)
SEEDS = range(0, 1600, 82)  # 20 characters
TINY = [(1, 1), (1, 9), (9, 1), (2, 2), (3, 400), (16, 16)]


@cache
def face(seed: int, size: int = 128) -> DrawnFace:
    return draw(seed, size)


def step(left: int, right: int, size: int = 64) -> np.ndarray:
    """uint8 (size, size): one gray beside another, the border in the middle."""
    picture = np.full((size, size), left, np.uint8)
    picture[:, size // 2 :] = right
    return picture


def disk(size: int, radius: float) -> tuple[np.ndarray, np.ndarray]:
    """A black disk on white, uint8 (size, size), and the distance of every pixel from its edge, inside below 0."""
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    distance = np.hypot(x, y) - radius
    return np.rint(255 * np.clip(distance + 0.5, 0, 1)).astype(np.uint8), distance


def overlap(lines: np.ndarray, drawn: DrawnFace) -> tuple[float, float, float, float]:
    """How well lines fit the true line art of a face, and how well ink strewn over the figure would.

    The share of the ink within a pixel of true lines, and the share of the figure there; how dark the lines are
    within a pixel of true lines, and of anything.
    """
    ink, true = 1 - lines / 255, drawn.lines < 128
    figure = ndimage.maximum_filter(drawn.mask != 0, 3)
    near = ndimage.maximum_filter(true, 3)
    darkest = ndimage.maximum_filter(ink, 3)
    return (ink * near).sum() / ink.sum(), near[figure].mean(), darkest[true].mean(), darkest[figure].mean()


def scan(lines: np.ndarray, ink: float = 0.15, grain: float = 3, seed: int = 0) -> np.ndarray:
    """Line art as a scanner shows it: gray paper that darkens into a corner and at the spine, gray ink, noise."""
    size = len(lines)
    y, x = np.mgrid[0 : 1 : size * 1j, 0 : 1 : size * 1j]
    paper = 235 - 80 * x * y - 25 * np.exp(-((x / 0.15) ** 2))
    noise = np.random.default_rng(seed).normal(0, grain, lines.shape)
    return np.clip(np.rint(paper * (ink + (1 - ink) * lines / 255) + noise), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("name", NAMES)
def test_lines_are_dark_on_white_and_always_the_same(name):
    drawn = face(205, 100)
    for picture in (drawn.rgb, drawn.rgb[..., 0], drawn.rgb[:70], np.asfortranarray(drawn.rgb)[::-1]):
        before = picture.copy()
        lines = extract(picture, name)
        assert lines.dtype == np.uint8 and lines.shape == picture.shape[:2]
        assert np.median(lines) > 240 and lines.min() < 128
        np.testing.assert_array_equal(lines, extract(picture, name))
        np.testing.assert_array_equal(picture, before)
        assert lines.flags.writeable


@pytest.mark.parametrize("name", NAMES)
def test_gray_is_the_luma_of_color(name):
    rgb = face(41).rgb
    luma = np.rint(rgb @ (0.299, 0.587, 0.114)).astype(np.uint8)
    assert np.mean(np.abs(extract(rgb, name).astype(int) - extract(luma, name)) > 8) < 0.01
    np.testing.assert_array_equal(extract(luma, name), extract(np.dstack([luma] * 3), name))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", TINY)
def test_flat_pictures_of_any_tone_and_size_are_paper(name, shape):
    for level in (0, 1, 24, 128, 254, 255):
        assert (extract(np.full(shape, level, np.uint8), name) == 255).all(), level
        assert (extract(np.full((*shape, 3), level, np.uint8), name) == 255).all(), level


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", TINY)
def test_noise_of_any_size_has_lines_without_complaint(name, shape):
    noise = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    assert extract(noise, name).shape == shape
    assert cleaned(noise, "otsu").shape == shape


@pytest.mark.parametrize("size", [24, 128, 512])
@pytest.mark.parametrize("name", NAMES)
def test_a_disk_has_one_closed_line_at_its_edge(name, size):
    picture, distance = disk(size, 0.31 * size)
    lines = extract(picture, name)
    ink = lines < 128
    widest = max(4, size * (0.05 if name == "xdog_bold" else 0.025))
    assert ink.any() and np.abs(distance[ink]).max() < widest
    assert (lines[np.abs(distance) > widest + 1] == 255).all()
    # a line is closed when what is inside cannot be reached from outside
    regions, count = ndimage.label(~ink)
    assert count >= 2 and regions[0, 0] != regions[size // 2, size // 2]
    assert ndimage.label(ink, np.ones((3, 3)))[1] == 1


@pytest.mark.parametrize("name", NAMES)
def test_a_step_is_marked_where_it_is(name):
    for left, right in ((240, 40), (40, 240)):
        lines = extract(step(left, right), name)
        assert (lines == lines[0]).all()  # every row alike, to the picture's border
        columns = np.flatnonzero(lines[0] < 128)
        assert len(columns) and abs(columns - 31.5).max() < 4.5


def test_dilate_difference_by_hand():
    picture = np.array([[10, 10, 10, 10], [10, 10, 60, 60], [10, 60, 60, 200]], np.uint8)
    # the lightest of the 3 x 3 around each pixel: 10 60 60 60 / 60 60 200 200 / 60 60 200 200
    expected = 255 - np.array([[0, 50, 50, 50], [50, 50, 140, 140], [50, 0, 140, 0]])
    expected[0, 0] = 255
    np.testing.assert_array_equal(dilate_difference(picture), expected)
    assert (dilate_difference(step(240, 40))[0] < 128).sum() == 1  # one pixel, as the published code gives


def test_xdog_of_a_step_by_the_formula():
    """A step blurred by a Gaussian is the normal distribution's integral, so the strip can be told beforehand."""
    size, sigma = 512, 4.0
    picture = step(200, 120, size)
    x = np.arange(size) - size / 2 + 0.5

    def blurred(width):
        return 200 / 255 - 80 / 255 * ndimage.gaussian_filter1d((x > 0) * 1.0, width, mode="nearest")

    for near, far, of_gray, epsilon in ((20, 19, False, 0.3), (7, 6.65, False, -0.1), (20, 19, True, 0.01)):
        parameters = XDoG(sigma, 4.5, near, far, of_gray, epsilon, phi=1e9, side=size)
        difference = near * blurred(sigma) - far * blurred(4.5 * sigma)
        if of_gray:
            difference = difference * np.where(x < 0, 200, 120) / 255
        expected = difference >= epsilon
        found = xdog(picture, parameters, fills=True)[0] == 255
        assert 0 < (~expected).sum() < size / 4
        assert (found != expected).sum() <= 1  # a value at the threshold may fall to either side


def test_xdog_as_published_fills_black_and_leaves_gray_white():
    for level, ink in ((0, True), (20, True), (153, False), (255, False)):
        lines = xdog(np.full((32, 32), level, np.uint8), "bold", fills=True)
        assert (lines == (0 if ink else 255)).all(), level
    assert set(np.unique(xdog(step(240, 40), "bold", fills=True))) == {0, 255}


def test_the_bold_set_is_bolder_than_the_fine_one():
    ink = {name: np.mean([255 - xdog(face(seed).rgb, name).mean() for seed in SEEDS]) for name in XDOG}
    assert ink["bold"] > 1.2 * ink["fine"]


def test_canny_finds_steps_by_their_height_at_any_size():
    for size in (64, 256, 1024):
        assert (canny(step(100, 110, size)) == 255).all(), size
        lines = canny(step(100, 170, size))
        columns = np.flatnonzero(lines[0] == 0)
        # both columns beside a step are equally steep, so rounding may keep one of them or both
        assert len(columns) - max(1, round(size / 256)) in (0, 1), size
        assert abs(columns.mean() - size / 2) < 1 + size / 128, size


@pytest.mark.parametrize(
    "name, ink_near, lines_found",
    # measured over 40 faces: the least ink near true lines is 1.40, 1.73, 1.78 and 1.63 times what chance gives
    [("xdog_bold", 1.3, 0.97), ("xdog_fine", 1.6, 0.97), ("dilate_difference", 1.6, 0.4), ("canny", 1.5, 0.5)],
)
def test_lines_of_a_drawn_face_lie_on_its_true_lines(name, ink_near, lines_found):
    for seed in SEEDS:
        near, by_chance, found, anywhere = overlap(extract(face(seed).rgb, name), face(seed))
        assert near > ink_near * by_chance, seed
        assert found > max(lines_found, 1.3 * anywhere), seed


@pytest.mark.parametrize("name", NAMES)
def test_lines_of_another_face_do_not(name):
    strangers = []
    for seed in SEEDS:
        near, by_chance, _, _ = overlap(extract(face(seed + 410).rgb, name), face(seed))
        strangers.append(near / by_chance)
    assert np.mean(strangers) < 1.15


@pytest.mark.parametrize("name", NAMES)
def test_a_large_picture_has_lines_of_the_same_character(name):
    for seed in (0, 480, 960):
        large = extract(draw(seed, 1024).rgb, name).reshape(128, 8, 128, 8).mean((1, 3))
        small = extract(face(seed).rgb, name).astype(float)
        soft = [ndimage.gaussian_filter(lines, 1).ravel() for lines in (large, small)]
        assert np.corrcoef(soft)[0, 1] > 0.85, seed  # least of ten faces: 0.88, by Canny
        assert 0.5 < (255 - large).mean() / (255 - small).mean() < 1.1, seed


def test_mixed_lines_use_every_extractor_and_repeat():
    rgb = face(41).rgb
    random = np.random.default_rng(0)
    drawings = [mixed(rgb, random) for _ in range(64)]
    again = np.random.default_rng(0)
    for lines in drawings:
        assert lines.dtype == np.uint8 and lines.shape == (128, 128) and np.median(lines) == 255
        np.testing.assert_array_equal(lines, mixed(rgb, again))
    assert len({lines.tobytes() for lines in drawings}) > 40
    darkest = np.array([lines.min() for lines in drawings])
    assert (darkest == 0).any() and (darkest > 40).any()

    def likeness(one, other):
        return np.corrcoef(one.ravel(), other.ravel())[0, 1]

    nearest = [max(NAMES, key=lambda name: likeness(extract(rgb, name), lines)) for lines in drawings]
    assert set(nearest) == set(NAMES)


def test_a_scan_becomes_line_art():
    for seed in (205, 999):
        true = face(seed, 512).lines
        found = cleaned(scan(true)).astype(int)
        assert np.abs(scan(true).astype(int) - true).mean() > 30
        assert np.abs(found - true).mean() < 2  # measured: 1.0
        assert np.mean(found[true == 255] == 255) > 0.99
        assert found[true < 10].mean() < 12
        for threshold in (128, "otsu"):
            sharp = cleaned(scan(true), threshold)
            assert set(np.unique(sharp)) == {0, 255}
            assert np.mean(sharp != np.where(true < 128, 0, 255)) < 0.002


def test_light_that_falls_off_to_the_border_is_evened_out():
    x = np.linspace(0, 1, 256)
    for fall in (x, 1 - x, x[:, None], 1 - x[:, None]):
        paper = np.broadcast_to(np.rint(240 - 110 * fall), (256, 256)).astype(np.uint8)
        assert cleaned(paper).min() > 250


def test_a_faint_pencil_becomes_black():
    true = face(1, 512).lines
    found = cleaned(scan(true, ink=0.6))
    assert found[true < 10].mean() < 40 and found[true == 255].mean() > 254


def test_solid_black_stays_black_however_large():
    drawn = face(3, 512)  # long hair
    true = np.where(drawn.mask == 2, 0, drawn.lines).astype(np.uint8)
    found = cleaned(scan(true)).astype(int)
    assert found[true == 0].mean() < 20 and found[true == 255].mean() > 254
    mostly = np.zeros((200, 200), np.uint8)
    mostly[:40] = 255
    np.testing.assert_array_equal(cleaned(mostly), mostly)


def test_gray_wash_on_a_part_stays_gray():
    wash = np.full((200, 200), 255, np.uint8)
    wash[80:112, 80:112] = 170
    wash[:, 50:54] = 0
    np.testing.assert_array_equal(cleaned(wash), wash)


def test_clean_line_art_comes_back_as_it_is():
    for seed in (0, 40, 80):
        lines = face(seed).lines
        assert np.percentile(lines, 0.5) == 0
        np.testing.assert_array_equal(cleaned(lines), lines)
        np.testing.assert_array_equal(cleaned(np.dstack([lines] * 3)), lines)


def test_blank_and_tiny_scans_are_paper():
    blank = scan(np.full((256, 256), 255, np.uint8))
    assert cleaned(blank).mean() > 254.9 and np.mean(cleaned(blank, "otsu") == 255) > 0.99
    for shape in TINY:
        for level in (0, 1, 90, 255):
            for threshold in (None, 128, "otsu"):
                assert (cleaned(np.full(shape, level, np.uint8), threshold) == 255).all()


def test_a_threshold_parts_ink_from_paper_at_its_value():
    lines = np.full((64, 64), 255, np.uint8)
    lines[:, 8:48:8] = 0, 63, 64, 200, 254
    assert cleaned(lines, 64)[0, 8:48:8].tolist() == [0, 0, 255, 255, 255]
    assert cleaned(lines, 255)[0, 8:48:8].tolist() == [0] * 5


BAD_PICTURES = [
    np.zeros((4, 4), np.float32),
    np.zeros((4, 4, 4), np.uint8),
    np.zeros((4, 4, 1), np.uint8),
    np.zeros((1, 4, 4, 3), np.uint8),
    np.zeros((0, 4), np.uint8),
    np.zeros((4, 4), bool),
]


@pytest.mark.parametrize("function", [*EXTRACTORS.values(), cleaned])
def test_other_pictures_are_refused_by_type_and_shape(function):
    for picture in BAD_PICTURES:
        with pytest.raises(BadInput, match=f"{picture.dtype}.*{picture.shape[0]}, {picture.shape[1]}"):
            function(picture)
    with pytest.raises(BadInput, match="list.*uint8"):
        function([[0]])


@pytest.mark.parametrize(
    "call, named",
    [
        (lambda picture: extract(picture, "sketch"), "'sketch'.*xdog_fine"),
        (lambda picture: extract(picture, None), "None.*canny"),
        (lambda picture: extract(picture, ["canny"]), "canny"),
        (lambda picture: xdog(picture, "soft"), "'soft'.*bold, fine"),
        (lambda picture: XDoG(0.4, 4.5, 19, 20, False, 0, 10, 128), "near=19.*near above far"),
        (lambda picture: XDoG(0, 4.5, 20, 19, False, 0, 10, 128), "sigma=0.*sigma.*above 0"),
        (lambda picture: dilate_difference(picture, 0), "width is 0"),
        (lambda picture: canny(picture, sigma=-1), "sigma is -1"),
        (lambda picture: canny(picture, width=float("nan")), "width is nan"),
        (lambda picture: cleaned(picture, 0), "threshold is 0.*1 to 255"),
        (lambda picture: cleaned(picture, 256), "threshold is 256"),
        (lambda picture: cleaned(picture, 0.5), "threshold is 0.5"),
        (lambda picture: cleaned(picture, True), "threshold is True"),
        (lambda picture: cleaned(picture, "mean"), "'mean'.*otsu"),
    ],
)
def test_bad_arguments_are_named(call, named):
    with pytest.raises(BadInput, match=named):
        call(np.zeros((8, 8), np.uint8))
