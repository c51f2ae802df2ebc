"""What a system trains, in which order, by which losses: phases of updates of weighted terms.

    Phase("adversarial", (Update("critic", ...), Update("generator", ...)))

A term looks at a `Scene`: one batch, what the networks make of it, each computed when a term first asks for it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import keras
from keras import ops

from anime_color.training import objectives


class Scene:
    """What one update looks at.

    batch: dictionary of tensors: by the names of the contract (color.py), at least `l` and `ab`, or what the phase's
        own batches hold.
    trains: names of the networks that the update moves; what any other network returns is a constant to it.
    pictures: {name: function(scene)} of the phase, see `Phase`.
    """

    def __init__(self, networks, batch, latent_size, seed_generator, trains, pictures=None):
        self.networks = networks
        self.batch = batch
        self.latent_size = latent_size
        self.seed_generator = seed_generator
        self.trains = trains
        self._pictures = {"real": Scene.colored, "fake": lambda scene: scene.generate(scene.noise)} | (pictures or {})
        self._seen, self._logits = {}, {}

    def picture(self, name):
        """The pictures that the phase knows by this name, made once for all terms. Of themselves, "real" are the true
        ones and "fake" the generator's for `noise`, both scaled lab (batch, H, W, 3)."""
        if name not in self._seen:
            self._seen[name] = self._pictures[name](self)
        return self._seen[name]

    @property
    def real(self):
        """`picture("real")`."""
        return self.picture("real")

    @property
    def fake(self):
        """`picture("fake")`."""
        return self.picture("fake")

    def colored(self):
        """The true pictures, scaled lab (batch, H, W, 3)."""
        return ops.concatenate([self.batch["l"], self.batch["ab"]], -1)

    @cached_property
    def noise(self):
        """Fresh noise (batch, latent)."""
        return self.drawn()

    def generate(self, noise):
        """The generator's pictures for `noise` (batch, latent), scaled lab (batch, H, W, 3)."""
        given = {**self.batch, "noise": noise}
        return self.outputs("generator", {name: given[name] for name in self.networks["generator"].input})

    def outputs(self, name, inputs, training=True):
        """What the named network makes of `inputs`; a constant, if nothing of it is trained. training: False for one
        that is finished, whose normalization goes by what it has seen."""
        found = self.networks[name](inputs, training=training)
        moved = {id(v) for other in self.trains for v in self.networks[other].trainable_variables}
        if any(id(v) in moved for v in self.networks[name].trainable_variables):
            return found
        return keras.tree.map_structure(ops.stop_gradient, found)

    def once(self, name, inputs):
        """`outputs` of the batch's field or fields `inputs`, computed once for all terms."""
        if name not in self._seen:
            self._seen[name] = self.outputs(name, self.batch[inputs])
        return self._seen[name]

    @property
    def count(self):
        """Items of the batch."""
        return ops.shape(next(iter(self.batch.values())))[0]

    def drawn(self):
        """A noise (batch, latent), N(0, 1)."""
        return keras.random.normal((self.count, self.latent_size), seed=self.seed_generator)

    def critic(self, name):
        """The named critic as a function of pictures."""
        return lambda pictures: self.networks[name](pictures, training=True)

    def logits(self, name, which):
        """What the named critic says of the "real", the "fake" or other pictures. Each are judged in a call of their
        own, so that batch normalization never mixes them, and once an update."""
        if (name, which) not in self._logits:
            self._logits[name, which] = self.critic(name)(self.picture(which))
        return self._logits[name, which]


@dataclass(frozen=True)
class Term:
    """One named summand of a loss, `weight * function(scene)`; a weight of 0 only logs it."""

    name: str
    function: Callable
    weight: float = 1.0


@dataclass(frozen=True)
class Update:
    """One optimizer step on the networks `trains`, taken `repeats` times a train step, each on faces of its own.

    name: also the name of its optimizer, and the prefix of its logged terms.
    schedule: function of how much of the phase is over, 0 to 1 -> factor of the optimizer's learning rate.
    pace: function of a weight (its `path` tells which it is) -> factor of its own learning rate; 0 freezes it.
    gate: (name, function) of a loss that an update before it logged: the update counts only in the steps in which
        function(that loss of the batch) is true, and moves nothing in the others.
    """

    name: str
    terms: tuple[Term, ...]
    trains: tuple[str, ...]
    repeats: int = 1
    schedule: Callable | None = None
    pace: Callable | None = None
    gate: tuple[str, Callable] | None = None


