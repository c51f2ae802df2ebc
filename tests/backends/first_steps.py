"""Prints the losses of the first steps of a tiny run as JSON, from weights and noise that no backend chose.

Run by test_backends.py in a process of its own for each backend: python first_steps.py RECIPE
"""

import dataclasses
import json
import sys

import keras
import numpy as np
from batches import Faces

from anime_color import recipes
from anime_color.training.trainer import Trainer

STEPS = 4
SIZE = 7  # so that the parts of a step are of different length


def main(recipe):
    fixed = np.random.default_rng(0)
    keras.random.normal = from_table(fixed.standard_normal((16, 256)))
    keras.random.uniform = from_table(fixed.uniform(size=(16, 256)))
    chosen = recipes.get(recipe).Settings.tiny()
    chosen = dataclasses.replace(chosen, learning_rate=min(chosen.learning_rate, 2e-4))  # rounding grows with it
    if recipe == "deoldify":
        chosen = dataclasses.replace(chosen, order="gan")  # one phase of all its losses: JAX compiles each for a minute
    system = recipes.get(recipe).build(chosen)
    for network in system.networks.values():
        for layer in network._flatten_layers():
            if isinstance(layer, keras.layers.Dropout):
                layer.rate = 0  # each backend draws masks of its own
        for variable in network.variables:
            if variable.path.endswith(("kernel", "vectors", "direction", "gain")):
                fan_in = np.prod(variable.shape[:-1])
                variable.assign(fixed.standard_normal(variable.shape) * np.sqrt(1 / fan_in))
    trainer = Trainer(system)
    trainer.compile()
    others = {name: Faces(SIZE) for name in system.others}
    history = trainer.fit(Faces(SIZE, system.fields, others), epochs=STEPS, verbose=0).history
    print(json.dumps(history))


def from_table(table):
    """In place of a function of `keras.random`: numbers that no backend chose, the same in each step."""

    def drawn(shape, *_, seed=None):
        count, *rest = shape
        values = keras.ops.convert_to_tensor(table[:, : int(np.prod(rest))].reshape(-1, *rest).astype("float32"))
        return values[:count]

    return drawn


if __name__ == "__main__":
    main(sys.argv[1])
