"""The best pass of a phase: its averaged generator is kept, and is what the phase ends with."""

import math

import keras
import numpy as np
from keras import ops


class Best:
    """Keeps the averaged generator of a `trainer.Trainer` as it was after the best pass of a phase."""

    def __init__(self, trainer):
        self.trainer = trainer
        self.value = keras.Variable(math.inf, trainable=False, name="best_value")  # the lowest yet
        self.weights = [
            keras.Variable(ops.convert_to_numpy(weight), trainable=False, name=f"best_{i}")
            for i, weight in enumerate(trainer.averaged.weights)
        ]

    @property
    def variables(self):
        """All of it, as a part of the trainer's state."""
        return [self.value, *self.weights]

    @property
    def empty(self):
        """Whether nothing is kept."""
        return not np.isfinite(ops.convert_to_numpy(self.value))

    def offer(self, value):
        """Keeps the averaged generator if `value` is lower than all before."""
        if value < float(ops.convert_to_numpy(self.value)):
            self.value.assign(value)
            for kept, weight in zip(self.weights, self.trainer.averaged.weights, strict=True):
                kept.assign(ops.convert_to_numpy(weight))  # a copy; TensorFlow would share the memory of the tensor

    def restore(self):
        """The averaged generator becomes the kept one, if there is one; nothing is kept any more."""
        if not self.empty:
            self.trainer.averaged.set_weights([ops.convert_to_numpy(weight) for weight in self.weights])
        self.value.assign(math.inf)


class KeepBest(keras.callbacks.Callback):
    """Offers each whole pass to the trainer's `Best` by what `Phase.keep_best` names; after `callbacks.Scores`. Where
    that is a score, what the phase begins with is offered, too.

    scores: the `callbacks.Scores` that tells it.
    """

    def __init__(self, scores=None):
        super().__init__()
        self.scores = scores

    def on_epoch_begin(self, epoch, logs=None):
        if self.scores and self.scores.needed and self.model.best.empty:
            self._offer(self.scores.now())

    def on_train_batch_end(self, batch, logs=None):
        self.whole = batch + 1 == self.params["steps"]  # where a stop cuts a pass, its end is still to come

    def on_epoch_end(self, epoch, logs=None):
        if self.whole:
            self._offer(logs or {})

    def _offer(self, logs):
        name = self.model.phase.keep_best
        sign, name = (-1, name[1:]) if name.startswith("-") else (1, name)
        if name and name in logs:
            self.model.steps_done  # noqa: B018  on JAX, asking the model also brings its weights up to date
            self.model.best.offer(sign * float(logs[name]))
