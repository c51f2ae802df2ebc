"""Prints the losses of the first steps of a tiny run as JSON, from weights and noise that no backend chose.

Run by test_backends.py in a process of its own for each backend: python first_steps.py RECIPE
"""

import json
import sys

import keras
import numpy as np
from batches import Faces

from anime_color import recipes
from anime_color.coloring import noise
from anime_color.training import objectives, phases
from anime_color.training.trainer import Trainer

STEPS = 4
SIZE = 7  # so that the parts of a step are of different length


def main(recipe):
    fixed = np.random.default_rng(0)
    vectors = fixed.standard_normal((SIZE, 8)).astype("float32")
    alphas = fixed.uniform(size=(SIZE, 1, 1, 1)).astype("float32")
    noise.normal = lambda batch, latent_size, seed: keras.ops.convert_to_tensor(vectors)[:batch]
    objectives.random_weights = lambda pictures, *_: keras.ops.convert_to_tensor(alphas)[: keras.ops.shape(pictures)[0]]
    phases.Scene.other = property(other)
    trainer = Trainer(recipes.get(recipe).build(recipes.get(recipe).Settings.tiny()))
    for network in trainer.networks.values():
        for variable in network.trainable_variables:
            if variable.path.endswith("kernel"):
                fan_in = np.prod(variable.shape[:-1])
                variable.assign(fixed.standard_normal(variable.shape) * np.sqrt(1 / fan_in))
    trainer.compile()
    history = trainer.fit(Faces(SIZE), epochs=STEPS, verbose=0).history
    print(json.dumps(history))


def other(scene):
    """Each noise with the next face: of one noise, two pictures differ by rounding, and its sign is the gradient."""
    drawn = keras.ops.roll(scene.noise, 1, axis=0)
    return drawn, keras.ops.stop_gradient(scene.generate(drawn))


if __name__ == "__main__":
    main(sys.argv[1])
