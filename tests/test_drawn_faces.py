import colorsys
from functools import cache

import numpy as np
import pytest

from data_prep.drawn_faces import BOX_NAMES, FACES_PER_CHARACTER, PARTS, DrawnFace, draw
from data_prep.errors import BadInput

SEEDS = range(0, 1600, 41)  # 40 characters in different poses
PART = {name: index for index, name in enumerate(PARTS)}
BOX = {name: row for row, name in enumerate(BOX_NAMES)}


@cache
def face(seed: int, size: int = 128) -> DrawnFace:
    return draw(seed, size)


def hair_color(drawn: DrawnFace) -> np.ndarray:
    return np.median(drawn.rgb[drawn.mask == PART["hair"]], axis=0)


def inside(mask: np.ndarray, box: np.ndarray) -> np.ndarray:
    """Pixels of the mask that lie, in part at least, inside the box."""
    y, x = np.nonzero(mask)
    x0, y0, x1, y1 = box
    return (x + 1 > x0) & (x < x1) & (y + 1 > y0) & (y < y1)


@pytest.mark.parametrize("size", [32, 100, 128])
def test_shapes_types_and_ranges(size):
    drawn = draw(7, size)
    assert drawn.rgb.shape == (size, size, 3)
    assert drawn.mask.shape == drawn.lines.shape == (size, size)
    assert drawn.boxes.shape == (len(BOX_NAMES), 4) == (8, 4)
    assert drawn.rgb.dtype == drawn.mask.dtype == drawn.lines.dtype == np.uint8
    assert drawn.boxes.dtype == np.float32
    assert drawn.mask.max() < len(PARTS)
    assert drawn.boxes.min() >= 0 and drawn.boxes.max() <= size


def test_the_same_seed_gives_the_same_bytes():
    first = draw(123)
    np.random.seed(0)  # noqa: NPY002 (a global state that must not matter)
    draw(5)
    second = draw(123)
    for name in ("rgb", "mask", "lines", "boxes"):
        assert getattr(first, name).tobytes() == getattr(second, name).tobytes(), name


def test_every_seed_is_another_picture():
    pictures = {face(seed).rgb.tobytes() for seed in (*SEEDS, *range(FACES_PER_CHARACTER))}
    assert len(pictures) == len({*SEEDS, *range(FACES_PER_CHARACTER)})


def test_label_is_the_seed_by_twenties():
    assert FACES_PER_CHARACTER == 20
    assert [face(seed).label for seed in (0, 19, 20, 39, 40, 123)] == [0, 0, 1, 1, 2, 6]


@pytest.mark.parametrize(
    "part, least, most",
    [
        ("background", 0.20, 0.70),
        ("skin", 0.06, 0.30),
        ("hair", 0.10, 0.50),
        ("eyes", 0.005, 0.06),
        ("clothes", 0.04, 0.30),
        ("mouth", 0.0004, 0.02),
    ],
)
def test_every_part_has_a_plausible_area(part, least, most):
    areas = {seed: np.mean(face(seed).mask == PART[part]) for seed in SEEDS}
    assert all(least <= area <= most for area in areas.values()), areas


def test_small_parts_survive_at_64_pixels():
    for seed in SEEDS:
        assert set(face(seed, 64).mask.ravel()) == set(range(len(PARTS))), seed


def test_figure_stands_on_white():
    for seed in SEEDS:
        drawn = face(seed)
        for corner in np.ix_((0, -1), (0, -1)), np.s_[:4, :4], np.s_[:4, -4:]:
            assert (drawn.rgb[corner] == 255).all() and (drawn.mask[corner] == PART["background"]).all(), seed
        background = drawn.rgb[drawn.mask == PART["background"]]
        assert np.mean((background == 255).all(axis=1)) > 0.93, seed


def test_boxes_enclose_their_parts():
    for seed in SEEDS:
        drawn = face(seed)
        hair, mouth = drawn.mask == PART["hair"], drawn.mask == PART["mouth"]
        eyes, worn = drawn.mask == PART["eyes"], drawn.mask == PART["clothes"]
        assert inside(hair, drawn.boxes[BOX["hair"]]).all()
        assert inside(mouth, drawn.boxes[BOX["mouth"]]).all()
        left, right = (inside(eyes, drawn.boxes[BOX[name]]) for name in ("left eye", "right eye"))
        assert (left | right).all() and left.any() and right.any()
        clothes, accessory = (inside(worn, drawn.boxes[BOX[name]]) for name in ("clothes", "accessory"))
        assert (clothes | accessory).all()


