"""The networks of CartoonGAN: what makes a cartoon of a photo, and what judges the cartoon's patches.

Source: Chen, Lai and Liu, "CartoonGAN: generative adversarial networks for photo cartoonization" (CVPR 2018), with
what its figure leaves open (instance normalization, tanh, where borders are mirrored) from the first author's code.
Pictures are sRGB / 127.5 - 1.
"""

import keras
from keras import layers, ops

from anime_color.networks.blocks import ReflectionPadding, normal
from data_prep.errors import BadInput


def cartoon_generator(width=64, blocks=8, upsampling="transposed"):
    """{"photo": (batch, H, W, 3)} -> the cartoon (batch, H, W, 3) float32 of -1..1; H and W multiples of 4, from 8 up.

    Two halvings, `blocks` residual blocks of 4 * `width` channels, two enlargements by 2, all from convolutions with
    instance normalization. 11,129,667 parameters at width 64 and 8 blocks.

    upsampling: "transposed", a transposed convolution as in the paper, whose overlapping kernels may show as a
    checkerboard, or "resized", pixels repeated before a plain convolution, which cannot. Both have as many parameters.

    Raises BadInput for another upsampling.
    """
    if upsampling not in _UPSAMPLINGS:
        raise BadInput(f"upsampling={upsampling!r}: give one of {', '.join(_UPSAMPLINGS)}")
    photo = layers.Input((None, None, 3), name="photo")
    x = _activated(_mirrored(photo, width, 7, "flat"), "flat")
    for i, growth in enumerate([2, 4], 1):
        x = _zero_padded(x, growth * width, f"down{i}_halved", strides=2)
        x = _activated(_zero_padded(x, growth * width, f"down{i}"), f"down{i}")
    for i in range(1, blocks + 1):
        x = _residual(x, f"block{i}")
    for i, growth in enumerate([2, 1], 1):
        x = _UPSAMPLINGS[upsampling](x, growth * width, f"up{i}_doubled")
        x = _activated(_zero_padded(x, growth * width, f"up{i}"), f"up{i}")
    return keras.Model(
        {"photo": photo}, _mirrored(x, 3, 7, "cartoon", activation="tanh", dtype="float32"), name="generator"
    )


def cartoon_discriminator(width=32):
    """A picture (batch, H, W, 3) -> logits (batch, H/4, W/4, 1) float32, one for each patch of 37 x 37 pixels.

    A cartoon is told from a photo by its edges and flats, so patches will do and the network is shallow. 1,129,665
    parameters at width 32. Instance normalization carries a little of the whole picture into each logit.
    """
    picture = x = layers.Input((None, None, 3), name="picture")
    for i, (growth, strides, normalize) in enumerate(
        [(1, 1, False), (2, 2, False), (4, 1, True), (4, 2, False), (8, 1, True), (8, 1, True)], 1
    ):
        x = _zero_padded(x, growth * width, f"conv{i}", strides=strides)
        if normalize:
            x = _normalized(x, f"conv{i}")
        x = layers.LeakyReLU(0.2, name=f"conv{i}_activation")(x)
    return keras.Model(picture, _zero_padded(x, 1, "logits", dtype="float32"), name="critic")


def image_pool(size, count=50):
    """A network without trained weights: fakes (batch, size, size, 3) in, as many out, half of them exchanged for
    earlier ones of a pool of `count` (Shrivastava et al. 2017, as in the first author's code). Its weights are the
    pool."""
    fakes = layers.Input((size, size, 3), name="fakes")
    return keras.Model(fakes, ImagePool(count, name="kept")(fakes), name="pool")


@keras.saving.register_keras_serializable("anime_color")
class ImagePool(layers.Layer):
    """Keeps `count` pictures; each call keeps the given ones while there is room, and later exchanges half of them."""

    def __init__(self, count, **options):
        super().__init__(**options)
        self.count, self.seed_generator = count, keras.random.SeedGenerator(0)

    def build(self, shape):
        self.pictures = self.add_weight(
            shape=(self.count, *shape[1:]), initializer="zeros", trainable=False, name="pictures"
        )
        self.seen = self.add_weight(shape=(), dtype="int32", initializer="zeros", trainable=False, name="seen")

    def call(self, fakes):
        fakes = ops.stop_gradient(fakes)
        batch = ops.shape(fakes)[0]
        order = ops.argsort(keras.random.uniform((self.count,), seed=self.seed_generator))[:batch]
        full = self.seen >= self.count
        places = ops.where(full, order, (self.seen + ops.arange(batch)) % self.count)
        swapped = (keras.random.uniform((batch, 1, 1, 1), seed=self.seed_generator) < 0.5) & full
        earlier = ops.take(self.pictures.value, places, axis=0)
        kept = ops.where(swapped | ~full, fakes, earlier)
        self.pictures.assign(ops.scatter_update(self.pictures.value, places[:, None], kept))
        self.seen.assign(ops.minimum(self.seen + batch, self.count))
        return ops.where(swapped, earlier, fakes)

    def compute_output_shape(self, shape):
        return shape

    def get_config(self):
        return super().get_config() | {"count": self.count}


def _zero_padded(x, filters, name, **options):
    """A 3x3 convolution that takes what is beyond the border for zero."""
    return layers.Conv2D(filters, 3, padding="same", kernel_initializer=normal(), name=name, **options)(x)


def _mirrored(x, filters, kernel, name, **options):
    """A convolution that takes the picture for mirrored beyond its border."""
    x = ReflectionPadding(kernel // 2, name=f"{name}_padding")(x)
    return layers.Conv2D(filters, kernel, kernel_initializer=normal(), name=name, **options)(x)


def _normalized(x, name):
    """Instance normalization: a group a channel, over the places of each picture alone."""
    return layers.GroupNormalization(-1, epsilon=1e-5, name=f"{name}_normalization")(x)


def _activated(x, name):
    return layers.ReLU(name=f"{name}_activation")(_normalized(x, name))


def _residual(x, name):
    """x + what two 3x3 convolutions make of it, with nothing after the sum."""
    change = _activated(_mirrored(x, x.shape[-1], 3, f"{name}_conv1"), f"{name}_conv1")
    change = _normalized(_mirrored(change, x.shape[-1], 3, f"{name}_conv2"), f"{name}_conv2")
    return layers.Add(name=name)([x, change])


def _transposed(x, filters, name):
    """Twice the size, by a transposed 3x3 convolution of stride 2.

    It makes one row and one column too many. The last go, as the strided convolutions begin with the first pixel;
    padding "same" would cut where the backend likes to.
    """
    x = layers.Conv2DTranspose(filters, 3, strides=2, kernel_initializer=normal(), name=name)(x)
    return layers.Cropping2D(((0, 1), (0, 1)), name=f"{name}_cropped")(x)


def _resized(x, filters, name):
    """Twice the size, each pixel repeated, and a 3x3 convolution."""
    return _zero_padded(layers.UpSampling2D(2, interpolation="nearest", name=f"{name}_repeated")(x), filters, name)


_UPSAMPLINGS = {"transposed": _transposed, "resized": _resized}
