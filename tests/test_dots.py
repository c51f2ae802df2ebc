"""Dots as planes of hints: each in its cell, later ones above earlier ones; what is no dot is refused."""

import json

import numpy as np
import pytest

from anime_color.coloring import dots, palettes
from data_prep.errors import BadInput

SIZE, CELLS = (100, 200), (25, 50)  # a picture of 200x100 px, and a plane of a quarter of that


def there(plane):
    """Rows and columns of a plane that are hints."""
    return list(zip(*(found.tolist() for found in np.nonzero(plane.any(-1))), strict=True))


def hint(color):
    l, a, b = palettes.lab_of(color)  # noqa: E741
    return [a, b, (l + 3) / 4]


# Planes -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("x", "y", "cell"),
    [
        (0, 0, (0, 0)),
        (3, 3, (0, 0)),
        (4, 3, (0, 1)),
        (3, 4, (1, 0)),
        (101, 58, (14, 25)),
        (199, 99, (24, 49)),
        (196, 96, (24, 49)),
        (195, 95, (23, 48)),
        (199, 0, (0, 49)),
        (0, 99, (24, 0)),
    ],
)
def test_a_dot_lies_in_its_cell(x, y, cell):
    plane = dots.plane([(x, y, "#3060c0")], SIZE, CELLS)
    assert plane.shape == (25, 50, 3) and plane.dtype == np.float32
    assert there(plane) == [cell]
    assert plane[cell] == pytest.approx(hint("#3060c0"))


def test_no_dot_is_lost_where_sizes_do_not_divide():
    """Cells of 97/24 x 41/8 px, and cells of a third of a pixel, the middle one of which is the pixel's own."""
    for x, y, cell in ((40, 96, (23, 7)), (0, 0, (0, 0)), (40, 0, (0, 7)), (20, 48, (12, 4)), (15, 12, (3, 3))):
        assert there(dots.plane([(x, y, "red")], (97, 41), (24, 8))) == [cell]
    stroke = [(x, 96, "red") for x in range(41)]
    assert there(dots.plane(stroke, (97, 41), (24, 8))) == [(23, column) for column in range(8)]
    assert there(dots.plane([(5, 5, "red")], (10, 10), (30, 30))) == [(16, 16)]


def test_black_is_a_hint():
    assert dots.plane([(9, 9, "black")], SIZE, CELLS)[2, 2] == pytest.approx([0, 0, 0.5], abs=1e-4)


def test_a_radius_covers_the_cells_whose_centers_are_inside():
    """Cells of 4x4 px have their centers at 1.5, 5.5, 9.5 ... where pixel 0 has its own at 0."""
    assert there(dots.plane([(50, 50, "red", 2)], SIZE, CELLS)) == [(12, 12)]  # 0.5 px off; the next is 3.5 off
    around = there(dots.plane([(50, 50, "red", 4)], SIZE, CELLS))
    assert around == [(12, 12), (12, 13), (13, 12)]  # 3.5 px off is inside, 4.5 and 3.5 * sqrt 2 are not
    plane = dots.plane([(101, 41, "red", 13)], SIZE, CELLS)
    inside = [
        (row, column)
        for row in range(25)
        for column in range(50)
        if (4 * row + 1.5 - 41) ** 2 + (4 * column + 1.5 - 101) ** 2 <= 13**2
    ]
    assert len(inside) > 25 and there(plane) == inside
    assert dots.plane([(0, 0, "red", 200)], SIZE, CELLS)[..., 2].all() == (np.hypot(97.5, 197.5) <= 200)


def test_a_round_dot_is_symmetric():
    plane = dots.plane([(6, 6, "red", 3)], (13, 13), (13, 13)).any(-1)
    assert plane.sum() == 29  # the pixels of a disk of radius 3
    for turned in (plane[::-1], plane[:, ::-1], plane.T):
        assert (plane == turned).all()


def test_later_dots_cover_earlier_ones():
    below, above = (40, 40, "red", 20), (41, 40, "#2040c0", 9)
    plane = dots.plane([below, above], SIZE, CELLS)
    small = dots.plane([above], SIZE, CELLS)
    covered = small.any(-1)
    assert (plane[covered] == small[covered]).all()
    large = dots.plane([below], SIZE, CELLS)
    assert (plane[~covered] == large[~covered]).all() and large[covered].any(-1).all()
    assert (dots.plane([above, below], SIZE, CELLS)[covered] == large[covered]).all()


def test_no_dots_are_an_empty_plane():
    plane = dots.plane([], SIZE, CELLS)
    assert plane.shape == (25, 50, 3) and not plane.any()


# What dots are ----------------------------------------------------------------------------------------------


def test_dots_are_read_as_said():
    first, second = dots.checked([(7, 3, "navy"), [np.int64(199), 99, (255, 0, 0), 2.5]], SIZE)
    assert (first.x, first.y, first.radius) == (7, 3, 0) and (first.lab == palettes.lab_of("#000080")).all()
    assert (second.x, second.y, second.radius) == (199, 99, 2.5) and (second.lab == palettes.lab_of("red")).all()


