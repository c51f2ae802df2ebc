"""Comic pages: panels are found, given or refused, each is colored as its own reference; what is ink stays ink."""

import json
from functools import cache

import keras
import numpy as np
import pytest
from PIL import Image

from anime_color import cli, color, networks, recipes
from anime_color.coloring import likeness, pages
from anime_color.coloring.colorizer import Colorizer
from anime_color.coloring.pages import Panel
from anime_color.scores import obedience
from anime_color.training import runs
from data_prep.drawn_pages import draw_page
from data_prep.errors import BadInput

pytestmark = pytest.mark.usefixtures("eagerly")

KINDS = ("true colors", "gray", "lines")
RED, BLUE = (200, 60, 40), (40, 60, 200)


@cache
def drawn(seed, width=400):
    return draw_page(seed, width)


def shown(page, kind):
    """A drawn page as a picture (H, W, 3)."""
    gray = {"gray": color.luma(page.rgb), "lines": page.lines}.get(kind)
    return page.rgb.copy() if gray is None else np.repeat(gray[..., None], 3, -1)


def boxes(panels):
    return [(one.left, one.top, one.width, one.height) for one in panels]


def blank(height=200, width=240, shade=255):
    return np.full((height, width, 3), shade, "uint8")


def framed(page, left, top, width, height, thick=2):
    """Draws a frame onto a page, of which it is a panel, and returns the page."""
    page[top : top + height, left : left + width] = 0
    page[top + thick : top + height - thick, left + thick : left + width - thick] = 255
    return page


def ring(page, x, y, radius):
    """Draws a closed line around a place."""
    rows, columns = np.indices(page.shape[:2])
    page[np.abs(np.hypot(rows - y, columns - x) - radius) < 1.5] = 0
    return page


class Crayon:
    """A colorizer that paints all of a panel in the mean color of its reference; it remembers what it was shown."""

    knows_regions, name, conditions = False, "crayon", ("reference",)

    def __init__(self, takes="line art"):
        self.takes, self.panels = takes, []

    def colorize(self, panel, reference):
        self.panels.append(panel)
        return np.broadcast_to(reference.reshape(-1, 3).mean(0).round().astype("uint8"), panel.shape).copy()


def of_one_color(rgb):
    return np.full((20, 20, 3), rgb, "uint8")


def colored_by(page, rgb, panels, takes="line art"):
    """The page as a crayon of one color colors it."""
    return pages.color_page(page, panels, {"rin": of_one_color(rgb)}, Crayon(takes))[0]


# Panels are found -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(6))
def test_all_panels_of_drawn_pages_are_found_in_reading_order(seed, kind):
    page = drawn(seed)
    assert boxes(pages.find(shown(page, kind))) == list(page.panels)


def test_panels_of_a_large_page_are_found_to_within_its_reduction():
    page = drawn(1, 1200)
    found = pages.find(shown(page, "lines"))
    assert len(found) == 6 and np.abs(np.subtract(boxes(found), page.panels)).max() <= 3
    assert all(one.reference is None for one in found)


def test_a_panel_is_what_white_from_outside_does_not_reach():
    page = framed(framed(blank(shade=248), 10, 10, 100, 80), 120, 12, 110, 80)
    page[12:88, 12:108] = 90  # a dark panel
    page[60:62, 140:142] = 0
    page[150, 30:33] = 0  # a speck is none
    assert boxes(pages.find(page)) == [(10, 10, 100, 80), (120, 12, 110, 80)]


def test_an_open_drawing_without_a_frame_is_a_panel():
    page = ring(framed(blank(), 10, 10, 100, 180), 175, 100, 40)
    first, second = pages.find(page)
    assert boxes([first]) == [(10, 10, 100, 180)]
    assert np.abs(np.subtract(boxes([second])[0], (134, 59, 83, 83))).max() <= 2


def test_drawings_whose_boxes_overlap_are_one_panel():
    page = blank()
    page[10:100, 10:30] = page[80:100, 10:120] = 60  # an L, and a square in its corner
    page[20:60, 50:100] = 60
    page[120:180, 20:200] = 60
    assert boxes(pages.find(page)) == [(10, 10, 110, 90), (20, 120, 180, 60)]


