"""Colorizers that fuse what the whole picture is with what each place is.

The global features are one vector a picture: they are repeated at every place, beside the local ones, and a 1x1
convolution mixes the two (Iizuka et al. 2016). ChromaGAN: Vitoria, Raad and Ballester (WACV 2020). Convolutions with
ReLU are normalized after it, where they are.
"""

import keras
from keras import layers

from anime_color.color import UNIT_OFFSET, UNIT_SCALE
from anime_color.networks.blocks import check_multiple

VGG_BLOCKS = ((1, 1), (2, 2), (4, 4, 4), (8, 8, 8))  # channels of each convolution, in units of the width
VGG_WIDTH = 64


def chromagan_generator(size=224, classes=1000, trunk_width=VGG_WIDTH, width=32, hidden=4096):
    """{"l": (batch, S, S, 1)} -> {"lab": (batch, S, S, 3), "classes": (batch, K)}, float32, bound to `size`.

    A trunk of eight times smaller features; of them, four convolutions and three dense layers make the global features,
    two convolutions the local ones. The colors have half the size of the picture: each is repeated for 2 x 2 pixels.
    `color_path` is the part without the class head.

    size: S, a multiple of 32.
    classes: K; 0 leaves the class head out.
    trunk_width: channels of the trunk's first convolution, 64 in VGG16.
    width: channels of the decoder's last but one convolution; all others but the trunk's are in units of it.
    hidden: width of the class head.

    171,171,722 parameters as published, 47,528,866 without the class head.
    """
    check_multiple(size)
    lightness = layers.Input((size, size, 1), name="l")
    unit = layers.Rescaling(float(UNIT_SCALE[0]), float(UNIT_OFFSET[0]), name="unit_l")(lightness)
    local = vgg_trunk(layers.Concatenate(name="tripled")([unit, unit, unit]), trunk_width)
    x = local
    for i, strides in enumerate([2, 1, 2, 1], 1):
        x = _convolution(x, 16 * width, f"global{i}", normalize=True, strides=strides)
    summary = flat = layers.Flatten(name="global_flat")(x)
    for i, growth in enumerate([32, 16, 8], 1):
        summary = layers.Dense(growth * width, name=f"global_dense{i}")(summary)
    x = _convolution(local, 16 * width, "local1", normalize=True)
    x = _convolution(x, 8 * width, "local2", normalize=True)
    x = fused(x, summary, 8 * width, "fusion")
    x = _convolution(x, 4 * width, "decoder1")
    x = layers.UpSampling2D(2, name="decoder2_enlarged")(x)
    x = _convolution(_convolution(x, 2 * width, "decoder2"), 2 * width, "decoder3")
    x = layers.UpSampling2D(2, name="decoder4_enlarged")(x)
    x = _convolution(x, width, "decoder4")
    x = layers.Conv2D(2, 3, padding="same", activation="sigmoid", dtype="float32", name="unit_ab")(x)
    x = layers.UpSampling2D(2, dtype="float32", name="unit_ab_enlarged")(x)
    scale, offset = 1 / float(UNIT_SCALE[1]), -float(UNIT_OFFSET[1] / UNIT_SCALE[1])
    ab = layers.Rescaling(scale, offset, dtype="float32", name="ab")(x)
    outputs = {"lab": layers.Concatenate(name="lab", dtype="float32")([lightness, ab])}
    if classes:
        for i in (1, 2):
            flat = layers.Dense(hidden, name=f"class_dense{i}")(flat)
        outputs["classes"] = layers.Dense(classes, activation="softmax", dtype="float32", name="classes")(flat)
    return keras.Model({"l": lightness}, outputs, name="generator")


def vgg_trunk(x, width=VGG_WIDTH):
    """Features (batch, H/8, W/8, 8 * width) of x (batch, H, W, 3): VGG16 (Simonyan and Zisserman 2015) until its
    block4_conv3, after the ReLU, in any width. The layers have the names that they have in Keras."""
    for block, growths in enumerate(VGG_BLOCKS, 1):
        if block > 1:
            x = layers.MaxPooling2D(2, name=f"block{block - 1}_pool")(x)
        for i, growth in enumerate(growths, 1):
            x = _convolution(x, growth * width, f"block{block}_conv{i}")
    return x


def load_vgg_trunk(network, trunk):
    """Copies the weights of a VGG16 of Keras into the `vgg_trunk` of `network`, which is of its width."""
    for block, growths in enumerate(VGG_BLOCKS, 1):
        for name in (f"block{block}_conv{i}" for i in range(1, len(growths) + 1)):
            network.get_layer(name).set_weights(trunk.get_layer(name).get_weights())


def fused(local, summary, filters, name):
    """Local features (batch, h, w, C) and one vector a picture (batch, D), mixed at each place: (batch, h, w,
    filters)."""
    height, width = local.shape[1:3]
    x = layers.RepeatVector(height * width, name=f"{name}_repeated")(summary)
    x = layers.Reshape((height, width, summary.shape[-1]), name=f"{name}_tiled")(x)
    return _convolution(layers.Concatenate(name=f"{name}_joined")([local, x]), filters, name, kernel=1)


def _convolution(x, filters, name, kernel=3, normalize=False, **options):
    """A convolution with ReLU, and batch normalization behind it."""
    x = layers.Conv2D(filters, kernel, padding="same", activation="relu", name=name, **options)(x)
    return layers.BatchNormalization(name=f"{name}_normalization")(x) if normalize else x
