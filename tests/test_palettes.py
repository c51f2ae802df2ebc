"""Palettes: read, edited, saved, loaded; files that are none are refused."""

import json

import numpy as np
import pytest

from anime_color import color, palettes
from data_prep.errors import BadInput


@pytest.fixture
def palette():
    """Hair, skin and a region that no pixel belongs to."""
    entries = np.array([[0.2, -0.5, 0.1, 0], [0.1, 0.2, 0, -0.05], [0.3, 0.3, 0, 0]], "float32")
    tokens = np.arange(12, dtype="float32").reshape(3, 4) / 7
    lightness, area = np.array([-0.2, 0.5, 0], "float32"), np.array([0.3, 0.7, 0], "float32")
    return palettes.Palette("tiny", ("hair", "skin", "eyes"), entries, lightness, area, tokens)


def test_json_gives_everything_back(palette, tmp_path):
    palette.save(tmp_path / "new" / "rin.json")
    found = palettes.load(tmp_path / "new" / "rin.json")
    assert (found.weights, found.names) == (palette.weights, palette.names)
    for name in ("entries", "lightness", "area", "tokens"):
        assert getattr(found, name) == pytest.approx(getattr(palette, name), abs=1e-4), name
    regions = json.loads((tmp_path / "new" / "rin.json").read_text())["regions"]
    assert regions[0]["name"] == "hair" and regions[0]["lab"] == pytest.approx([40, 22, -55], abs=0.01)
    assert regions[1]["color"] == "#" + bytes(palette.colors[1]).hex()
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["rin.json"]


def test_gpl_holds_the_colors_that_can_be_seen_the_largest_first(palette, tmp_path):
    palette.save(tmp_path / "rin.gpl")
    lines = (tmp_path / "rin.gpl").read_text().splitlines()
    assert lines[0] == "GIMP Palette" and lines[4].split("\t")[1] == "skin 1" and len(lines) == 6
    assert (palettes.read_gpl(tmp_path / "rin.gpl") == palette.colors[[1, 0]]).all()
    assert (palette.with_gpl(tmp_path / "rin.gpl").entries == palette.entries).all()  # to the bit
    edited = (tmp_path / "rin.gpl").read_text().replace(lines[5], "255 0 0\thair 0")
    (tmp_path / "rin.gpl").write_text(edited)
    changed = palette.with_gpl(tmp_path / "rin.gpl").entries
    assert (changed[1:] == palette.entries[1:]).all() and (changed[0, 2:] == palette.entries[0, 2:]).all()
    assert changed[0, :2] * color.AB_SCALE == pytest.approx([80.1, 67.2], abs=0.2)  # pure red, CIELAB


def test_one_color_is_edited_by_name_or_number(palette):
    for which in ("hair", 0, "0"):
        changed = palette.with_color(which, (255, 0, 0))
        assert changed.entries[0, :2] * color.AB_SCALE == pytest.approx([80.1, 67.2], abs=0.2)
        assert (changed.entries[1:] == palette.entries[1:]).all() and palette.entries[0, 0] == np.float32(0.2)
    with pytest.raises(BadInput, match="'eyes': none in this picture; there are hair, skin"):
        palette.with_color("eyes", "red")


def test_the_strip_shows_areas(palette):
    strip = palette.strip(100, 8)
    assert strip.shape == (8, 100, 3)
    assert (strip[:, :70] == palette.colors[1]).all() and (strip[:, 70:] == palette.colors[0]).all()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nothing", "not a palette as JSON"),
        (
            '{"format": 1, "weights": "a", "noise": [1], "palette": [[50, 0, 0]]}',
            "file of format 1; this version reads 2",
        ),
        ('{"format": 2, "weights": "a", "regions": []}', "not a palette|not what a palette has"),
        ('{"format": 2, "weights": "a"}', "KeyError"),
        ("[" * 100_000, "not a palette as JSON"),
    ],
)
def test_what_is_no_palette_is_refused(text, said, tmp_path):
    (tmp_path / "bad.json").write_text(text)
    with pytest.raises(BadInput, match=said):
        palettes.load(tmp_path / "bad.json")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("lab", [50, 0]),
        ("lab", [50, float("nan"), 0]),
        ("slope", [1e9, 0]),
        ("name", "hat"),
        ("looks", [1]),
        ("area", [1]),
    ],
)
def test_a_damaged_palette_is_refused(palette, tmp_path, key, value):
    palette.save(tmp_path / "rin.json")
    described = json.loads((tmp_path / "rin.json").read_text())
    described["regions"][0][key] = value
    (tmp_path / "rin.json").write_text(json.dumps(described))
    with pytest.raises(BadInput, match="rin.json"):
        palettes.load(tmp_path / "rin.json")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("GIMP Palette\n#\n10 20 30\n", "1 colors for the 2 regions"),
        ("GIMP Palette\n#\n" + "10 20 30 x\n" * 1000, "1000 colors for the 2 regions"),
        ("GIMP Palette\n#\n10 20 x\n10 20 30\n", "not a GPL palette"),
        ("GIMP Palette\n#\n10 20 300\n10 20 30\n", "not a GPL palette"),
        ("Palette of mine", "its first line is not"),
        ("", "its first line is not"),
    ],
)
def test_what_is_no_gpl_is_refused(palette, tmp_path, text, said):
    (tmp_path / "bad.gpl").write_text(text)
    with pytest.raises(BadInput, match=said):
        palette.with_gpl(tmp_path / "bad.gpl")


def test_files_that_are_not_there_and_names_that_are_wrong(palette, tmp_path):
    with pytest.raises(BadInput, match="no such file"):
        palettes.load(tmp_path / "missing.json")
    with pytest.raises(BadInput, match="no such file"):
        palettes.read_gpl(tmp_path / "missing.gpl")
    with pytest.raises(BadInput, match="ending in .json or .gpl"):
        palette.save(tmp_path / "rin.txt")
