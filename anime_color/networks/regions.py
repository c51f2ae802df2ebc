"""Regions and palettes: a picture is cut into K soft regions by its lightness alone, and a noise chooses their colors.

Relatives: color queries (DDColor, Kang et al. 2023), palette-guided colorization (PalGAN, Wang et al. 2022), soft color
segmentation (Aksoy et al. 2017); flow matching (Lipman et al. 2023, Liu et al. 2023) draws the palettes.

    m         (B, h, w, K)   how much of each region a pixel belongs to; the sum over K is 1
    palette   (B, K, 4)      for each region its ab at its mean lightness, and d ab / d l; scaled values (color.py)
    tokens    (B, K, T)      what each region looks like
"""

import keras
import numpy as np
from keras import initializers, layers, ops

from anime_color.networks.blocks import DepthToSpace, GuidedUpsampling, SpaceToDepth, convolution, four_levels

LEAST_PIXELS = 1e-3  # keeps the means of a region of no area finite
FLAT = 2e-3  # variance of l, that of some 2 L*, below which a region's lightness says nothing about its color
EXACT = {"dtype": "float32"}


def mean_in(m, x):
    """Mean of x (B, h, w, C) in each region of m (B, h, w, K): (B, K, C)."""
    return ops.einsum("bhwk,bhwc->bkc", m, x) / (ops.sum(m, (1, 2)) + LEAST_PIXELS)[..., None]


def fitted(m, ab, l, slopes=True):  # noqa: E741  (the name of the contract)
    """The palette (B, K, 4) that explains `ab` best, region by region: ab = color + slope * (l - mean l), by least
    squares; without `slopes`, those are 0. Linear in ab."""
    mean_ab, mean_l = mean_in(m, ab), mean_in(m, l)
    if not slopes:
        return ops.concatenate([mean_ab, ops.zeros_like(mean_ab)], -1)
    variance = ops.maximum(mean_in(m, l * l) - mean_l * mean_l, 0)
    return ops.concatenate([mean_ab, (mean_in(m, l * ab) - mean_l * mean_ab) / (variance + FLAT)], -1)


def painted(m, palette, l):  # noqa: E741
    """ab (B, h, w, 2) of a palette: two small matrix products, the whole cost of one more coloring."""
    color, slope = palette[..., :2], palette[..., 2:]
    flat = ops.einsum("bhwk,bkc->bhwc", m, color - slope * mean_in(m, l))
    return flat + l * ops.einsum("bhwk,bkc->bhwc", m, slope)


@keras.saving.register_keras_serializable("anime_color")
class Painting(layers.Layer):
    """`painted` as a layer."""

    def call(self, m, palette, l):  # noqa: E741
        return painted(m, palette, l)

    def compute_output_shape(self, m_shape, palette_shape, l_shape):
        return (*m_shape[:3], 2)


@keras.saving.register_keras_serializable("anime_color")
class Tokens(layers.Layer):
    """What each region looks like: the means in it of features, lightness, its square and place (from -1 to 1), and the
    log of its share of the picture. m (B, h, w, K), features (B, h, w, F), l (B, h, w, 1) -> (B, K, F + 5)."""

    def call(self, m, features, l):  # noqa: E741
        height, width = ops.shape(m)[1:3]
        y, x = ((2 * ops.arange(side, dtype="float32") + 1) / ops.cast(side, "float32") - 1 for side in (height, width))
        zero = ops.zeros_like(l)
        seen = ops.concatenate([features, l, l * l, zero + y[:, None, None], zero + x[:, None]], -1)
        return ops.concatenate([mean_in(m, seen), ops.log(ops.mean(m, (1, 2)) + 1e-6)[..., None]], -1)

    def compute_output_shape(self, m_shape, features_shape, l_shape):
        return (m_shape[0], m_shape[-1], features_shape[-1] + 5)


@keras.saving.register_keras_serializable("anime_color")
class Standardized(layers.Layer):
    """(x - mean) / deviation, or back: both are weights that no gradient moves; `take` sets them. x (..., *shape)."""

    def __init__(self, shape, back=False, **options):
        super().__init__(**options)
        self.shape, self.back = tuple(shape), back

    def build(self, x_shape):
        small = initializers.Constant(0.2 if self.back else 1.0)  # of scaled ab, until it is known
        self.mean = self.add_weight(shape=self.shape, initializer="zeros", trainable=False, name="mean")
        self.deviation = self.add_weight(shape=self.shape, initializer=small, trainable=False, name="deviation")

    def take(self, mean, deviation):
        """Sets what is subtracted and what is divided by, arrays of `shape`."""
        self.mean.assign(mean)
        self.deviation.assign(deviation)

    def call(self, x):
        return x * self.deviation + self.mean if self.back else (x - self.mean) / self.deviation

    def compute_output_shape(self, x_shape):
        return x_shape

    def get_config(self):
        return super().get_config() | {"shape": self.shape, "back": self.back}


