"""Builder functions that return named functional `keras.Model`s.

Generators take a dictionary of tensors by the names of the contract (`l`, `noise`) and return scaled lab
(batch, H, W, 3), the given lightness beside the new colors; critics take lab and return logits (batch, 1).
"""

import keras
import numpy as np
from keras import layers

from anime_color.blocks import DepthToSpace, FiLM, GuidedUpsampling, SpaceToDepth
from data_prep.errors import BadInput

UNET_MULTIPLE = 32  # both generators halve the picture five times


def ancestor_generator(size=128, width=64, latent_size=100):
    """The ancestor's U-Net: noise as one extra plane beside L, bound to `size`.

    Channels w, 2w, 4w, 8w, 16w, 16w; kernels 4 4 4 2 1 1; activation before batch normalization. At size 128,
    width 64, latent 100 it has 8,637,122 parameters. Its two 1x1 convolutions of stride 2 read one pixel in four,
    so an output pixel sees at most 49 px of 128.
    """
    _check_size(size)
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


def ancestor_critic(size=128, width=16, batch_normalization=False):
    """The ancestor's six 4x4 convolutions, dropout 0.3 after each, and a head over all positions.

    At size 128 and width 16: 2,926,321 parameters, or 2,930,353 with the batch normalization of its GAN.
    """
    _check_size(size)
    picture = x = layers.Input((size, size, 3), name="lab")
    for i, strides in enumerate([2, 2, 2, 1, 1, 1]):
        x = layers.Conv2D(
            width * 2**i,
            4,
            strides=strides,
            padding="same",
            kernel_initializer="he_normal",
            name=f"conv{i + 1}",
        )(x)
        x = layers.LeakyReLU(0.2, name=f"conv{i + 1}_activation")(x)
        if batch_normalization:
            x = layers.BatchNormalization(momentum=0.8, name=f"conv{i + 1}_normalization")(x)
        x = layers.Dropout(0.3, seed=i, name=f"conv{i + 1}_dropout")(x)  # unseeded, PyTorch would not resume alike
    x = layers.Flatten(name="flatten")(x)
    return keras.Model(picture, layers.Dense(1, dtype="float32", name="logit")(x), name="critic")


def film_generator(width=24, latent_size=16):
    """A U-Net for any height and width that are multiples of 32, from one set of weights.

    Five 4x4 convolutions of stride 2 see the whole face; the noise enters by FiLM in bottleneck and decoder, where
    colors are decided; group normalization does not care about the batch. Channels w, 2w, 4w, 8w, 8w, 8w.
    """
    lightness = layers.Input((None, None, 1), name="l")
    noise = layers.Input((latent_size,), name="noise")
    style = _style(noise)

    def block(x, convolution, filters, kernel, strides, name, modulate=False):
        x = convolution(filters, kernel, strides=strides, padding="same", kernel_initializer="he_normal", name=name)(x)
        x = layers.GroupNormalization(filters // 8 if filters >= 8 else 1, epsilon=1e-5, name=f"{name}_normalization")(
            x
        )
        if modulate:
            x = FiLM(name=f"{name}_film")(x, style)
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


def pooled_critic(width=32):
    """Four 4x4 convolutions of stride 2, one 3x3, and a head over the mean of all positions, so any size will do.

    No normalization, since a gradient penalty is defined for each picture alone, and no dropout. Channels w, 2w,
    4w, 8w, 8w.
    """
    picture = x = layers.Input((None, None, 3), name="lab")
    for i, (growth, kernel, strides) in enumerate([(1, 4, 2), (2, 4, 2), (4, 4, 2), (8, 4, 2), (8, 3, 1)]):
        x = layers.Conv2D(
            growth * width,
            kernel,
            strides=strides,
            padding="same",
            kernel_initializer="he_normal",
            name=f"conv{i + 1}",
        )(x)
        x = layers.LeakyReLU(0.2, name=f"conv{i + 1}_activation")(x)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(picture, layers.Dense(1, dtype="float32", name="logit")(x), name="critic")


