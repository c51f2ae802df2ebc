"""The ancestor's GAN: many colorings of one gray face, from noise and an adversarial loss alone.

Papers: Goodfellow et al. 2014 (non-saturating loss), Mescheder et al. 2018 (R1); network and protocol of
Anime-Colorization v0.2 (2019).

`Settings.faithful()` is the ancestor as it was: noise plane, 128 px, activation before batch normalization, a
discriminator with batch normalization (momentum 0.8) and dropout, Adam 1e-4 (0.5, 0.999), one discriminator step,
and its lightness slip as a switch, `lightness="luma"`. Ours: color scales (L*/50 - 1 and ab/110 where it divided
both by 128), seeds, and no test faces in training.

`Settings.practical()` mends what limits it: a generator for any multiple of 32 that sees the whole face, noise by
FiLM, group normalization, true lightness, a discriminator without normalization or dropout that pools over
positions and is held by R1, an averaged generator. docs/results.md has its cost and its pictures.
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
    critic_width: int = 32  # of the discriminator's
    latent_size: int = 16
    lightness: str = "lab"  # "luma" is the ancestor's
    batch_size: int = 16
    r1: float = 1.0
    l1: float = 0.0
    learning_rate: float = 2e-4
    beta_1: float = 0.0
    beta_2: float = 0.99
    ema: float = 0.998
    seed: int = 0
    precision: str = "float32"

    @classmethod
    def practical(cls):
        """64 px faces on a laptop: see docs/results.md."""
        return cls()

    @classmethod
    def faithful(cls):
        """The ancestor: 8,637,122 and 2,930,353 parameters."""
        return cls(
            network="ancestor", size=128, width=64, critic_width=16, latent_size=100, lightness="luma",
            batch_size=32, r1=0.0, learning_rate=1e-4, beta_1=0.5, beta_2=0.999, ema=0.0,
        )  # fmt: skip

    @classmethod
    def tiny(cls):
        """Seconds on any machine, for tests."""
        return cls(size=32, width=8, critic_width=8, latent_size=8, batch_size=4, ema=0.9)


def build(settings):
    """The `System` of `settings`: networks "generator" and "discriminator"."""
    s = settings
    generator, discriminator = networks.generator_and_critic(s, batch_normalization=True)
    phase = phases.adversarial("non_saturating", critic="discriminator", r1=s.r1, l1=s.l1)
    adam = keras.optimizers.Adam
    return System(
        networks={"generator": generator, "discriminator": discriminator},
        phases=(phase,),
        optimizers={n: adam(s.learning_rate, s.beta_1, s.beta_2) for n in ("generator", "discriminator")},
        latent_size=s.latent_size,
        ema=s.ema,
        multiple=networks.UNET_MULTIPLE,
    )
