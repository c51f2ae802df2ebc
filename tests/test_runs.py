"""Runs: a folder that survives being killed anywhere, and refuses what is not its own."""

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap

import keras
import numpy as np
import pytest

import data_prep
from anime_color import demo, presets, recipes
from anime_color.coloring.colorizer import Colorizer
from anime_color.training import callbacks, checkpoints, runs
from data_prep.errors import BadInput
from tests.conftest import run_eagerly

STEPS = 14
GRAPHS = ("chroma", "wgan_gp")  # these two are killed as users would; the others' steps are no others without graphs
OTHERS = {"cartoongan": ("cartoons",)}  # further sets, for which the same faces will do


def tiny(recipe="wgan_gp", **changes):
    return dataclasses.replace(recipes.get(recipe).Settings.tiny(), batch_size=2, **changes)


def trained(recipe, faces, run, steps=STEPS, extra=(), **options):
    others = {name: faces for name in OTHERS.get(recipe, ())}
    return runs.train(recipe, tiny(recipe), faces, run, steps=steps, verbose=0, extra=extra, others=others, **options)


class At(keras.callbacks.Callback):
    """Calls `act` after the given step."""

    def __init__(self, step, act):
        super().__init__()
        self.step, self.act = step, act

    def on_train_batch_end(self, batch, logs=None):
        if self.model.steps_done == self.step:
            self.act()


def killed(recipe, faces, run, where):
    """Trains in another process that kills itself, with SIGKILL, at `where`."""
    script = textwrap.dedent(f"""
        import os, signal, sys
        from anime_color.training import checkpoints
        from tests.conftest import run_eagerly
        from tests.test_runs import GRAPHS, At, trained
        run_eagerly({recipe!r} not in GRAPHS)
        def die():
            os.kill(os.getpid(), signal.SIGKILL)
        extra = []
        if {where!r} == "between checkpoints":
            extra = [At(5, die)]
        else:
            write, rename = checkpoints._write, os.rename
            def dying_write(path, how):
                if {where!r} == "within a file" and path.name == "training.npz" and "00000009" in os.environ["STEP"]:
                    path.write_bytes(b"half of it")
                    die()
                write(path, how)
            def dying_rename(old, new):
                if {where!r} == "before the rename" and str(new).endswith("00000012"):
                    die()
                rename(old, new)
            checkpoints._write, checkpoints.os.rename = dying_write, dying_rename
            class Step(At):
                def on_train_batch_begin(self, batch, logs=None):
                    os.environ["STEP"] = f"{{self.model.steps_done + 1:08d}}"
            extra = [Step(0, die)]
        options = {{"checkpoint_minutes": 1e9 if {where!r} == "between checkpoints" else 0}}
        trained({recipe!r}, {str(faces)!r}, {str(run)!r}, extra=extra, **options)
    """)
    environment = os.environ | {"STEP": ""}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == -signal.SIGKILL, done.stderr[-2000:]


@pytest.fixture
def eagerly_but_for_two(recipe):
    run_eagerly(recipe not in GRAPHS)
    yield
    run_eagerly(False)


@pytest.mark.parametrize("recipe", recipes.NAMES)
@pytest.mark.usefixtures("eagerly_but_for_two")
def test_a_killed_run_ends_as_the_uninterrupted_one(recipe, face_set, tmp_path):
    expected = trained(recipe, face_set, tmp_path / "whole").state()
    run = tmp_path / "killed"
    everywhere = ("between checkpoints", "within a file", "before the rename")
    for where in everywhere if recipe == "wgan_gp" else everywhere[-1:]:  # where is not the recipe's matter
        killed(recipe, face_set, run, where)
        assert not (run / "checkpoints" / f"{STEPS:08d}").exists()
    state = trained(recipe, face_set, run).state()
    assert set(state) == set(expected)
    assert [name for name in expected if state[name].tobytes() != expected[name].tobytes()] == []
    rows = {name: callbacks.read_log(tmp_path / name / "log.csv") for name in ("whole", "killed")}
    for row in (*rows["whole"], *rows["killed"]):
        row.pop("seconds")
    assert rows["killed"] == rows["whole"]


