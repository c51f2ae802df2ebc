"""What a system trains, in which order, by which losses: phases of updates of weighted terms.

    Phase("adversarial", (Update("critic", ...), Update("generator", ...)))

A term looks at a `Scene`: one batch, what the generator made of it and what the critics say of both, each
computed when a term first asks for it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from keras import ops

from anime_color import noise, objectives


class Scene:
    """What one update looks at.

    batch: dictionary of tensors by the names of the contract (color.py), at least `l` and `ab`.
    trains: names of the networks that the update moves; what any other network returns is a constant to it.
    """

    def __init__(self, networks, batch, latent_size, seed_generator, trains):
        self.networks = networks
        self.batch = batch
        self.latent_size = latent_size
        self.seed_generator = seed_generator
        self.trains = trains
        self._logits = {}

    @cached_property
    def real(self):
        """The true pictures, scaled lab (batch, H, W, 3)."""
        return ops.concatenate([self.batch["l"], self.batch["ab"]], -1)

    @cached_property
    def noise(self):
        """Fresh noise (batch, latent)."""
        return self._drawn()

    @cached_property
    def fake(self):
        """The generator's pictures for `noise`, scaled lab (batch, H, W, 3)."""
        return self.generate(self.noise)

    @cached_property
    def other(self):
        """Another noise and the pictures for it, both constants to the update."""
        drawn = self._drawn()
        return drawn, ops.stop_gradient(self.generate(drawn))

    def _drawn(self):
        return noise.normal(ops.shape(self.batch["l"])[0], self.latent_size, self.seed_generator)

    def generate(self, noise):
        """The generator's pictures for `noise` (batch, latent), scaled lab (batch, H, W, 3)."""
        generator = self.networks["generator"]
        given = {**self.batch, "noise": noise}
        lab = generator({name: given[name] for name in generator.input}, training=True)
        return lab if "generator" in self.trains else ops.stop_gradient(lab)

    def critic(self, name):
        """The named critic as a function of pictures."""
        return lambda pictures: self.networks[name](pictures, training=True)

    def logits(self, name, which):
        """What the named critic says of the "real" or the "fake" pictures. Each is judged in a call of its own,
        so that batch normalization never mixes the two, and once an update."""
        if (name, which) not in self._logits:
            self._logits[name, which] = self.critic(name)(getattr(self, which))
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
    """

    name: str
    terms: tuple[Term, ...]
    trains: tuple[str, ...]
    repeats: int = 1


@dataclass(frozen=True)
class Phase:
    """A stretch of training: its updates in order, for `epochs` passes over the faces (None: to the end)."""

    name: str
    updates: tuple[Update, ...]
    epochs: int | None = None


def adversarial(
    objective,
    critic="critic",
    critic_steps=1,
    gradient_penalty=0.0,
    r1=0.0,
    r1_stride=1,
    alpha="sample",
    l1=0.0,
    extra=(),
    trains=("generator",),
):
    """The phase in which a generator and a critic train against each other.

    objective: a key of `objectives.ADVERSARIAL`.
    critic: name of the critic network.
    critic_steps: critic updates for each generator update.
    gradient_penalty, r1, l1: weights; a term of weight 0 is left out.
    r1_stride: R1 looks at every so-many-th face of a batch; its second derivatives are costly.
    alpha: "sample" or "pixel", see `objectives.random_weights`.
    extra: further terms of the generator.
    trains: networks that move with the generator's update.
    """
    critic_loss, generator_loss = objectives.ADVERSARIAL[objective]
    critic_terms = [
        Term("adversarial", lambda s: critic_loss(s.logits(critic, "real"), s.logits(critic, "fake"))),
        Term("real", lambda s: ops.mean(s.logits(critic, "real")), weight=0),
        Term("fake", lambda s: ops.mean(s.logits(critic, "fake")), weight=0),
    ]
    if gradient_penalty:

        def penalty(scene):
            weights = objectives.random_weights(scene.real, scene.seed_generator, alpha)
            between = objectives.random_weighted_average(scene.real, scene.fake, weights)
            return objectives.gradient_penalty(scene.critic(critic), between)

        critic_terms.append(Term("penalty", penalty, gradient_penalty))
    if r1:
        critic_terms.append(Term("r1", lambda s: objectives.r1_penalty(s.critic(critic), s.real[::r1_stride]), r1))
    generator_terms = [Term("adversarial", lambda s: generator_loss(s.logits(critic, "fake")))]
    if l1:
        generator_terms.append(Term("l1", lambda s: objectives.l1_loss(s.fake[..., 1:], s.batch["ab"]), l1))
    return Phase(
        "adversarial",
        (
            Update(critic, tuple(critic_terms), (critic,), critic_steps),
            Update("generator", (*generator_terms, *extra), trains),
        ),
    )


def diversity(weight, cap):
    """Generator terms that reward two noises for colors that differ, up to `cap`; none for weight 0."""

    def term(scene):
        second_noise, second = scene.other
        return objectives.diversity_loss(scene.fake[..., 1:], second[..., 1:], scene.noise, second_noise, cap)

    return (Term("diversity", term, weight),) if weight else ()


def latent_regression(weight, reader="noise_reader"):
    """Generator terms by which the network `reader` must find the noise in the picture (the latent regressor of
    BicycleGAN, Zhu et al. 2017); none for weight 0."""

    def term(scene):
        return objectives.l1_loss(scene.networks[reader](scene.fake, training=True), scene.noise)

    return (Term("latent", term, weight),) if weight else ()
