"""Builder functions that return named functional `keras.Model`s, a file a family.

Generators take a dictionary of tensors by the names of the contract (`l`, `noise`, `lines`, `hints`, `reference`,
`boxes`, `photo`) and return pictures (batch, H, W, 3): scaled lab, or, of a photo, sRGB / 127.5 - 1. One that tells
more than a picture returns a dictionary, in which "lab" is the picture; `color_path` is the part of it that paints.
Critics take pictures and return logits.
"""

import keras

from anime_color.networks.additive_unets import (
    additive_unet,
    comic_enlarger,
    comic_generator_in_two_stages,
    draft_discriminator,
    two_stage_generator,
)
from anime_color.networks.blocks import UNET_MULTIPLE, BlackAndWhite, check_multiple
from anime_color.networks.cartoons import cartoon_discriminator, cartoon_generator, image_pool
from anime_color.networks.critics import (
    ancestor_critic,
    comic_discriminator,
    patch_critic,
    pooled_critic,
    two_scale_critic,
)
from anime_color.networks.dynamic_unets import deoldify_critic, deoldify_generator
from anime_color.networks.features import feature_network
from anime_color.networks.global_fusion import VGG_WIDTH, chromagan_generator, comic_generator, load_vgg_trunk
from anime_color.networks.instances import instance_colorizer, instance_fusion, instance_generator
from anime_color.networks.regions import generator_of, palette_network, palette_reader, region_network
from anime_color.networks.shading import shaded_generator, shading_network
from anime_color.networks.unets import ancestor_generator, film_generator, generator_and_critic

__all__ = [
    "UNET_MULTIPLE",
    "VGG_WIDTH",
    "BlackAndWhite",
    "additive_unet",
    "ancestor_critic",
    "ancestor_generator",
    "cartoon_discriminator",
    "cartoon_generator",
    "check_multiple",
    "chromagan_generator",
    "color_path",
    "comic_discriminator",
    "comic_enlarger",
    "comic_generator",
    "comic_generator_in_two_stages",
    "deoldify_critic",
    "deoldify_generator",
    "draft_discriminator",
    "feature_network",
    "film_generator",
    "generator_and_critic",
    "generator_of",
    "image_pool",
    "instance_colorizer",
    "instance_fusion",
    "instance_generator",
    "load_vgg_trunk",
    "palette_network",
    "palette_reader",
    "patch_critic",
    "pooled_critic",
    "region_network",
    "shaded_generator",
    "shading_network",
    "two_scale_critic",
    "two_stage_generator",
]


def color_path(generator):
    """The part of a generator that paints, which shares its weights; itself if it returns pictures alone."""
    if not isinstance(generator.output, dict):
        return generator
    return keras.Model(generator.input, generator.output["lab"], name=generator.name)
