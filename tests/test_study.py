"""A study: it does each stage once, adds to what is there, and its page says what the numbers say."""

import csv
import dataclasses
import json
import re
import shutil
import sys
import types

import numpy as np
import pytest
from PIL import Image

import data_prep
from anime_color import cli, recipes
from anime_color import study as studies
from anime_color.scores import bootstrap, comparison, scoring
from anime_color.study import words
from anime_color.training import callbacks, runs
from data_prep.errors import BadInput
from tests.small_system import small_system

pytestmark = pytest.mark.usefixtures("eagerly", "quick_scores")


@dataclasses.dataclass(frozen=True)
class Settings:
    size: int = 32
    batch_size: int = 4
    learning_rate: float = 0.01
    lightness: str = "lab"
    seed: int = 0
    precision: str = "float32"

    @classmethod
    def practical(cls):
        return cls()


def command(weights, faces, out, *more):
    return [
        *("study", "--weights", *map(str, weights), "--faces", str(faces), "--out", str(out)),
        *("--minutes", "0.0001", "--noises", "2", *more),
    ]


@pytest.fixture(scope="module", autouse=True)
def small_recipe():
    """A recipe of a few hundred weights."""
    small = types.SimpleNamespace(Settings=Settings, build=lambda settings: small_system())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recipes, "NAMES", (*recipes.NAMES, "small"))
        patch.setitem(sys.modules, "anime_color.recipes.small", small)
        yield


