"""What a study does, stage by stage: each is done once, so the same study continues where it stopped."""

import gc
from dataclasses import replace
from functools import cached_property

import keras
import numpy as np
from tqdm import tqdm

from anime_color import presets
from anime_color.arguments import CLOCKS, check_folder
from anime_color.coloring import noise
from anime_color.coloring.colorizer import Colorizer
from anime_color.faces import Faces
from anime_color.scores import features as feature_networks
from anime_color.scores import results, scoring, systems
from anime_color.study import page
from anime_color.study.folder import Folder, Protocol, name_of, save_arrays
from anime_color.training import checkpoints, engine, runs
from anime_color.training.callbacks import NotFinite
from data_prep.errors import BadInput

FEWEST_TEST = 50  # pictures; where the test split has fewer, validation is scored with it: no run here chooses by it
SHOWN = 6  # pictures of a set, on the page


def run(
    weights,
    faces,
    out,
    minutes,
    counts=(25, 100, "all"),
    clock="wall",
    noises=25,
    seed=0,
    features="faces",
    command="",
):
    """Scores each of the `weights` on each of the face sets, fine-tunes them on some of its pictures, scores them
    again, and writes the page; returns its path. Ended by a signal, it returns None: the same call continues.

    weights: presets or run folders, whose pictures are gray pictures. faces: face sets; runs see their train split.
    out: folder of the study, a new one or one to add to.
    minutes: of training, for each run. clock: "wall", or "cpu" for those of the processor.
    counts: numbers of pictures to fine-tune on, and "all".
    noises, seed, features: as in `scoring.side_by_side`; the seed is also that of the training.
    command: what the page gives to repeat it.
    BadInput for what cannot be compared, before any work. `callbacks.NotFinite` if a training broke: the others are
    done, and on the page, by then.
    """
    protocol = Protocol(float(minutes), clock, noises, seed, features)
    check(counts, protocol)
    check_folder("--out", out, out)
    study = Folder(out)
    given = {"weights": _named("--weights", weights), "sets": _named("--faces", faces)}
    study.add(
        protocol,
        {name: _about_weights(one) for name, one in given["weights"].items()},
        {name: _about_set(one, given["weights"].values()) for name, one in given["sets"].items()},
        engine.machine(),
        command,
    )
    broken = []
    for place, (set_name, folder) in enumerate(given["sets"].items(), 1):
        whole = study.about["sets"][set_name]["train"]
        wanted = sorted({0, *(whole if count == "all" else min(count, whole) for count in counts)})
        set_ = _Set(study, set_name, folder)
        for weights_name, start in given["weights"].items():
            for count in wanted:
                if study.place(set_name, weights_name, count).with_suffix(".json").exists():
                    continue
                state = f"{set_name} ({place} of {len(given['sets'])}), {label(weights_name, count, whole)}"
                try:
                    if count and not _tuned(study, set_, weights_name, start, count, state):
                        print(f"{out}: stopped; the same command continues")
                        return None
                except NotFinite as error:
                    broken.append(NotFinite(f"{state}: {error}"))
                    print(broken[-1], flush=True)
                    continue
                print(f"{state}: scoring", flush=True)
                set_.score(weights_name, start, count, whole)
        page.write(study)
    if broken:
        raise broken[0]
    return study.path / "study.md"


def label(weights, count, whole):
    """What a state of weights is called: as they are, or after so many of the `whole` train split."""
    if not count:
        return f"{weights}, as it is"
    return f"{weights}, all {count}" if count == whole else f"{weights}, {count} pictures"


def check(counts, protocol):
    """BadInput for numbers that mean nothing."""
    noise.schedule("balanced", 1, protocol.noises, protocol.seed)
    if not counts or any(count != "all" and (not isinstance(count, int) or count < 1) for count in counts):
        raise BadInput(f"counts {counts}: needed are whole numbers above 0, or all")
    if protocol.clock not in CLOCKS or not protocol.minutes > 0:
        raise BadInput(f"{protocol.minutes} minutes of {protocol.clock}: needed are some of {' or '.join(CLOCKS)}")
    if protocol.features not in feature_networks.NAMES:
        raise BadInput(f"features {protocol.features!r}: allowed are {', '.join(feature_networks.NAMES)}")


def _named(option, given):
    names = {}
    for one in given:
        if names.setdefault(name_of(one), str(one)) != str(one):
            raise BadInput(f"{option} {one}: of the same name as {names[name_of(one)]}; give one of them another name")
    return names


def _about_weights(given):
    """What the page says of weights. BadInput if they do not color gray pictures."""
    found = presets.find(given)
    colorizer = Colorizer.from_preset(given)
    if colorizer.takes != "gray picture":
        raise BadInput(
            f"--weights {given}: its recipe {found.description['recipe']} takes a {colorizer.takes}; a study compares "
            "weights that take a gray picture"
        )
    return {
        "given": str(given),
        "recipe": found.description["recipe"],
        "sha256": checkpoints.sha256(found.weights / "generator.npz"),
        "parameters": colorizer.generator.count_params(),
        "noise": colorizer.latent_size,
        **{name: found.description.get(name) for name in ("steps", "minutes")},
        "trained_on": found.description.get("faces"),
    }


