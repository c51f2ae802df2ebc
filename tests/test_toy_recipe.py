"""A system of one page, unknown to the library: it trains as a run, is loaded by name and paints."""

import sys
from pathlib import Path

import numpy as np
import pytest

from anime_color import color, recipes
from anime_color.coloring.colorizer import Colorizer
from anime_color.faces import Faces
from anime_color.training import callbacks, runs
from tests import toy_recipe


@pytest.fixture
def toy(monkeypatch):
    monkeypatch.setattr(recipes, "NAMES", (*recipes.NAMES, "toy"))
    monkeypatch.setitem(sys.modules, "anime_color.recipes.toy", toy_recipe)
    return recipes.get("toy")


def test_a_page_is_all_that_a_further_system_needs(toy, face_set, tmp_path):
    assert len(Path(toy.__file__).read_text("utf-8").splitlines()) <= 150
    settings = toy.Settings.tiny()
    trainer = runs.train("toy", settings, face_set, tmp_path / "run", epochs=6, score_epochs=3, verbose=0)
    rows = callbacks.read_log(tmp_path / "run" / "log.csv")
    assert [row["phase"] for row in rows] == ["filling"] * 6
    for name in ("filling_l1", "filling_brightness"):
        assert float(rows[-1][name]) < 0.9 * float(rows[0][name])
    assert [row["score_colorfulness"] != "" for row in rows] == [False, False, True] * 2
    sheets = sorted(int(path.stem[-4:]) for path in (tmp_path / "run" / "sheets").iterdir())
    assert sheets == [1, 2, 4, 6]  # the first, then one in ten steps: an epoch has five

    colorizer = Colorizer.from_preset(tmp_path / "run")
    assert (colorizer.takes, colorizer.latent_size) == ("line art", 0)
    drawing = np.full((48, 40, 3), 255, "uint8")
    drawing[8:40, 20:22] = drawing[20:22, 8:32] = 0
    coloring = colorizer.colorize(drawing)
    assert coloring.shape == (48, 40, 3) and coloring.dtype == np.uint8
    assert np.ptp(coloring.astype(int), axis=-1).max() > 5  # colored
    dotted = colorizer.colorize(drawing, dots=[(10, 10, "navy", 6)])
    assert (dotted != coloring).any()
    given = {"lines": np.ones((1, 32, 32, 1)), "hints": np.zeros((1, 16, 16, 3))}
    assert (colorizer.generator.predict_on_batch(given) == trainer.averaged.predict_on_batch(given)).all()


def test_its_field_is_the_mean_lightness_of_a_face(toy, face_set):
    system = toy.build(toy.Settings.tiny())
    faces = Faces(face_set, batch_size=5, shuffle=False, flips=False, fields=system.fields)
    found = faces[0]["brightness"]
    expected = color.rgb_to_lab(faces.rgb(range(5)))[..., 0].mean((1, 2))
    assert found.shape == (5, 1) and found[:, 0] == pytest.approx(expected, abs=1e-6)
