"""Whose turn it is: phases share a budget, and each begins where the one before ended."""

import keras
import numpy as np
from keras import ops

ROUNDING = 1e-6  # of `phase_began`, a float32: a phase is not to begin a step late for it


class Turns:
    """Turns of the phases of a `trainer.Trainer`. Parts of its state are `phase_now`, the number of the phase and the
    steps and passes before it, and `phase_began`, which share of the budget was spent when it began."""

    def __init__(self, trainer):
        self.trainer = trainer
        self.phases = [phase for phase in trainer.system.phases if phase.share]
        self._entered, self._batches = None, None

    @property
    def phase(self):
        """The `phases.Phase` that is trained now."""
        return self.phases[self._entered or 0]

    @property
    def last(self):
        """Whether no phase comes after the present one."""
        return self.now()[0] == len(self.phases) - 1

    def place(self, spent):
        """(number of the phase at which the share `spent` of the budget is, how much of that phase is over). A phase
        that was entered is not entered again, whatever the budget becomes; the present one and those after it divide
        what was left of the budget when it began."""
        first, began = self.now()[0], float(ops.convert_to_numpy(self.trainer.phase_began))
        shares = np.array([phase.share for phase in self.phases[first:]])
        ends = began + (1 - began) * np.cumsum(shares) / shares.sum()
        later = int(np.searchsorted(ends[:-1], spent + ROUNDING, side="right"))
        start, end = (ends[later - 1] if later else began), ends[later]
        return first + later, float(np.clip((spent - start) / (end - start), 0, 1)) if end > start else 1.0

    def now(self):
        """[number of the phase, steps before it, passes before it]."""
        return ops.convert_to_numpy(self.trainer.phase_now).tolist()

    def enter(self, faces, spent, ended=False):
        """Makes the phase at which the budget is the current one: (its batches, how many steps of it are done, passes
        before it). A new one begins with the averaged generator of the one before.

        ended: the current phase is over, whatever is left of its share.
        """
        current, before, passes = self.now()
        number, steps = max(self.place(spent)[0], current + ended), self.trainer.steps_done
        if number > current:
            passes += -(-(steps - before) // len(self._batches_of(current, faces)))
            before = steps
            self.trainer.end_phase()
            self.trainer.begin_phase(self.phases[number])
            self.trainer.phase_now.assign([number, before, passes])
            self.trainer.phase_began.assign(spent)
        return self._batches_of(number, faces), steps - before, passes

    def ended(self, logs):
        """Whether the present phase is over by its `until`, after a pass that logged `logs`."""
        if not self.phase.until or self.phase.until[0] not in logs:
            return False
        name, met = self.phase.until
        return bool(met(float(logs[name])))

    def _batches_of(self, number, faces):
        if self._entered != number:
            batches = self.phases[number].batches
            self._batches = batches(self.trainer.networks, faces) if batches else faces
            self._entered = number
            self.trainer.train_function = None  # the compiled step belongs to the phase before
        return self._batches


class Turn(keras.callbacks.Callback):
    """Tells the trainer before each step how much of its phase is over, and ends the stretch when the next phase's turn
    has come: then it is `taken`. `ended`: the phase is over before its time."""

    def __init__(self, spent):
        super().__init__()
        self.spent, self.taken, self.ended = spent, False, False

    def on_train_batch_begin(self, batch, logs=None):
        self.model.over.assign(self.model.turns.place(self.spent())[1])

    def on_train_batch_end(self, batch, logs=None):
        model, spent = self.model, self.spent()
        if spent < 1 and not model.stop_training and model.turns.place(spent)[0] > model.turns.now()[0]:
            model.stop_training = self.taken = True

    def on_epoch_end(self, epoch, logs=None):
        whole = self.params["steps"] and not self.model.stop_training
        if whole and self.model.turns.ended(logs or {}):
            self.model.stop_training = self.taken = self.ended = True
