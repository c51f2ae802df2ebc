"""Systems of line art and photos through the front doors: the commands, the scores, their tables."""

import dataclasses
import json

import numpy as np
import pytest
from PIL import Image

import data_prep
from anime_color import cli, color, settings
from anime_color.scores import obedience, results, scoring
from anime_color.training import runs
from data_prep.drawn_faces import draw
from data_prep.errors import BadInput

pytestmark = pytest.mark.usefixtures("eagerly", "quick_scores")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """60 drawn faces, a run of each of two systems, three steps long, a line drawing and a photo."""
    folder = tmp_path_factory.mktemp("kinds")
    faces = data_prep.pack("drawn:60", folder / "faces", size=32, workers=1, progress=False)
    few = {"steps": 3, "score_epochs": 0, "verbose": 0}
    runs.train("two_stage", settings.preset("two_stage", "tiny"), faces, folder / "lines", **few)
    part = dataclasses.replace(settings.preset("cartoongan", "tiny"), pool=0)
    runs.train("cartoongan", part, faces, folder / "photos", others={"cartoons": faces}, **few)
    Image.fromarray(draw(20_007, 96).lines).save(folder / "drawing.png")
    Image.fromarray(draw(20_007, 96).rgb).save(folder / "photo.png")
    return folder


def test_a_line_drawing_with_five_dots_by_one_command(folder, tmp_path):
    dots = ["--dot", "48,20,#3060c0", "--dot", "48,60,#f0d0c0,6", "--dot", "40,50,green", "--dot", "56,50,green"]
    (tmp_path / "dots.json").write_text(json.dumps([[48, 90, "white", 4]]))
    common = ["colorize", str(folder / "drawing.png"), "--weights", str(folder / "lines")]
    assert cli.main([*common, "--out", str(tmp_path / "none.png")]) == 0
    more = ["--dots", str(tmp_path / "dots.json"), "--threshold", "otsu"]
    assert cli.main([*common, *dots, *more, "--out", str(tmp_path / "five.png")]) == 0
    none, five = (np.asarray(Image.open(tmp_path / f"{name}.png")) for name in ("none", "five"))
    assert none.shape == five.shape == (96, 96, 3) and (none != five).any()
    said = Image.open(tmp_path / "five.png").text["dots"]
    assert said.split()[1] == "48,60,#f0d0c0,6.0" and len(said.split()) == 5


def test_a_photo_becomes_a_cartoon_by_one_command(folder, tmp_path):
    out = tmp_path / "cartoon.png"
    assert (
        cli.main(["colorize", str(folder / "photo.png"), "--weights", str(folder / "photos"), "--out", str(out)]) == 0
    )
    assert np.asarray(Image.open(out)).shape == (96, 96, 3)


@pytest.mark.parametrize(
    ("weights", "arguments", "said"),
    [
        (
            "lines",
            ["--lock", "hair=red"],
            "lock: weights lines (step 3) do not know it; conditions that they know: dots",
        ),
        ("lines", ["--pick", "2"], "coloring 2 of a sheet of 1"),
        ("lines", ["--dot", "500,20,red"], "outside the picture of 96x96 px"),
        ("lines", ["--dots", "missing.json"], "missing.json: no dots"),
        (
            "photos",
            ["--dot", "3,3,red"],
            "dots: weights photos (step 3) do not know it; conditions that they know: none",
        ),
        ("photos", ["--layers", "new.psd"], "they know no regions"),
    ],
)
def test_what_a_system_does_not_know_is_refused_by_name(
    folder, tmp_path, monkeypatch, capsys, weights, arguments, said
):
    monkeypatch.chdir(tmp_path)
    command = ["colorize", str(folder / "drawing.png"), "--weights", str(folder / weights), "--out", "new.png"]
    assert cli.main([*command, *arguments]) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "arguments", [["--dot", "1,2"], ["--dot", "1,2,#zzz"], ["--dot", "1,2,red,wide"], ["--threshold", "0"]]
)
def test_malformed_conditions_are_refused_by_the_parser(folder, capsys, arguments):
    with pytest.raises(SystemExit) as stopped:
        cli.main(["colorize", "x.png", "--weights", "w", "--out", "o.png", *arguments])
    assert stopped.value.code == 2 and capsys.readouterr().err.count("\n") == 1


def test_training_without_its_cartoons_is_refused(folder, tmp_path, capsys):
    command = ["train", "cartoongan", "--faces", str(folder / "faces"), "--run", str(tmp_path / "new"), "--steps", "1"]
    assert cli.main(command) == 2
    assert "cartoons is missing; give --also cartoons=FACESET" in capsys.readouterr().err
    assert cli.main([*command, "--also", f"cartoons={tmp_path / 'none'}"]) == 2
    assert "no face set" in capsys.readouterr().err
    assert cli.main([*command, "--also", "cartoons"]) == 2
    assert "needed is NAME=FACESET" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


# Scores -----------------------------------------------------------------------------------------------------


def test_line_art_has_a_table_of_its_own_with_obedience(folder):
    scores, context = scoring.side_by_side([str(folder / "lines"), "chroma-128"], folder / "faces", "test", noises=2)
    by_kind = {kind: [s.name for s in scores if s.takes == kind] for kind in ("gray picture", "line art")}
    assert by_kind["line art"] == ["real colors", "lines, uncolored", "lines (step 3)"]
    assert "chroma-128" in by_kind["gray picture"] and "gray" in by_kind["gray picture"]
    [lines] = [score for score in scores if score.name == "lines (step 3)"]
    assert {f"hint_error_{count}" for count in obedience.COUNTS} <= set(lines.estimates)
    assert "pairwise_ab" not in lines.estimates and lines.noises == 1
    text = results.table(scores, context)
    assert text.index("given a gray picture") < text.index("given line art") < text.index("ab error at 140 hints")
    assert results.markdown(scores, context).count("|---") == len(scores) + 2


def test_photos_are_scored_against_cartoons_and_alone(folder):
    others = {"cartoons": folder / "faces"}
    scores, _ = scoring.side_by_side([str(folder / "photos")], folder / "faces", "test", others=others)
    assert [score.name for score in scores] == ["real cartoons", "photos, unchanged", "photos (step 3)"]
    assert {"kid", "ssim"} <= set(scores[-1].estimates) and "psnr" not in scores[-1].estimates
    for names, given in (([str(folder / "photos"), "chroma-128"], others), ([str(folder / "photos")], None)):
        with pytest.raises(BadInput, match="scored by themselves, against cartoons"):
            scoring.side_by_side(names, folder / "faces", "test", others=given)


def test_obedience_of_perfect_and_of_gray_colorings():
    rgb = draw(3, 64).rgb
    true = color.rgb_to_lab(rgb)
    perfect = obedience.errors(rgb, lambda rgb, dots: true, 0)
    assert set(perfect.values()) == {0}
    calls = []

    def gray(rgb, dots):
        calls.append(len(dots))
        return true * np.float32([1, 0, 0])

    found = obedience.errors(rgb, gray, 0)
    assert calls == list(obedience.COUNTS)
    chroma = np.linalg.norm(true.reshape(16, 4, 16, 4, 3).mean((1, 3))[..., 1:], axis=-1) * 110
    assert 0 < found["hint_error_140"] < chroma.max()
    assert found["hint_error_0"] == found["hint_error_10"]  # told at the same places
