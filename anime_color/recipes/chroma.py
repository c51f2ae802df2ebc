"""Ours: 25 colorings of one gray face that are believable, coherent and clearly different. The default.

Papers: Perez et al. 2018 (FiLM), Mescheder et al. 2018 (R1), Yang et al. 2019 (the capped diversity term), He et al.
2010 (the local linear model that enlarges colors along edges), Zhu et al. 2017 (latent regression, off).
docs/results.md has the comparison that chose objective, regularizer, diversity term and latent size, and its cost.

Lightness comes in at full size and leaves untouched. The network works at a half or a quarter of the side (`factor`),
which costs colors little; its encoder does not know the noise, so it runs once for all colorings. The critic
judges patches at full detail and the whole face, lightness and color together.
"""

from dataclasses import dataclass

import keras

from anime_color import networks, phases
from anime_color.trainer import System


@dataclass(frozen=True)
class Settings:
    size: int = 64  # side of the training faces in pixels, a multiple of 8 * factor
    factor: int = 2  # the network works at size / factor, 2 or 4
    width: int = 32  # channels of the generator's first level
    critic_width: int = 32
    latent_size: int = 16
    objective: str = "non_saturating"  # or "hinge", "wasserstein", "least_squares"
    batch_size: int = 16  # faces an update
    critic_steps: int = 1
    r1: float = 1.0
    r1_stride: int = 4  # R1 looks at every fourth face
    penalty: float = 0.0  # gradient penalty, for "wasserstein"
    diversity: float = 0.0  # weight of the capped diversity term: 5 widens a timid noise, but costs realism
    diversity_cap: float = 0.1  # of real faces' colors in each other's place
    latent_regression: float = 0.0
    l1: float = 0.0
    learning_rate: float = 2e-4
    beta_1: float = 0.0
    beta_2: float = 0.99
    ema: float = 0.998
    frozen: str = "nothing"  # or "encoder", for fine-tuning: what it knows of pictures stays
    lightness: str = "lab"
    seed: int = 0
    precision: str = "float32"

    @classmethod
    def practical(cls):
        """64 px faces on a laptop: see docs/results.md."""
        return cls()

    @classmethod
    def faithful(cls):
        """Full size: 128 px, as the shipped chroma-128."""
        return cls(size=128, factor=4, r1=0.1, ema=0.999)

    @classmethod
    def tiny(cls):
        """Seconds on any machine, for tests."""
        return cls(size=32, width=8, critic_width=8, latent_size=8, batch_size=4, ema=0.9)


def build(settings):
    """The `System` of `settings`: networks "generator" and "critic", and "noise_reader" where noise is regressed."""
    s = settings
    trained = {
        "generator": networks.chroma_generator(s.width, s.latent_size, s.factor),
        "critic": networks.two_scale_critic(s.critic_width, s.factor),
    }
    trained["generator"].get_layer("encoder").trainable = s.frozen != "encoder"
    if s.latent_regression:
        trained["noise_reader"] = networks.noise_reader(s.critic_width // 2, s.latent_size)
    phase = phases.adversarial(
        s.objective,
        critic_steps=s.critic_steps,
        gradient_penalty=s.penalty,
        r1=s.r1,
        r1_stride=s.r1_stride,
        l1=s.l1,
        extra=(*phases.diversity(s.diversity, s.diversity_cap), *phases.latent_regression(s.latent_regression)),
        trains=tuple(name for name in trained if name != "critic"),
    )
    adam = keras.optimizers.Adam
    return System(
        networks=trained,
        phases=(phase,),
        optimizers={name: adam(s.learning_rate, s.beta_1, s.beta_2) for name in ("generator", "critic")},
        latent_size=s.latent_size,
        ema=s.ema,
        multiple=8 * s.factor,
    )
