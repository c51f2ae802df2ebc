"""Builder functions that return named functional `keras.Model`s, a file a family.

Generators take a dictionary of tensors by the names of the contract (`l`, `noise`, `lines`, `hints`, `photo`) and
return pictures (batch, H, W, 3): scaled lab, or, of a photo, sRGB / 127.5 - 1. Critics take pictures and return logits.
"""

from anime_color.networks.additive_unets import additive_unet, draft_discriminator, two_stage_generator
from anime_color.networks.blocks import UNET_MULTIPLE, check_multiple
from anime_color.networks.cartoons import cartoon_discriminator, cartoon_generator, image_pool
from anime_color.networks.critics import ancestor_critic, pooled_critic, two_scale_critic
from anime_color.networks.dynamic_unets import deoldify_critic, deoldify_generator
from anime_color.networks.features import feature_network
from anime_color.networks.regions import generator_of, palette_network, palette_reader, region_network
from anime_color.networks.shading import shaded_generator, shading_network
from anime_color.networks.unets import ancestor_generator, film_generator, generator_and_critic

__all__ = [
    "UNET_MULTIPLE",
    "additive_unet",
    "ancestor_critic",
    "ancestor_generator",
    "cartoon_discriminator",
    "cartoon_generator",
    "check_multiple",
    "deoldify_critic",
    "deoldify_generator",
    "draft_discriminator",
    "feature_network",
    "film_generator",
    "generator_and_critic",
    "generator_of",
    "image_pool",
    "palette_network",
    "palette_reader",
    "pooled_critic",
    "region_network",
    "shaded_generator",
    "shading_network",
    "two_scale_critic",
    "two_stage_generator",
]
