"""A system: what a recipe builds, in the words of the trainer."""

from collections.abc import Callable
from dataclasses import dataclass, field

import keras

from anime_color.fields import COLORS
from anime_color.training import phases


@dataclass(frozen=True)
class System:
    """What a recipe builds, and all that training it needs.

    networks: built functional models by name, "generator" among them, which may be made of others of them and is what
        is averaged. It takes a dictionary of tensors by the names of the contract: its inputs say what the system
        colors, be it `l`, `lines` or a `photo`, and which conditions it knows.
    phases: in the order in which they are trained.
    optimizers: by the names of the updates in the phases.
    latent_size: length of the noise; 0 for a system without, which paints a picture once.
    ema: decay of the averaged generator, 0 for none.
    multiple: the generator's height and width are multiples of this.
    fields: {name: function(`fields.Sample`)}, what its batches hold.
    others: names of the further face sets, not paired with the first, that the fields draw from; what the first of them
        shows is what the system's pictures are to look like.
    about: function -> {name: fact}, called when training begins, before the first step and before a checkpoint is
        loaded. It finds what may have to be downloaded, puts pretrained weights into the networks that begin with them,
        and tells what shapes the training and is not in the settings, such as which trunk was found.
    """

    networks: dict[str, keras.Model]
    phases: tuple[phases.Phase, ...]
    optimizers: dict[str, keras.optimizers.Optimizer]
    latent_size: int
    ema: float
    multiple: int
    fields: dict[str, Callable] = field(default_factory=COLORS.copy)
    others: tuple[str, ...] = ()
    about: Callable[[], dict[str, str]] = dict

    @property
    def updates(self):
        return [update for phase in self.phases for update in phase.updates]

    @property
    def parts(self):
        """Into how many parts a train step cuts its faces: every critic step has its own."""
        return max(update.repeats for update in self.updates)