@dataclass(frozen=True)
class Phase:
    """A stretch of training: its updates, in order.

    share: of the budget (epochs, steps or minutes), compared to the shares of the other phases; 0 leaves it out.
    batches: function(networks, faces) -> what it trains on instead of the faces, made when it begins or is resumed: a
        sequence of batches like `faces.Faces`, a pure function of networks that the phase does not move. Faces of
        another size, in other batches or with other fields are `faces.again(...)`.
    pictures: {name: function(scene)}, what critics judge, where "real" and "fake" are not those of `Scene.picture`.
    until: (name, function) of a logged loss: once function(its mean over a pass) is true, the phase is over, and those
        after it share what is left of the budget.
    keep_best: name of a logged loss or score; the phase ends with the averaged generator of the whole pass in which it
        was lowest, or highest with a minus before the name, instead of the last one. By a score, what the phase began
        with counts, too.
    begin: function(networks), called once before the first step of a phase that follows another: it puts the weights
        of networks trained until then into those that begin with them.
    """

    name: str
    updates: tuple[Update, ...]
    share: float = 1.0
    batches: Callable | None = None
    pictures: dict[str, Callable] = field(default_factory=dict)
    until: tuple[str, Callable] | None = None
    keep_best: str = ""
    begin: Callable | None = None


def given(name):
    """Pictures of a scene: those that its batch holds under this name."""
    return lambda scene: scene.batch[name]


def decay(network, weight):
    """The terms of weight decay of a network: half the sum of the squares of all that is trained in it; none for 0."""

    def squares(scene):
        return sum(ops.sum(ops.square(v)) for v in scene.networks[network].trainable_variables) / 2

    return (Term("decay", squares, weight),) if weight else ()


def falling(start=0.5, least=0.05):
    """A schedule: a short rise, 1 until `start`, then down to `least` at the end in a straight line."""
    return lambda over: ops.minimum(
        ops.minimum(1.0, 0.05 + over / 0.02), least + (1 - least) * (1 - over) / (1 - start)
    )


def one_cycle(rise=0.3, start=1 / 25, end=1 / 250_000):
    """A schedule: from the factor `start` up to 1 until `rise`, then down to `end`, each half a cosine wave (Smith and
    Topin 2018, as fastai has it)."""

    def wave(first, last, over):
        return last + (first - last) * (1 + ops.cos(math.pi * over)) / 2

    def factor(over):
        falling = wave(1.0, end, ops.clip((over - rise) / (1 - rise), 0.0, 1.0))
        return ops.where(over < rise, wave(start, 1.0, over / rise), falling) if rise else falling

    return factor


def adversarial(
    objective,
    critic="critic",
    critic_steps=1,
    gradient_penalty=0.0,
    r1=0.0,
    r1_stride=1,
    alpha="sample",
    penalized=slice(None),
    weight=1.0,
    l1=0.0,
    extra=(),
    trains=("generator",),
    share=1.0,
    schedule=None,
    critic_extra=(),
    critic_trains=(),
    name="adversarial",
    **options,
):
    """The phase in which a generator and a critic train against each other.

    objective: a key of `objectives.ADVERSARIAL`.
    critic: name of the critic network.
    critic_steps: critic updates for each generator update.
    gradient_penalty, r1, l1: weights; a term of weight 0 is left out.
    r1_stride: R1 looks at every so-many-th face of a batch; its second derivatives are costly.
    alpha: "sample" or "pixel", see `objectives.random_weights`.
    penalized: channels that the gradient penalty looks at.
    weight: of what the critic says in the generator's loss.
    extra, critic_extra: further terms of the generator and of the critic.
    trains, critic_trains: networks that move with the generator's update, and, beside it, with the critic's.
    share, schedule: of the phase and of both its updates.
    name, options: of the `Phase`.
    """
    critic_loss, generator_loss = objectives.ADVERSARIAL[objective]
    critic_terms = [
        Term("adversarial", lambda s: critic_loss(s.logits(critic, "real"), s.logits(critic, "fake"))),
        Term("real", lambda s: ops.mean(s.logits(critic, "real")), weight=0),
        Term("fake", lambda s: ops.mean(s.logits(critic, "fake")), weight=0),
        Term("accuracy", lambda s: objectives.accuracy(s.logits(critic, "real"), s.logits(critic, "fake")), weight=0),
        *critic_extra,
    ]
    if gradient_penalty:

        def penalty(scene):
            weights = objectives.random_weights(scene.real, scene.seed_generator, alpha)
            between = objectives.random_weighted_average(scene.real, scene.fake, weights)
            return objectives.gradient_penalty(scene.critic(critic), between, penalized)

        critic_terms.append(Term("penalty", penalty, gradient_penalty))
    if r1:
        critic_terms.append(Term("r1", lambda s: objectives.r1_penalty(s.critic(critic), s.real[::r1_stride]), r1))
    generator_terms = [Term("adversarial", lambda s: generator_loss(s.logits(critic, "fake")), weight)]
    if l1:
        generator_terms.append(Term("l1", lambda s: objectives.l1_loss(s.fake[..., 1:], s.batch["ab"]), l1))
    return Phase(
        name,
        (
            Update(critic, tuple(critic_terms), (critic, *critic_trains), critic_steps, schedule),
            Update("generator", (*generator_terms, *extra), trains, schedule=schedule),
        ),
        share,
        **options,
    )
