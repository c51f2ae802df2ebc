"""Critics: what judges pictures, scaled lab in, logits out."""

import keras
from keras import layers

from anime_color.networks.blocks import SpaceToDepth, check_multiple, convolution


def ancestor_critic(size=128, width=16, batch_normalization=False):
    """The ancestor's six 4x4 convolutions, dropout 0.3 after each, and a head over all positions.

    At size 128 and width 16: 2,926,321 parameters, or 2,930,353 with the batch normalization of its GAN.
    """
    check_multiple(size)
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


def patch_critic(width=64):
    """The critic of ChromaGAN (Vitoria et al. 2020): scores (batch, H/8, W/8, 1), one for each patch of 70 x 70 pixels.

    Three 4x4 convolutions of stride 2 and two of stride 1, channels w, 2w, 4w, 8w, 1; no normalization, as in
    `pooled_critic`. 2,764,737 parameters at width 64.
    """
    picture = x = layers.Input((None, None, 3), name="lab")
    for i, (growth, strides) in enumerate([(1, 2), (2, 2), (4, 2), (8, 1)], 1):
        x = layers.Conv2D(growth * width, 4, strides=strides, padding="same", name=f"conv{i}")(x)
        x = layers.LeakyReLU(0.3, name=f"conv{i}_activation")(x)
    scores = layers.Conv2D(1, 4, padding="same", dtype="float32", name="logit")(x)
    return keras.Model(picture, scores, name="critic")


def two_scale_critic(width=32, factor=4, channels=3):
    """Two judgments of a picture of any size, logits (batch, 2): of its patches at full detail, packed by `factor`
    into channels, and of the whole, four times smaller. No normalization, as in `pooled_critic`."""
    picture = layers.Input((None, None, channels), name="lab")
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
            x = convolution(x, growth * width, kernel, strides, f"{name}{i + 1}")
            x = layers.LeakyReLU(0.2, name=f"{name}{i + 1}_activation")(x)
        x = layers.GlobalAveragePooling2D(name=f"{name}_pool")(x)
        logits.append(layers.Dense(1, dtype="float32", name=f"{name}_logit")(x))
    return keras.Model(picture, layers.Concatenate(name="logits", dtype="float32")(logits), name="critic")


def comic_discriminator(size=224, width=64):
    """The discriminator of Comicolorization (Furusawa et al. 2017), which sees pictures reduced to half their size and
    neither drawing nor reference: logit (batch, 1). Four 4x4 convolutions of stride 2, channels w, 2w, 4w, 8w, and a
    dense layer. 2,783,425 trained parameters at size 224 and width 64."""
    check_multiple(size)
    picture = layers.Input((size, size, 3), name="lab")
    x = layers.AveragePooling2D(2, name="pooled")(picture)
    for i, growth in enumerate([1, 2, 4, 8], 1):
        x = layers.Conv2D(growth * width, 4, 2, "same", kernel_initializer="lecun_normal", name=f"conv{i}")(x)
        if i > 1:
            x = layers.BatchNormalization(momentum=0.9, epsilon=2e-5, name=f"conv{i}_normalization")(x)
        x = layers.ReLU(name=f"conv{i}_activation")(x)
    small = keras.initializers.RandomNormal(stddev=0.02)
    logit = layers.Dense(1, kernel_initializer=small, dtype="float32", name="logit")(layers.Flatten(name="flatten")(x))
    return keras.Model(picture, logit, name="discriminator")
