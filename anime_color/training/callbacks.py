"""What happens around the train steps: log, chroma sheets, scores, checkpoints, budget, watch."""

import csv
import math
import time
from pathlib import Path

import keras

from anime_color.coloring import chroma
from anime_color.files import written_aside
from anime_color.scores import glance
from anime_color.training import checkpoints


class NotFinite(ArithmeticError):
    """A logged value became NaN or infinite; the message names it, the step and the last good checkpoint."""


class Watch(keras.callbacks.Callback):
    """Stops the run at the very step at which any logged value is NaN or infinite."""

    def on_train_batch_end(self, batch, logs=None):
        broken = [name for name, value in (logs or {}).items() if not math.isfinite(value)]
        if broken:
            raise NotFinite(
                f"{', '.join(broken)} is not finite at step {self.model.steps_done}; "
                "the last checkpoint is kept: try a lower learning_rate"
            )


class Clock(keras.callbacks.Callback):
    """Counts the seconds of training over all sessions, and stops the run when its budget is used up.

    seconds: spent before this session.
    steps, minutes: budget over all sessions, at least one of them; None is no limit.
    timer: what the seconds are of, `time.monotonic` or `time.process_time`.
    """

    def __init__(self, seconds=0.0, steps=None, minutes=None, timer=time.monotonic):
        super().__init__()
        self.before, self.steps, self.minutes, self.timer = seconds, steps, minutes, timer
        self.started = None

    @property
    def seconds(self):
        return self.before + (self.timer() - self.started if self.started else 0)

    @property
    def spent(self):
        """Which share of the budget is used up; 1 or more: all of it."""
        shares = [self.model.steps_done / self.steps] if self.steps else []
        return max(shares + ([self.seconds / (60 * self.minutes)] if self.minutes else []))

    def on_train_begin(self, logs=None):
        self.started = self.started or self.timer()

    def on_train_batch_end(self, batch, logs=None):
        if self.spent >= 1:
            self.model.stop_training = True


class Checkpoints(keras.callbacks.Callback):
    """Saves the trainer's state below `folder` when `minutes` have passed since it was last saved.

    description: of the run, kept with each checkpoint.
    """

    def __init__(self, folder, description, clock, minutes=5.0):
        super().__init__()
        self.folder, self.description, self.clock, self.minutes = folder, description, clock, minutes
        self.saved_at = time.monotonic()

    def on_train_batch_end(self, batch, logs=None):
        if batch + 1 != self.params["steps"]:  # what follows a pass belongs to it, see `on_epoch_end`
            self._save_if_due()

    def on_epoch_end(self, epoch, logs=None):
        self._save_if_due()

    def _save_if_due(self):
        if time.monotonic() - self.saved_at >= 60 * self.minutes:
            self.save()

    def save(self):
        # the step count is also the position in the data: batches are numbered
        now = {"steps": self.model.steps_done, "seconds": round(self.clock.seconds, 1)}
        checkpoints.save(self.folder, self.model.state(), self.description | now)
        self.saved_at = time.monotonic()


class Log(keras.callbacks.Callback):
    """One row an epoch in a CSV file: epoch, phase, steps, seconds, the mean of every logged value, and the scores
    of the epochs that have them.

    Opened by a run that continues, it drops the rows of epochs that will be trained again, so that the file is
    that of an uninterrupted run.
    """

    def __init__(self, path, clock):
        super().__init__()
        self.path, self.clock = Path(path), clock

    def on_train_begin(self, logs=None):
        losses = [mean.name for mean in self.model.metrics]
        self.columns = ["epoch", "phase", "steps", "seconds", *losses, *Scores.COLUMNS]
        rows = read_log(self.path) if self.path.exists() else []
        self._rewrite([row for row in rows if int(row["steps"]) <= self.model.steps_done])

    def on_epoch_end(self, epoch, logs=None):
        steps = self.model.steps_done
        row = {"epoch": epoch + 1, "phase": self.model.phase.name, "steps": steps} | (logs or {})
        # a row is that of a whole epoch: a run stopped within one writes it when the epoch is complete
        kept = [r for r in read_log(self.path) if int(r["epoch"]) <= epoch]
        self._rewrite([*kept, row | {"seconds": round(self.clock.seconds, 1)}])
        (logs or {}).pop("alarm", None)  # words, of which the progress bar would take the mean

    def _rewrite(self, rows):
        with written_aside(self.path) as aside, open(aside, "w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, self.columns)
            writer.writeheader()
            writer.writerows(rows)


def read_log(path):
    """The rows of a log as dictionaries of strings."""
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class Sheets(keras.callbacks.Callback):
    """A picture an epoch, or about every ten steps where epochs are shorter: the same faces with the same noises,
    painted by a colorizer of the averaged generator.

    folder: gets epoch-0001.png and so on.
    colorizer: a `Colorizer` around the trainer's `averaged`.
    rgb: the faces, uint8 (N, S, S, 3).
    noises: (K, latent).
    """

    STEPS = 10

    def __init__(self, folder, colorizer, rgb, noises):
        super().__init__()
        self.folder, self.colorizer, self.rgb, self.noises = Path(folder), colorizer, list(rgb), noises
        self.given = [
            chroma.gray(face) if colorizer.takes == "gray picture" else colorizer.given(face) for face in self.rgb
        ]

    def on_epoch_end(self, epoch, logs=None):
        steps = self.model.steps_done  # on JAX, asking the model also brings its weights up to date
        if epoch and steps // self.STEPS == (steps - self.params["steps"]) // self.STEPS:
            return
        rows = [
            chroma.row(face, self.colorizer.chroma(g, self.noises, **self.colorizer.said(face)), g)
            for face, g in zip(self.rgb, self.given, strict=True)
        ]
        path = self.folder / f"epoch-{epoch + 1:04d}.png"
        chroma.save_png(chroma.stack(rows), path, {"epoch": epoch + 1, "steps": steps})


def kept_by_score(phase):
    """Whether the best pass of a phase is told by a score."""
    return "score_" in phase.keep_best


class Scores(keras.callbacks.Callback):
    """Scores of every `epochs`-th epoch on a few fixed faces with fixed noises, for the log, and an alarm in plain
    words when colors or noise have gone: no loss shows that. Comes before `Log`, which writes them. A phase whose best
    pass is kept by a score has all its epochs scored; with 0 epochs no others are.

    colorizer: a `Colorizer` around the trainer's `averaged`.
    real: `glance.Real`, the faces and what real ones are like.
    noises: (K, latent).
    """

    COLUMNS = tuple(f"score_{name}" for name in glance.NAMES) + ("alarm",)

    def __init__(self, colorizer, real, noises, epochs):
        super().__init__()
        self.colorizer, self.real, self.noises, self.epochs = colorizer, real, noises, epochs

    @property
    def needed(self):
        """Whether the present phase is kept by a score."""
        return kept_by_score(self.model.phase)

    def now(self):
        """{column: score} of the averaged generator as it is."""
        self.model.steps_done  # noqa: B018  on JAX, asking the model also brings its weights up to date
        values = glance.scores(self.colorizer, self.real, self.noises)
        return {f"score_{name}": value for name, value in values.items()}

    def on_epoch_end(self, epoch, logs=None):
        if not self.needed and not (self.epochs and (epoch + 1) % self.epochs == 0):
            return
        scored = self.now()
        logs |= scored
        if alarms := glance.alarms({name.removeprefix("score_"): value for name, value in scored.items()}, self.real):
            logs["alarm"] = "; ".join(alarms)
            print(f"\nepoch {epoch + 1}: {logs['alarm']}", flush=True)
