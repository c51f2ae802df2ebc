"""`python -m benchmarks.cartoon_parts`: what each part of `cartoongan` is worth, and what a step costs.

    python -m benchmarks.cartoon_parts --photos PHOTOS --cartoons CARTOONS --out FOLDER --minutes 5

Each variant trains the given minutes of processor time and paints the photos that it was not trained on. A row a
variant, and of the photos and real cartoons: KID x 1000 against cartoons; how much of the photo is kept (SSIM); how
flat the shading is (share of the pixels whose lightness changes by less than 1 L* a pixel) and how clear the edges are
(L* a pixel, mean of the steepest 5 %). `FOLDER/pictures.png` shows some. Then milliseconds a train step, side by side
in rounds: the phases of CartoonGAN, and CycleGAN (Zhu et al. 2017) on the same networks, without and with its identity
loss.
"""

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.measure import Side, apart, line, rounds, row

VARIANTS = {
    "as it is": {},
    "no initialization": {"initialization_share": 0.0},
    "no edge class": {"edges": 0.0},
    "L2 of features": {"content_norm": "l2"},
}
SHOWN = 6
STEEP, FLAT = 95, 1.0  # percentile of the gradient from which it is an edge; L* a pixel up to which shading is flat


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cartoon_parts", description=__doc__.split("\n")[0])
    parser.add_argument("--photos", required=True, metavar="FACESET")
    parser.add_argument("--cartoons", required=True, metavar="FACESET")
    parser.add_argument("--out", required=True, type=Path, metavar="FOLDER")
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--runs", nargs="*", type=Path, default=[], help="further runs, in the table and the pictures")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    runs = {}
    for name, changes in VARIANTS.items():
        runs[name] = options.out / name.replace(" ", "-")
        apart(_train, changes, options.photos, options.cartoons, runs[name], options.minutes)
    runs |= {run.name: run for run in options.runs}
    for found in apart(_judged, runs, options.photos, options.cartoons, options.out / "pictures.png"):
        print(json.dumps(found))
    for found in _step_costs(options.photos, options.cartoons, options.repeats):
        print(line(found))


def _train(changes, photos, cartoons, run, minutes):
    from anime_color import settings
    from anime_color.training import runs

    chosen = replace(settings.preset("cartoongan"), **changes)
    runs.train("cartoongan", chosen, photos, run, minutes=minutes, score_epochs=0, verbose=0, timer=time.process_time,
               others={"cartoons": cartoons})  # fmt: skip


def _judged(runs, photos, cartoons, picture):
    """A dictionary of each run, of the photos themselves, and of real cartoons; the pictures are written."""
    from anime_color import Colorizer
    from anime_color.coloring import chroma
    from anime_color.scores import features

    network = features.load("faces")
    photos, real = _unseen(photos), _unseen(cartoons)
    summaries = network(real)[0]
    painted = {
        name: np.stack([Colorizer.from_preset(run).colorize(photo) for photo in photos]) for name, run in runs.items()
    }
    columns = [photos, *painted.values()]
    chroma.save_png(chroma.stack([chroma.stack([c[i] for c in columns], 1) for i in range(SHOWN)]), picture)
    return [
        _row(name, some, photos, network, summaries)
        for name, some in {"photos": photos, "real cartoons": real, **painted}.items()
    ]


def _row(name, pictures, photos, network, summaries):
    from anime_color.scores import fidelity, realism

    gradients = [_gradient(picture) for picture in pictures]
    kept = (
        [fidelity.ssim(a, b) for a, b in zip(pictures, photos, strict=False)] if name != "real cartoons" else [np.nan]
    )
    return {
        "variant": name,
        "kid": round(1000 * realism.kid(network(pictures)[0], summaries), 1),
        "ssim": round(float(np.mean(kept)), 3),
        "flat": round(float(np.mean([(g < FLAT).mean() for g in gradients])), 3),
        "edges": round(float(np.mean([g[g >= np.percentile(g, STEEP)].mean() for g in gradients])), 1),
    }


def _gradient(rgb):
    from anime_color import color

    lightness = color.unscale(color.rgb_to_lab(rgb))[..., 0]
    return np.hypot(*np.gradient(lightness))


def _unseen(folder):
    """The pictures of validation and test split, uint8 (N, S, S, 3)."""
    from anime_color.faces import Faces

    splits = [Faces(folder, split, flips=False, shuffle=False) for split in ("validation", "test")]
    return np.concatenate([split.rgb(range(split.count)) for split in splits])