@pytest.fixture(scope="module")
def finished(face_set, tmp_path_factory):
    """A run of 8 steps with a checkpoint at each."""
    run = tmp_path_factory.mktemp("runs") / "run"
    trained("wgan_gp", face_set, run, steps=8, checkpoint_minutes=0)
    return run


@pytest.fixture
def run(finished, tmp_path):
    return shutil.copytree(finished, tmp_path / "run")


def test_a_run_folder_tells_the_whole_story(run):
    assert sorted(path.name for path in run.iterdir()) == ["checkpoints", "log.csv", "run.json", "sheets"]
    assert sorted(path.name for path in (run / "checkpoints").iterdir()) == ["00000007", "00000008"]
    _, description = checkpoints.load(run / "checkpoints" / "00000008")
    assert description["steps"] == 8 and description["settings"]["batch_size"] == 2
    rows = callbacks.read_log(run / "log.csv")
    assert [(row["epoch"], row["steps"]) for row in rows] == [("1", "5"), ("2", "8")] and rows[0][
        "phase"
    ] == "adversarial"
    assert float(rows[0]["critic_penalty"]) > 0
    assert (run / "sheets" / "epoch-0001.png").exists()


def test_a_finished_run_does_nothing_more(run, face_set):
    before = (run / "log.csv").read_bytes()
    trainer = trained("wgan_gp", face_set, run, steps=8)
    assert trainer.steps_done == 8 and not trainer.interrupted
    assert (run / "log.csv").read_bytes() == before


@pytest.mark.parametrize(("changes", "said"), [({"latent_size": 9}, "latent_size 8 there, 9 asked")])
def test_other_settings_are_refused_and_named(run, face_set, changes, said):
    with pytest.raises(BadInput, match=said):
        runs.train("wgan_gp", tiny(**changes), face_set, run, steps=9, verbose=0)


def test_another_recipe_or_face_set_is_refused(run, face_set, tmp_path):
    with pytest.raises(BadInput, match="recipe wgan_gp there, gan asked"):
        trained("gan", face_set, run)
    import data_prep

    other = data_prep.pack("drawn:40", tmp_path / "other", size=32, workers=1, progress=False)
    with pytest.raises(BadInput, match="faces .* there"):
        trained("wgan_gp", other, run)


def test_a_damaged_checkpoint_falls_back_to_the_one_before(run, face_set, capsys):
    weights = run / "checkpoints" / "00000008" / "training.npz"
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 1
    weights.write_bytes(content)
    assert checkpoints.newest(run / "checkpoints").name == "00000007"
    assert "training.npz is not what was written" in capsys.readouterr().out


def test_without_an_intact_checkpoint_the_run_is_refused(run, face_set):
    for folder in (run / "checkpoints").iterdir():
        (folder / "sha256.json").write_text("{")
    with pytest.raises(BadInput, match="none of 2 checkpoints is intact"):
        trained("wgan_gp", face_set, run, steps=9)


def test_a_full_disk_leaves_the_last_checkpoint(run, monkeypatch):
    def full(path, write):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoints, "_write", full)
    with pytest.raises(OSError, match="No space"):
        checkpoints.save(run / "checkpoints", {"averaged/0000": np.zeros(1)}, {"steps": 9})
    assert sorted(path.name for path in (run / "checkpoints").iterdir()) == ["00000007", "00000008"]


def test_a_run_in_use_is_refused_and_a_dead_claim_taken_over(run, face_set):
    (run / "claim.pid").write_text(str(os.getppid()))
    with pytest.raises(BadInput, match="is training there"):
        trained("wgan_gp", face_set, run)
    dead = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True)
    (run / "claim.pid").write_text(dead.stdout.strip())
    assert trained("wgan_gp", face_set, run, steps=8).steps_done == 8
    assert not (run / "claim.pid").exists()