@keras.saving.register_keras_serializable("anime_color")
class RegionIdentity(layers.Layer):
    """Adds to each of K tokens (B, K, D) a vector of its own, for a region's number means something."""

    def build(self, shape):
        near = initializers.RandomNormal(stddev=0.2)
        self.vectors = self.add_weight(shape=shape[1:], initializer=near, name="vectors")

    def call(self, tokens):
        return tokens + self.vectors

    def compute_output_shape(self, shape):
        return shape


def region_network(regions=24, width=32, factor=2, features=64):
    """l (B, H, W, 1) -> {"regions": m (B, H/2, W/2, K), "features": (B, H/factor, W/factor, F), "guess": ab of the
    same size}, for any height and width that are multiples of 8 * factor; no noise.

    A U-Net on blocks of factor x factor pixels (2 or 4), four levels of w, 2w, 4w, 6w channels, the lowest of which
    sees the whole face. Regions are drawn at half the picture's side in any case. "guess" is a mean color, read off
    the features by one linear layer, so that these learn what tells colors.
    """
    l = layers.Input((None, None, 1), name="l")  # noqa: E741
    x, below = four_levels(SpaceToDepth(factor, name="stem")(l), width)
    seen = layers.Concatenate(name="two_levels")([x, layers.UpSampling2D(2, name="level1_enlarged")(below)])
    seen = layers.Conv2D(features, 1, name="features", **EXACT)(seen)
    guess = layers.Conv2D(2, 1, kernel_initializer="zeros", name="guess", **EXACT)(seen)
    if factor == 4:  # the finer half of the picture's side: colors have to end where its lines are
        coarse = DepthToSpace(2, name="fine_coarse")(convolution(x, 4 * (width // 2), 3, 1, "fine"))
        fine = convolution(SpaceToDepth(2, name="fine_packed")(l), width // 2, 3, 1, "fine_lines")
        x = layers.LeakyReLU(0.2, name="fine_activation")(layers.Add(name="fine_sum")([coarse, fine]))
    logits = layers.Conv2D(regions, 3, padding="same", name="logits", **EXACT)(x)
    m = layers.Softmax(name="regions", **EXACT)(logits)
    return keras.Model(l, {"regions": m, "features": seen, "guess": guess}, name="regions")


def palette_network(regions=24, token_size=69, width=96, depth=3):
    """The velocity of palettes on their way from noise: {"tokens" (B, K, T), "palette" (B, K, 4) standardized, "time"
    (B, 1) from 0 to 1} -> (B, K, 4). A small transformer over the regions of a picture."""
    given = {
        "tokens": layers.Input((regions, token_size), name="tokens"),
        "palette": layers.Input((regions, 4), name="palette"),
        "time": layers.Input((1,), name="time"),
    }
    tokens = Standardized((token_size,), name="tokens_standardized", **EXACT)(given["tokens"])
    waves = np.exp(np.linspace(0, np.log(100), 16)).astype("float32")
    time = layers.Concatenate(name="time_waves")([ops.sin(given["time"] * waves), ops.cos(given["time"] * waves)])
    time = layers.Dense(width, activation="silu", name="time_code")(time)
    looks, colors = layers.Dense(width, name="looks")(tokens), layers.Dense(width, name="colors")(given["palette"])
    x = RegionIdentity(name="identity")(layers.Add(name="looks_and_colors")([looks, colors]))
    for i in range(depth):
        name = f"block{i + 1}"
        scale, shift = (
            layers.Dense(width, kernel_initializer="zeros", name=f"{name}_{n}")(time) for n in ("scale", "shift")
        )
        y = layers.LayerNormalization(epsilon=1e-5, name=f"{name}_normalization1")(x)
        y = y * (1 + scale[:, None, :]) + shift[:, None, :]
        attention = layers.MultiHeadAttention(4, width // 4, dropout=0.1, seed=2 * i, name=f"{name}_attention")
        x = layers.Add(name=f"{name}_sum1")([x, attention(y, y)])
        y = layers.LayerNormalization(epsilon=1e-5, name=f"{name}_normalization2")(x)
        y = layers.Dropout(0.1, seed=2 * i + 1, name=f"{name}_dropout")(
            layers.Dense(3 * width, activation="gelu", name=f"{name}_wide")(y)
        )
        x = layers.Add(name=f"{name}_sum2")([x, layers.Dense(width, name=f"{name}_narrow")(y)])
    x = layers.LayerNormalization(epsilon=1e-5, name="last_normalization")(x)
    return keras.Model(given, layers.Dense(4, kernel_initializer="zeros", name="velocity", **EXACT)(x), name="palette")


def palette_reader(regions, slopes=True):
    """{"l", "ab"} of real pictures -> {"tokens", "palette", "area" (B, K)}: their regions, and the fitted palette."""
    l, ab = layers.Input((None, None, 1), name="l"), layers.Input((None, None, 2), name="ab")  # noqa: E741
    m, tokens = _regions_and_tokens(regions, l)
    half = layers.AveragePooling2D(2, **EXACT)
    palette = _Fitting(slopes, name="fitting", **EXACT)(m, half(ab), half(l))
    area = ops.mean(m, (1, 2))
    return keras.Model({"l": l, "ab": ab}, {"tokens": tokens, "palette": palette, "area": area}, name="palette_reader")


def generator_of(regions, palette, steps=4):
    """A generator {"l", "noise"} -> lab out of the two networks, latent size K * 4."""
    l = layers.Input((None, None, 1), name="l")  # noqa: E741
    count = palette.input["tokens"].shape[1]
    noise = layers.Input((count * 4,), name="noise")
    m, tokens = _regions_and_tokens(regions, l)
    nothing = ops.zeros_like(ops.reshape(noise, (-1, count, 4)))
    given = {"tokens": tokens, "noise": noise, "known": nothing, "locked": nothing}
    sampled = palette_sampler(palette, steps)(given)
    ab = Painting(name="painting", **EXACT)(m, sampled, layers.AveragePooling2D(2, name="half_l", **EXACT)(l))
    ab = GuidedUpsampling(name="full_size", **EXACT)(ab, l)
    ab = ops.clip(ab, -1, 1)
    lab = layers.Concatenate(name="lab", **EXACT)([l, ab])
    return keras.Model({"l": l, "noise": noise}, lab, name="generator")


def palette_sampler(palette, steps=4):
    """{"tokens", "noise" (B, K * 4), "known", "locked" (B, K, 4)} -> palettes (B, K, 4), by `steps` Euler steps of the
    flow whose velocity is the network `palette`.

    known: standardized entries of the palette. locked: 1 where they are to come out, 0 where they are not looked at.
        What is locked goes its straight way from the noise, so that the rest is sampled to match it.
    """
    count, token_size = palette.input["tokens"].shape[1:]
    given = {
        "tokens": layers.Input((count, token_size), name="tokens"),
        "noise": layers.Input((count * 4,), name="noise"),
        "known": layers.Input((count, 4), name="known"),
        "locked": layers.Input((count, 4), name="locked"),
    }
    tokens, noise, known, locked = given.values()
    x = start = layers.Reshape((count, 4), name="start", **EXACT)(noise)
    straight = locked * (known - start)
    for step in range(steps):
        time = ops.zeros_like(noise[:, :1]) + step / steps
        velocity = palette({"tokens": tokens, "palette": x, "time": time}, training=False)
        x = x + ((1 - locked) * velocity + straight) / steps
    x = Standardized((count, 4), back=True, name="palette_standardized", **EXACT)(x)
    return keras.Model(given, x, name="sampler")


@keras.saving.register_keras_serializable("anime_color")
class _Fitting(layers.Layer):
    """`fitted` as a layer."""

    def __init__(self, slopes, **options):
        super().__init__(**options)
        self.slopes = slopes

    def call(self, m, ab, l):  # noqa: E741
        return fitted(m, ab, l, self.slopes)

    def compute_output_shape(self, m_shape, ab_shape, l_shape):
        return (m_shape[0], m_shape[-1], 4)


def _regions_and_tokens(regions, l):  # noqa: E741
    """(m, tokens) of symbolic lightness, as the networks see it."""
    seen = regions(l)
    m, features = seen["regions"], seen["features"]
    factor = regions.get_layer("stem").factor
    small = m if factor == 2 else layers.AveragePooling2D(2, name="regions_small", **EXACT)(m)
    small_l = layers.AveragePooling2D(factor, name="small_l", **EXACT)(l)
    return m, Tokens(name="tokens_of_regions", **EXACT)(small, features, small_l)