def _about_set(folder, weights):
    """What the page says of a face set. BadInput if it has too few pictures, or does not fit the weights."""
    chosen, sizes = Faces(folder), {}
    for split in ("train", "validation", "test", "unseen"):
        try:
            sizes[split] = Faces(folder, split).count
        except BadInput:
            sizes[split] = 0
    if sizes["unseen"] < 4:
        raise BadInput(
            f"--faces {folder}: {sizes['unseen']} pictures in its validation and test splits; needed are at least 4 to "
            "score: pack more"
        )
    for start in weights:
        runs.fine_tuning(presets.find(start).description["recipe"], start, folder)
    scored = "test" if sizes["test"] >= FEWEST_TEST else "unseen"
    return {"given": str(folder), "digest": chosen.digest, "size": chosen.size, "scored": scored, **sizes}


class _Set:
    """A face set of a study, and what systems are scored with on it, made when it is first needed."""

    def __init__(self, study, name, folder):
        self.study, self.name, self.folder = study, name, folder
        self.protocol = Protocol(**study.about["protocol"])
        self.faces = Faces(folder, study.about["sets"][name]["scored"], flips=False, shuffle=False)
        self.positions = np.unique(np.linspace(0, self.faces.count - 1, SHOWN).astype(int))

    @cached_property
    def reference(self):
        """The `Reference` of the train split; the baselines are scored with it, once."""
        reference = scoring.Reference.of(self.folder, feature_networks.load(self.protocol.features))
        originals = self.study.scores(self.name) / "originals.npz"
        if not originals.exists():
            for number, system in enumerate(systems.baselines(reference, self.protocol.noises, self.protocol.seed)):
                place = self.study.scores(self.name) / "baselines" / str(number)
                self._save(scoring.score(system, self.faces, reference, progress=True), reference, place)
            shown = {"indices": self.faces.rows[self.positions], "pictures": self.faces.rgb(self.positions)}
            save_arrays(originals, **shown)  # last, for it says that all is there
        return reference

    def _save(self, score, reference, place):
        place.parent.mkdir(parents=True, exist_ok=True)
        context = results.context(self.faces, reference, self.protocol.noises, self.protocol.seed)
        results.save(score, context, place)

    def score(self, weights, start, count, whole):
        """Scores the weights, fine-tuned on `count` pictures, and keeps what they make of some of them."""
        source = self.study.run(self.name, weights, count) if count else start
        described = presets.find(source).description
        about = {key: described.get(key) for key in ("recipe", "settings", "steps", "minutes")}
        about |= {"trained_on": described.get("faces"), "pictures": count}
        colorizer = Colorizer.from_preset(source)
        system = systems.of_colorizer(colorizer, self.protocol.noises, self.protocol.seed, about)
        system = replace(system, name=label(weights, count, whole))
        score = scoring.score(system, self.faces, self.reference, progress=True)
        first = colorizer.noises(self.protocol.noises, self.protocol.seed)[:1]
        worst = self.faces.rgb([list(self.faces.rows).index(row) for row, _ in score.worst])
        place = self.study.place(self.name, weights, count)
        place.parent.mkdir(parents=True, exist_ok=True)
        save_arrays(
            f"{place}-shown.npz",
            shown=_colored(colorizer, self.faces.rgb(self.positions), first),
            worst=_colored(colorizer, worst, first),
            worst_originals=worst,
        )
        self._save(score, self.reference, place)  # last, for it says that all is there
        baselines, context = self.study.baselines(self.name)
        states = [score for some in self.study.states(self.name).values() for score in some.values()]
        results.write([*baselines, *states], context, self.study.path / "scores" / f"{self.name}.jsonl")


def _colored(colorizer, rgb, noise):
    return np.stack([colorizer.chroma(picture, noise)[0] for picture in rgb])


def _tuned(study, set_, weights, start, count, state):
    """Fine-tunes weights, or goes on with it; False if a signal ended it."""
    recipe, protocol = study.about["weights"][weights]["recipe"], set_.protocol
    settings, said = runs.fine_tuning(recipe, start, set_.folder, count)
    print(f"{state}: {said}; {protocol.minutes:g} minutes", flush=True)
    run = study.run(set_.name, weights, count)
    run.parent.mkdir(parents=True, exist_ok=True)
    with tqdm(desc=state, unit=" steps") as bar:
        trainer = runs.train(
            recipe,
            replace(settings, seed=protocol.seed),
            set_.folder,
            run,
            minutes=protocol.minutes,
            score_epochs=0,
            verbose=0,
            extra=[keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: bar.update())],
            timer=CLOCKS[protocol.clock],
            start=start,
            most=count,
        )
    ended = not trainer.interrupted
    del trainer
    gc.collect()  # networks, optimizers and graphs of a run hold one another; the next one needs the memory
    return ended
