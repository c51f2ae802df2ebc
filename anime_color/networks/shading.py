"""The lightness that a line drawing stands for: what opens `chroma` to line art."""

import keras
from keras import layers

from anime_color.networks.blocks import Doubled, SpaceToDepth, active, convolution, four_levels

EXACT = {"dtype": "float32"}


def shading_network(width=32, factor=4):
    """{"lines" (B, H, W, 1), "hints" (B, H/factor, W/factor, 3)} -> l (B, H, W, 1), factor 2 or 4, for any height
    and width that are multiples of 8 * factor.

    A U-Net on blocks of factor x factor pixels, in which a hint is as large as a block; from there up, features are
    doubled and convolved beside the lines of that size, so that what is filled ends where they are, without a
    checkerboard.
    """
    given = {"lines": layers.Input((None, None, 1), name="lines"), "hints": layers.Input((None, None, 3), name="hints")}
    packed = SpaceToDepth(factor, name="stem")(given["lines"])
    x, _ = four_levels(layers.Concatenate(name="lines_and_hints")([packed, given["hints"]]), width)
    while factor > 1:
        factor //= 2
        name = f"fine{factor}"
        lines = SpaceToDepth(factor, name=f"{name}_lines")(given["lines"]) if factor > 1 else given["lines"]
        x = layers.Concatenate(name=f"{name}_sum")([Doubled(name=f"{name}_doubled")(x), lines])
        width //= 2
        x = active(convolution(x, width, 3, 1, name), name)
    l = layers.Conv2D(1, 3, padding="same", activation="tanh", name="l", **EXACT)(x)  # noqa: E741
    return keras.Model(given, l, name="shading")


def shaded_generator(shading, chroma):
    """{"lines", "hints", "noise"} -> scaled lab (B, H, W, 3): the lightness that `shading` draws, colored by `chroma`,
    a generator of l and noise."""
    given = {
        name: layers.Input(one.shape[1:], name=name)
        for name, one in {**shading.input, **chroma.input}.items()
        if name != "l"
    }
    l = shading({"lines": given["lines"], "hints": given["hints"]})  # noqa: E741
    return keras.Model(given, chroma({"l": l, "noise": given["noise"]}), name="generator")