def test_a_page_without_gutters_is_one_panel():
    assert boxes(pages.find(blank(shade=100))) == [(0, 0, 240, 200)]


def test_an_empty_page_has_no_panels():
    with pytest.raises(
        BadInput, match="no panels found: the page has no drawing inside white gutters; give the panels"
    ):
        pages.find(blank())


# Panels are given -----------------------------------------------------------------------------------------------


def test_panels_are_rectangles_dictionaries_or_panels():
    given = [
        [0, 0, 50, 60],
        (60.0, 0, 50, 60),
        {"panel": [0, 70, 50, 60], "reference": "rin"},
        Panel(60, 70, 50, 60, "ai"),
    ]
    found = pages.checked([*given, {"panel": [120, 0, 16, 16], "reference": None}], (200, 240))
    assert found == [
        Panel(0, 0, 50, 60),
        Panel(60, 0, 50, 60),
        Panel(0, 70, 50, 60, "rin"),
        Panel(60, 70, 50, 60, "ai"),
        Panel(120, 0, 16, 16),
    ]
    assert found[2].place == (slice(70, 130), slice(0, 50))


def test_what_leaves_the_page_is_cut_there_and_told():
    with pytest.warns(UserWarning, match=r"panel 1: cut at the border of the page, \[200, 150, 40, 50\]"):
        found = pages.checked([[0, 0, 50, 60], [200, 150, 100, 100]], (200, 240))
    assert boxes(found)[1] == (200, 150, 40, 50)
    with pytest.warns(UserWarning, match=r"panel 0: cut at the border of the page, \[0, 0, 40, 30\]"):
        pages.checked([{"panel": [-10, -20, 50, 50], "reference": "rin"}], (200, 240))


@pytest.mark.parametrize(
    ("panels", "said"),
    [
        ([], r"panels \[\]: needed is a list of \[left, top, width, height\] with at least one"),
        ({"panels": []}, "needed is a list"),
        ("all", "panels 'all': needed is a list"),
        ([[0, 0, 50, 50], [0, 60, 50]], r"panel 1: \[0, 60, 50\] given, needed is \[left, top, width, height\]"),
        ([[0, 0, 50, 50], 7], "panel 1: 7 given, needed is"),
        ([{"box": [0, 0, 50, 50]}], r"panel 0: \{'box': \[0, 0, 50, 50\]\} given, needed is"),
        ([{"panel": [0, 0, 50, 50], "reference": 3}], "panel 0: reference 3; needed is the name of a picture"),
        ([[0, 0, 50, 50.5]], "panel 0: needed are whole numbers of pixels"),
        ([[0, 0, 50, "50"]], "panel 0: needed are whole numbers of pixels"),
        ([[0, 0, 50, True]], "panel 0: needed are whole numbers of pixels"),
        ([[0, 0, 50, float("nan")]], "panel 0: needed are whole numbers of pixels"),
        ([[0, 0, 50, 50], [60, 0, 0, 50]], "panel 1: 0x50 px; needed is a width and a height above 0"),
        ([[0, 0, 50, -5]], "panel 0: 50x-5 px; needed is a width and a height above 0"),
        ([[0, 0, 15, 50]], "panel 0: 15x50 px of it lie on the page of 240x200 px; needed is 16 px a side"),
        ([[230, 0, 50, 50]], "panel 0: 10x50 px of it lie on the page"),
        ([[500, 500, 50, 50]], "panel 0: 0x0 px of it lie on the page"),
        ([[0, 0, 50, 50], [60, 0, 50, 50], [90, 40, 50, 50]], "panels 1 and 2 overlap: make one of them smaller"),
        ([[0, 0, 50, 50], [0, 0, 50, 50]], "panels 0 and 1 overlap"),
    ],
)
def test_panels_that_are_none_are_refused_by_their_number(panels, said):
    with pytest.raises(BadInput, match=said) as refused:
        pages.checked(panels, (200, 240))
    assert "\n" not in str(refused.value)


def test_panels_side_by_side_do_not_overlap():
    assert len(pages.checked([[0, 0, 50, 50], [50, 0, 50, 50], [0, 50, 100, 50]], (200, 240))) == 3


