"""Builder functions that return named functional `keras.Model`s, a file a family.

Generators take a dictionary of tensors by the names of the contract (`l`, `noise`) and return scaled lab
(batch, H, W, 3), the given lightness beside the new colors; critics take lab and return logits (batch, 1 or more).
Those of cartoons work on whole pictures, sRGB of -1..1: a `photo` becomes a picture, which is judged patch by patch.
"""

from anime_color.networks.blocks import UNET_MULTIPLE
from anime_color.networks.cartoons import cartoon_discriminator, cartoon_generator
from anime_color.networks.critics import ancestor_critic, pooled_critic, two_scale_critic
from anime_color.networks.features import feature_network
from anime_color.networks.regions import generator_of, palette_network, palette_reader, region_network
from anime_color.networks.unets import ancestor_generator, film_generator, generator_and_critic

__all__ = [
    "UNET_MULTIPLE",
    "ancestor_critic",
    "ancestor_generator",
    "cartoon_discriminator",
    "cartoon_generator",
    "feature_network",
    "film_generator",
    "generator_and_critic",
    "generator_of",
    "palette_network",
    "palette_reader",
    "pooled_critic",
    "region_network",
    "two_scale_critic",
]
