"""The command line: what it makes, and one line with exit code 2 for everything that it cannot use."""

import io
import sys

import numpy as np
import pytest
from PIL import Image

from anime_color import cli, demo
from anime_color.coloring import commands
from data_prep.drawn_faces import draw

pytestmark = pytest.mark.usefixtures("quick_scores")


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


@pytest.fixture
def picture(tmp_path):
    """A face before transparency, as a file."""
    drawn = draw(1, 64)
    Image.fromarray(np.dstack([drawn.rgb, 255 * (drawn.mask > 0).astype("uint8")])).save(tmp_path / "face.png")
    return str(tmp_path / "face.png")


def test_neighbors_of_weights_without_regions(run, picture, tmp_path):
    more = str(tmp_path / "more.png")
    command = ["chroma", picture, "--weights", str(run[0]), "--out", more, "--around", "3", "--noises", "5"]
    assert cli.main([*command, "--distance", "0.3"]) == 0
    with Image.open(more) as sheet:
        assert sheet.text["around"] == "3"


def test_one_coloring_its_palette_and_its_layers(picture, tmp_path, capsys):
    one, again, other, edited = (str(tmp_path / f"{name}.png") for name in ("one", "again", "other", "edited"))
    saved, colors, psd = (str(tmp_path / name) for name in ("rin.json", "rin.gpl", "rin.psd"))
    base = ["colorize", picture, "--weights", "chroma-128", "--out"]
    moved = ["--pick", "3", "--move", "warmth=5", "--lock", "hair=#3060c0", "--dot", "32,60,navy"]
    assert cli.main([*base, one, *moved, "--save-palette", saved, "--layers", psd]) == 0
    printed = capsys.readouterr().out
    assert "desaturated" in printed and "warmth: " in printed and "% of what happens to it is foreseen" in printed
    assert cli.main([*base, again, "--palette", saved]) == 0
    assert cli.main([*base, other, "--character", saved]) == 0
    with Image.open(one) as first, Image.open(again) as second, Image.open(other) as third:
        assert first.mode == second.mode == third.mode == "RGBA" and first.size == (64, 64)
        assert first.text["lock"] == "hair=#3060c0" and first.text["dots"] == "32,60,navy"
        assert (np.asarray(first) == np.asarray(second)).all()
    with open(psd, "rb") as file:
        assert file.read(4) == b"8BPS"
    assert cli.main([*base, again, "--pick", "2", "--save-palette", colors]) == 0
    assert cli.main([*base, edited, "--pick", "2", "--palette", colors]) == 0
    with Image.open(again) as first, Image.open(edited) as second:
        assert (np.asarray(first) == np.asarray(second)).all()


def test_sheets_with_locks_strips_and_neighbors_of_a_part(picture, tmp_path):
    out = str(tmp_path / "sheet.png")
    base = ["chroma", picture, "--weights", "chroma-128", "--out", out, "--noises", "5"]
    assert cli.main([*base, "--strip", "--lock", "hair=teal"]) == 0
    with Image.open(out) as sheet:
        assert sheet.size == (6 * 64 + 10, 2 * 64 + 2) and sheet.text["lock"] == "hair=teal"
    assert cli.main([*base, "--around", "2", "--region", "hair"]) == 0


def test_dots_that_contradict_are_told(picture, tmp_path, capsys):
    dots = [word for x in range(4, 64, 6) for word in ("--dot", f"{x},20,{'red' if x % 4 else 'blue'}")]
    command = ["colorize", picture, "--weights", "chroma-128", "--out", str(tmp_path / "out.png"), *dots]
    assert cli.main(command) == 0
    assert "note: dots of 2 colors on one region: it is split between them" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("weights", "region"),
    [("run", "--box 8,8,40,30"), ("chroma-128", "--region hair"), ("chroma-128", "--click 32,20 --click 30,20")],
)
def test_recolor_writes_a_sheet_or_one_picture(run, tmp_path, weights, region):
    picture, out = tmp_path / "face.png", tmp_path / "out.png"
    face = draw(1, 64).rgb
    Image.fromarray(face).save(picture)
    weights = str(run[0]) if weights == "run" else weights
    command = ["recolor", str(picture), "--weights", weights, "--out", str(out), *region.split()]
    assert cli.main([*command, "--noises", "5"]) == 0
    with Image.open(out) as sheet:
        assert sheet.size == (6 * 64 + 10, 2 * 64 + 2)
    assert cli.main([*command, "--pick", "2"]) == 0
    recolored = np.asarray(Image.open(out))
    same = (recolored == face).all(-1)
    assert recolored.shape == face.shape and 0 < (~same).sum() < same.size
    if region.startswith("--box"):
        same[8:30, 8:40] = True
        assert same.all()


