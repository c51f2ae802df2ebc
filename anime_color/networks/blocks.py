"""Layers of our own: modulation by noise, ways between full size and a part of it, and a border that mirrors."""

import keras
from keras import initializers, layers, ops

from anime_color.hints import PAPER
from data_prep.errors import BadInput

UNET_MULTIPLE = 32  # the generators of the GAN recipes halve the picture five times


@keras.saving.register_keras_serializable("anime_color")
class FiLM(layers.Layer):
    """Feature-wise linear modulation: (1 + gamma) * x + beta, gamma and beta (batch, channels) from a vector.

    x (batch, H, W, C), vector (batch, V) -> (batch, H, W, C). One decision for the whole picture, at any size.
    The weights start small and not zero, so that the vector matters from the first step (Perez et al. 2018).
    """

    def build(self, x_shape, vector_shape):
        channels = x_shape[-1]
        small = initializers.RandomNormal(stddev=0.1)
        self.gamma = layers.Dense(channels, kernel_initializer=small, name="gamma", dtype=self.dtype_policy)
        self.beta = layers.Dense(channels, kernel_initializer=small, name="beta", dtype=self.dtype_policy)
        self.gamma.build(vector_shape)
        self.beta.build(vector_shape)

    def call(self, x, vector):
        gamma, beta = self.gamma(vector)[:, None, None, :], self.beta(vector)[:, None, None, :]
        return (1 + gamma) * x + beta

    def compute_output_shape(self, x_shape, vector_shape):
        return x_shape


