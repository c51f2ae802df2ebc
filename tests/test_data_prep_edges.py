"""Cartoons with blurred edges: the published step, what is left alone, and OpenCV's Canny."""

import numpy as np
import pytest
from scipy import ndimage

from data_prep import edges
from data_prep.drawn_faces import draw
from data_prep.edges import smoothed
from data_prep.errors import BadInput

TINY = [(1, 1), (1, 9), (9, 1), (2, 2), (3, 400), (16, 16)]


def step(left, right, size, column=32):
    """uint8 (size, size, 3): one color beside another, which begins at `column`."""
    picture = np.full((size, size, 3), left, np.uint8)
    picture[:, column:] = right
    return picture


def changed(picture):
    """bool (H, W): the pixels that smoothing changes."""
    return (smoothed(picture) != picture).any(-1)


def test_the_published_step_at_256():
    picture = step(240, 40, 256)
    marked = edges._canny(picture[..., 0])
    assert np.flatnonzero(marked.any(0)).tolist() == [31] and marked[:, 31].all()
    result = smoothed(picture)
    expected = picture.copy()
    expected[:, 30:34] = np.array([228, 178, 103, 53])[None, :, None]
    np.testing.assert_array_equal(result, expected)


def test_a_step_at_96_has_the_smaller_blur():
    expected = step(240, 40, 96)
    expected[:, 31], expected[:, 32] = 190, 90
    np.testing.assert_array_equal(smoothed(step(240, 40, 96)), expected)


@pytest.mark.parametrize(("height", "width", "columns"), [(64, 191, 2), (64, 192, 4), (192, 64, 4), (191, 191, 2)])
def test_the_longer_side_chooses_the_blur(height, width, columns):
    picture = np.broadcast_to(step(240, 40, 192)[:1, :width], (height, width, 3)).copy()
    assert changed(picture).any(0).sum() == columns


@pytest.mark.parametrize("turn", [0, 1, 2, 3])
def test_a_step_is_blurred_at_every_side(turn):
    picture = np.rot90(step(240, 40, 96), turn)
    profile = np.rot90(smoothed(picture), -turn)[:, 29:35, 0].astype(int)
    assert (profile == profile[0]).all()
    # whichever side of the step is marked, the square reaches the other
    assert profile[0].tolist() == [240, 240, 190, 90, 40, 40]


@pytest.mark.parametrize("shape", TINY)
def test_flat_pictures_of_any_color_and_size_come_back_identical(shape):
    for color in ((0, 0, 0), (255, 255, 255), (255, 0, 80)):
        picture = np.full((*shape, 3), color, np.uint8)
        np.testing.assert_array_equal(smoothed(picture), picture)


@pytest.mark.parametrize("shape", TINY)
def test_noise_of_any_size_is_smoothed_without_complaint(shape):
    noise = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    result = smoothed(noise)
    assert result.shape == noise.shape and result.dtype == np.uint8


@pytest.mark.parametrize(("size", "reach"), [(128, 1), (256, 2)])
def test_only_what_is_near_an_edge_changes(size, reach):
    picture = draw(41, size).rgb
    before = picture.copy()
    luma = np.rint(picture @ (0.299, 0.587, 0.114)).astype(np.uint8)
    near = ndimage.binary_dilation(edges._canny(luma), np.ones((2 * reach + 1, 2 * reach + 1)))
    assert 0.05 < near.mean() < 0.7
    difference = changed(picture)
    assert not difference[~near].any()
    assert difference[near].mean() > 0.5
    np.testing.assert_array_equal(picture, before)
    np.testing.assert_array_equal(smoothed(picture), smoothed(picture))


def test_edges_lose_contrast():
    picture = draw(205, 128).rgb
    steepest = [np.percentile(np.abs(np.diff(x.astype(int), axis=1)), 99) for x in (picture, smoothed(picture))]
    assert steepest[1] < 0.75 * steepest[0]


def test_weak_steps_are_left_alone():
    assert not changed(step(100, 125, 96)).any()  # gradient 4 * 25 = 100, not above the low threshold
    assert not changed(step(100, 150, 96)).any()  # 200, above the low one but not above the high one
    assert changed(step(100, 151, 96)).any()


def test_a_weak_edge_is_followed_from_a_strong_one_across_a_corner():
    picture = step(100, 130, 96)
    picture[48:, 32] = 100  # below, the step is one column further: the two edges touch at a corner alone
    assert not edges._canny(picture[..., 0]).any()
    picture[80:, 33:] = 200  # now the lower end is strong
    marked = edges._canny(picture[..., 0])
    assert marked[:47, 31].all() and marked[47:78, 32].all()
    assert not marked[:47, 32].any() and not marked[47:, :32].any()


def test_channels_are_kept_apart():
    picture = step((250, 30, 90), (10, 30, 200), 96)
    result = smoothed(picture)
    np.testing.assert_array_equal(result[..., 1], picture[..., 1])
    assert result[0, 31].tolist() == [190, 30, 118] and result[0, 32].tolist() == [70, 30, 173]


def test_edges_are_those_of_opencv():
    """Curves of every direction, up to the border, as cv2.Canny(waves, 100, 200) of OpenCV 5.0 marks them."""
    y, x = np.mgrid[:12, :20]
    waves = (128 + 60 * np.sin(x * x / 25 + y / 2) + 60 * np.sin(y * y / 9 - x / 3)).astype(np.uint8)
    expected = """
        #........#..#..#..#.
        #.......##..#..#.##.
        .##....##.##..##.#.#
        ..###..#...##.#..#.#
        .....###..#..####..#
        #......####..#..#.##
        .#####...#.#####..#.
        ......##....#..####.
        ..###......###...#.#
        ##...#####....#.##..
        .............##....#
        ####...#####....#.##
    """
    marked = edges._canny(waves)
    assert ["".join(".#"[int(pixel)] for pixel in row) for row in marked] == expected.split()


@pytest.mark.parametrize("size", [24, 200])
def test_the_blur_mirrors_the_picture_and_rounds_halves_up(size):
    picture = np.random.default_rng(0).integers(0, 256, (size, size, 3), np.uint8)
    taps = np.array([1, 2, 1]) / 4 if size < 192 else np.array([1, 4, 6, 4, 1]) / 16
    reach = len(taps) // 2
    padded = np.pad(picture.astype(float), ((reach, reach), (reach, reach), (0, 0)), mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (len(taps), len(taps)), (0, 1))
    expected = np.floor(np.einsum("hwcij,i,j->hwc", windows, taps, taps) + 0.5)
    assert (smoothed(picture) == expected).mean() > 0.95  # in noise, almost everything is near an edge
    np.testing.assert_array_equal(edges._blurred(picture, tuple((taps / taps[0]).astype(int))), expected)


@pytest.mark.parametrize(
    ("picture", "found"),
    [
        (np.zeros((4, 4), np.uint8), r"uint8 \(4, 4\)"),
        (np.zeros((4, 4, 3), np.float32), r"float32 \(4, 4, 3\)"),
        (np.zeros((4, 4, 4), np.uint8), r"\(4, 4, 4\)"),
        (np.zeros((0, 4, 3), np.uint8), r"\(0, 4, 3\)"),
        (np.zeros((1, 4, 4, 3), np.uint8), r"\(1, 4, 4, 3\)"),
        ([[[0, 0, 0]]], "list"),
    ],
)
def test_other_pictures_are_refused(picture, found):
    with pytest.raises(BadInput, match=f"{found}.*uint8 of shape"):
        smoothed(picture)
