"""Whose turn it is: phases share a budget, and each begins where the one before ended."""

import math

import keras
import numpy as np
from keras import ops


class Turns:
    """Turns of the phases of a `trainer.Trainer`. Its variable `phase_now` holds, as part of the state, the number of
    the phase, and the steps and passes before it."""

    def __init__(self, trainer):
        self.trainer = trainer
        self.phases = [phase for phase in trainer.system.phases if phase.share]
        self._entered, self._batches = None, None

    @property
    def phase(self):
        """The `phases.Phase` that is trained now."""
        return self.phases[self._entered or 0]

    def place(self, spent):
        """(number of the phase at which the share `spent` of the budget is, how much of that phase is over). A phase
        that was entered is not entered again, whatever the budget becomes."""
        ends = np.cumsum([phase.share for phase in self.phases]) / sum(phase.share for phase in self.phases)
        ends[-1] = math.inf
        number = max(int(np.searchsorted(ends, spent, side="right")), self.now()[0])
        start, end = (ends[number - 1] if number else 0.0), min(ends[number], 1.0)
        return number, float(np.clip((spent - start) / (end - start), 0, 1))

    def now(self):
        """[number of the phase, steps before it, passes before it]."""
        return ops.convert_to_numpy(self.trainer.phase_now).tolist()

    def enter(self, faces, spent):
        """Makes the phase at which the budget is the current one: (its batches, how many steps of it are done, passes
        before it). A new one begins with the averaged generator of the one before."""
        number, steps = self.place(spent)[0], self.trainer.steps_done
        current, before, passes = self.now()
        if number > current:
            passes += -(-(steps - before) // len(self._batches_of(current, faces)))
            before = steps
            self.trainer.phase_now.assign([number, before, passes])
            self.trainer.begin_phase()
        return self._batches_of(number, faces), steps - before, passes

    def _batches_of(self, number, faces):
        if self._entered != number:
            batches = self.phases[number].batches
            self._batches = batches(self.trainer.networks, faces) if batches else faces
            self._entered = number
            self.trainer.train_function = None  # the compiled step belongs to the phase before
        return self._batches


class Turn(keras.callbacks.Callback):
    """Tells the trainer before each step how much of its phase is over, and ends the stretch when the next phase's turn
    has come: then it is `taken`."""

    def __init__(self, spent):
        super().__init__()
        self.spent, self.taken = spent, False

    def on_train_batch_begin(self, batch, logs=None):
        self.model.over.assign(self.model.turns.place(self.spent())[1])

    def on_train_batch_end(self, batch, logs=None):
        model, spent = self.model, self.spent()
        if spent < 1 and not model.stop_training and model.turns.place(spent)[0] > model.turns.now()[0]:
            model.stop_training = self.taken = True
