"""Scores of whole systems: scoring, comparison, results, the command, the scores in the log, the scoreboard."""

import dataclasses
import json

import numpy as np
import pytest
from PIL import Image

import data_prep
from anime_color import cli, color, settings
from anime_color.faces import Faces
from anime_color.scores import bootstrap, comparison, features, glance, perceptual, realism, results, scoring, systems
from anime_color.training import callbacks, runs
from benchmarks import scoreboard
from data_prep.errors import BadInput


@pytest.fixture(scope="module", autouse=True)
def short_training():
    """Of the two-sample classifier: 40 steps and not 300."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(realism, "CLASSIFIER_STEPS", 40)
        yield


@pytest.fixture(scope="module")
def scored_set(tmp_path_factory):
    """120 drawn faces of 32 px of six characters, some of them in the test split."""
    folder = tmp_path_factory.mktemp("scored") / "set"
    data_prep.pack("drawn:120", folder, size=32, workers=1, progress=False, seed=1)
    return folder


@pytest.fixture(scope="module")
def reference(scored_set):
    return scoring.Reference.of(scored_set, features.load("faces"), "all")


@pytest.fixture(scope="module")
def faces(scored_set):
    return Faces(scored_set, "all", flips=False, shuffle=False)


@pytest.fixture(scope="module")
def baselines(faces, reference):
    """Scores of the baselines, by name, with four noises."""
    return {s.name: scoring.score(s, faces, reference) for s in systems.baselines(reference, noises=4)}


def value(score, name):
    return score.estimates[name].value


def test_real_colors_are_their_own_floor(baselines, reference):
    real = baselines["real colors"]
    assert value(real, "psnr") == 100 and value(real, "ssim") == 1 and value(real, "ab_error_mean") == 0
    assert abs(value(real, "kid")) < 3 * real.kid_deviation
    assert value(real, "chroma_distance") == pytest.approx(0) and value(real, "hue_distance") == pytest.approx(0)
    assert value(real, "colorfulness") == pytest.approx(reference.colorfulness)
    assert value(real, "colorfulness_difference") == pytest.approx(0)
    assert real.caveats == ["Frechet distance of 120 faces in 128 features: their covariance is singular"]


def test_gray_is_near_and_unreal(baselines):
    gray, real = baselines["gray"], baselines["real colors"]
    assert value(gray, "psnr") > 15 and value(gray, "gray_share") == 1 and value(gray, "brown_share") == 0
    assert value(gray, "kid") > value(real, "kid") + 10 * real.kid_deviation
    assert value(gray, "frechet") > value(real, "frechet")
    assert value(gray, "two_sample") > 0.9
    assert gray.caveats[1:] == ["no colored pixel: hues cannot be compared"] and "hue_distance" not in gray.estimates


def test_one_coloring_has_no_diversity_and_other_faces_colors_have(baselines):
    assert "pairwise_ab" not in baselines["gray"].estimates
    others = baselines["other faces' colors"]
    assert others.noises == 4
    assert value(others, "pairwise_ab") > value(others, "pairwise_ab_cells") > 5
    assert value(others, "ab_error_best") < value(others, "ab_error_mean")
    assert 0 < value(others, "hue_entropy") <= 1 and value(others, "feature_distance") > 0


def test_regions_are_scored_where_the_set_has_masks(baselines):
    others = baselines["other faces' colors"]
    assert value(others, "pairwise_ab_hair") > value(others, "pairwise_ab_skin") > 0
    assert 0 <= value(others, "hue_entropy_eyes") <= 1


def test_a_system_deaf_to_its_noise_is_called_so(faces, reference):
    others = systems.baselines(reference, noises=3)[-1]
    deaf = scoring.score(systems.one_noise(others), faces, reference)
    assert value(deaf, "pairwise_ab") == value(deaf, "pairwise_ciede2000_cells") == value(deaf, "hue_entropy") == 0
    assert value(deaf, "ab_error_best") == pytest.approx(value(deaf, "ab_error_mean"))
    assert [caveat for caveat in deaf.caveats if caveat.startswith("noise ignored")]


def test_out_of_gamut_is_that_of_the_generator_before_it_is_mended(faces, reference):
    def paint(number, rgb):
        lab = color.rgb_to_lab(rgb)[None]
        lab[:, :16, :, 1:] = 0.95  # no color of sRGB; the upper half of every picture
        lab[:, 16:, :, 1:] = 0
        return lab

    score = scoring.score(systems.System("wild", paint), faces, reference)
    assert value(score, "out_of_gamut") == pytest.approx(0.5)


def test_too_few_faces_are_refused(tmp_path, reference):
    data_prep.pack("drawn:3", tmp_path / "three", size=32, workers=1, progress=False)
    with pytest.raises(BadInput, match="at least 4"):
        three = Faces(tmp_path / "three", "all")
        scoring.score(systems.baselines(reference)[0], three, reference)


def test_gray_data_is_told(faces, reference):
    gray = dataclasses.replace(reference, hue=np.zeros_like(reference.hue))
    score = scoring.score(systems.baselines(reference)[0], faces, gray)
    assert "the real faces are gray: color scores against them mean nothing" in score.caveats
    assert "hue_distance" not in score.estimates


# Comparison -------------------------------------------------------------------------------------------------


def of_values(name, baseline=False, seed=0, **values):
    """A score whose measures have replicates spread by 0.1 around their values, alike for all scores of a seed."""
    spread = np.random.default_rng(seed).normal(0, 0.1, bootstrap.REPLICATES)
    estimates = {measure: bootstrap.of(v, v + spread) for measure, v in values.items()}
    return comparison.Score(name, {}, baseline, 4, estimates, 0.5, [])


def test_the_best_is_marked_by_its_direction_and_not_in_a_tie():
    real = of_values("real colors", True, kid=0, pairwise_ab_cells=90, colorfulness=40)
    a = of_values("a", kid=1, pairwise_ab_cells=10, colorfulness=35, psnr=20)
    b = of_values("b", kid=3, pairwise_ab_cells=15, colorfulness=44, psnr=20.1)
    found = {name: comparison.best([real, a, b], name) for name in ("kid", "pairwise_ab_cells", "colorfulness", "psnr")}
    assert found == {"kid": a, "pairwise_ab_cells": b, "colorfulness": b, "psnr": None}
    assert comparison.best([real, a], "kid") is None, "one system alone is not the best of anything"


def test_differences_are_of_the_same_redrawn_faces():
    a, b, c = of_values("a", kid=1.06), of_values("b", kid=1), of_values("c", seed=1, kid=1)
    paired, apart = comparison.difference(a, b, "kid"), comparison.difference(a, c, "kid")
    assert (paired.low, paired.high) == pytest.approx((0.06, 0.06))
    assert apart.low < 0 < apart.high
    assert comparison.sentence(a, b, "kid") == "KID x 1000: +0.1 (+0.1 to +0.1)"
    assert comparison.sentence(a, c, "kid").endswith(", a tie")


def test_seeds_widen_the_interval_of_their_mean():
    one = of_values("gan", kid=2, frechet=3)
    three = comparison.over_seeds("gan", [of_values("x", kid=v) for v in (1, 2, 3)])
    assert three.name == "gan, 3 seeds" and value(three, "kid") == 2
    estimate = three.estimates["kid"]
    assert estimate.high - estimate.low > 3 * (one.estimates["kid"].high - one.estimates["kid"].low)
    assert 1 < estimate.low < 2 < estimate.high < 3
    assert comparison.over_seeds("gan", [one]).name == "gan, 1 seed"
    few = dataclasses.replace(one.estimates["frechet"], replicates=one.estimates["frechet"].replicates[:200])
    fewer = dataclasses.replace(one, estimates={"frechet": few})
    assert len(comparison.over_seeds("gan", [fewer, fewer]).estimates["frechet"].replicates) == 200


# Results ----------------------------------------------------------------------------------------------------


@pytest.fixture
def context(faces, reference):
    return results.context(faces, reference, 4, 0)


def test_a_table_says_how_it_was_made_and_marks_the_best(baselines, context):
    a, b = of_values("first system", kid=1, psnr=20), of_values("second system", kid=3, psnr=20)
    text = results.table([baselines["real colors"], baselines["gray"], a, b], context)
    for said in ("120 faces of 32 px", "all split", context["faces"]["digest"][:12], "faces network (64 px", "seed 0"):
        assert said in text
    assert "1.0 ±0.2*" in text and "3.0 ±0.2\n" in text and "20.00 ±0.20*" not in text
    assert "gray: no colored pixel" in text
    assert results.markdown([a, b], context).count("\n|") == 2 + 2 + 3  # header, groups, KID twice and PSNR


def test_results_survive_being_written(baselines, context, tmp_path):
    score = baselines["other faces' colors"]
    results.write([score, score], context, tmp_path / "scores.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "scores.jsonl").read_text().splitlines()]
    assert len(lines) == 2 and lines[0]["context"]["versions"]["keras"]
    assert lines[0]["scores"]["kid"][0] == pytest.approx(value(score, "kid"), rel=1e-4)
    results.save(score, context, tmp_path / "1.5-minutes")
    again, found = results.load(tmp_path / "1.5-minutes.json")
    assert found == context and again.name == score.name and set(again.estimates) == set(score.estimates)
    replicates = again.estimates["kid"].replicates
    np.testing.assert_allclose(replicates, score.estimates["kid"].replicates, rtol=1e-5)
    results.picture([*baselines.values()], context, tmp_path / "scores.png")
    with Image.open(tmp_path / "scores.png") as picture:
        assert picture.width > 500


# Feature networks -------------------------------------------------------------------------------------------


def test_the_faces_network_judges_colors(faces, reference):
    rgb = faces.rgb(range(20))
    summaries, maps = reference.features(rgb)
    assert summaries.shape == (20, 128) and len(maps) == 5
    turned = reference.features(rgb[..., ::-1])[0]
    lighter = reference.features((rgb * 0.97).astype("uint8"))[0]
    assert np.abs(turned - summaries).mean() > 5 * np.abs(lighter - summaries).mean()


def test_inception_says_what_to_do_without_its_weights(monkeypatch):
    def unreachable(**options):
        raise OSError("no route to host")

    monkeypatch.setattr(features.keras.applications, "InceptionV3", unreachable)
    with pytest.raises(BadInput, match="no route to host.*--features faces"):
        features.load("inception")


def test_inception_looks_at_299_px_between_minus_one_and_one(monkeypatch):
    layers = features.keras.layers

    def small(include_top, pooling, input_shape):
        picture = layers.Input(input_shape)
        return features.keras.Model(picture, layers.GlobalAveragePooling2D()(picture))

    monkeypatch.setattr(features.keras.applications, "InceptionV3", small)
    white, maps = features.load("inception")(np.full((2, 40, 40, 3), 255, "uint8"))
    assert maps == [] and white == pytest.approx(np.ones((2, 3)))


def test_another_feature_network_is_refused():
    with pytest.raises(BadInput, match="allowed are faces, inception"):
        features.load("vgg")


def test_lpips_is_a_row_only_where_it_is_present(monkeypatch, faces, reference):
    rgb = faces.rgb(range(3))
    with monkeypatch.context() as patch:
        patch.setattr(perceptual.importlib.util, "find_spec", lambda name: None)
        assert not perceptual.present()
        with pytest.raises(BadInput, match="anime-color\\[lpips\\]"):
            perceptual.mean_pairwise_lpips(rgb)
    monkeypatch.setattr(perceptual, "present", lambda: True)
    monkeypatch.setattr(perceptual, "mean_pairwise_lpips", lambda rgb: float(len(rgb)))
    others = systems.baselines(reference, noises=3)[-1]
    assert value(scoring.score(others, faces, reference), "lpips") == 3


# At a glance, in a run --------------------------------------------------------------------------------------


class Painter:
    """A colorizer that adds `spread` Lab units from one noise to the next to the color it was told."""

    def __init__(self, ab, spread=0.0):
        self.ab, self.spread = np.float32(ab), spread

    def given(self, rgb):
        return rgb

    def said(self, rgb):
        return {}

    def chroma(self, rgb, noises):
        lab = color.unscale(np.repeat(color.rgb_to_lab(rgb)[None], len(noises), axis=0))
        lab[..., 1:] = self.ab
        lab[..., 1] += self.spread * np.arange(len(noises))[:, None, None]
        return color.lab_to_rgb(color.into_gamut(color.scale(lab)))


@pytest.mark.parametrize(
    "painter, alarms",
    [
        (Painter((0, 0)), ["everything gray", "noise ignored"]),
        (Painter((15, 25)), ["everything brown", "noise ignored"]),
        (Painter((-10, -20), spread=8), []),
    ],
)
def test_alarms_are_raised_by_what_they_name(painter, alarms, faces, reference):
    dark = (faces.rgb(range(12)) * 0.6).astype("uint8")  # brown is dark: on white paper it cannot be
    real = glance.Real.of(dark, faces.rgb(range(20, 60)), reference.features)
    values = glance.scores(painter, real, np.zeros((4, 8)))
    assert tuple(values) == glance.NAMES
    assert [alarm.partition(":")[0] for alarm in glance.alarms(values, real)] == alarms


def test_a_run_logs_scores_every_few_epochs(scored_set, tmp_path, capsys):
    tiny = settings.preset("gan", "tiny")
    runs.train("gan", tiny, scored_set, tmp_path / "run", epochs=2, score_epochs=2, verbose=0)
    first, second = callbacks.read_log(tmp_path / "run" / "log.csv")
    assert not any(first[name] for name in callbacks.Scores.COLUMNS)
    assert float(second["score_pairwise_ab_cells"]) >= 0 and 0 <= float(second["score_gray_share"]) <= 1
    if second["alarm"]:
        assert second["alarm"] in capsys.readouterr().out


# Commands ---------------------------------------------------------------------------------------------------


def test_the_command_scores_a_preset_beside_the_baselines(scored_set, tmp_path, capsys):
    out = tmp_path / "new" / "scores.jsonl"
    arguments = ["score", "chroma-128", "--faces", str(scored_set), "--noises", "2", "--out", str(out)]
    assert cli.main(arguments) == 0
    systems_there = [json.loads(line)["system"] for line in out.read_text().splitlines()]
    assert systems_there == [
        "real colors", "gray", "mean color", "other faces' colors", "chroma-128, one noise", "chroma-128",
    ]  # fmt: skip
    assert out.with_suffix(".png").exists()
    assert "what the noise changes" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments, said",
    [
        ([], "nothing to score"),
        (["no-such-preset"], "neither a run folder nor a preset"),
        (["chroma-128", "--out", "scores.csv"], "ending in .jsonl"),
        (["chroma-128", "--features", "vgg"], "allowed are faces, inception"),
        (["chroma-128", "--split", "hidden"], "allowed are train"),
    ],
)
def test_bad_requests_are_told_in_a_line(arguments, said, scored_set, capsys):
    assert cli.main(["score", *arguments, "--faces", str(scored_set)]) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1


@pytest.fixture
def board(monkeypatch, tmp_path, scored_set, context):
    """(main with a page to fill, its board, what it trained): training and scoring are stand-ins."""
    trained = []

    def train(system, seed, faces, run, budget, clock):
        trained.append((system, seed, budget, clock))

    def score(run, faces, path):
        recipe, _, *changes, seed = path.parent.name.split("-")
        kid = 10 + (recipe == "gan") * 5 + 2 * len(changes) + int(seed)
        for baseline, file in ((True, path.parent.parent / "baselines" / "0"), (False, path)):
            file.parent.mkdir(parents=True, exist_ok=True)
            measures = [name for name in scoreboard.COMPARED if name != "pairwise_ab_cells" or recipe != "chromagan"]
            one = of_values("real colors" if baseline else "run", baseline, **dict.fromkeys(measures, kid))
            one.about.update(settings={"seed": int(seed)}, steps=7)
            results.save(one, context, file)

    monkeypatch.setattr(scoreboard, "apart", lambda function, *arguments: function(*arguments))
    monkeypatch.setattr(scoreboard, "_train", train)
    monkeypatch.setattr(scoreboard, "_score", score)
    page = tmp_path / "docs" / "results.md"
    (page.parent / "images").mkdir(parents=True)
    page.write_text(f"# Results\n\n{scoreboard.BEGIN}\n\nold\n\n{scoreboard.END}\n\nthe rest\n")

    def main(*more):
        folders = ["--faces", str(scored_set), "--out", str(tmp_path / "board"), "--docs", str(page)]
        return scoreboard.main([*folders, *more])

    return main, page, trained


def test_the_scoreboard_fills_a_page_and_continues(board):
    main, page, trained = board
    arguments = ["--minutes", "2", "--steps", "5", "--recipes", "gan:practical", "wgan_gp", "--clock", "cpu"]
    assert main(*arguments, "--seeds", "2") == 0
    assert [(recipe, seed) for (recipe, _, _), seed, _, _ in trained[::2]] == [
        ("gan", 0), ("gan", 1), ("wgan_gp", 0), ("wgan_gp", 1),
    ]  # fmt: skip
    assert [budget for *_, budget, _ in trained[:2]] == [{"steps": 5}, {"minutes": 2.0}]
    text = page.read_text()
    assert text.startswith("# Results") and text.endswith("the rest\n") and "old" not in text
    assert "### Equal steps: 5" in text and "### Equal time: 2 CPU minutes" in text
    assert "gan-practical, 2 seeds | wgan_gp-practical, 2 seeds |" in text
    assert "| wgan_gp-practical, seed 1 | 7 | 11.00 | 11.0 |" in text
    assert "`gan-practical, 2 seeds` less `wgan_gp-practical, 2 seeds`" in text and "KID x 1000: +5.0 (" in text
    for name in ("scoreboard-5-steps.png", "scoreboard-2-cpu-minutes.png"):
        assert f"images/{name}" in text and (page.parent / "images" / name).exists()
    trained.clear()
    assert main(*arguments, "--seeds", "3") == 0
    assert {seed for _, seed, _, _ in trained} == {2}, "what was scored is not trained again"
    assert "gan-practical, 3 seeds" in page.read_text()


def test_the_scoreboard_compares_a_recipe_with_itself_changed(board):
    main, page, trained = board
    changed = "chromagan:practical:adversarial=0,classes=0"
    assert main("--minutes", "2", "--recipes", "chromagan", changed, "--seeds", "1") == 0
    assert [system for system, *_ in trained] == [
        ("chromagan", "practical", []), ("chromagan", "practical", ["adversarial=0", "classes=0"]),
    ]  # fmt: skip
    text = page.read_text()
    both = "`chromagan-practical, 1 seed` less `chromagan-practical-adversarial=0-classes=0, 1 seed`"
    assert both in text and "KID x 1000: -4.0 (" in text
    assert "| chromagan-practical, seed 0 | 7 | 10.00 | 10.0 |" in text and "| - |" in text


def test_a_page_without_room_for_the_scoreboard_is_refused(board, capsys):
    main, page, _ = board
    page.write_text("# Results\n")
    assert main("--recipes", "gan") == 2
    assert "needed are the lines" in capsys.readouterr().err and page.read_text() == "# Results\n"


def test_the_scoreboard_trains_and_scores(scored_set, tmp_path):
    (tmp_path / "baselines").mkdir()
    scoreboard._train(("gan", "tiny", ["beta_1=0.4"]), 3, scored_set, tmp_path / "run", {"minutes": 0.0001}, "cpu")
    scoreboard._score(tmp_path / "run", scored_set, tmp_path / "gan-tiny-3" / "1-steps")
    score, context = results.load(tmp_path / "gan-tiny-3" / "1-steps.json")
    assert score.about["steps"] == 1 and score.about["settings"]["seed"] == 3 and score.noises == 25
    assert context["faces"]["split"] == "test" and "kid" in score.estimates
    assert not any((tmp_path / "baselines").iterdir())


def test_a_scoreboard_without_faces_is_refused(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(scoreboard, "apart", lambda function, *arguments: function(*arguments))
    assert scoreboard.main(["--faces", str(tmp_path), "--out", str(tmp_path / "board"), "--recipes", "gan:tiny"]) == 2
    assert "no face set" in capsys.readouterr().err