def test_panels_come_back_from_their_file(tmp_path):
    panels, path = [Panel(0, 0, 50, 60, "rin"), Panel(60, 0, 50, 60)], tmp_path / "panels.json"
    pages.save(panels, path)
    expected = [{"panel": [0, 0, 50, 60], "reference": "rin"}, {"panel": [60, 0, 50, 60], "reference": None}]
    assert json.loads(path.read_text()) == pages.load(path) == expected
    assert pages.checked(pages.load(path), (200, 240)) == panels
    path.write_text("[[0, 0, 50, 60], [60, 0, 50, 60]]")
    assert boxes(pages.checked(pages.load(str(path)), (200, 240))) == boxes(panels)


@pytest.mark.parametrize("text", [b"", b"[[0, 0,", b"\xff\xfe", b"[" * 100_000])
def test_malformed_files_are_refused_by_name(tmp_path, text):
    path = tmp_path / "panels.json"
    path.write_bytes(text)
    with pytest.raises(BadInput, match=r"panels\.json: no panels \(.*\); needed is \[\[left, top, width, height\]"):
        pages.load(path)


def test_missing_files_are_refused_by_name(tmp_path):
    with pytest.raises(BadInput, match=r"panels\.json: no such file; give panels as JSON"):
        pages.load(tmp_path / "panels.json")
    with pytest.raises(BadInput, match="no panels"):
        pages.load(tmp_path)


# References -----------------------------------------------------------------------------------------------------


@pytest.fixture
def characters(tmp_path):
    """A folder of two characters, and something that is no picture."""
    folder = tmp_path / "characters"
    folder.mkdir()
    for name, rgb in (("rin.png", RED), ("ai.PNG", BLUE)):
        Image.fromarray(of_one_color(rgb)).save(folder / name)
    (folder / "about.txt").write_text("two characters")
    return folder


def test_references_are_the_pictures_of_a_folder_by_name(characters):
    found = pages.references(characters)
    assert list(found) == ["ai", "rin"] and (found["rin"] == RED).all() and (found["ai"] == BLUE).all()
    alone = pages.references(str(characters / "rin.png"))
    assert list(alone) == ["rin"] and alone["rin"].shape == (20, 20, 3)


