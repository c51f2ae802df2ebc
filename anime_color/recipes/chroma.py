"""Ours, the default: 25 colorings of one gray face that are believable, coherent and clearly different.

Papers: Lipman et al. 2023 (flow matching), Liu et al. 2023 (rectified flow), Mescheder et al. 2018 (R1), Gulrajani et
al. 2017 (gradient penalty). Relatives: color queries (DDColor, Kang et al. 2023), palette-guided colorization (PalGAN,
Wang et al. 2022); none of them draws many palettes for one gray picture.

A picture is cut into soft regions by its lightness alone; a noise only chooses their colors. Three phases: "regions"
learns to cut real pictures so that each region has one color; "palette" learns by flow matching to lead noise to the
palettes of real pictures; "adversarial" takes a few steps of that flow as a generator and lets a critic of two scales
mend what it paints: this is where GAN and WGAN-GP meet the same generator. docs/results.md has the comparison that
chose the settings, and what they cost.
"""

from dataclasses import dataclass, replace

import keras

from anime_color import networks
from anime_color.training import palette_phases, phases
from anime_color.training.system import System

FEW = 1000  # pictures: what was compared are 353 and 600


@dataclass(frozen=True)
class Settings:
    size: int = 64  # side of the training faces in pixels, a multiple of 8 * factor
    factor: int = 2  # the region network works at size / factor, 2 or 4
    regions: int = 24
    slopes: str = "fitted"  # or "none": one color a region, whatever its lightness
    width: int = 32  # channels of the region network's first level
    features: int = 64  # that a token is made of
    palette_width: int = 96
    palette_depth: int = 3
    flow_steps: int = 4  # Euler steps from noise to palette
    critic_width: int = 32
    objective: str = "non_saturating"  # or "wasserstein", "hinge", "least_squares"
    batch_size: int = 16  # faces an update
    palette_batch_size: int = 64
    critic_steps: int = 1
    r1: float = 0.1
    r1_stride: int = 4  # R1 looks at every fourth face
    penalty: float = 0.0  # gradient penalty, for "wasserstein"
    moving: str = "palette"  # what the adversarial phase moves: "palette", or "both" with the regions
    regions_share: float = 0.3  # of the budget, for each phase; 0 leaves a phase out
    palette_share: float = 0.25
    adversarial_share: float = 0.45
    learning_rate: float = 2e-4  # of the adversarial phase; the others have five times as much
    beta_1: float = 0.0
    beta_2: float = 0.99
    ema: float = 0.998
    frozen: str = "nothing"  # or "regions", for fine-tuning: how pictures are cut stays
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
        return cls(size=128, factor=4)

    @classmethod
    def tiny(cls):
        """Seconds on any machine, for tests."""
        return cls(
            size=32, regions=6, width=8, features=8, palette_width=16, palette_depth=1, critic_width=8, batch_size=4,
            palette_batch_size=8, flow_steps=2, ema=0.9,
        )  # fmt: skip


def fine_tuning(settings, pictures):
    """The settings to fine-tune with on so many pictures. The regions are frozen, for few pictures would spoil what
    they learned from many; and of few the phase "palette" learns the colors by heart, so it is left out."""
    few = pictures < FEW and settings.adversarial_share > 0
    return replace(settings, frozen="regions", palette_share=0.0 if few else settings.palette_share)


def build(settings):
    """The `System` of `settings`: networks "generator", made of "regions" and "palette", and "critic"."""
    s = settings
    slopes, frozen = s.slopes == "fitted", s.frozen == "regions"
    regions = networks.region_network(s.regions, s.width, s.factor, s.features)
    palette = networks.palette_network(s.regions, s.features + 5, s.palette_width, s.palette_depth)
    trained = {
        "generator": networks.generator_of(regions, palette, s.flow_steps),
        "regions": regions,
        "palette": palette,
        "critic": networks.two_scale_critic(s.critic_width, s.factor),
    }
    moving = s.moving == "both" and not frozen  # then they go on explaining real colors as well
    adversarial = phases.adversarial(
        s.objective,
        critic_steps=s.critic_steps,
        gradient_penalty=s.penalty,
        r1=s.r1,
        r1_stride=s.r1_stride,
        extra=palette_phases.explaining_terms(slopes) if moving else (),
        trains=("palette", "regions") if moving else ("palette",),
        share=s.adversarial_share,
        schedule=phases.falling(0.6),
    )
    adam = keras.optimizers.Adam
    return System(
        networks=trained,
        phases=(
            palette_phases.explaining_regions(slopes, share=0 if frozen else s.regions_share),
            palette_phases.palette_flow(slopes, s.palette_batch_size, not frozen, s.palette_share, s.seed),
            adversarial,
        ),
        optimizers={
            "regions": adam(5 * s.learning_rate, 0.9, 0.99),
            "palette": keras.optimizers.AdamW(5 * s.learning_rate, weight_decay=0.01),
            "critic": adam(s.learning_rate, s.beta_1, s.beta_2),
            "generator": adam(s.learning_rate, s.beta_1, s.beta_2),
        },
        latent_size=4 * s.regions,
        ema=s.ema,
        multiple=8 * s.factor,
    )
