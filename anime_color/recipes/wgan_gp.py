"""The ancestor's WGAN-GP: many colorings of one gray face, from noise and an adversarial loss alone.

Papers: Arjovsky et al. 2017 (Wasserstein GAN), Gulrajani et al. 2017 (gradient penalty); network and protocol of
Anime-Colorization v0.2 (2019).

`Settings.faithful()` is the ancestor as it was: noise plane, 128 px, activation before batch normalization, Adam
1e-4 (0.5, 0.999), penalty 10, and two of its slips as switches, `alpha="pixel"` and `lightness="luma"`. Unknown
there and taken from its predecessor: 5 critic steps. Ours: color scales (L*/50 - 1 and ab/110 where it divided
both by 128), fresh faces for every critic step, seeds, and no test faces in training.

`Settings.practical()` mends what limits it: a generator for any multiple of 32 that sees the whole face, noise by
FiLM, group normalization, true lightness, one alpha for each face, a critic without dropout that pools over
positions, Adam (0, 0.9) and 2 critic steps, an averaged generator. docs/results.md has its cost and its pictures.
"""

from dataclasses import dataclass

import keras

from anime_color import networks
from anime_color.training import phases
from anime_color.training.system import System


@dataclass(frozen=True)
class Settings:
    network: str = "film"  # "film", or "ancestor": noise as one plane, bound to `size`
    size: int = 64  # side of the training faces in pixels, a multiple of 32
    width: int = 24  # channels of the generator's first convolution
    critic_width: int = 32
    latent_size: int = 16
    lightness: str = "lab"  # "luma" is the ancestor's
    batch_size: int = 16  # faces an update
    critic_steps: int = 2
    penalty: float = 10.0
    alpha: str = "sample"  # "pixel" is the ancestor's
    l1: float = 0.0
    learning_rate: float = 2e-4
    beta_1: float = 0.0
    beta_2: float = 0.9
    ema: float = 0.998
    seed: int = 0
    precision: str = "float32"

    @classmethod
    def practical(cls):
        """64 px faces on a laptop: see docs/results.md."""
        return cls()

    @classmethod
    def faithful(cls):
        """The ancestor: 8,637,122 and 2,926,321 parameters."""
        return cls(
            network="ancestor", size=128, width=64, critic_width=16, latent_size=100, lightness="luma",
            batch_size=32, critic_steps=5, alpha="pixel", learning_rate=1e-4, beta_1=0.5, beta_2=0.999, ema=0.0,
        )  # fmt: skip

    @classmethod
    def tiny(cls):
        """Seconds on any machine, for tests."""
        return cls(size=32, width=8, critic_width=8, latent_size=8, batch_size=4, ema=0.9)


def build(settings):
    """The `System` of `settings`: networks "generator" and "critic"."""
    s = settings
    generator, critic = networks.generator_and_critic(s)
    phase = phases.adversarial(
        "wasserstein", critic_steps=s.critic_steps, gradient_penalty=s.penalty, alpha=s.alpha, l1=s.l1
    )
    adam = keras.optimizers.Adam
    return System(
        networks={"generator": generator, "critic": critic},
        phases=(phase,),
        optimizers={n: adam(s.learning_rate, s.beta_1, s.beta_2) for n in ("generator", "critic")},
        latent_size=s.latent_size,
        ema=s.ema,
        multiple=networks.UNET_MULTIPLE,
    )
