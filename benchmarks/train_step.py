"""Train steps: the ancestor's loop against ours, and WGAN-GP against GAN.

Only the sides import a backend; measure.py says why.
"""

from dataclasses import replace

from benchmarks.measure import Side, rounds, row

CRITIC_STEPS = 5
RECIPES = ("wgan_gp", "gan", "chroma", "two_stage", "chroma_lines", "cartoongan")
# so few that the ancestor, which keeps the whole set in memory, is charged for its step and not for its set
ANCESTOR_FACES = 128


def ours(lap, recipe, preset, changes, folder):
    """`Trainer.fit` on the face set `folder`, a lap a train step."""
    from anime_color import recipes, settings  # isort: skip  first, for it keeps the backend's start quiet
    import keras

    from anime_color.faces import Faces
    from anime_color.training.trainer import Trainer

    s = replace(settings.preset(recipe, preset), **changes)
    trainer = Trainer(recipes.get(recipe).build(s), s.seed)
    trainer.compile()
    system = trainer.system
    count = s.batch_size * system.parts
    others = {name: Faces(folder, "all", size=s.size) for name in system.others}
    faces = Faces(folder, "all", count, s.size, s.lightness, fields=system.fields, others=others)
    after_step = keras.callbacks.LambdaCallback(on_train_batch_end=lambda step, logs: lap(count))
    trainer.fit(faces, epochs=None, callbacks=[after_step], verbose=0)


def ancestor(lap, changes, folder):
    """The ancestor's loop over the very networks of `wgan_gp` faithful, a lap a generator step."""
    from anime_color import recipes, settings
    from anime_color.faces import Faces
    from benchmarks import ancestor_loop

    s = replace(settings.preset("wgan_gp", "faithful"), **changes)
    networks = recipes.get("wgan_gp").build(s).networks
    batch = Faces(folder, "all", ANCESTOR_FACES, s.size, s.lightness)[0]
    generator, critic = networks["generator"], networks["critic"]
    for _ in ancestor_loop.steps(generator, critic, batch["l"], batch["ab"], s.batch_size, s.critic_steps):
        lap(s.batch_size * s.critic_steps)


def against_ancestor(folder, batch, repeats):
    """Rows of `wgan_gp` faithful, both sides with the same networks, batch and critic steps."""
    changes = {"batch_size": batch, "critic_steps": CRITIC_STEPS}
    sides = {"ancestor": Side(ancestor, changes, folder), "ours": Side(ours, "wgan_gp", "faithful", changes, folder)}
    yield from _rows(f"train step of wgan_gp faithful, batch {batch}, {CRITIC_STEPS} critic steps", sides, repeats)


def practical_recipes(folder, repeats):
    """Rows of the practical recipes, as they are, but for the size of the pictures that `cartoongan` takes parts of."""
    changes = {"cartoongan": {"size": 128}}
    sides = {name: Side(ours, name, "practical", changes.get(name, {}), folder) for name in RECIPES}
    yield from _rows(
        "train step of the practical recipes (two_stage: of its drafts; cartoongan: of its start)", sides, repeats
    )


def _rows(title, sides, repeats):
    try:
        # the first step is traced, in the second the memory is still found
        milliseconds = dict(zip(sides, 1000 * rounds(sides.values(), repeats, warm_up=2), strict=True))
    finally:
        for side in sides.values():
            side.end()
    yield row(title, "ms per step", milliseconds)
    yield row(title, "ms per face seen", {name: milliseconds[name] / side.faces for name, side in sides.items()})
    yield row(title, "peak memory of the process, MB", {name: side.peak for name, side in sides.items()})
