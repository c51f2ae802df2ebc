"""ResNets as encoders: what a decoder wants of them, and their ImageNet weights where those can be had.

Source: He et al., "Deep residual learning for image recognition" (CVPR 2016). Their layers are named encoder_...
"""

import keras
import numpy as np
from keras import layers

from anime_color import color
from anime_color.networks import trunks
from data_prep.errors import BadInput

# blocks of the four stages; whether a block is a bottleneck of 1x1, 3x3, 1x1 convolutions, four times as wide outside
_PLANS = {
    "resnet10": ((1, 1, 1, 1), False),
    "resnet18": ((2, 2, 2, 2), False),
    "resnet34": ((3, 4, 6, 3), False),
    "resnet50": ((3, 4, 6, 3), True),
    "resnet101": ((3, 4, 23, 3), True),
}
NAMES = tuple(_PLANS)


@keras.saving.register_keras_serializable("anime_color")
class ImageNetScale(layers.Layer):
    """`color.imagenet_scaled` as a layer, or back: sRGB / 127.5 - 1 (batch, H, W, 3), or gray (batch, H, W, 1), which
    becomes three channels."""

    def __init__(self, back=False, **options):
        super().__init__(**options)
        self.back = back

    def call(self, x):
        return color.imagenet_unscaled(x) if self.back else color.imagenet_scaled(x)

    def compute_output_shape(self, shape):
        return (*shape[:3], 3)

    def get_config(self):
        return super().get_config() | {"back": self.back}


def resnet_features(x, kind, width=1.0):
    """The five maps that a ResNet makes of the symbolic pictures x (B, H, W, 3), normalized as ImageNet's: after the
    stem (B, H/2, W/2, 64 * width), and after each of four stages, the last (B, H/32, W/32).

    kind: "resnet10", "resnet18", "resnet34", "resnet50", "resnet101". Without pooling and head, at width 1, the last
        four train 11,176,512, 21,284,672, 23,508,032 and 42,500,160 parameters. The bottlenecks of the last two halve
        in their first 1x1 convolution, as in the paper, and normalize as Keras does, so that they can take over what
        Keras publishes.

    Raises BadInput for another kind.
    """
    if kind not in _PLANS:
        raise BadInput(f"encoder {kind!r}: allowed are {', '.join(NAMES)}")
    counts, bottleneck = _PLANS[kind]
    epsilon = 1.001e-5 if bottleneck else 1e-5

    def normalized(x, name):
        return layers.BatchNormalization(momentum=0.9, epsilon=epsilon, name=f"{name}_normalization")(x)

    def convolved(x, filters, kernel, strides, name):
        if kernel > 1:  # said, for "same" pads where the backend likes to when it halves
            x = layers.ZeroPadding2D(kernel // 2, name=f"{name}_padding")(x)
        x = layers.Conv2D(
            filters, kernel, strides=strides, use_bias=False, kernel_initializer="he_normal", name=name
        )(x)  # fmt: skip
        return normalized(x, name)

    def block(x, filters, strides, name):
        outside = 4 * filters if bottleneck else filters
        plan = [(filters, 1, strides), (filters, 3, 1), (outside, 1, 1)]
        if not bottleneck:
            plan = [(filters, 3, strides), (filters, 3, 1)]
        y = x
        for i, (size, kernel, step) in enumerate(plan, 1):
            y = convolved(y, size, kernel, step, f"{name}_conv{i}")
            if i < len(plan):
                y = layers.ReLU(name=f"{name}_conv{i}_activation")(y)
        if strides > 1 or x.shape[-1] != outside:
            x = convolved(x, outside, 1, strides, f"{name}_shortcut")
        return layers.ReLU(name=f"{name}_activation")(layers.Add(name=f"{name}_sum")([x, y]))

    filters = int(64 * width)
    x = layers.ReLU(name="encoder_stem_activation")(convolved(x, filters, 7, 2, "encoder_stem"))
    maps = [x]
    x = layers.ZeroPadding2D(1, name="encoder_pool_padding")(x)  # with zeros, as no value is below
    x = layers.MaxPooling2D(3, strides=2, name="encoder_pool")(x)
    for stage, count in enumerate(counts):
        for i in range(count):
            strides = 2 if stage > 0 and i == 0 else 1
            x = block(x, filters * 2**stage, strides, f"encoder_layer{stage + 1}_{i + 1}")
        maps.append(x)
    return maps


def load_imagenet(network, kind, weights=None):
    """Puts the ImageNet weights that Keras publishes into the layers encoder_... of `network`, which were made by
    `resnet_features` of this kind; returns in words what the encoder is now.

    weights: as for `trunks.find`. Keras publishes those of "resnet50" and "resnet101", of width 1. Any other encoder,
        and one whose weights cannot be had, stays as it is, which the words say.

    Raises BadInput for weights of an encoder that can have none, and as `trunks.find` does.
    """
    title = f"ResNet-{kind.removeprefix('resnet')}"
    untrained = f"{title}, trained from nothing"
    if kind not in trunks.NAMES or network.get_layer("encoder_stem").filters != 64:
        if weights is not None:
            raise BadInput(
                f"weights={weights!s}: only resnet50 and resnet101 of width 1 can take any; leave weights out"
            )
        return untrained
    try:
        published, origin = trunks.published(kind, weights)
    except trunks.Missing as missing:
        print(missing.told(untrained))
        return untrained
    for ours in network.layers:
        if isinstance(ours, layers.Conv2D) and ours.name.startswith("encoder_"):
            _take(ours, network.get_layer(f"{ours.name}_normalization"), published)
    return f"{title} ({origin})"


def _take(convolution, normalization, published):
    """Takes the weights of one convolution and of the normalization behind it over from the published network.

    Its convolutions have a bias, ours none: what the normalization subtracts is smaller by the bias.
    """
    theirs = _published_name(convolution.name)
    kernel, bias = published.get_layer(f"{theirs}_conv").get_weights()
    gamma, beta, mean, variance = published.get_layer(f"{theirs}_bn").get_weights()
    if convolution.name == "encoder_stem":
        kernel, more = _stem(kernel)
        bias = bias + more
    convolution.set_weights([kernel])
    normalization.set_weights([gamma, beta, mean - bias, variance])


def _published_name(name):
    """conv3_block1_0 of encoder_layer2_1_shortcut, conv3_block1_2 of encoder_layer2_1_conv2."""
    if name == "encoder_stem":
        return "conv1"
    stage, block, part = name.removeprefix("encoder_layer").split("_")
    number = 0 if part == "shortcut" else part.removeprefix("conv")
    return f"conv{int(stage) + 1}_block{block}_{number}"


def _stem(kernel):
    """(kernel, bias) for pictures normalized as ours of a kernel (k, k, 3, filters) for blue, green, red of 0..255 less
    the mean that Keras subtracts. The two means differ by at most half a level; at the border, where zeros are added,
    that difference stays."""
    kernel = kernel[:, :, ::-1]
    mean, deviation = (255 * np.array(values, "float32") for values in color.IMAGENET)
    offset = mean - trunks.CAFFE_BGR[::-1]
    return kernel * deviation[:, None], (kernel * offset[:, None]).sum((0, 1, 2))