def chroma_generator(width=32, latent_size=16, factor=4):
    """An encoder that sees the lightness and a decoder that takes the noise, for any height and width that are
    multiples of 8 * factor: 25 colorings cost the encoder once.

    The stem packs factor x factor pixels into channels (2 or 4); from there on four levels of w, 2w, 4w, 6w
    channels, the last of which sees the whole face. Skips are added; noise enters by FiLM at every step of the
    decoder. Colors come out at half the picture's size and are enlarged along its lightness.
    """
    growth = (1, 2, 4, 6)
    lightness = layers.Input((None, None, 1), name="l")
    x = SpaceToDepth(factor, name="stem")(lightness)
    skips = []
    for level, g in enumerate(growth):
        x = _convolution(x, g * width, 3, 1 if level == 0 else 2, f"down{level}")
        y = _normalized(x, f"down{level}")
        y = _convolution(layers.LeakyReLU(0.2)(y), g * width, 3, 1, f"down{level}_residual")
        x = layers.Add(name=f"down{level}_sum")([x, y])
        skips.append(x)
    encoder = keras.Model(lightness, skips, name="encoder")

    lightness = layers.Input((None, None, 1), name="l")
    noise = layers.Input((latent_size,), name="noise")
    given = [layers.Input(skip.shape[1:], name=f"skip{level}") for level, skip in enumerate(skips)]
    style = _style(noise)

    def modulated(x, name):
        return layers.LeakyReLU(0.2)(FiLM(name=f"{name}_film")(_normalized(x, name), style))

    x = modulated(given[-1], "bottom")
    x = modulated(_convolution(x, growth[-1] * width, 3, 1, "bottom_mix"), "bottom_mix")
    for level in (2, 1, 0):
        x = _convolution(x, growth[level] * width, 3, 1, f"up{level}")
        x = layers.UpSampling2D(2, name=f"up{level}_enlarged")(x)
        x = modulated(layers.Add(name=f"up{level}_skip")([x, given[level]]), f"up{level}")
        x = modulated(_convolution(x, growth[level] * width, 3, 1, f"up{level}_mix"), f"up{level}_mix")
    x = layers.Conv2D(2 * (factor // 2) ** 2, 3, padding="same", activation="tanh", dtype="float32", name="ab")(x)
    if factor > 2:
        x = DepthToSpace(factor // 2, name="half_size", dtype="float32")(x)
    x = GuidedUpsampling(name="full_size", dtype="float32")(x, lightness)
    lab = layers.Concatenate(name="lab", dtype="float32")([lightness, x])
    decoder = keras.Model([*given, lightness, noise], lab, name="decoder")

    lightness = layers.Input((None, None, 1), name="l")
    noise = layers.Input((latent_size,), name="noise")
    lab = decoder([*encoder(lightness), lightness, noise])
    return keras.Model({"l": lightness, "noise": noise}, lab, name="generator")


def painter(generator, lightness):
    """A function of noises (N, latent) that gives the generator's scaled lab (N, H, W, 3) of one `lightness`
    (1, H, W, 1). An encoder, where the generator has one, runs once, whatever the number of noises."""
    parts = {layer.name: layer for layer in generator.layers}
    if "encoder" not in parts:
        return lambda noises: generator.predict_on_batch(
            {"l": np.repeat(lightness, len(noises), axis=0), "noise": noises}
        )
    seen = [*parts["encoder"].predict_on_batch(lightness), lightness]
    return lambda noises: parts["decoder"].predict_on_batch(
        [*(np.repeat(part, len(noises), axis=0) for part in seen), noises]
    )


def two_scale_critic(width=32, factor=4):
    """Two judgments of a picture of any size, logits (batch, 2): of its patches at full detail, packed by `factor`
    into channels, and of the whole, four times smaller. No normalization, as in `pooled_critic`."""
    picture = layers.Input((None, None, 3), name="lab")
    logits = []
    for name, x, steps in (
        ("fine", SpaceToDepth(factor, name="packed")(picture), [(2, 3, 1), (4, 4, 2), (4, 3, 1)]),
        (
            "coarse",
            layers.AveragePooling2D(factor, name="pooled")(picture),
            [(2, 4, 2), (4, 4, 2), (8, 4, 2), (8, 3, 1)],
        ),
    ):
        for i, (growth, kernel, strides) in enumerate(steps):
            x = _convolution(x, growth * width, kernel, strides, f"{name}{i + 1}")
            x = layers.LeakyReLU(0.2, name=f"{name}{i + 1}_activation")(x)
        x = layers.GlobalAveragePooling2D(name=f"{name}_pool")(x)
        logits.append(layers.Dense(1, dtype="float32", name=f"{name}_logit")(x))
    return keras.Model(picture, layers.Concatenate(name="logits", dtype="float32")(logits), name="critic")


def noise_reader(width=16, latent_size=16):
    """The noise (batch, latent) that a picture was painted with, as read from it: four convolutions of stride 2."""
    picture = x = layers.Input((None, None, 3), name="lab")
    for i, growth in enumerate((1, 2, 4, 8)):
        x = _convolution(x, growth * width, 4, 2, f"conv{i + 1}")
        x = layers.LeakyReLU(0.2, name=f"conv{i + 1}_activation")(x)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(picture, layers.Dense(latent_size, dtype="float32", name="noise")(x), name="noise_reader")


def _convolution(x, filters, kernel, strides, name):
    return layers.Conv2D(filters, kernel, strides=strides, padding="same", kernel_initializer="he_normal", name=name)(x)


def _normalized(x, name):
    return layers.GroupNormalization(max(1, x.shape[-1] // 8), epsilon=1e-5, name=f"{name}_normalization")(x)


def _style(noise):
    """The noise, bent by two small layers, as FiLM wants it."""
    for i in range(2):
        noise = layers.Dense(64, kernel_initializer="he_normal", name=f"style{i + 1}")(noise)
        noise = layers.LeakyReLU(0.2, name=f"style{i + 1}_activation")(noise)
    return noise


def feature_network(size=64):
    """A small classifier's body: lab (batch, size, size, 3) -> a list of the maps of five depths and, last, their
    pooled summary (batch, 128).

    Convolution, batch normalization, ReLU; 24, 32, 64, 96, 128 channels. 229,000 weights: it judges a picture in a
    millisecond on two CPU cores. Always float32: a measure does not change with the precision of what it measures.
    """
    exact = {"dtype": "float32"}
    picture = x = layers.Input((size, size, 3), name="lab")
    maps = []
    for depth, (filters, strides, convolutions) in enumerate(
        [(24, 1, 1), (32, 2, 1), (64, 2, 2), (96, 2, 1), (128, 1, 1)], 1
    ):
        for i in range(convolutions):
            name = f"depth{depth}_{i + 1}"
            step = strides if i == 0 else 1
            x = layers.Conv2D(
                filters,
                3,
                strides=step,
                padding="same",
                use_bias=False,
                kernel_initializer="he_normal",
                name=name,
                **exact,
            )(x)
            x = layers.BatchNormalization(name=f"{name}_normalization", **exact)(x)
            x = layers.ReLU(name=f"{name}_activation", **exact)(x)
        maps.append(x)
    return keras.Model(picture, [*maps, layers.GlobalAveragePooling2D(name="pool", **exact)(x)], name="features")


def generator_and_critic(settings, batch_normalization=False):
    """The networks that a recipe's `network`, `size`, `width`, `critic_width` and `latent_size` ask for.

    batch_normalization: in the ancestor's critic; the pooled one has none.
    """
    s = settings
    _check_size(s.size)
    if s.network == "ancestor":
        generator = ancestor_generator(s.size, s.width, s.latent_size)
        return generator, ancestor_critic(s.size, s.critic_width, batch_normalization)
    return film_generator(s.width, s.latent_size), pooled_critic(s.critic_width)


def _check_size(size):
    if size < UNET_MULTIPLE or size % UNET_MULTIPLE:
        raise BadInput(f"size={size}: needed is a multiple of {UNET_MULTIPLE}, since the U-Net halves it five times")
