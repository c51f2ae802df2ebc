"""Colorizers that fuse what the whole picture is with what each place is.

The global features are one vector a picture: they are repeated at every place, beside the local ones, and a 1x1
convolution mixes the two (Iizuka et al. 2016). ChromaGAN: Vitoria, Raad and Ballester (WACV 2020), normalized after
ReLU. Comicolorization: Furusawa, Hiroshiba, Ogaki and Odagiri (2017), normalized before it.
"""

import keras
from keras import layers, ops

from anime_color.color import AB_SCALE, LAB_LEAST, LAB_MOST, UNIT_OFFSET, UNIT_SCALE, scale
from anime_color.histograms import BINS
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


def fused(local, summary, filters, name, initializer="glorot_uniform"):
    """Local features (batch, h, w, C) and one vector a picture (batch, D), mixed at each place: (batch, h, w,
    filters)."""
    height, width = local.shape[1:3]
    x = layers.RepeatVector(height * width, name=f"{name}_repeated")(summary)
    x = layers.Reshape((height, width, summary.shape[-1]), name=f"{name}_tiled")(x)
    x = layers.Concatenate(name=f"{name}_joined")([local, x])
    return _convolution(x, filters, name, kernel=1, kernel_initializer=initializer)


def _convolution(x, filters, name, kernel=3, normalize=False, **options):
    """A convolution with ReLU, and batch normalization behind it."""
    x = layers.Conv2D(filters, kernel, padding="same", activation="relu", name=name, **options)(x)
    return layers.BatchNormalization(name=f"{name}_normalization")(x) if normalize else x


@keras.saving.register_keras_serializable("anime_color")
class Dotted(layers.Layer):
    """What the networks of Comicolorization read (batch, H, W, 3), of a drawing in 0..1 (batch, H, W, 1) and hints
    (batch, H, W, 3): the drawing, and two planes of zeros; at a dot L*/100, a* and b* of its color, unscaled."""

    def call(self, drawing, hints):
        told = ops.cast(hints[..., 2:] > 0, hints.dtype)
        drawing = drawing + told * (2 * hints[..., 2:] - 1 - drawing)
        return ops.concatenate([drawing, AB_SCALE * hints[..., :2]], -1)

    def compute_output_shape(self, drawing_shape, hints_shape):
        return hints_shape


@keras.saving.register_keras_serializable("anime_color")
class Palette(layers.Layer):
    """1 for the bins of a histogram with more than a least share, else 0: the blended pixels of borders fill many bins
    with a few pixels each."""

    def __init__(self, least=0.0, **options):
        super().__init__(**options)
        self.least = least

    def call(self, histogram):
        return ops.cast(histogram > self.least, histogram.dtype)

    def compute_output_shape(self, shape):
        return shape

    def get_config(self):
        return super().get_config() | {"least": self.least}


def comic_generator(size=224, labels=428, width=64, given="lines", reads="palette", least=0.0):
    """{given: (batch, S, S, 1), "hints": (batch, S, S, 3), "reference": (batch, 216)} -> {"lab": (batch, S, S, 3),
    "labels": (batch, K), logits}, bound to `size`: Comicolorization.

    Low-level features, eight times smaller, are shared by the middle and the global branch. The colors of the reference
    are fused with the global features, so nothing tells where in the reference they were. The picture is painted at
    half its size. `color_path` is the part without the labels.

    size: S, a multiple of 32.
    labels: K, of the head for characters; 0 leaves it out.
    width: channels of the first convolution, which all others are in units of; even.
    given: "lines", 0 ink .. 1 paper, of which lightness is painted, too; or "l", whose lightness is kept.
    reads: "palette" or "histogram", which of them it makes of the reference, a histogram.
    least: share above which a bin belongs to the palette.

    42,722,287 trained parameters as published, 42,239,043 without the labels.
    """
    check_multiple(size)
    picture = layers.Input((size, size, 1), name=given)
    hints = layers.Input((size, size, 3), name="hints")
    reference = layers.Input((BINS,), name="reference")
    colors = Palette(least, name="palette")(reference) if reads == "palette" else reference
    drawing = picture if given == "lines" else layers.Rescaling(0.5, 0.5, name="unit_l")(picture)
    x = Dotted(name="dotted")(drawing, hints)
    for i, (first, second) in enumerate([(1, 2), (2, 4), (4, 8)], 1):
        x = _active(x, first * width, f"low{i}_1", strides=2)
        x = _active(x, second * width, f"low{i}_2")
    middle = _active(_active(x, 8 * width, "middle1"), 4 * width, "middle2")
    for i in (1, 2):
        x = _active(x, 8 * width, f"global{i}_1", strides=2)
        x = _active(x, 8 * width, f"global{i}_2")
    summary = _active(layers.Flatten(name="global_flat")(x), 16 * width, "global_dense1")
    tap = _active(summary, 8 * width, "global_dense2")
    summary = layers.Concatenate(name="summary")([_active(tap, 4 * width, "global_dense3"), colors])
    x = fused(middle, summary, 4 * width, "fusion", "lecun_normal")
    x = layers.UpSampling2D(2, name="decoder1_enlarged")(_active(x, 2 * width, "decoder1"))
    x = _active(_active(x, width, "decoder2"), width, "decoder3")
    x = _active(layers.UpSampling2D(2, name="decoder3_enlarged")(x), width // 2, "decoder4")
    x = layers.Conv2D(3, 3, padding="same", activation="sigmoid", dtype="float32", name="unit_lab")(x)
    x = layers.UpSampling2D(2, dtype="float32", name="unit_lab_enlarged")(x)
    least, most = scale(LAB_LEAST), scale(LAB_MOST)
    lab = layers.Rescaling((most - least).tolist(), least.tolist(), dtype="float32", name="lab")(x)
    if given == "l":
        lab = layers.Concatenate(name="kept_l", dtype="float32")([picture, lab[..., 1:]])
    outputs = {"lab": lab}
    if labels:
        x = _normalized(layers.Dense(8 * width, kernel_initializer="lecun_normal", name="label_dense")(tap), "label")
        outputs["labels"] = layers.Dense(labels, dtype="float32", name="labels")(x)
    return keras.Model({given: picture, "hints": hints, "reference": reference}, outputs, name="generator")


def _active(x, filters, name, strides=1):
    """A 3x3 convolution, or a dense layer for vectors; normalized, then ReLU."""
    options = {"kernel_initializer": "lecun_normal", "name": name}
    flat = len(x.shape) == 2
    layer = layers.Dense(filters, **options) if flat else layers.Conv2D(filters, 3, strides, "same", **options)
    return layers.ReLU(name=f"{name}_activation")(_normalized(layer(x), name))


def _normalized(x, name):
    return layers.BatchNormalization(momentum=0.9, epsilon=2e-5, name=f"{name}_normalization")(x)
