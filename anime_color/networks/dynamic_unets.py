"""The networks of DeOldify: a U-Net that is built on a ResNet, and what judges its pictures.

Source: jantic/DeOldify with fastai's dynamic U-Net (there is no paper). Pictures are sRGB / 127.5 - 1.
"""

import keras
from keras import initializers, layers, ops

from anime_color.networks.blocks import DepthToSpace
from anime_color.networks.resnets import ImageNetScale, resnet_features
from anime_color.networks.spectral import SelfAttention, SpectralConv2D, WeightNormalizedConv2D
from data_prep.errors import BadInput

EXACT = {"dtype": "float32"}
WIDE_FILTERS = 512  # of a block of the wide decoder, at width 1 and factor 1


def deoldify_generator(kind="deep", encoder="resnet34", width=1.0, factor=1.5):
    """{"gray": (B, H, W, 1)} -> the colored picture (B, H, W, 3) float32, H and W multiples of 16.

    Its layer "normalized" gives the picture as networks of ImageNet read it, by a sigmoid between -3 and 3; so some
    values of the picture lie outside -1..1.

    kind: "deep" has two convolutions in each block of the decoder (the artistic model: 63,646,881 trained parameters
        with "resnet34" and factor 1.5), "wide" one (the stable one: 218,222,197 with "resnet101" and factor 2).
    encoder: see `resnets.resnet_features`; its layers are named encoder_..., and it begins untrained.
    width: of the encoder and, with it, of the decoder.
    factor: makes the blocks of the decoder wider or narrower.

    Raises BadInput for another kind or encoder.
    """
    if kind not in ("deep", "wide"):
        raise BadInput(f"kind={kind!r}: allowed are deep, wide")
    gray = layers.Input((None, None, 1), name="gray")
    picture = ImageNetScale(name="gray_normalized", **EXACT)(gray)
    *skips, x = resnet_features(picture, encoder, width)
    channels = x.shape[-1]
    x = layers.ReLU(name="middle_activation")(_normalized(x, "middle", beta=1e-3))
    for i, filters in enumerate([2 * channels, channels], 1):
        x = _convolved(x, filters, f"middle_conv{i}")
    for i, skip in enumerate(reversed(skips), 1):
        last = i == len(skips)
        if kind == "deep":
            above = x.shape[-1] // 2
            together = above + skip.shape[-1]
            plan = [int((together // 2 if last else together) * factor)] * 2
        else:
            above = int(WIDE_FILTERS * width * factor) // (4 if last else 2)
            plan = [above]
        x = Fitted(name=f"up{i}_fitted")(_enlarged(x, above, f"up{i}"), skip)
        x = layers.Concatenate(name=f"up{i}_skip")([x, _normalized(skip, f"up{i}_skip", beta=1e-3)])
        x = layers.ReLU(name=f"up{i}_activation")(x)
        for j, filters in enumerate(plan, 1):
            x = _convolved(x, filters, f"up{i}_conv{j}")
        if i == 2:  # at an eighth of the side
            x = SelfAttention(name=f"up{i}_attention")(x)
    x = WeightNormalizedConv2D(4 * x.shape[-1], 1, kernel_initializer=ICNR(), name="full_shuffle")(x)
    x = DepthToSpace(2, name="full")(layers.ReLU(name="full_shuffle_activation")(x))
    x = tail = layers.Concatenate(name="full_and_gray")([x, picture])
    for i in (1, 2):
        tail = _spectral(tail, x.shape[-1], 3, f"tail_conv{i}", activation="relu")
    x = _spectral(layers.Add(name="tail")([x, tail]), 3, 1, "rgb", **EXACT)
    x = layers.Activation("sigmoid", name="rgb_activation", **EXACT)(x)
    x = layers.Rescaling(6.0, -3.0, name="normalized", **EXACT)(x)
    return keras.Model({"gray": gray}, ImageNetScale(back=True, name="picture", **EXACT)(x), name="generator")


def deoldify_critic(width=256, blocks=3):
    """A picture (B, H, W, 3) -> logits (B, H/16 - 3, W/16 - 3, 1) float32, one for each of its parts; H and W multiples
    of 16, from 64 up. 94,555,649 parameters at width 256. Each block fewer lets it judge pictures of half the size.

    No normalization of activations, so a picture is judged by itself alone; dropout takes whole channels.
    """
    picture = layers.Input((None, None, 3), name="picture")
    x = ImageNetScale(name="picture_normalized", **EXACT)(picture)

    def convolved(x, filters, kernel, name):
        """Halves with the 4x4 kernel."""
        x = _spectral(x, filters, kernel, name, strides=2 if kernel == 4 else 1)
        return layers.LeakyReLU(0.2, name=f"{name}_activation")(x)

    def dropped(x, rate, seed):
        # unseeded, PyTorch would not resume alike
        return layers.SpatialDropout2D(rate, seed=seed, name=f"block{seed}_dropout")(x)

    x = dropped(convolved(x, width, 4, "stem"), 0.075, 0)
    for i in range(1, blocks + 1):
        x = dropped(convolved(x, x.shape[-1], 3, f"block{i}_conv"), 0.15, i)
        x = convolved(x, 2 * x.shape[-1], 4, f"block{i}_halved")
        if i == 1:
            x = SelfAttention(name=f"block{i}_attention")(x)
    x = convolved(x, x.shape[-1], 3, "last_conv")
    return keras.Model(picture, _spectral(x, 1, 4, "logits", padding="valid", use_bias=False, **EXACT), name="critic")


@keras.saving.register_keras_serializable("anime_color")
class ICNR(initializers.Initializer):
    """Kernels (k, k, in, 4 * out) before `DepthToSpace(2)` that start as if pixels were repeated: the four pixels of a
    block have equal filters, He normal. So there is no checkerboard at the start (Aitken et al. 2017)."""

    def __init__(self):
        self.initializer = initializers.HeNormal()

    def __call__(self, shape, dtype=None):
        return ops.tile(self.initializer((*shape[:3], shape[3] // 4), dtype), (1, 1, 1, 4))


@keras.saving.register_keras_serializable("anime_color")
class Blur(layers.Layer):
    """Each pixel becomes the mean of itself and those above, left, and above left of it, (batch, H, W, C) -> the same;
    the border is repeated. After pixel shuffling it takes the checkerboard away (Sugawara et al. 2018)."""

    def call(self, x):
        x = ops.pad(x, ((0, 0), (1, 0), (1, 0), (0, 0)), mode="symmetric")
        return ops.average_pool(x, 2, 1, "valid")  # on a CPU, a third of the time of sums of slices, or less

    def compute_output_shape(self, shape):
        return shape


@keras.saving.register_keras_serializable("anime_color")
class Fitted(layers.Layer):
    """x without the last row and column where it has one more than `like`, as what was halved from an odd side has when
    it is doubled again. That is what fastai's resizing to the nearest pixel comes to."""

    def call(self, x, like):
        shape = ops.shape(like)
        return x[:, : shape[1], : shape[2]]

    def compute_output_shape(self, x_shape, like_shape):
        return (x_shape[0], *like_shape[1:3], x_shape[3])


def _spectral(x, filters, kernel, name, padding="same", **options):
    return SpectralConv2D(
        filters, kernel, padding=padding, kernel_initializer="he_normal", name=name, **options
    )(x)  # fmt: skip


def _normalized(x, name, beta=0.0):
    beta = initializers.Constant(beta)
    return layers.BatchNormalization(
        momentum=0.9, epsilon=1e-5, beta_initializer=beta, name=f"{name}_normalization"
    )(x)  # fmt: skip


def _convolved(x, filters, name):
    """A block of the decoder; it normalizes after the ReLU."""
    return _normalized(_spectral(x, filters, 3, name, activation="relu", use_bias=False), name)


def _enlarged(x, filters, name):
    """Twice the side, by pixel shuffling and a blur."""
    x = SpectralConv2D(4 * filters, 1, use_bias=False, kernel_initializer=ICNR(), name=f"{name}_shuffle")(x)
    x = layers.ReLU(name=f"{name}_shuffle_activation")(_normalized(x, f"{name}_shuffle"))
    return Blur(name=f"{name}_blur")(DepthToSpace(2, name=f"{name}_shuffled")(x))
