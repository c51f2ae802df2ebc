"""Built-in comic pages: layout, cast, and what lies where."""

from functools import cache
from itertools import combinations

import numpy as np
import pytest

from data_prep import drawn_pages
from data_prep.drawn_faces import FACES_PER_CHARACTER, PARTS, DrawnFace, draw
from data_prep.drawn_pages import DrawnPage, draw_page
from data_prep.errors import BadInput

SEEDS = range(6)
PART = {name: index for index, name in enumerate(PARTS)}


@cache
def page(seed: int) -> DrawnPage:
    return draw_page(seed, 400)


@pytest.fixture
def blank(monkeypatch):
    """Pages without figures, which are quickly drawn."""

    def blank_face(seed, size):
        assert 32 <= size <= 1024
        empty = np.zeros((size, size), np.uint8)
        white = np.full((size, size, 3), 255, np.uint8)
        return DrawnFace(white, empty, empty + 255, np.zeros((8, 4), np.float32), seed // FACES_PER_CHARACTER)

    monkeypatch.setattr(drawn_pages, "draw", blank_face)


def panel(plane: np.ndarray, box, border: int = 0) -> np.ndarray:
    left, top, width, height = box
    return plane[top + border : top + height - border, left + border : left + width - border]


def outside(drawn: DrawnPage) -> np.ndarray:
    """bool (H, W): margins and gutters."""
    paper = np.ones(drawn.mask.shape, bool)
    for box in drawn.panels:
        panel(paper, box)[:] = False
    return paper


def test_shapes_and_types():
    drawn = page(3)
    assert drawn.rgb.shape == (560, 400, 3)
    assert drawn.lines.shape == drawn.mask.shape == (560, 400)
    assert drawn.rgb.dtype == drawn.lines.dtype == drawn.mask.dtype == np.uint8
    assert len(drawn.panels) == len(drawn.labels) == 6
    assert all(type(number) is int for number in (*drawn.labels, *drawn.characters, *sum(drawn.panels, ())))
    for reference in drawn.references:
        assert isinstance(reference, DrawnFace) and reference.rgb.shape == (512, 512, 3)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_another_page():
    again = draw_page(1, 400)
    for name in ("rgb", "lines", "mask"):
        assert getattr(again, name).tobytes() == getattr(page(1), name).tobytes(), name
    assert (again.panels, again.labels, again.characters) == (page(1).panels, page(1).labels, page(1).characters)
    assert len({page(seed).rgb.tobytes() for seed in SEEDS}) == len({page(seed).panels for seed in SEEDS}) == len(SEEDS)


@pytest.mark.parametrize("width", [400, 1201, 2000])
def test_panels_lie_in_rows_of_two_with_white_gutters_between(blank, width):
    for seed in range(20):
        drawn = draw_page(seed, width)
        paper = outside(drawn)
        assert sum(box[2] * box[3] for box in drawn.panels) == (~paper).sum()  # none overlap, none leave the page
        assert (drawn.rgb[paper] == 255).all() and (drawn.lines[paper] == 255).all()
        assert paper[[0, -1]].all() and paper[:, [0, -1]].all()
        rows = [drawn.panels[k : k + 2] for k in (0, 2, 4)]
        for (left, top, across, down), (left2, top2, across2, down2) in rows:
            assert (top, down) == (top2, down2) and across != across2
            assert left2 - (left + across) == round(0.02 * width)
        for above, below in zip(rows, rows[1:], strict=False):
            assert below[0][1] - (above[0][1] + above[0][3]) == round(0.02 * width)


def test_panels_have_black_frames():
    drawn = page(2)
    for box in drawn.panels:
        frame = np.ones(panel(drawn.mask, box).shape, bool)
        frame[2:-2, 2:-2] = False  # 0.4 % of the width
        assert (panel(drawn.rgb, box)[frame] == 0).all() and (panel(drawn.lines, box)[frame] == 0).all()
        assert np.mean(panel(drawn.rgb, box, 2)[0] == 255) > 0.7  # paper begins beside it


def test_figures_stand_on_white_inside_their_panels():
    for seed in SEEDS:
        drawn = page(seed)
        inside = np.zeros(drawn.mask.shape, bool)
        for box in drawn.panels:
            panel(inside, box, 2)[:] = True
            content = panel(drawn.mask, box, 2)
            assert 0.2 < np.mean(content != PART["background"]) < 0.8
            assert (content[-1] != PART["background"]).any()  # they reach the lower frame
        assert not drawn.mask[~inside].any()
        paper = inside & (drawn.mask == PART["background"])
        assert np.mean((drawn.rgb[paper] == 255).all(-1)) > 0.9
        assert (drawn.lines[paper & (drawn.rgb == 255).all(-1)] == 255).all()


def test_two_characters_are_in_three_panels_each():
    for seed in SEEDS:
        assert page(seed).characters == (2 * seed, 2 * seed + 1)
        assert sorted(page(seed).labels) == sorted(3 * page(seed).characters)
    assert len({tuple(label % 2 for label in page(seed).labels) for seed in SEEDS}) > 2


def test_references_show_the_characters_of_the_panels():
    for seed in SEEDS:
        drawn = page(seed)
        assert tuple(reference.label for reference in drawn.references) == drawn.characters
        hair = {face.label: np.median(face.rgb[face.mask == PART["hair"]], axis=0) for face in drawn.references}
        for box, label in zip(drawn.panels, drawn.labels, strict=True):
            shown = np.median(panel(drawn.rgb, box)[panel(drawn.mask, box) == PART["hair"]], axis=0)
            distance = {other: np.abs(shown - color).max() for other, color in hair.items()}
            assert distance[label] <= 20 and min(distance, key=distance.get) == label, (seed, box)


def test_every_picture_is_another_pose_no_face_is_cut_and_references_look_at_us(monkeypatch):
    faces = {}

    def remembered(seed, size):
        assert seed not in faces
        faces[seed] = draw(seed, size)
        return faces[seed]

    monkeypatch.setattr(drawn_pages, "draw", remembered)
    for page_seed in range(20, 24):
        faces.clear()
        drawn = draw_page(page_seed, 400)
        assert len(faces) == 8
        in_panels = [face for face in faces.values() if all(face is not other for other in drawn.references)]
        for box, label, face in zip(drawn.panels, drawn.labels, in_panels, strict=True):
            assert face.label == label
            for part in ("eyes", "mouth"):
                assert (panel(drawn.mask, box) == PART[part]).sum() == (face.mask == PART[part]).sum()
        for face in drawn.references:
            eyes = face.mask == PART["eyes"]
            for x0, y0, x1, y1 in face.boxes[2:4].astype(int):  # white shows in both
                assert face.rgb[y0:y1, x0:x1][eyes[y0:y1, x0:x1]].min(-1).max() > 230, (page_seed, face.label)


def test_another_width_is_the_same_page():
    large, small = draw_page(4, 800), page(4)
    assert large.labels == small.labels
    assert np.abs(np.array(large.panels) / 2 - small.panels).max() <= 2
    for one, other in zip(large.panels, small.panels, strict=True):
        hair = [np.mean(panel(drawn.mask, box) == PART["hair"]) for drawn, box in ((large, one), (small, other))]
        assert abs(hair[0] - hair[1]) < 0.02


def test_no_character_is_on_two_pages():
    for one, other in combinations(SEEDS, 2):
        assert not {*page(one).characters} & {*page(other).characters}


@pytest.mark.parametrize("seed", [-1, 1.0, "3", None, True])
def test_refuses_bad_seeds(seed):
    with pytest.raises(BadInput, match="seed is .*; give a whole number, 0 or more"):
        draw_page(seed)


@pytest.mark.parametrize("width", [399, 2001, 0, -400, 800.0, "800", None])
def test_refuses_bad_widths(width):
    with pytest.raises(BadInput, match="width is .*400 to 2000"):
        draw_page(0, width)


def test_accepts_numpy_integers_and_large_seeds(blank):
    assert draw_page(np.int64(3), np.uint16(400)).characters == (6, 7)
    assert draw_page(10**9, 400).labels[0] // 2 == 10**9