def test_boxes_lie_where_an_anatomist_expects_them():
    for seed in SEEDS:
        boxes = face(seed).boxes
        row = {name: boxes[index] for name, index in BOX.items()}
        outer = row["face"]
        for name in ("left eye", "right eye", "mouth"):
            x0, y0, x1, y1 = row[name]
            assert x0 >= outer[0] and y0 >= outer[1] and x1 <= outer[2] and y1 <= outer[3], (seed, name)
        assert row["left eye"][2] <= row["right eye"][0]
        assert max(row["left eye"][3], row["right eye"][3]) < row["mouth"][3]
        assert row["hair"][1] < outer[1] and outer[3] < row["clothes"][3]
        for name, (x0, y0, x1, y1) in row.items():
            assert (x0 < x1 and y0 < y1) or (name == "accessory" and x0 == y0 == x1 == y1 == 0), (seed, name)


def test_a_character_keeps_hair_and_clothes():
    for label in (0, 3, 8, 14, 29):
        colors = [hair_color(face(label * FACES_PER_CHARACTER + k)) for k in (0, 6, 13, 19)]
        assert np.ptp(colors, axis=0).max() <= 12, label
        for part in ("hair", "clothes"):
            areas = [np.mean(face(label * FACES_PER_CHARACTER + k).mask == PART[part]) for k in (0, 6, 13, 19)]
            assert max(areas) < 1.5 * min(areas), (label, part)


def test_characters_differ_in_hair_hue():
    hues = [colorsys.rgb_to_hsv(*(hair_color(face(seed)) / 255))[0] for seed in SEEDS]
    assert len(np.unique(np.floor(np.array(hues) * 12))) >= 7


def test_colors_mean_something():
    for seed in SEEDS:
        drawn = face(seed)
        paper = drawn.lines > 250  # away from the line art
        skin = drawn.rgb[(drawn.mask == PART["skin"]) & paper].astype(int)
        red, green, blue = np.median(skin, axis=0)
        assert red > green > blue and red >= 140, seed
        mouth = drawn.rgb[drawn.mask == PART["mouth"]].astype(int)
        assert np.mean(mouth[:, 0] - mouth[:, 1]) > 30, seed
    open_eyes = [face(seed).rgb[(face(seed).mask == PART["eyes"])].min(axis=1).max() for seed in SEEDS]
    assert np.mean(np.array(open_eyes) > 240) > 0.6  # white shows unless both eyes are closed


def test_lines_are_ink_where_the_picture_is_dark_and_paper_where_it_is_empty():
    for seed in SEEDS:
        drawn = face(seed)
        assert 0.03 < np.mean(drawn.lines < 128) < 0.30, seed
        assert (drawn.lines[0, [0, -1]] == 255).all()
        blank = (drawn.rgb == 255).all(axis=2) & (drawn.mask == PART["background"])
        assert (drawn.lines[blank] == 255).all(), seed
        gray = drawn.rgb.mean(axis=2)
        figure = drawn.mask != PART["background"]
        assert gray[figure & (drawn.lines < 64)].mean() + 40 < gray[figure & (drawn.lines == 255)].mean(), seed


def test_the_contour_of_the_figure_is_inked():
    drawn = face(60, 256)
    figure = drawn.mask != PART["background"]
    # where a row enters the figure from the paper, ink lies within three pixels
    for y in range(40, 250, 10):
        x = int(np.argmax(figure[y]))
        assert drawn.lines[y, max(0, x - 1) : x + 3].min() < 128, y


def test_another_size_is_the_same_drawing():
    for seed in list(SEEDS)[:8]:
        large, small = face(seed, 128), face(seed, 64)
        reduced = large.rgb.reshape(64, 2, 64, 2, 3).mean((1, 3))
        assert np.abs(reduced - small.rgb).mean() < 3, seed
        assert np.abs(large.boxes / 2 - small.boxes).max() <= 1, seed
        assert np.mean(large.mask[::2, ::2] == small.mask) > 0.93, seed


@pytest.mark.parametrize("seed", [-1, 1.0, "3", None, True])
def test_refuses_bad_seeds(seed):
    with pytest.raises(BadInput, match="seed"):
        draw(seed)


@pytest.mark.parametrize("size", [31, 1025, 0, -128, 64.0, "64", None])
def test_refuses_bad_sizes(size):
    with pytest.raises(BadInput, match="32 to 1024"):
        draw(0, size)


def test_accepts_numpy_integers_and_large_seeds():
    assert draw(np.int64(40), np.uint16(32)).label == 2
    assert draw(10**9, 32).label == 50_000_000
