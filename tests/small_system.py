"""A system small enough to train in a second, and what tests of training do with it."""

import keras
from keras import layers, ops

from anime_color.training import phases
from anime_color.training.system import System
from anime_color.training.trainer import Trainer


def small_system(*phase_list, dropout=0.0, ema=0.9):
    """A generator and a critic with batch normalization, of a few hundred weights."""
    keras.utils.set_random_seed(1)
    given = {"l": layers.Input((None, None, 1), name="l"), "noise": layers.Input((4,), name="noise")}
    x = layers.BatchNormalization()(layers.Conv2D(4, 3, padding="same")(given["l"]))
    x = x * (1 + layers.Dense(4)(given["noise"])[:, None, None, :])
    ab = layers.Conv2D(2, 3, padding="same", activation="tanh")(x)
    generator = keras.Model(given, layers.Concatenate()([given["l"], ab]))
    picture = layers.Input((None, None, 3))
    x = layers.BatchNormalization()(layers.LeakyReLU(0.2)(layers.Conv2D(4, 4, strides=2)(picture)))
    x = layers.GlobalAveragePooling2D()(layers.Dropout(dropout, seed=1)(x))
    critic = keras.Model(picture, layers.Dense(1)(x))
    optimizers = {name: keras.optimizers.Adam(0.01) for name in ("generator", "critic")}
    default = (phases.adversarial("hinge"),)
    return System({"generator": generator, "critic": critic}, phase_list or default, optimizers, 4, ema, 1)


def ready(system):
    trainer = Trainer(system, seed=3)
    trainer.compile()
    return trainer


def snapshot(network):
    return [ops.convert_to_numpy(v) for v in network.weights]


def changed(network, before):
    """Names of the kinds of weights that moved: "kernel", "gamma", "moving_mean", ..."""
    return {
        v.path.split("/")[-1]
        for v, old in zip(network.weights, before, strict=True)
        if (ops.convert_to_numpy(v) != old).any()
    }


class StopAfter(keras.callbacks.Callback):
    def __init__(self, steps):
        super().__init__()
        self.steps = steps

    def on_train_batch_end(self, batch, logs=None):
        if self.model.steps_done >= self.steps:
            self.model.stop_training = True


def differing(state, expected):
    """Names of the parts in which two states of trainers differ by a bit."""
    assert set(state) == set(expected)
    return [name for name in expected if state[name].tobytes() != expected[name].tobytes()]


class PhaseDiary(keras.callbacks.Callback):
    """The phase of each step, and what `weights` tells of the networks before the first and after the last step of
    each phase."""

    def __init__(self):
        super().__init__()
        self.steps, self.before, self.after = [], {}, {}

    def on_train_batch_begin(self, batch, logs=None):
        self.before.setdefault(self.model.phase.name, self._weights())

    def on_train_batch_end(self, batch, logs=None):
        self.steps.append(self.model.phase.name)
        self.after[self.model.phase.name] = self._weights()

    def _weights(self):
        self.model.steps_done  # noqa: B018  on JAX, asking the model also brings its weights up to date
        return self.weights(self.model)