def test_a_folder_that_is_no_run_is_refused(face_set, tmp_path):
    (tmp_path / "photo.png").write_bytes(b"precious")
    with pytest.raises(BadInput, match="no run folder"):
        trained("wgan_gp", face_set, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["photo.png"]


def test_refused_faces_leave_no_run_behind(tmp_path):
    with pytest.raises(BadInput, match="no face set"):
        trained("wgan_gp", tmp_path / "nothing", tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_signal_ends_the_step_and_saves(face_set, tmp_path):
    signals = At(3, lambda: os.kill(os.getpid(), signal.SIGTERM))
    trainer = trained("gan", face_set, tmp_path / "run", extra=[signals])
    assert trainer.steps_done == 3 and trainer.interrupted
    assert checkpoints.newest(tmp_path / "run" / "checkpoints").name == "00000003"


def test_a_run_on_a_few_pictures_is_another_run(face_set, tmp_path):
    def few(most):
        return runs.train(
            "gan", tiny("gan"), face_set, tmp_path / "run", epochs=4, most=most, score_epochs=0, verbose=0
        )

    assert few(3).steps_done == 8  # a pass has two batches
    assert json.loads((tmp_path / "run" / "run.json").read_text())["faces"]["count"] == 3
    assert [path.name for path in (tmp_path / "run" / "sheets").iterdir()] == ["epoch-0001.png"]  # then every ten steps
    for other in (2, None):
        with pytest.raises(BadInput, match="faces .* there"):
            few(other)


def test_nan_keeps_the_last_good_checkpoint(face_set, tmp_path):
    class Poison(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if self.model.steps_done == 3:
                variable = self.model.networks["critic"].trainable_variables[0]
                variable.assign(np.full(variable.shape, np.nan))

    with pytest.raises(callbacks.NotFinite, match="step 4.*last checkpoint is kept"):
        trained("wgan_gp", face_set, tmp_path / "run", extra=[Poison()], checkpoint_minutes=0)
    assert checkpoints.newest(tmp_path / "run" / "checkpoints").name == "00000003"
    assert not (tmp_path / "run" / "claim.pid").exists()


def test_how_long_has_to_be_said(face_set, tmp_path):
    with pytest.raises(BadInput, match="--epochs, --steps or --minutes"):
        runs.train("gan", tiny("gan"), face_set, tmp_path / "run")


def test_budget_in_minutes_counts_all_sessions(face_set, tmp_path):
    first = runs.train("gan", tiny("gan"), face_set, tmp_path / "run", minutes=0.001, verbose=0)
    assert first.steps_done == 1
    again = runs.train("gan", tiny("gan"), face_set, tmp_path / "run", minutes=0.001, verbose=0)
    assert again.steps_done == 1


def test_mixed_precision_trains(face_set, tmp_path):
    try:
        trainer = runs.train("wgan_gp", tiny(precision="mixed_float16"), face_set, tmp_path / "run", steps=2, verbose=0)
    finally:
        keras.config.set_dtype_policy("float32")
    assert trainer.networks["generator"].compute_dtype == "float16"
    penalty = float(callbacks.read_log(tmp_path / "run" / "log.csv")[0]["critic_penalty"])
    assert np.isfinite(penalty)


def test_small_mode_is_one_switch(monkeypatch, capsys):
    assert runs.plan("gan", faces=2000, epochs=9).faces == 48
    assert "small mode" in capsys.readouterr().out
    monkeypatch.delenv("ANIME_COLOR_FAST")
    plan = runs.plan("gan", faces=2000, epochs=9, seed=4)
    assert (plan.faces, plan.epochs, plan.settings.seed) == (2000, 9, 4)
    assert plan.settings == dataclasses.replace(recipes.get("gan").Settings.practical(), seed=4)


def test_weights_of_a_run_color_pictures(run):
    colorizer = Colorizer.from_preset(run)
    assert colorizer.name == "run (step 8)" and colorizer.latent_size == 8


def test_a_run_becomes_a_preset(run, tmp_path, monkeypatch):
    monkeypatch.setattr(presets, "SHIPPED", tmp_path / "weights")
    presets.export(run, tmp_path / "weights" / "mine", "# Mine")
    assert presets.shipped() == ["mine"]
    face = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    preset, original = Colorizer.from_preset("mine"), Colorizer.from_preset(run)
    assert preset.name == "mine"
    difference = preset.chroma(face, 3).astype(int) - original.chroma(face, 3).astype(int)
    assert np.abs(difference).mean() < 1  # float16
    weights = tmp_path / "weights" / "mine" / "generator.npz"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    with pytest.raises(BadInput, match="sha256 differs"):
        Colorizer.from_preset("mine")


def test_a_preset_keeps_weights_that_are_too_large_for_16_bits(run, tmp_path, monkeypatch):
    monkeypatch.setattr(presets, "SHIPPED", tmp_path / "weights")
    load = checkpoints.load_networks

    def grown(checkpoint, *others):
        arrays = load(checkpoint, *others)
        arrays["generator"][0] = arrays["generator"][0] * 0 + 1e6
        return arrays

    monkeypatch.setattr(checkpoints, "load_networks", grown)
    presets.export(run, tmp_path / "weights" / "mine", "# Mine")
    first, second = checkpoints.load_generator(tmp_path / "weights" / "mine")[:2]
    assert (first == 1e6).all() and second.dtype == "float16"


def test_fine_tuning_begins_with_the_weights_and_leaves_the_regions(face_set, tmp_path, monkeypatch):
    monkeypatch.setattr(presets, "SHIPPED", tmp_path / "weights")
    slow = tiny("chroma", learning_rate=1e-4)
    first = runs.train("chroma", slow, face_set, tmp_path / "first", steps=2, score_epochs=0, verbose=0)
    presets.export(tmp_path / "first", tmp_path / "weights" / "shipped", "# Shipped")
    settings, said = runs.fine_tuning("chroma", "shipped", face_set)
    assert settings == dataclasses.replace(tiny("chroma"), frozen="regions", palette_share=0.0, size=32)
    assert "on 20 pictures of 32 px" in said and "generator and critic go on" in said
    assert "the recipe wants palette_share=0.0 and frozen=regions for it (--set changes that)" in said
    assert "on 7 pictures" in runs.fine_tuning("chroma", "shipped", face_set, most=7)[1]
    go = {"steps": 2, "verbose": 0, "score_epochs": 0}
    tuned = runs.train("chroma", settings, face_set, tmp_path / "tuned", start="shipped", **go)

    def moved(name, part=None):
        before, after = first.networks[name], tuned.networks[name]
        if part:
            before, after = first.averaged.get_layer(part), tuned.networks["generator"].get_layer(part)
        return max(np.abs(a - b).max() for a, b in zip(before.get_weights(), after.get_weights(), strict=True))

    assert moved("generator", "regions") < 1e-3  # float16
    assert 1e-4 < moved("generator", "sampler") < 0.02 and moved("critic") < 0.02  # steps away, not anew
    with pytest.raises(BadInput, match="start None there|start .* there"):
        runs.train("chroma", settings, face_set, tmp_path / "tuned", **go | {"steps": 3})
    with pytest.raises(BadInput, match="weights of the recipe chroma, not gan"):
        runs.fine_tuning("gan", "shipped", face_set)
    with pytest.raises(BadInput, match="weights of another generator"):
        other = dataclasses.replace(settings, width=16)
        runs.train("chroma", other, face_set, tmp_path / "other", start="shipped", **go)
    assert not (tmp_path / "other").exists()


def test_fine_tuning_averages_pictures_to_the_size_of_the_training(run, tmp_path):
    larger = data_prep.pack("drawn:60", tmp_path / "faces", size=96, workers=1, progress=False)
    settings, said = runs.fine_tuning("wgan_gp", run, larger)
    assert settings.size == 32 and "pictures of 32 px" in said
    about = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps(about | {"settings": about["settings"] | {"size": 64}}))
    assert runs.fine_tuning("wgan_gp", run, larger)[0].size == 96  # is no multiple of 64


def test_the_demo_tabulates_a_log(run):
    header, row = demo.loss_table(run / "log.csv").splitlines()
    assert header.split() == ["phase", "epochs", "steps", "losses"]
    logged = callbacks.read_log(run / "log.csv")[1]
    assert row.split()[:4] == ["adversarial", "2", "8", "critic"]
    assert float(row.split()[4].rstrip(",")) == pytest.approx(float(logged["critic_loss"]), abs=1e-3)
