"""`python -m benchmarks.chroma_choices`: one setting of `chroma` changed at a time, from nothing, by equal steps.

    python -m benchmarks.chroma_choices --faces FACES --out CHOICES.jsonl --seed 0

Each variant takes the same steps in each phase at 64 px and paints the test faces with noises drawn anew for each, so
that no variant is lucky with its moods. A line of JSON a variant; those that are there are not trained again. Variants
that share a phase train it once.
"""

import argparse
import json
import time
from dataclasses import replace
from functools import cache
from pathlib import Path

import keras
import numpy as np
from keras import ops

from anime_color import color, recipes
from anime_color.faces import Faces
from anime_color.networks import regions
from anime_color.scores import features, scoring, systems
from anime_color.training import callbacks
from anime_color.training.trainer import Trainer
from benchmarks.measure import thinned

STEPS = {"regions": 600, "palette": 1000, "adversarial": 250}
SIZE = 64
EVERY = 4  # of the train faces, so that reading their palettes takes a minute
NOISES = 4  # a test face
VARIANTS = {
    "as it is": {},
    "flow alone": {"adversarial_share": 0.0},
    "no flow": {"palette_share": 0.0},
    "wasserstein": {"objective": "wasserstein", "r1": 0.0, "penalty": 10.0},
    "regions move too": {"moving": "both"},
    "1 step of the flow": {"flow_steps": 1},
    "2 steps": {"flow_steps": 2},
    "8 steps": {"flow_steps": 8},
    "16 regions": {"regions": 16},
    "32 regions": {"regions": 32},
    "48 regions": {"regions": 48},
    "no slopes": {"slopes": "none"},
}
FOR_THE_CRITIC = ("objective", "r1", "penalty", "moving", "flow_steps")
MEASURES = ("kid", "two_sample", "hue_distance", "ab_error_best", "pairwise_ab_cells", "leak", "high_frequency_ab",
            "coherence")  # fmt: skip


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chroma_choices", description=__doc__.split("\n")[0])
    parser.add_argument("--faces", required=True, metavar="FACESET")
    parser.add_argument("--out", required=True, type=Path, metavar="CHOICES.jsonl")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--variants", nargs="+", default=list(VARIANTS), choices=VARIANTS, metavar="NAME")
    options = parser.parse_args()
    lines = [json.loads(line) for line in options.out.read_text().splitlines()] if options.out.exists() else []
    done = {(line["variant"], line["seed"]) for line in lines}
    exam = Faces(options.faces, "test", size=SIZE, flips=False, shuffle=False)
    reference = None
    for name in options.variants:
        if (name, options.seed) in done:
            continue
        reference = reference or scoring.Reference.of(options.faces, features.load("faces"))
        began = time.monotonic()
        settings = replace(recipes.get("chroma").Settings(size=SIZE, seed=options.seed), **VARIANTS[name])
        line = {"variant": name, "seed": options.seed, "steps": STEPS}
        line |= _judged(settings, options.faces, exam, reference)
        line["minutes"] = round((time.monotonic() - began) / 60, 1)
        with open(options.out, "a", encoding="utf-8") as file:
            print(json.dumps(line), file=file)
        print(json.dumps(line), flush=True)


def _judged(settings, folder, exam, reference):
    """Scores of a variant on the faces `exam`, and seconds a step of its last phase."""
    phases = tuple(name for name in STEPS if getattr(settings, f"{name}_share"))
    networks, seconds = _trained(settings, folder, phases)
    generator = networks["generator"]

    def paint(number, rgb):
        random = np.random.default_rng([settings.seed, number])
        noises = random.standard_normal((NOISES, generator.input["noise"].shape[-1])).astype("float32")
        l = np.repeat(color.rgb_to_lab(rgb)[None, ..., :1], NOISES, axis=0)  # noqa: E741
        return generator.predict_on_batch({"l": l, "noise": noises})

    score = scoring.score(systems.System("variant", paint), exam, reference)
    found = {
        name: [round(float(number), 4) for number in (e.value, e.low, e.high)]
        for name, e in score.estimates.items()
        if name in MEASURES
    }
    return found | {"explained": round(_explained(networks["regions"], exam, settings), 3), "seconds_a_step": seconds}


def _explained(network, exam, settings):
    """Mean ab error in Lab units of faces painted with their own fitted palettes."""
    faces = exam.at(np.arange(0, exam.count, 4))
    l, ab = (ops.average_pool(faces[name], 2, 2) for name in ("l", "ab"))  # noqa: E741
    m = ops.convert_to_tensor(network.predict(faces["l"], verbose=0)["regions"])
    off = regions.painted(m, regions.fitted(m, ab, l, settings.slopes == "fitted"), l) - ab
    return float(ops.mean(ops.norm(off, axis=-1))) * color.AB_SCALE


def _trained(settings, folder, phases):
    """`_phase` of the last of `phases`: its own share is the whole, and what the phases before the critic do not look
    at is as it is anywhere, so that variants of it share them."""
    shares = {f"{name}_share": float(name == phases[-1]) for name in STEPS}
    base = recipes.get("chroma").Settings()
    alike = {} if phases[-1] == "adversarial" else {name: getattr(base, name) for name in FOR_THE_CRITIC}
    return _phase(replace(settings, **shares, **alike), folder, phases)


@cache
def _phase(settings, folder, phases):
    """(networks, seconds a step) after the last of `phases`, begun where the others end."""
    system = recipes.get("chroma").build(settings)
    keras.utils.set_random_seed(settings.seed)
    trainer = Trainer(system, settings.seed)
    trainer.compile()
    *before, phase = phases
    if before:
        networks, _ = _trained(settings, folder, tuple(before))
        trainer.begin_with({name: network.get_weights() for name, network in networks.items()})
    faces = Faces(folder, batch_size=settings.batch_size, size=SIZE, seed=settings.seed)
    thinned(faces, EVERY)
    clock, times = callbacks.Clock(steps=STEPS[phase]), _Times()
    clock.set_model(trainer)
    trainer.fit(faces, None, [times, clock], verbose=0, spent=lambda: clock.spent)
    system.networks["generator"].set_weights(trainer.averaged.get_weights())
    return system.networks, round(float(np.median(np.diff(times.ends))), 3)


class _Times(keras.callbacks.Callback):
    """When each step ended; the median of their differences leaves out what the first one compiles."""

    def __init__(self):
        super().__init__()
        self.ends = []

    def on_train_batch_end(self, batch, logs=None):
        self.ends.append(time.monotonic())


if __name__ == "__main__":
    main()
