"""The command line: what it makes, and one line with exit code 2 for everything that it cannot use."""

import numpy as np
import pytest
from PIL import Image

from anime_color import cli
from data_prep.drawn_faces import draw


@pytest.fixture(scope="module")
def run(face_set, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cli") / "run"
    command = ["train", "gan", "--faces", str(face_set), "--run", str(folder), "--preset", "tiny", "--steps"]
    assert cli.main([*command, "2"]) == 0
    return folder, command


def test_the_same_command_continues(run, capsys):
    _, command = run
    assert cli.main([*command, "3"]) == 0
    assert "3 steps" in capsys.readouterr().out


def test_chroma_writes_one_sheet_for_all_pictures(run, tmp_path, capsys):
    pictures = []
    for seed, size in ((1, 64), (2, 96)):
        pictures.append(str(tmp_path / f"{size}.png"))
        Image.fromarray(draw(seed, size).rgb).save(pictures[-1])
    out = tmp_path / "sheet.png"
    assert (
        cli.main(["chroma", *pictures, "--weights", str(run[0]), "--out", str(out), "--noises", "5", "--seed", "9"])
        == 0
    )
    with Image.open(out) as image:
        assert image.text["seed"] == "9" and image.text["weights"].startswith("run (step")
        # original and gray above each other, beside a row of five; a thin margin between
        assert image.size == (6 * 96 + 10, (2 * 64 + 2) + 2 + (2 * 96 + 2))


def test_presets_lists_recipes_with_their_size(capsys):
    assert cli.main(["presets"]) == 0
    printed = capsys.readouterr().out
    assert "8,637,122" in printed and "2,926,321" in printed and "--preset tiny" in printed


def test_bad_input_is_one_line_and_exit_code_2(run, face_set, tmp_path, capsys):
    folder, train = run
    text = tmp_path / "text.jpg"
    text.write_text("not a picture")
    good = tmp_path / "good.png"
    Image.fromarray(draw(1, 64).rgb).save(good)
    bomb = tmp_path / "bomb.png"
    Image.new("1", (20_000, 20_000)).save(bomb)
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("x")
    chroma = ["chroma", str(text), "--weights", str(folder), "--out", str(tmp_path / "out.png")]
    weights_of = ["--weights", str(folder)]
    new = ["--faces", str(face_set), "--run", str(tmp_path / "new")]
    cases = {
        "not a picture": chroma,
        "pixels": ["chroma", str(bomb), *weights_of, "--out", str(tmp_path / "out.png")],
        "neither a run folder nor a preset": [*chroma[:2], "--weights", "nothing", *chroma[4:]],
        "ending in .png": [*chroma[:-1], str(tmp_path / "out.jpg")],
        "schedule='wild'": ["chroma", str(good), *chroma[2:], "--schedule", "wild"],
        "no such file": ["chroma", str(tmp_path / "missing.png"), *chroma[2:]],
        "allowed are chroma, gan": ["train", "dcgan", *new, "--steps", "1"],
        "multiple of 32": ["train", "gan", *new, "--steps", "1", "--preset", "faithful", "--set", "size=48"],
        "cannot be averaged to size=64": ["train", "gan", *new, "--steps", "1"],
        "size=16: needed is a multiple": [*train, "9", "--set", "size=16"],
        "how long": ["train", "gan", *new, "--preset", "tiny"],
        "no face set": ["train", "gan", "--faces", str(precious), "--run", str(tmp_path / "new"), "--steps", "1"],
        "a run of other settings": [*train, "9", "--set", "latent_size=9"],
        "no run folder": [*train[:5], str(precious), *train[6:], "1"],
    }
    for said, arguments in cases.items():
        assert cli.main(arguments) == 2, said
        captured = capsys.readouterr()
        assert captured.err.count("\n") == 1 and said in captured.err, captured.err
    assert not (tmp_path / "out.png").exists() and not (tmp_path / "new").exists()
    assert (precious / "file").read_text() == "x"


@pytest.mark.parametrize(
    "arguments", [[], ["train"], ["paint"], ["train", "gan", "--faces", "a", "--run", "b", "--steps", "0"]]
)
def test_wrong_words_exit_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main(arguments)
    assert stopped.value.code == 2


def test_odd_pictures_are_colored(run, tmp_path):
    gray = Image.fromarray(draw(1, 64).rgb).convert("L")
    sixteen = Image.fromarray(np.asarray(gray).astype("uint16") * 257)
    for name, image in {"gray": gray, "alpha": gray.convert("RGBA"), "sixteen": sixteen}.items():
        image.save(tmp_path / f"{name}.png")
        out = tmp_path / f"{name}-sheet.png"
        assert (
            cli.main(
                ["chroma", str(tmp_path / f"{name}.png"), "--weights", str(run[0]), "--out", str(out), "--noises", "1"]
            )
            == 0
        )
        assert out.exists()
