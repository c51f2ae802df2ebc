"""Runs: a folder that holds all of a training, and the one call that starts or continues it.

RUN/run.json        recipe, settings, digest of the faces, versions
RUN/log.csv         a row an epoch: every loss term
RUN/sheets/         a chroma sheet an epoch (of few pictures: every ten steps), the same faces and noises each time
RUN/checkpoints/    see checkpoints.py
"""

import contextlib
import importlib.util
import json
import os
import platform
import time
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np

from anime_color import presets, recipes
from anime_color import settings as settings_module
from anime_color.coloring.colorizer import Colorizer
from anime_color.faces import Faces
from anime_color.files import written_aside
from anime_color.scores import features, glance
from anime_color.training import callbacks, checkpoints, engine
from anime_color.training.best import KeepBest
from anime_color.training.processes import claimed, stopped_by_signals
from anime_color.training.trainer import Trainer
from data_prep.errors import BadInput

SHEET_FACES = 6
SHEET_NOISES = 8
SCORED_FACES = 24
REAL_FACES = 400


def train(
    recipe,
    settings,
    faces,
    run,
    epochs=None,
    steps=None,
    minutes=None,
    checkpoint_minutes=5.0,
    score_epochs=5,
    verbose="auto",
    extra=(),
    timer=time.monotonic,
    start=None,
    others=None,
    most=None,
):
    """Trains `recipe` with `settings` on a face set, in the run folder `run`; the same call continues it.

    faces: path of a face set, or several, which are mixed; scores and sheets in the run folder are of the first.
    run: path.
    epochs, steps, minutes: how long, over all sessions; at least one of them, the first that is reached ends it.
    checkpoint_minutes: time between checkpoints.
    score_epochs: passes between the scores in the log; 0 for none.
    extra: further Keras callbacks.
    timer: what minutes are of; `time.process_time` counts those of the processor alone.
    start: preset or run folder of the same recipe whose networks a new run begins with (fine-tuning).
    others: {name: path} of the further face sets that the recipe draws from, such as the cartoons of `cartoongan`.
    most: trains on at most so many of the pictures, drawn by the seed; epochs are then passes over these.
    Returns the `Trainer`. An interrupt or a termination signal ends the step, saves, and returns; its `interrupted` is
    True then. BadInput if the
    run folder belongs to other settings or faces, or is in use; `callbacks.NotFinite` if a loss is no number.
    """
    if epochs is None and steps is None and minutes is None:
        raise BadInput("how long to train is not said: give --epochs, --steps or --minutes")
    settings = settings_module.checked(settings)
    run = Path(run)
    start = None if start is None else presets.find(start)
    keras.config.set_dtype_policy(settings.precision)
    keras.utils.set_random_seed(settings.seed)
    with claimed(run), engine.parallel():
        trainer = Trainer(recipes.get(recipe).build(settings), settings.seed)
        trainer.compile()
        system = trainer.system
        options = {"size": settings.size, "lightness": settings.lightness, "seed": settings.seed}
        others = _others(recipe, system.others, others or {}, options)
        size = settings.batch_size * system.parts
        batches = Faces(faces, batch_size=size, fields=system.fields, others=others, most=most, **options)
        if start is not None:
            trainer.begin_with(presets.networks(start))  # first, for what does not fit leaves no folder behind
        description = _describe(run, recipe, settings, batches, start, trainer.about)
        limits = [*([steps] if steps else []), *([epochs * len(batches)] if epochs else [])]
        clock = callbacks.Clock(_restore(trainer, run), min(limits, default=None), minutes, timer)
        faces = batches.folder
        colorizer = Colorizer(trainer.averaged, settings.size, settings.lightness, system.multiple)
        noises = colorizer.noises(SHEET_NOISES, settings.seed)
        scored = _scores(score_epochs, system, faces, options, colorizer, noises, next(iter(others.values()), None))
        saver = callbacks.Checkpoints(run / "checkpoints", description, clock, checkpoint_minutes)
        attached = [
            callbacks.Watch(),
            clock,
            *scored,
            KeepBest(*scored),
            callbacks.Log(run / "log.csv", clock),
            callbacks.Sheets(run / "sheets", colorizer, _sheet_faces(faces, options), noises),
            saver,
            *_tensorboard(run),
            *extra,
        ]
        for callback in (clock, saver):
            callback.set_model(trainer)
        with stopped_by_signals(trainer):
            if clock.spent < 1:
                trainer.fit(batches, epochs, attached, verbose, lambda: clock.spent)
                saver.save()
    return trainer