@pytest.fixture(scope="module")
def faces(face_set, tmp_path_factory):
    """The 60 drawn faces, 52 of them to train on, 4 to validate and 4 to test."""
    folder = shutil.copytree(face_set, tmp_path_factory.mktemp("faces") / "set")
    with open(folder / "manifest.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    with open(folder / "manifest.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        for number, row in enumerate(rows):
            writer.writerow(row | {"split": "train" if number < 52 else "validation" if number < 56 else "test"})
    return folder


@pytest.fixture(scope="module")
def weights(faces, tmp_path_factory):
    """A folder with a run of a step, and the same under another name."""
    folder = tmp_path_factory.mktemp("weights")
    runs.train("small", Settings(), faces, folder / "first", steps=1, score_epochs=0, verbose=0)
    shutil.copytree(folder / "first", folder / "second")
    return folder


@pytest.fixture(scope="module")
def study(weights, faces, tmp_path_factory):
    """The folder of a study of the first, on 4 pictures and all."""
    out = tmp_path_factory.mktemp("study") / "study"
    assert cli.main(command([weights / "first"], faces, out, "--counts", "4", "all")) == 0
    return out


def no_work(monkeypatch):
    def work(*_, **__):
        pytest.fail("work began")

    monkeypatch.setattr(runs, "train", work)
    monkeypatch.setattr(scoring, "score", work)


def test_the_page_holds_what_was_done_and_found(study, faces):
    page = (study / "study.md").read_text("utf-8")
    digest = json.loads((faces / "faceset.json").read_text())["digest"]
    assert "`first`: recipe `small`" in page and digest[:12] in page and "**not new** to `first`" in page
    assert "Its test split has 4, too few; so scored are the 8 of validation and test" in page
    assert "    anime-color study --weights" in page and "--counts 4 all --out" in page
    parts = [
        "What was done",
        "set: 8 pictures",
        "-pictures.png",
        "three figures",
        "Everything",
        "-curve.png",
        "What it says",
    ]
    assert sorted(parts, key=page.index) == parts
    for name in ("first, as it is", "first, 4 pictures", "first, all 52", "real colors", "gray"):
        assert f"| {name} |" in page
    for title in ("PSNR", "SSIM", "KID", "Frechet", "UIQM", "two-sample", "colorfulness", "leak", "hue histogram"):
        assert re.search(rf"^\| .*{title}.* \| .*\d", page, re.M), title
    assert re.search(r"^- Its worst pictures by the best ab error: #\d+ \(\d", page, re.M)
    assert "Side by side" not in page
    for target in re.findall(r"\]\((.+?)\)", page):
        with Image.open(study / target) as picture:
            assert picture.width > 300
    with Image.open(study / "set-pictures.png") as picture:  # original, gray, and three of 96 px
        assert 5 * 96 < picture.height < 5 * 96 + 50


def test_it_is_trained_on_the_pictures_that_the_page_says_and_scored_on_others(study, faces):
    described = {n: json.loads((study / "runs" / "set" / "first" / n / "run.json").read_text()) for n in ("4", "52")}
    assert [described[n]["faces"]["count"] for n in ("4", "52")] == [4, 52]
    lines = [json.loads(line) for line in (study / "scores" / "set.jsonl").read_text().splitlines()]
    assert [line["system"] for line in lines[4:]] == ["first, as it is", "first, 4 pictures", "first, all 52"]
    assert {(line["context"]["faces"]["split"], line["context"]["faces"]["count"]) for line in lines} == {("unseen", 8)}
    assert [line["about"]["pictures"] for line in lines[4:]] == [0, 4, 52]
    tuned = lines[-1]
    index, error = tuned["worst"][0]
    assert tuned["scores"]["ab_error_best"][0] <= error and index < 60


def test_the_same_command_does_nothing_again(study, weights, faces, monkeypatch):
    before = (study / "study.md").read_text("utf-8")
    no_work(monkeypatch)
    assert cli.main(command([weights / "first"], faces, study, "--counts", "4", "all")) == 0
    assert (study / "study.md").read_text("utf-8") == before


def test_more_weights_are_added_to_the_page(study, weights, faces):
    assert cli.main(command([weights / "second"], faces, study, "--counts", "all")) == 0
    page = (study / "study.md").read_text("utf-8")
    assert "| first, all 52 |" in page and "| second, all 52 |" in page and "| second, 4 pictures |" not in page
    assert page.count("    anime-color study") == 2
    assert "**Side by side**" in page and re.search(r"^- \*\*KID x 1000\.\*\* .*`(first|second)`", page, re.M)


def test_one_broken_training_does_not_hold_up_the_others(study, weights, faces, tmp_path, monkeypatch, capsys):
    def train(recipe, settings, folder, run, most, **options):
        if most == 4:
            raise callbacks.NotFinite("critic_loss is not finite at step 7")
        shutil.copytree(study / "runs" / "set" / "first" / "52", run)
        return types.SimpleNamespace(interrupted=False)

    monkeypatch.setattr(runs, "train", train)
    monkeypatch.setattr(scoring, "score", lambda system, *_, **__: of_values(system.name, about=system.about))
    out = tmp_path / "study"
    assert cli.main(command([weights / "first"], faces, out, "--counts", "4", "all")) == 2
    told = capsys.readouterr().err.splitlines()[-1]
    assert "first, 4 pictures: critic_loss is not finite at step 7" in told
    page = (out / "study.md").read_text("utf-8")
    assert "| first, all 52 |" in page and "first, 4 pictures" not in page


def test_a_signal_ends_it_after_the_step(weights, faces, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(runs, "train", lambda *_, **__: types.SimpleNamespace(interrupted=True))
    monkeypatch.setattr(scoring, "score", lambda system, *_, **__: of_values(system.name))
    assert cli.main(command([weights / "first"], faces, tmp_path / "study")) == 0
    assert "stopped; the same command continues" in capsys.readouterr().out
    assert not (tmp_path / "study" / "study.md").exists()


def test_what_cannot_be_studied_is_told_before_any_work(study, weights, faces, tmp_path, monkeypatch, capsys):
    no_work(monkeypatch)
    few = data_prep.pack("drawn:1", tmp_path / "few", size=32, workers=1, progress=False)
    other = shutil.copytree(faces, tmp_path / "set")
    about = json.loads((other / "faceset.json").read_text())
    (other / "faceset.json").write_text(json.dumps(about | {"digest": "another"}))
    (tmp_path / "photo.png").write_bytes(b"precious")
    first = weights / "first"
    cases = {
        "recipe cartoongan takes a photo": command(["cartoongan-256"], faces, tmp_path / "new"),
        "neither a run folder nor a preset": command(["nothing"], faces, tmp_path / "new"),
        "no face set": command([first], weights, tmp_path / "new"),
        "needed are at least 4": command([first], few, tmp_path / "new"),
        "noises=2000": command([first], faces, tmp_path / "new", "--noises", "2000"),
        "exists and is no study": command([first], faces, tmp_path),
        "noises 2 there, 3 asked": command([first], faces, study, "--noises", "3"),
        "has other sets of the name set": command([first], other, study),
        "of the same name as": [*command([first], faces, tmp_path / "new"), "--faces", str(faces), str(other)],
    }
    before = (study / "study.json").read_bytes()
    for said, arguments in cases.items():
        assert cli.main(arguments) == 2, said
        told = capsys.readouterr().err
        assert said in told and told.count("\n") == 1, told
    assert not (tmp_path / "new").exists() and (study / "study.json").read_bytes() == before


@pytest.mark.parametrize("count", ["0", "-3", "many", "2.5", ""])
def test_bad_counts_are_one_line(count, capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main(command(["w"], "faces", "out", "--counts", count))
    told = capsys.readouterr().err
    assert stopped.value.code == 2 and told.count("\n") == 1 and "--counts" in told
    with pytest.raises(BadInput, match="whole numbers above 0, or all"):
        studies.run(["w"], ["faces"], "out", 1, counts=[count])


# What the numbers say -------------------------------------------------------------------------------------------


def of_values(name, spread=0.1, noises=2, about=None, **values):
    """A score whose replicates are spread around its values, alike for all: so differences have no interval of their
    own but that of another spread."""
    random = np.random.default_rng(0).normal(0, 1, bootstrap.REPLICATES)
    values = {"psnr": 20.0, "kid": 50.0, "ab_error_best": 10.0, "leak": 2.0, "colorfulness": 30.0} | values
    estimates = {measure: bootstrap.of(v, v + spread * random) for measure, v in values.items()}
    return comparison.Score(name, about or {}, False, noises, estimates, 0.5, [], worst=[[57, 31.24]])


def test_a_gain_is_towards_what_is_better():
    real, before = of_values("real colors", leak=1.5), of_values("before")
    after = of_values("after", psnr=21.0, kid=40.0, ab_error_best=11.0, leak=1.2)
    found = {name: comparison.gain(after, before, name, real) for name in before.estimates}
    values = {name: round(gain.value, 6) for name, gain in found.items()}
    assert values == {"psnr": 1, "kid": 10, "ab_error_best": -1, "leak": 0.2, "colorfulness": 0}
    assert (found["kid"].low, found["kid"].high) == pytest.approx((10, 10))  # of the same redrawn faces
    assert comparison.gain(after, before, "pairwise_ab", real) is None  # without a direction
    assert comparison.gain(after, before, "ssim", real) is None  # not there
    assert words.sized(found["kid"], "kid") == "better by 10.0 (10.0 to 10.0)"
    assert words.sized(found["ab_error_best"], "ab_error_best") == "worse by 1.00 Lab (1.00 to 1.00)"
    wide = comparison.gain(of_values("wide", spread=3.0, psnr=20.5), before, "psnr", real)
    assert re.fullmatch(r"a tie \(gain \+0\.50 dB, -\d\.\d\d to \+\d\.\d\d\)", words.sized(wide, "psnr"))
    header, _, *rows = words.changes({0: before, 25: after}, real)
    assert header == "| after less before | real colors | as it is | on 25 |"
    assert rows[0] == "| PSNR, dB | 20.00 | 20.00 | +1.00 (+1.00 to +1.00), better |"
    assert rows[-1] == "| leak beside lines, Lab/pixel | 1.50 | 2.00 | -0.80 (-0.80 to -0.80), nearer |"


def test_what_moved_is_said_as_it_is():
    real = of_values("real colors")
    some = {
        0: of_values("a", uiqm=1.0),
        25: of_values("a", kid=30.0),
        353: of_values("a", kid=30.0, ab_error_best=12.0),
    }
    figures, measures, kid, *_, worst = words.moved(some, real, 353)
    assert figures == (
        "Fine-tuned on all 353 pictures, against the weights as they are. KID x 1000: better by 20.0 (20.0 to 20.0); "
        "ab error, best noise: worse by 2.00 Lab (2.00 to 2.00); PSNR: a tie (gain +0.00 dB, +0.00 to +0.00)."
    )
    assert measures == (
        "Of 5 measures, better: 1 (KID x 1000), worse: 1 (ab error, best noise), a tie: 3 (PSNR; colorfulness; leak "
        "beside lines)."
    )
    assert kid == (
        "KID x 1000 by number of pictures: 25 pictures against none: better by 20.0 (20.0 to 20.0); all 353 pictures "
        "against 25: a tie (gain +0.0, +0.0 to +0.0)."
    )
    assert worst == "Its worst pictures by the best ab error: #57 (31.2 Lab)."
    assert words.moved({0: some[0]}, real, 353) == ["No fine-tuning of it has ended yet."]


def test_systems_are_compared_by_what_they_gained_and_where_they_end():
    real = of_values("real colors")
    a = {0: of_values("a"), 9: of_values("a", kid=20.0, psnr=19.0)}
    b = {0: of_values("b", kid=20.0), 9: of_values("b", kid=15.0, psnr=19.5, noises=1)}
    kid, error, psnr, caution = words.compared({"a": a, "b": b}, real, 9)
    assert kid == (
        "**KID x 1000.** On all 9 pictures, best moved `a` (better by 30.0 (30.0 to 30.0)); `b` gained 25.0 less "
        "(25.0 to 25.0). Best afterwards is `b`."
    )
    assert "On all 9 pictures, none became better for sure" in error
    assert error.endswith("Best afterwards is `a`, in a tie with `b`.")
    assert "none became better for sure; nearest to it came `b` (worse by 0.50 dB" in psnr
    assert psnr.endswith("Best afterwards is `b`.")
    assert "more tries" in caution
    wide = {0: of_values("b"), 9: of_values("b", spread=20.0, kid=21.0)}
    tie, *_ = words.compared({"a": a, "b": wide}, real, 9)
    assert "which moved best is a tie of `a` (better by 30.0 (30.0 to 30.0)) and `b`." in tie
    assert list(words.compared({"a": a}, real, 9)) == []