def test_references_that_tell_no_colors_are_refused(characters, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(
        BadInput, match="empty: no picture in this folder; put a colored picture of each character there"
    ):
        pages.references(tmp_path / "empty")
    with pytest.raises(BadInput, match=r"missing\.png"):
        pages.references(tmp_path / "missing.png")
    Image.fromarray(of_one_color(RED)).save(characters / "rin.webp")
    with pytest.raises(BadInput, match=r"rin\.webp: another picture there has the name rin; name each character once"):
        pages.references(characters)
    (characters / "rin.webp").unlink()
    Image.fromarray(of_one_color((90, 90, 90))).save(characters / "gray.png")
    with pytest.raises(BadInput, match=r"gray\.png: a gray picture tells no colors"):
        pages.references(characters)
    (characters / "gray.png").write_bytes(b"no picture")
    with pytest.raises(BadInput, match=r"gray\.png"):
        pages.references(characters)


# Who a panel shows ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "least"), [("lines", 0.9), ("gray", 0.9)])
def test_most_panels_find_their_character(kind, least):
    right = []
    for page in (drawn(seed) for seed in range(6)):
        picture = shown(page, kind)
        panels = [
            picture[top + 2 : top + height - 2, left + 2 : left + width - 2] for left, top, width, height in page.panels
        ]
        references = {str(one.label): one.rgb for one in page.references}
        found = likeness.likest(panels, references, drawn=kind == "lines")
        right += [name == str(label) for name, label in zip(found, page.labels, strict=True)]
    assert len(right) == 36 and np.mean(right) >= least


def test_a_single_reference_is_that_of_all_panels():
    panels, references = [blank()] * 3, {"rin": of_one_color(RED)}
    assert likeness.likest(panels, references, drawn=True) == ["rin"] * 3
    assert likeness.likest([], {**references, "ai": of_one_color(BLUE)}, drawn=False) == []


def test_empty_panels_are_guessed_too():
    references = {str(one.label): one.rgb for one in drawn(0).references}
    assert set(likeness.likest([blank(), blank(40, 30)], references, drawn=True)) <= set(references)


# Pages are colored ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "takes"), [("gray", "gray picture"), ("lines", "line art")])
def test_outside_of_panels_and_on_their_frames_the_page_stays_as_it_is(kind, takes):
    page = shown(drawn(2), kind)
    before, crayon = page.copy(), Crayon(takes)
    colored, told = pages.color_page(page, drawn(2).panels, {"rin": of_one_color(RED)}, crayon)
    assert (page == before).all() and colored.shape == page.shape and colored.dtype == np.uint8
    assert boxes(told) == list(drawn(2).panels) and {one.reference for one in told} == {"rin"}
    inside = np.zeros(page.shape[:2], bool)
    for left, top, width, height in drawn(2).panels:
        inside[top + 2 : top + height - 2, left + 2 : left + width - 2] = True  # frames of 400 px pages are 2 px
    assert (colored[~inside] == page[~inside]).all()
    assert (colored[inside] != page[inside]).any(-1).mean() > 0.2
    assert [one.shape for one in crayon.panels] == [(h - 4, w - 4, 3) for _, _, w, h in drawn(2).panels]
    assert not any((np.concatenate([one[0], one[-1], one[:, 0], one[:, -1]]) < 128).all() for one in crayon.panels)


def test_where_ink_is_black_the_page_stays_black():
    page = shown(drawn(3), "lines")
    colored = colored_by(page, RED, drawn(3).panels)
    black = (page == 0).all(-1)
    assert black.mean() > 0.02 and (colored[black] == 0).all()
    assert (colored <= page).all(), "ink lies on top of the colors"
    assert (colored[page[..., 0] == 255] == RED).all(-1).any()


def test_each_panel_has_the_colors_of_its_own_reference():
    page = framed(framed(framed(blank(), 10, 10, 100, 80), 120, 10, 100, 80), 10, 100, 210, 80)
    panels = [Panel(*box, name) for box, name in zip(boxes(pages.find(page)), ("rin", "ai", "rin"), strict=True)]
    colored, told = pages.color_page(page, panels, {"ai": of_one_color(BLUE), "rin": of_one_color(RED)}, Crayon())
    assert told == panels
    for panel, rgb in zip(panels, (RED, BLUE, RED), strict=True):
        inside = colored[panel.place][2:-2, 2:-2]
        assert (inside == rgb).all()
        assert (colored[panel.place][:2] == 0).all() and (colored[panel.place][:, -2:] == 0).all()


def test_a_panel_that_names_no_reference_has_the_likest_and_says_so():
    page = drawn(4)
    references = {str(one.label): one.rgb for one in page.references}
    first = Panel(*page.panels[0], str(page.labels[1]))  # as the user says, right or wrong
    _, told = pages.color_page(shown(page, "lines"), [first, *page.panels[1:]], references, Crayon())
    assert told[0] == first
    assert [one.reference for one in told[1:]] == [str(label) for label in page.labels[1:]]


def test_pale_paper_that_reaches_the_border_of_a_panel_stays_white():
    page = ring(framed(blank(), 20, 20, 160, 160), 100, 100, 40)
    pale, strong = ((240, 220, 200), (200, 120, 100))
    for rgb, outside in ((pale, (255, 255, 255)), (strong, strong)):
        colored = colored_by(page, rgb, [[20, 20, 160, 160]])
        assert (colored[100, 100] == rgb).all(), "inside of lines it is no empty paper"
        assert (colored[30, 30] == outside).all() and (colored[170, 100] == outside).all()
        assert (colored[10, 10] == 255).all()


def test_paper_does_not_run_out_through_a_small_gap_in_the_lines():
    page = ring(framed(blank(400, 400), 20, 20, 360, 360), 200, 200, 90)
    page[105:116, 199:202] = 255
    colored = colored_by(page, (240, 220, 200), [[20, 20, 360, 360]])
    assert (colored[200, 200] == (240, 220, 200)).all() and (colored[40, 40] == 255).all()
    page[105:116, 180:221] = 255
    colored = colored_by(page, (240, 220, 200), [[20, 20, 360, 360]])
    assert (colored[200, 200] == 255).all()


@pytest.mark.parametrize(
    ("painted", "expected"), [((20, 10, 20), 0), ((20, 30, 20), (20, 30, 20)), ((234, 255, 240), 255)]
)
def test_nearly_black_and_nearly_white_are_made_so(painted, expected):
    page = ring(framed(blank(), 20, 20, 160, 160), 100, 100, 40)

    class Pen(Crayon):
        def colorize(self, panel, reference):
            return of_one_color(painted)[:1, :1].repeat(panel.shape[0], 0).repeat(panel.shape[1], 1)

    colored, _ = pages.color_page(page, [[20, 20, 160, 160]], {"rin": of_one_color(RED)}, Pen())
    assert (colored[100, 100] == expected).all()


def test_a_gray_page_is_laid_back_as_it_was_painted():
    """Its paper is a part of the picture, whose lightness the weights keep themselves."""
    page = ring(framed(blank(), 20, 20, 160, 160), 100, 100, 40)
    colored = colored_by(page, (240, 220, 200), [[20, 20, 160, 160]], "gray picture")
    assert (colored[22:178, 22:178] == (240, 220, 200)).all() and (colored[20:22, 20:180] == 0).all()


def test_a_panel_too_small_to_lose_its_frame_is_colored_whole():
    page = framed(blank(), 20, 20, 18, 18, 1)
    assert pages.color_page(page, [[20, 20, 18, 18]], {"rin": of_one_color(RED)}, crayon := Crayon())
    assert crayon.panels[0].shape == (16, 16, 3)
    page = framed(blank(), 20, 20, 17, 17, 1)
    pages.color_page(page, [[20, 20, 17, 17]], {"rin": of_one_color(RED)}, crayon := Crayon())
    assert crayon.panels[0].shape == (17, 17, 3)


def test_what_does_not_fit_is_refused():
    page, given = shown(drawn(0), "lines"), {"rin": of_one_color(RED), "ai": of_one_color(BLUE)}
    with pytest.raises(BadInput, match="panel 1: no reference 'yui'; there are rin, ai"):
        pages.color_page(page, [[0, 0, 50, 50], {"panel": [60, 0, 50, 50], "reference": "yui"}], given, Crayon())
    deaf = Crayon()
    deaf.conditions = ("dots",)
    with pytest.raises(BadInput, match="weights crayon: they take no reference; pages need chroma or comicolorization"):
        pages.color_page(page, drawn(0).panels, given, deaf)
    with pytest.raises(BadInput, match="panels 0 and 1 overlap"):
        pages.color_page(page, [[0, 0, 50, 50], [20, 20, 50, 50]], given, Crayon())
    with pytest.raises(BadInput, match="no reference given"):
        pages.color_page(page, drawn(0).panels, {}, Crayon())


@pytest.fixture(scope="module")
def comic():
    keras.utils.set_random_seed(0)
    return Colorizer(networks.comic_generator(32, 2, 4, reads="histogram"), 32, multiple=32, name="comic")


def test_a_page_by_a_network_of_references(comic):
    page = drawn(5)
    references = {str(one.label): one.rgb for one in page.references}
    lines = shown(page, "lines")
    panels = [Panel(*box, str(label)) for box, label in zip(page.panels, page.labels, strict=True)]
    colored, told = pages.color_page(lines, panels, references, comic)
    assert told == panels and (colored[(lines == 0).all(-1)] == 0).all()
    swapped = [
        Panel(*box, str(sum(page.characters) - label)) for box, label in zip(page.panels, page.labels, strict=True)
    ]
    others, _ = pages.color_page(lines, [panels[0], *swapped[1:]], references, comic)
    differ = (others != colored).any(-1)
    assert not differ[panels[0].place].any() and all(differ[panel.place].any() for panel in panels[1:])


def test_a_panel_that_is_no_line_art_is_named(comic):
    page = ring(framed(framed(blank(), 10, 10, 100, 80), 120, 10, 100, 80), 60, 50, 20)
    with pytest.raises(BadInput, match="panel 1: no line on the drawing: needed is dark ink on light paper"):
        pages.color_page(page, pages.find(page), {"rin": of_one_color(RED)}, comic)


def test_a_page_by_regions_is_the_same_for_a_seed_and_keeps_its_ink():
    """Line art whose lightness a network draws; the regions tell what of a panel is background."""
    keras.utils.set_random_seed(0)
    recipe = recipes.get("chroma_lines")
    regions = Colorizer(recipe.build(recipe.Settings.tiny()).networks["generator"], 32, multiple=32, name="regions")
    page = drawn(0)
    references = {str(one.label): one.rgb for one in page.references}
    lines, panels = shown(page, "lines"), [Panel(*page.panels[0], str(page.labels[0]))]
    colored, again, other = (pages.color_page(lines, panels, references, regions, seed=seed)[0] for seed in (0, 0, 1))
    assert (colored == again).all() and (colored != other).any()
    outside = np.ones(lines.shape[:2], bool)
    outside[panels[0].place] = False
    assert (colored[outside] == lines[outside]).all() and (colored[(lines == 0).all(-1)] == 0).all()
    assert (colored != lines).any()


# The command ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run(face_set, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages") / "run"
    settings = recipes.get("comicolorization").Settings.tiny()
    runs.train("comicolorization", settings, face_set, folder, steps=1, score_epochs=0, verbose=0)
    return str(folder)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder to work in: page.png, characters/ with those of the page, and files that are none."""
    monkeypatch.chdir(tmp_path)
    page = drawn(0)
    Image.fromarray(page.lines).save("page.png")
    (tmp_path / "characters").mkdir()
    for one in page.references:
        Image.fromarray(one.rgb).save(tmp_path / "characters" / f"{one.label}.png")
    Image.fromarray(blank()).save("white.png")
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.json").write_text("panels")
    (tmp_path / "outside.json").write_text("[[1000, 0, 50, 50]]")
    (tmp_path / "overlap.json").write_text("[[0, 0, 50, 50], [20, 0, 50, 50]]")
    (tmp_path / "unknown.json").write_text('[{"panel": [0, 0, 50, 50], "reference": "rin"}]')
    return tmp_path


def test_the_command_colors_a_page_and_keeps_its_panels_to_be_edited(run, folder, capsys):
    page = drawn(0)
    command = ["page", "page.png", "--references", "characters", "--weights", run, "--seed", "3"]
    assert cli.main([*command, "--out", "color.png", "--save-panels", "panels.json"]) == 0
    printed = capsys.readouterr().out.splitlines()
    left, top, width, height = page.panels[0]
    assert printed[0] == f"panel 0: {width}x{height} px at {left},{top}, colored as {page.labels[0]}"
    assert len(printed) == 7 and printed[6].startswith("color.png: 6 panels colored by run (step 1); --save-panels and")
    saved = json.loads((folder / "panels.json").read_text())
    assert [(tuple(one["panel"]), one["reference"]) for one in saved] == [
        (box, str(label)) for box, label in zip(page.panels, page.labels, strict=True)
    ]
    with Image.open("color.png") as image:
        assert image.size == (400, 560) and image.text["seed"] == "3" and image.text["weights"] == "run (step 1)"
        colored = np.asarray(image)
    saved[0]["reference"] = str(page.labels[0] ^ 1)
    (folder / "edited.json").write_text(json.dumps(saved))
    for panels, alike in (("panels.json", True), ("edited.json", False)):
        assert cli.main([*command, "--out", "again.png", "--panels", panels]) == 0
        assert capsys.readouterr().out.splitlines()[-1] == "again.png: 6 panels colored by run (step 1)"
        differ = (np.asarray(Image.open("again.png")) != colored).any(-1)
        assert differ.any() != alike
        differ[top : top + height, left : left + width] = False
        assert not differ.any()


def test_the_command_takes_one_reference_and_tells_what_it_cut(run, folder, capsys):
    (folder / "cut.json").write_text("[[300, 400, 400, 400]]")
    command = ["page", "page.png", "--references", "characters/0.png", "--weights", run, "--out", "new/color.png"]
    assert cli.main([*command, "--panels", "cut.json"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "note: panel 0: cut at the border of the page, [300, 400, 100, 160]"
    assert printed[1] == "panel 0: 100x160 px at 300,400, colored as 0" and (folder / "new" / "color.png").is_file()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("missing.png --references characters", "missing.png"),
        ("text.json --references characters", "text.json"),
        ("white.png --references characters", "no panels found: the page has no drawing inside white gutters"),
        ("page.png --references empty", "empty: no picture in this folder"),
        ("page.png --references page.png", "page.png: a gray picture tells no colors; give a colored one"),
        ("page.png --references characters --panels missing.json", "missing.json: no such file; give panels as JSON"),
        ("page.png --references characters --panels text.json", "text.json: no panels (JSONDecodeError)"),
        ("page.png --references characters --panels outside.json", "panel 0: 0x50 px of it lie on the page of 400x560"),
        ("page.png --references characters --panels overlap.json", "panels 0 and 1 overlap"),
        ("page.png --references characters --panels unknown.json", "panel 0: no reference 'rin'; there are 0, 1"),
        ("page.png --references characters --out page.png", "--out page.png: would overwrite what the command reads"),
        ("page.png --references characters --out color.jpg", "--out color.jpg: needed is a name ending in .png"),
        (
            "page.png --references characters --save-panels p.txt",
            "--save-panels p.txt: needed is a name ending in .json",
        ),
        (
            "page.png --references characters --panels unknown.json --save-panels unknown.json",
            "--save-panels unknown.json: would overwrite what the command reads",
        ),
        ("page.png --references characters --weights nowhere", "weights nowhere: neither a run folder nor a preset"),
    ],
)
def test_the_command_refuses_in_one_line(run, folder, capsys, options, said):
    before = {one.name: one.stat().st_mtime_ns for one in folder.iterdir()}
    words = ["--weights", run, "--out", "color.png", *options.split()]
    assert cli.main(["page", *words]) == 2
    error = capsys.readouterr().err
    assert error.startswith("anime-color: ") and said in error and error.count("\n") == 1
    assert {one.name: one.stat().st_mtime_ns for one in folder.iterdir()} == before


def test_the_command_needs_references(folder, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["page", "page.png", "--out", "color.png"])
    assert ended.value.code == 2 and "--references" in capsys.readouterr().err


# Scores ---------------------------------------------------------------------------------------------------------


def test_one_thing_colored_alike_is_consistent():
    lab = np.zeros((3, 4, 4, 3))
    lab[..., 0] = 50
    masks = np.zeros((3, 4, 4), int)
    masks[:, :2] = 1
    assert obedience.inconsistency(lab, masks, 1) == pytest.approx(0)
    lab[0, 2:, :, 1] = 60  # another part may be any color
    assert obedience.inconsistency(lab, masks, 1) == pytest.approx(0)


def test_inconsistency_by_hand():
    """CIEDE2000 of L* 50 and 60 of grays: 10 / (1 + 0.015 * 25 / sqrt(20 + 25)) = 9.4706."""
    lab, masks = np.zeros((4, 2, 2, 3)), np.ones((4, 2, 2), int)
    lab[..., 0] = np.float64([50, 60, 50, 99])[:, None, None]
    masks[3] = 0  # this picture does not show it
    apart = 10 / (1 + 0.015 * 25 / np.sqrt(20 + 25))
    assert obedience.inconsistency(lab[:2], masks[:2], 1) == pytest.approx(apart)
    assert obedience.inconsistency(lab, masks, 1) == pytest.approx(2 * apart / 3), "of three pairs, one is alike"
    assert obedience.inconsistency(lab[2:], masks[2:], 1) is None and obedience.inconsistency(lab, masks, 5) is None


def test_means_are_compared_and_pictures_may_be_of_any_size():
    one, other = np.zeros((2, 2, 3)), np.zeros((6, 3, 3))
    one[..., 0], other[..., 0] = [[40, 60], [40, 60]], 50
    masks = [np.ones((2, 2), int), np.ones((6, 3), int)]
    assert obedience.inconsistency([one, other], masks, 1) == pytest.approx(0, abs=1e-9)