def fine_tuning(recipe, start, faces, most=None):
    """(settings, a sentence for people): how `train(recipe, settings, faces, run, start=start, most=most)` fine-tunes
    the preset or run `start` on the face set `faces`: at the size of its own training, where these pictures can be
    averaged to it, or else at theirs, and at the learning rate with which the recipe begins, since a long training ends
    with a smaller one. A recipe that wants more than this has a function `fine_tuning(settings, pictures)`, which
    returns the settings for so many pictures. BadInput if `start` is of another recipe, or its networks do not fit
    pictures of this size."""
    found = presets.find(start)
    if found.description["recipe"] != recipe:
        raise BadInput(f"{start}: weights of the recipe {found.description['recipe']}, not {recipe}; train that one")
    settings = settings_module.from_json(recipe, found.description["settings"])
    begun = settings_module.preset(recipe).learning_rate
    chosen, page = Faces(faces, most=most), recipes.get(recipe)
    size = settings.size if chosen.size % settings.size == 0 else chosen.size
    plain = settings = replace(settings, size=size, learning_rate=begun)
    if hasattr(page, "fine_tuning"):
        settings = settings_module.checked(page.fine_tuning(plain, chosen.count))
    known, networks = presets.networks(found), page.build(settings).networks
    for name in known:
        if name in networks:
            presets.check_fits(name, networks[name], known[name])
    known = [name for name in known if name in networks]  # the others were helpers of the run's losses
    begun_with = {id(variable) for name in known for variable in networks[name].variables}
    new = [name for name, some in networks.items() if any(id(one) not in begun_with for one in some.variables)]
    rules = [f"{n}={v}" for n, v in settings_module.to_json(settings).items() if v != getattr(plain, n)]
    return settings, (
        f"from {found.name}, on {chosen.count} pictures of {settings.size} px: {' and '.join(known)} go on from its "
        + ("weights; " if not new else f"weights; {' and '.join(new)} new, for it came without; ")
        + (f"the recipe wants {' and '.join(rules)} for it (--set changes that)" if rules else "nothing is frozen")
    )


def _others(recipe, names, given, options):
    """{name: `Faces`} of the further sets that a recipe draws from. BadInput names what is missing or not asked for."""
    if set(names) != set(given):
        odd = sorted(set(names) ^ set(given))[0]
        needed = " ".join(f"--also {name}=FACESET" for name in names) or "nothing beside --faces"
        raise BadInput(f"recipe {recipe}: {odd} is {'missing' if odd in names else 'not drawn from'}; give {needed}")
    return {name: Faces(given[name], flips=False, shuffle=False, **options) for name in names}