def test_fine_tuning_prints_before_and_after(run, face_set, tmp_path, capsys):
    start, command = run
    tuned = ["train", "gan", "--from", str(start), "--faces", str(face_set), "--run", str(tmp_path / "tuned")]
    assert cli.main([*tuned, "--steps", "1", "--pictures", "3"]) == 0
    printed = capsys.readouterr().out
    assert "on 3 pictures of 32 px: generator and discriminator go on from its weights; nothing is frozen" in printed
    assert "before and after" in printed and "tuned (step 1)" in printed


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
    one = ["colorize", str(good), *weights_of, "--out", str(tmp_path / "out.png")]
    anew = ["recolor", *one[1:]]
    ours = ["colorize", str(good), "--weights", "chroma-128", *one[4:]]
    five = tmp_path / "five.gpl"
    five.write_text("GIMP Palette\n" + "10 20 30 x\n" * 5)
    small, empty = tmp_path / "small.png", tmp_path / "empty.png"
    Image.new("L", (4, 4), 255).save(small)
    Image.new("L", (64, 64)).save(empty)
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
        "coloring 30 of a sheet of 25": [*one, "--pick", "30"],
        "slider 'mood'": [*one, "--move", "mood=3"],
        "needed is name=number": [*one, "--move", "warmth"],
        "not a palette as JSON": [*one, "--character", str(text)],
        "not a GPL palette": [*ours, "--palette", str(text)],
        "5 colors for the": [*ours, "--palette", str(five)],
        "place (64, 0): outside the picture": [*ours, "--dot", "64,0,red"],
        "two colors on one place": [*ours, "--dot", "3,3,red", "--dot", "3,3,blue"],
        "at most 1000 can be taken": [*ours, *["--dot", "3,3,red"] * 1001],
        "region 24: the picture has regions 0 to 23": [*ours, "--lock", "24=red"],
        "do not know it": [*one, "--lock", "hair=red"],
        "take those of a chroma": [
            *one,
            "--save-palette",
            str(tmp_path / "new.json"),
            "--layers",
            str(tmp_path / "a.psd"),
        ],
        "distance=9": [*chroma[:1], str(good), *chroma[2:], "--around", "1", "--distance", "9"],
        "mask of 4x4 px for": [*anew, "--mask", str(small)],
        "region is empty": [*anew, "--mask", str(empty)],
        "names and clicks need regions": [*anew, "--click", "6,0"],
        "weights of the recipe gan": ["train", "wgan_gp", *new, "--steps", "1", "--from", str(folder)],
        "no run folder": [*train[:5], str(precious), *train[6:], "1"],
    }
    for said, arguments in cases.items():
        assert cli.main(arguments) == 2, said
        captured = capsys.readouterr()
        assert captured.err.count("\n") == 1 and said in captured.err, captured.err
    assert not (tmp_path / "out.png").exists() and not (tmp_path / "new").exists()
    assert (precious / "file").read_text() == "x"


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["train"],
        ["paint"],
        ["train", "gan", "--faces", "a", "--run", "b", "--steps", "0"],
        ["recolor", "a.png", "--weights", "w", "--out", "b.png"],
        ["recolor", "a.png", "--weights", "w", "--out", "b.png", "--box", "1,2,3"],
        ["recolor", "a.png", "--weights", "w", "--out", "b.png", "--region", "hat"],
        ["colorize", "a.png", "--weights", "w", "--out", "b.png", "--dot", "1,2"],
        ["colorize", "a.png", "--weights", "w", "--out", "b.png", "--dot", "1,2,#12"],
        ["train", "gan", "--faces", "a", "--run", "b", "--minutes", "inf"],
        ["chroma", "a.png", "--weights", "w", "--out", "b.png", "--noises", "many"],
        ["chroma", "a.png", "--weights", "w", "--out", "b.png", "--two\nlines"],
    ],
)
def test_wrong_words_are_one_line_and_exit_code_2(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main(arguments)
    assert stopped.value.code == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1 and told.startswith("anime-color: ") and told.endswith("--help\n")


CHROMA, COLORIZE, RECOLOR, SCORE, TRAIN = (
    "chroma face.png --weights w",
    "colorize face.png --weights w --out out.png",
    "recolor face.png --weights w --mask mask.png",
    "score w --faces set",
    "train gan --faces set --preset tiny --steps 1",
)


@pytest.mark.parametrize(
    "command, said",
    [
        (f"{CHROMA} --out face.png/sheet.png", "--out face.png/sheet.png: cannot be written (Not a directory)"),
        (f"{CHROMA} --out new/../face.png/deep/sheet.png", "cannot be written"),
        (f"{CHROMA} --out folder.png", "--out folder.png: a folder has this name"),
        (f"{CHROMA} --out new/../face.png", "would overwrite what the command reads"),
        (f"{CHROMA} --out out.png --distance 9", "give --around too"),
        (f"{COLORIZE} --out face.png/out.png", "--out face.png/out.png: cannot be written"),
        (f"{COLORIZE} --save-palette folder.json", "--save-palette folder.json: a folder has this name"),
        (f"{COLORIZE} --save-palette face.png/rin.json", "--save-palette face.png/rin.json: cannot be written"),
        (f"{COLORIZE} --save-palette mask.png", "needed is a name ending in .json or .gpl"),
        (f"{COLORIZE} --layers missing/out.psd", "--layers missing/out.psd: no such folder; make it first"),
        (f"{COLORIZE} --layers out.png", "needed is a name ending in .psd"),
        (
            f"{COLORIZE} --lock hat=red",
            "--lock hat=red: allowed are background, skin, hair, eyes, clothes, or a region's",
        ),
        (f"{COLORIZE} --lock hair=#30g", "color '#30g': needed is #rrggbb"),
        (f"{COLORIZE} --lock hair=red --lock hair=blue", "hair is locked twice"),
        (f"{COLORIZE} --palette rin.json --move warmth=3", "bring their own colors"),
        (f"{COLORIZE} --palette rin.gpl --character rin.json", "give one of them"),
        (f"{COLORIZE} --character missing.json", "missing.json: no such file"),
        (
            "chroma face.png mask.png --weights w --out out.png --dot 1,1,red",
            "--dot: a place in one picture; 2 pictures were given",
        ),
        (f"{CHROMA} --out out.png --region hair", "give --around too"),
        (f"{COLORIZE} --move warmth=1e30", "warmth=1e+30: allowed are -100 to 100 Lab units"),
        (f"{COLORIZE} --move warmth=3 --move warmth=5", "warmth is moved twice"),
        (f"{RECOLOR} --out folder.png", "--out folder.png: a folder has this name"),
        (f"{RECOLOR} --out mask.png", "--out mask.png: would overwrite what the command reads"),
        (f"{SCORE} --out face.png/scores.jsonl", "--out face.png/scores.jsonl: cannot be written"),
        (f"{SCORE} --out folder.jsonl", "--out folder.png: a folder has this name"),
        (f"{SCORE} --noises 5000", "noises=5000: needed is a whole number from 1 to 1024"),
        (f"{SCORE} --seed -1", "seed=-1: needed is a whole number from 0"),
        (f"{TRAIN} --run face.png/run", "--run face.png/run: cannot be written (Not a directory)"),
    ],
)
def test_what_cannot_end_well_is_told_before_any_work(command, said, tmp_path, monkeypatch, capsys):
    def work(*_, **__):
        pytest.fail("work began")

    for place, name in ((commands.Colorizer, "from_preset"), (cli.scoring, "side_by_side"), (cli.runs, "train")):
        monkeypatch.setattr(place, name, work)
    monkeypatch.chdir(tmp_path)
    for name in ("face.png", "mask.png"):
        Image.fromarray(draw(1, 32).rgb).save(name)
    for name in ("folder.png", "folder.json"):
        (tmp_path / name).mkdir()
    before = {path: path.is_file() and path.read_bytes() for path in tmp_path.rglob("*")}
    assert cli.main(command.split()) == 2
    told = capsys.readouterr().err
    assert said in told and told.count("\n") == 1
    assert {path: path.is_file() and path.read_bytes() for path in tmp_path.rglob("*")} == before


@pytest.mark.parametrize("size", [(1, 1), (15, 64), (4001, 20)])
def test_pictures_are_of_16_to_4000_px(run, size, tmp_path, capsys):
    picture, out = tmp_path / "odd.png", tmp_path / "out.png"
    Image.new("L", size).save(picture)
    assert cli.main(["chroma", str(picture), "--weights", str(run[0]), "--out", str(out)]) == 2
    told = capsys.readouterr().err
    assert "{}x{} px".format(*size) in told and "16 to 4000" in told and told.count("\n") == 1
    assert not out.exists()


@pytest.mark.parametrize(
    "error, said",
    [
        (OSError(28, "No space left on device"), "a file: cannot be read or written (No space left on device)"),
        (IsADirectoryError(21, "Is a directory", ".writing-a.png", None, "a.png"), "a.png: cannot be read or written"),
    ],
)
def test_what_the_system_refuses_is_one_line(error, said, capsys):
    def command():
        raise error

    assert cli.exit_code("anime-color", command) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"anime-color: {said}") and told.count("\n") == 1


def test_a_name_that_the_terminal_cannot_show_is_no_error(monkeypatch):
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, "ascii", write_through=True))
    assert cli.exit_code("anime-color", lambda: print("猫.png")) == 0
    assert written.getvalue() == b"\\u732b.png\n"


@pytest.mark.parametrize("minutes", ["word", "", "-1", "0", "nan", "inf"])
def test_the_demo_refuses_senseless_minutes(minutes, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PICTURE", raising=False)
    monkeypatch.setenv("MINUTES", minutes)
    assert demo.main() == 2
    told = capsys.readouterr().err
    assert f"demo: MINUTES={minutes}: needed is a number of minutes above 0" in told and told.count("\n") == 1
    assert not any(tmp_path.iterdir())


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