# The cost of a step -----------------------------------------------------------------------------------------


def _step_costs(photos, cartoons, repeats):
    names = ("initialization", "adversarial", "CycleGAN", "CycleGAN, identity")
    sides = {name: Side(_steps, name, photos, cartoons) for name in names}
    try:
        milliseconds = dict(zip(sides, 1000 * rounds(sides.values(), repeats, warm_up=2), strict=True))
    finally:
        for side in sides.values():
            side.end()
    title = "train step on parts of 96 px, batch 4"
    for other in ("CycleGAN", "CycleGAN, identity"):
        yield row(title, "ms per step", {name: milliseconds[name] for name in ("adversarial", other)})
    yield row(title, "ms per step", {"initialization": milliseconds["initialization"]})
    yield row(title, "peak memory of the process, MB", {name: side.peak for name, side in sides.items()})


def _steps(lap, name, photos, cartoons):
    from anime_color import recipes  # isort: skip  first, for it keeps the backend's start quiet
    import keras

    from anime_color.faces import Faces
    from anime_color.training.trainer import Trainer

    s = recipes.get("cartoongan").Settings.practical()
    system = recipes.get("cartoongan").build(s)
    if name.startswith("CycleGAN"):
        system = _cyclegan(s, system, name.endswith("identity"))
    else:
        system = replace(system, phases=tuple(phase for phase in system.phases if phase.name == name))
    trainer = Trainer(system)
    trainer.compile()
    others = {"cartoons": Faces(cartoons, flips=False, shuffle=False)}
    faces = Faces(photos, batch_size=s.batch_size, fields=system.fields, others=others)
    after_step = keras.callbacks.LambdaCallback(on_train_batch_end=lambda step, logs: lap(s.batch_size))
    trainer.fit(faces, epochs=None, callbacks=[after_step], verbose=0)


def _cyclegan(s, system, identity):
    """CycleGAN's step on the networks of CartoonGAN: two ways, two critics, least squares, cycles of L1."""
    import keras

    from anime_color import networks
    from anime_color.training import objectives, phases
    from anime_color.training.phases import Phase, Term, Update

    back, of_photos = (
        networks.cartoon_generator(s.width, s.blocks, s.upsampling),
        networks.cartoon_discriminator(s.critic_width),
    )
    trained = system.networks | {"back": back, "photo_discriminator": of_photos}

    def painted(name, picture):
        return lambda scene: scene.outputs(name, {"photo": scene.picture(picture)})

    pictures = {
        "photo": phases.given("photo"), "cartoon": phases.given("cartoon"),
        "fake": painted("generator", "photo"), "fake photo": painted("back", "cartoon"),
        "photo again": painted("back", "fake"), "cartoon again": painted("generator", "fake photo"),
        "same cartoon": painted("generator", "cartoon"), "same photo": painted("back", "photo"),
    }  # fmt: skip
    critic_loss, generator_loss = objectives.ADVERSARIAL["least_squares"]

    def judged(critic, real, fake):
        return Term(critic, lambda scene: critic_loss(scene.logits(critic, real), scene.logits(critic, fake)))

    def convincing(critic, fake):
        return Term(critic, lambda scene: generator_loss(scene.logits(critic, fake)))

    def alike(first, second, weight):
        return Term(first, lambda scene: objectives.l1_loss(scene.picture(first), scene.picture(second)), weight)

    terms = [convincing("discriminator", "fake"), convincing("photo_discriminator", "fake photo"),
             alike("photo again", "photo", 10.0), alike("cartoon again", "cartoon", 10.0)]  # fmt: skip
    if identity:
        terms += [alike("same cartoon", "cartoon", 5.0), alike("same photo", "photo", 5.0)]
    critics = (judged("discriminator", "cartoon", "fake"), judged("photo_discriminator", "photo", "fake photo"))
    updates = (
        Update("critics", critics, ("discriminator", "photo_discriminator")),
        Update("generators", tuple(terms), ("generator", "back")),
    )
    optimizers = {update.name: keras.optimizers.Adam(s.learning_rate, s.beta_1, s.beta_2) for update in updates}
    fields = {name: field for name, field in system.fields.items() if name != "edges"}
    phase = Phase("cyclegan", updates, pictures=pictures)
    return replace(system, networks=trained, phases=(phase,), optimizers=optimizers, fields=fields)


if __name__ == "__main__":
    main()
