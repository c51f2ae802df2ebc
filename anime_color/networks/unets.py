"""The U-Net generators of the GAN recipes: the ancestor's, and the one that mends it."""

import keras
from keras import layers

from anime_color.networks.blocks import FiLM, check_multiple, style
from anime_color.networks.critics import ancestor_critic, pooled_critic


def ancestor_generator(size=128, width=64, latent_size=100):
    """The ancestor's U-Net: noise as one extra plane beside L, bound to `size`.

    Channels w, 2w, 4w, 8w, 16w, 16w; kernels 4 4 4 2 1 1; activation before batch normalization. At size 128,
    width 64, latent 100 it has 8,637,122 parameters. Its two 1x1 convolutions of stride 2 read one pixel in four,
    so an output pixel sees at most 49 px of 128.
    """
    check_multiple(size)
    w = width

    def block(x, convolution, filters, kernel, strides, name, normalize=True):
        x = convolution(filters, kernel, strides=strides, padding="same", kernel_initializer="he_normal", name=name)(x)
        x = layers.LeakyReLU(0.2, name=f"{name}_activation")(x)
        return layers.BatchNormalization(name=f"{name}_normalization")(x) if normalize else x

    lightness = layers.Input((size, size, 1), name="l")
    noise = layers.Input((latent_size,), name="noise")
    plane = layers.Dense(size * size, activation="relu", name="noise_plane")(noise)
    plane = layers.Reshape((size, size, 1), name="noise_plane_reshape")(plane)
    x = layers.Concatenate(name="noise_and_l")([plane, lightness])
    skips = []
    for i, (filters, kernel, strides) in enumerate(
        [(w, 4, 1), (2 * w, 4, 2), (4 * w, 4, 2), (8 * w, 2, 2), (16 * w, 1, 2)]
    ):
        x = block(x, layers.Conv2D, filters, kernel, strides, f"conv{i + 1}")
        skips.append(x)
    x = block(x, layers.Conv2D, 16 * w, 1, 2, "mid", normalize=False)
    for i, (filters, kernel) in enumerate([(8 * w, 1), (4 * w, 2), (2 * w, 4), (w, 4), (w // 2, 4)]):
        x = block(x, layers.Conv2DTranspose, filters, kernel, 2, f"deconv{i + 1}")
        x = layers.Concatenate(name=f"skip{i + 1}")([x, skips.pop()])
    x = block(x, layers.Conv2DTranspose, w // 2, 4, 1, "deconv6")
    ab = layers.Conv2D(
        2, 4, padding="same", activation="tanh", kernel_initializer="he_normal", dtype="float32", name="ab"
    )(x)
    return keras.Model(
        {"l": lightness, "noise": noise},
        layers.Concatenate(name="lab", dtype="float32")([lightness, ab]),
        name="generator",
    )


def film_generator(width=24, latent_size=16):
    """A U-Net for any height and width that are multiples of 32, from one set of weights.

    Five 4x4 convolutions of stride 2 see the whole face; the noise enters by FiLM in bottleneck and decoder, where
    colors are decided; group normalization does not care about the batch. Channels w, 2w, 4w, 8w, 8w, 8w.
    """
    lightness = layers.Input((None, None, 1), name="l")
    noise = layers.Input((latent_size,), name="noise")
    bent = style(noise)

    def block(x, convolution, filters, kernel, strides, name, modulate=False):
        x = convolution(filters, kernel, strides=strides, padding="same", kernel_initializer="he_normal", name=name)(x)
        x = layers.GroupNormalization(filters // 8 if filters >= 8 else 1, epsilon=1e-5, name=f"{name}_normalization")(
            x
        )
        if modulate:
            x = FiLM(name=f"{name}_film")(x, bent)
        return layers.LeakyReLU(0.2, name=f"{name}_activation")(x)

    x = block(lightness, layers.Conv2D, width, 3, 1, "conv1")
    skips = []
    for i, growth in enumerate([2, 4, 8, 8, 8]):
        skips.append(x)
        x = block(x, layers.Conv2D, growth * width, 4, 2, f"conv{i + 2}", modulate=i == 4)
    for i, growth in enumerate([8, 8, 4, 2, 1]):
        x = block(x, layers.Conv2DTranspose, growth * width, 4, 2, f"deconv{i + 1}", modulate=True)
        x = layers.Concatenate(name=f"skip{i + 1}")([x, skips.pop()])
    x = block(x, layers.Conv2D, width, 3, 1, "mix", modulate=True)
    ab = layers.Conv2D(2, 3, padding="same", activation="tanh", dtype="float32", name="ab")(x)
    return keras.Model(
        {"l": lightness, "noise": noise},
        layers.Concatenate(name="lab", dtype="float32")([lightness, ab]),
        name="generator",
    )


def generator_and_critic(settings, batch_normalization=False):
    """The networks that a recipe's `network`, `size`, `width`, `critic_width` and `latent_size` ask for.

    batch_normalization: in the ancestor's critic; the pooled one has none.
    """
    s = settings
    check_multiple(s.size)
    if s.network == "ancestor":
        generator = ancestor_generator(s.size, s.width, s.latent_size)
        return generator, ancestor_critic(s.size, s.critic_width, batch_normalization)
    return film_generator(s.width, s.latent_size), pooled_critic(s.critic_width)