def test_a_thousand_dots_are_taken_and_no_more():
    assert len(dots.checked([(1, 1, "red")] * 1000, SIZE)) == 1000
    with pytest.raises(BadInput, match="1001 dots: at most 1000 can be taken"):
        dots.checked([(1, 1, "red")] * 1001, SIZE)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ((200, 0, "red"), r"place \(200, 0\): outside the picture of 200x100 px"),
        ((0, 100, "red"), r"place \(0, 100\): outside the picture of 200x100 px"),
        ((-1, 0, "red"), r"place \(-1, 0\): outside"),
        ((1.5, 2, "red"), "whole numbers of pixels"),
        ((True, 2, "red"), "whole numbers of pixels"),
        (("1", 2, "red"), "whole numbers of pixels"),
        ((None, 2, "red"), "whole numbers of pixels"),
        ((float("nan"), 2, "red"), "whole numbers of pixels"),
        ((1, float("inf"), "red"), "whole numbers of pixels"),
        ((1, [2], "red"), "whole numbers of pixels"),
        (({}, 2, "red"), "whole numbers of pixels"),
        ((1, 2, "#12"), "color '#12': needed is #rrggbb"),
        ((1, 2, "reddish"), "color 'reddish': needed"),
        ((1, 2, (1, 2, 256)), r"color \(1, 2, 256\): needed"),
        ((1, 2, (1, 2)), r"color \(1, 2\): needed"),
        ((1, 2, (float("inf"), 0, 0)), "color .inf, 0, 0.: needed"),
        ((1, 2, None), "color None: needed"),
        ((1, 2), r"dot \(1, 2\): needed is \(x, y, color\) or \(x, y, color, radius\)"),
        ((1, 2, "red", 4, 5), "needed is .x, y, color. or .x, y, color, radius."),
        ("red", "dot 'red': needed is .x, y, color."),
        (5, "dot 5: needed is .x, y, color."),
        (None, "dot None: needed is .x, y, color."),
        ({"x": 1, "y": 2, "color": "red"}, "dot .*: needed is .x, y, color."),
        ((1, 2, "red", -1), r"dot \(1, 2, 'red', -1\): its radius is a number of pixels from 0 to 200"),
        ((1, 2, "red", 201), "its radius is a number of pixels from 0 to 200"),
        ((1, 2, "red", float("nan")), "its radius is a number"),
        ((1, 2, "red", "3"), "its radius is a number"),
        ((1, 2, "red", True), "its radius is a number"),
        ((1, 2, "red", None), "its radius is a number"),
        ((1, 2, "red", [3]), "its radius is a number"),
    ],
)
def test_what_is_no_dot_is_refused(wrong, said):
    with pytest.raises(BadInput, match=said):
        dots.plane([(1, 1, "red"), wrong], SIZE, CELLS)


@pytest.mark.parametrize("wrong", [5, {"dots": []}, {(1, 1, "red")}, None])
def test_what_is_no_list_is_refused(wrong):
    with pytest.raises(BadInput, match=r"dots .*: needed is a list of \(x, y, color\).*, or a JSON file"):
        dots.checked(wrong, SIZE)


# Files ------------------------------------------------------------------------------------------------------


def test_a_file_is_read(tmp_path):
    said = [[7, 3, "navy"], [101, 58, [255, 0, 0], 9]]
    path = tmp_path / "dots.json"
    path.write_text(json.dumps(said))
    assert dots.load(path) == said
    for form in (path, str(path)):
        assert (dots.plane(form, SIZE, CELLS) == dots.plane(said, SIZE, CELLS)).all()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, r"dots.json: no dots \(FileNotFoundError\); needed is JSON, \[\[x, y, color\], ...\]"),
        ("[[1, 2, 'red']]", r"dots.json: no dots \(JSONDecodeError\)"),
        ("", r"no dots \(JSONDecodeError\)"),
        ("[" * 100_000, r"no dots \(RecursionError\)"),
        ('{"dots": [[1, 2, "red"]]}', "dots .*: needed is a list"),
        ('"other.json"', "dots 'other.json': needed is a list"),
        ('[1, 2, "red"]', "dot 1: needed is"),
        ('[[NaN, 2, "red"]]', "whole numbers of pixels"),
        ('[[1, 2, "red", null]]', "its radius is a number"),
    ],
)
def test_other_files_are_refused(tmp_path, text, said):
    path = tmp_path / "dots.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(BadInput, match=said):
        dots.checked(path, SIZE)


def test_a_picture_is_no_file_of_dots(tmp_path):
    (tmp_path / "dots.png").write_bytes(b"\x89PNG\r\n\x1a\n\xff\xfe")
    with pytest.raises(BadInput, match=r"dots.png: no dots \(UnicodeDecodeError\)"):
        dots.checked(tmp_path / "dots.png", SIZE)