def _sheet_faces(faces, options):
    """Some faces of two splits, of many characters: those that the run never trains on, if the set has any."""
    return np.concatenate(
        [chosen.rgb(_spread(chosen, SHEET_FACES // 2)) for chosen in _unseen_first(faces, options)[:2]]
    )


def _scores(epochs, system, faces, options, colorizer, noises, alike):
    """The callback that scores every `epochs` epochs, in a list; none for 0, unless a phase cannot do without.

    alike: `Faces` that the system's pictures are to look like, where they are not the set that it colors.
    """
    if not epochs and not any(map(callbacks.kept_by_score, system.phases)):
        return []
    unseen = _unseen_first(faces, options)[0]
    real = alike or Faces(faces, flips=False, shuffle=False, **options)
    real = glance.Real.of(
        unseen.rgb(_spread(unseen, SCORED_FACES)), real.rgb(_spread(real, REAL_FACES)), features.load("faces")
    )
    return [callbacks.Scores(colorizer, real, noises, epochs)]


def _spread(faces, count):
    return np.unique(np.linspace(0, faces.count - 1, count).astype(int))


def _unseen_first(faces, options):
    """The splits that have faces: validation, test, train."""
    found = []
    for split in ("validation", "test", "train"):
        with contextlib.suppress(BadInput):
            found.append(Faces(faces, split, flips=False, shuffle=False, **options))
    return found


def _describe(run, recipe, settings, batches, start, about):
    """Writes run.json, or holds what it says against what is asked for now; returns it."""
    asked = {
        "recipe": recipe,
        "settings": settings_module.to_json(settings),
        "faces": {"digest": batches.digest, "count": batches.count},
        "about": about,
        "start": start and {"name": start.name, "sha256": checkpoints.sha256(start.weights / "generator.npz")},
    }
    if (run / "run.json").exists():
        found = presets.read_description(run / "run.json")
        there, here = (
            {
                "recipe": d["recipe"],
                "faces": d.get("faces", {}).get("digest"),
                "start": (d.get("start") or {}).get("name"),
            }
            | {f"{name} found": what for name, what in d.get("about", {}).items()}  # a setting may have that name
            | d["settings"]
            for d in (found, asked)
        )
        differing = [f"{k} {there.get(k)} there, {v} asked" for k, v in here.items() if v != there.get(k)]
        if differing:
            raise BadInput(
                f"{run}: a run of other settings ({'; '.join(differing)}); ask for the same or name another run"
            )
        return found
    asked["versions"] = {name: version(name) for name in ("keras", "numpy", "anime-color")} | {
        "python": platform.python_version(),
        "backend": engine.BACKEND,
    }
    with written_aside(run / "run.json") as aside:
        aside.write_text(json.dumps(asked, indent=1), "utf-8")
    return asked


def _restore(trainer, run):
    """Loads the newest checkpoint, if there is one; returns the seconds of training that led to it."""
    checkpoint = checkpoints.newest(run / "checkpoints")
    if checkpoint is None:
        return 0.0
    state, description = checkpoints.load(checkpoint)
    trainer.load_state(state)
    return description["seconds"]


def _tensorboard(run):
    """The TensorBoard callback, where that package is installed."""
    if engine.BACKEND != "tensorflow" or importlib.util.find_spec("tensorboard") is None:
        return []
    return [keras.callbacks.TensorBoard(run / "tensorboard", write_graph=False)]


# Notebooks ------------------------------------------------------------------------------------------------


def home():
    """Where notebooks keep face sets and runs: $ANIME_COLOR_HOME, Kaggle's working folder, or ./anime-color."""
    kaggle = Path("/kaggle/working")
    return Path(os.environ.get("ANIME_COLOR_HOME") or (kaggle if kaggle.is_dir() else "anime-color"))


class Plan(NamedTuple):
    """What a notebook does: `settings` of a recipe, how many drawn `faces`, how many `epochs` or `minutes` of training,
    how many `seeds`."""

    settings: object
    faces: int
    epochs: int
    minutes: float
    seeds: int


def plan(recipe, preset="practical", faces=2000, epochs=10, seed=0, minutes=20.0, seeds=3):
    """The plan of a notebook's parameters; the one switch for small mode, ANIME_COLOR_FAST=1, makes it tiny."""
    if os.environ.get("ANIME_COLOR_FAST") == "1":
        preset, faces, epochs, minutes, seeds = (
            "tiny",
            min(faces, 48),
            min(epochs, 1),
            min(minutes, 0.02),
            min(seeds, 2),
        )
        print(f"small mode (ANIME_COLOR_FAST=1): {preset} settings, {faces} faces, {epochs} epoch or {minutes} minutes")
    return Plan(replace(settings_module.preset(recipe, preset), seed=seed), faces, epochs, minutes, seeds)
