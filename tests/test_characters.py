"""Character files: what they keep, what they do to colors, and files that are none."""

import json

import numpy as np
import pytest

from anime_color import color
from anime_color.coloring import characters
from data_prep.errors import BadInput


def test_a_palette_is_the_colors_of_a_flat_picture():
    rgb = np.zeros((30, 30, 3), "uint8")
    rgb[:], rgb[:10], rgb[:10, :10] = (200, 60, 60), (40, 40, 200), (250, 240, 120)
    expected = color.unscale(color.rgb_to_lab(rgb))[[29, 0, 0], [0, 29, 0]]  # the most frequent first
    assert characters.palette(rgb, colors=3) == pytest.approx(expected, abs=0.01)
    assert characters.palette(rgb) == pytest.approx(expected, abs=0.01)  # it has no more than three
    assert characters.palette(np.full((4, 4, 3), 128, "uint8")).shape == (1, 3)


def test_colors_move_to_the_nearest_of_the_palette_and_lightness_stays():
    palette = np.array([[60.0, 50, 0], [60, -50, 0]])
    lab = color.scale(np.array([[[55.0, 40, 5], [20, -30, -5]]]))
    moved = color.unscale(characters.drawn_to(lab, palette))
    assert moved[0, :, 1:] == pytest.approx(np.array([[50, 0], [-50, 0]]), abs=0.1)
    assert moved[..., 0] == pytest.approx(color.unscale(lab)[..., 0], abs=1e-4)


def test_a_file_gives_back_what_was_saved(tmp_path):
    character = characters.Character("chroma-128", np.array([0.5, -1.25], "float32"), np.array([[50, 1.5, -2.0]]))
    character.save(tmp_path / "new" / "rin.json")
    found = characters.load(tmp_path / "new" / "rin.json")
    assert found.weights == "chroma-128" and (found.noise == character.noise).all()
    assert found.palette == pytest.approx(character.palette)


GOOD = {"format": 1, "weights": "w", "noise": [1.0], "palette": [[50.0, 0.0, 0.0]]}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not a character file"),
        ("[]", "not a character file"),
        (json.dumps(GOOD | {"format": 2}), "format 2; this version reads 1"),
        (json.dumps({"format": 1}), "not a character file"),
        (json.dumps(GOOD | {"noise": ["x"]}), "not a character file"),
        (json.dumps(GOOD | {"noise": [float("nan")]}), "finite"),
        (json.dumps(GOOD | {"palette": []}), "palette"),
        (json.dumps(GOOD | {"palette": [[1, 2]]}), "palette"),
        (json.dumps(GOOD | {"weights": 3}), "needed"),
    ],
)
def test_malformed_files_are_refused(text, said, tmp_path):
    path = tmp_path / "rin.json"
    path.write_text(text)
    with pytest.raises(BadInput, match=said):
        characters.load(path)
    with pytest.raises(BadInput, match="no such file"):
        characters.load(tmp_path / "other.json")