@keras.saving.register_keras_serializable("anime_color")
class SpaceToDepth(layers.Layer):
    """Blocks of factor x factor pixels as channels: (batch, H, W, C) -> (batch, H/f, W/f, f*f*C). Nothing is lost, and
    what follows costs f*f times less."""

    def __init__(self, factor, **options):
        super().__init__(**options)
        self.factor = factor

    def call(self, x):
        f, channels = self.factor, x.shape[-1]
        shape = ops.shape(x)
        height, width = shape[1] // f, shape[2] // f
        x = ops.reshape(x, (-1, height, f, width, f, channels))
        return ops.reshape(ops.transpose(x, (0, 1, 3, 2, 4, 5)), (-1, height, width, f * f * channels))

    def compute_output_shape(self, shape):
        height, width = (side and side // self.factor for side in shape[1:3])
        return (shape[0], height, width, self.factor**2 * shape[3])

    def get_config(self):
        return super().get_config() | {"factor": self.factor}


@keras.saving.register_keras_serializable("anime_color")
class DepthToSpace(layers.Layer):
    """The inverse of `SpaceToDepth`: (batch, H, W, f*f*C) -> (batch, f*H, f*W, C)."""

    def __init__(self, factor, **options):
        super().__init__(**options)
        self.factor = factor

    def call(self, x):
        f, channels = self.factor, x.shape[-1] // self.factor**2
        shape = ops.shape(x)
        height, width = shape[1], shape[2]
        x = ops.reshape(x, (-1, height, width, f, f, channels))
        return ops.reshape(ops.transpose(x, (0, 1, 3, 2, 4, 5)), (-1, f * height, f * width, channels))

    def compute_output_shape(self, shape):
        height, width = (side and side * self.factor for side in shape[1:3])
        return (shape[0], height, width, shape[3] // self.factor**2)

    def get_config(self):
        return super().get_config() | {"factor": self.factor}


@keras.saving.register_keras_serializable("anime_color")
class GuidedUpsampling(layers.Layer):
    """Colors of half the size, enlarged along the edges of the full-size lightness, so that they end where lines do.

    ab (batch, H/2, W/2, 2), l (batch, H, W, 1) -> (batch, H, W, 2). What lightness has beyond its own half size tells
    what color has beyond it: ab + slope * (l - halved l), all enlarged, with the slope of ab over l that fits a window
    of 3 x 3 small pixels (the local linear model of the guided filter, He et al. 2010).
    """

    def call(self, ab, l):  # noqa: E741  (the name of the contract)
        halved = ops.average_pool(l, 2, 2)  # the strides are said, for those of Keras fail on JAX
        return doubled(ab) + doubled(slope(ab, halved)) * (l - doubled(halved))

    def compute_output_shape(self, ab_shape, l_shape):
        return (*l_shape[:3], 2)


@keras.saving.register_keras_serializable("anime_color")
class Doubled(layers.Layer):
    """`doubled` as a layer: (batch, H, W, C) -> (batch, 2H, 2W, C), bilinear, so that what is smooth stays smooth."""

    def call(self, x):
        return doubled(x)

    def compute_output_shape(self, shape):
        height, width = (side and 2 * side for side in shape[1:3])
        return (shape[0], height, width, shape[3])


FLAT = 1e-2  # variance of l in a window, that of 5 L*, below which lightness says nothing about color


def slope(ab, l):  # noqa: E741
    """d ab / d l, like ab (batch, H, W, 2), by least squares in windows of 3 x 3; towards 0 where l is flat."""

    def mean(x):
        return ops.average_pool(x, 3, 1, "same")

    mean_l = mean(l)
    return (mean(l * ab) - mean_l * mean(ab)) / (mean(l * l) - mean_l * mean_l + FLAT)


def doubled(x):
    """x (batch, H, W, C) at twice its size, bilinear; `ops.image.resize` cannot where H or W is not known before."""
    for axis in (1, 2):
        first, last = (x[:, :1], x[:, -1:]) if axis == 1 else (x[:, :, :1], x[:, :, -1:])
        around = ops.concatenate([first, x, last], axis)
        before, after = (around[:, :-2], around[:, 2:]) if axis == 1 else (around[:, :, :-2], around[:, :, 2:])
        pair = ops.stack([0.75 * x + 0.25 * before, 0.75 * x + 0.25 * after], axis + 1)
        shape = list(ops.shape(x))
        shape[axis] *= 2
        x = ops.reshape(pair, (-1, *shape[1:]))
    return x


def normal():
    """The kernels of the older systems at the start, N(0, 0.02). A new one for each layer, since one draws the same
    numbers every time."""
    return initializers.RandomNormal(stddev=0.02)


@keras.saving.register_keras_serializable("anime_color")
class ReflectionPadding(layers.Layer):
    """A border of `reach` pixels that mirrors the picture: (batch, H, W, C) -> (batch, H + 2 reach, W + 2 reach, C).

    The outermost pixels are not repeated, so H and W must be above `reach`. A border of zeros would be a dark frame.
    """

    def __init__(self, reach, **options):
        super().__init__(**options)
        self.reach = reach

    def call(self, x):
        return ops.pad(x, ((0, 0), (self.reach, self.reach), (self.reach, self.reach), (0, 0)), mode="reflect")

    def compute_output_shape(self, shape):
        height, width = (side and side + 2 * self.reach for side in shape[1:3])
        return (shape[0], height, width, shape[3])

    def get_config(self):
        return super().get_config() | {"reach": self.reach}


@keras.saving.register_keras_serializable("anime_color")
class BlackAndWhite(layers.Layer):
    """Lines of 0 ink .. 1 paper, cut at `hints.PAPER`: each pixel is 0 or 1."""

    def call(self, x):
        return ops.cast(x > PAPER / 255, x.dtype)

    def compute_output_shape(self, shape):
        return shape


def convolution(x, filters, kernel, strides, name):
    """A convolution "same" with He initialization."""
    return layers.Conv2D(filters, kernel, strides=strides, padding="same", kernel_initializer="he_normal", name=name)(x)


def normalized(x, name):
    """Group normalization, eight channels a group."""
    return layers.GroupNormalization(max(1, x.shape[-1] // 8), epsilon=1e-5, name=f"{name}_normalization")(x)


GROWTH = (1, 2, 4, 6)


def four_levels(x, width):
    """A U-Net of four levels of w, 2w, 4w, 6w channels, the lowest of which sees the whole face: (features (batch, H,
    W, w), those of the level below (batch, H/2, W/2, 2w)) of x (batch, H, W, C), H and W multiples of 8."""
    skips = []
    for level, growth in enumerate(GROWTH):
        x = convolution(x, growth * width, 3, 1 if level == 0 else 2, f"down{level}")
        y = convolution(active(x, f"down{level}"), growth * width, 3, 1, f"down{level}_residual")
        x = layers.Add(name=f"down{level}_sum")([x, y])
        skips.append(x)
    x = active(skips[-1], "bottom")
    x = active(convolution(x, GROWTH[-1] * width, 3, 1, "bottom_mix"), "bottom_mix")
    for level in (2, 1, 0):
        below = x
        x = layers.UpSampling2D(2, name=f"up{level}_enlarged")(
            convolution(x, GROWTH[level] * width, 3, 1, f"up{level}")
        )
        x = active(layers.Add(name=f"up{level}_skip")([x, skips[level]]), f"up{level}")
        x = active(convolution(x, GROWTH[level] * width, 3, 1, f"up{level}_mix"), f"up{level}_mix")
    return x, below


def active(x, name):
    """Normalized, and through a leaky ReLU."""
    return layers.LeakyReLU(0.2, name=f"{name}_activation")(normalized(x, name))


def style(noise):
    """The noise, bent by two small layers, as FiLM wants it."""
    for i in range(2):
        noise = layers.Dense(64, kernel_initializer="he_normal", name=f"style{i + 1}")(noise)
        noise = layers.LeakyReLU(0.2, name=f"style{i + 1}_activation")(noise)
    return noise


def check_multiple(size, multiple=UNET_MULTIPLE):
    """BadInput if networks that halve a picture until a side is `multiple` times smaller cannot take `size`."""
    if size < multiple or size % multiple:
        raise BadInput(f"size={size}: needed is a multiple of {multiple}, since the networks halve it again and again")
