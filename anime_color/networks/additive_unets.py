"""Line art and a small coloring of it in, a coloring out: one U-Net plan, for both networks of the two-stage system,
where its joins are sums (Lee and Lee 2019/2020), and for the second stage of Comicolorization (Furusawa et al.
2017)."""

import keras
from keras import layers

from anime_color.color import AB_SCALE, LIGHTNESS_SCALE
from anime_color.networks.blocks import BlackAndWhite, normal
from data_prep.errors import BadInput

# encoder: (growth, kernel, strides); every second layer halves. decoder: (growth, whether it doubles)
ENCODER = [(0.5, 3, 1), (1, 4, 2), (1, 3, 1), (2, 4, 2), (2, 3, 1), (4, 4, 2), (4, 3, 1), (8, 4, 2), (8, 3, 1)]
DECODER = [(8, True), (4, False), (4, True), (2, False), (2, True), (1, False), (1, True), (0.5, False)]
BARE = ("E0", "E1", "D1")  # without batch normalization; so the published count is reached exactly


def additive_unet(given, name, width=64, join="add"):
    """A U-Net {"lines" (B, H, W, 1), `given` (B, H, W, 3)} -> scaled lab (B, H, W, 3), for any multiples of 16.

    given: "hints" for the draft, "draft" for the coloring; one plan serves both.
    join: "add" sums what comes from the encoder with what comes from below, "concatenate" puts them side by side, as
        the U-Net does. At width 64: 13,071,072 parameters against 18,642,496.

    The plan is that of the first author's code, with sums for its concatenations; which layers lack normalization is
    inferred from the published count.
    """
    if join not in ("add", "concatenate"):
        raise BadInput(f"join={join!r}: allowed are add, concatenate")
    lines = layers.Input((None, None, 1), name="lines")
    colors = layers.Input((None, None, 3), name=given)

    def block(x, convolution, growth, kernel, strides, label):
        x = convolution(
            int(growth * width), kernel, strides=strides, padding="same", use_bias=False, kernel_initializer=normal(),
            name=label,
        )(x)  # fmt: skip
        if label not in BARE:
            x = layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"{label}_normalization")(x)
        return layers.LeakyReLU(0.2, name=f"{label}_activation")(x)

    x = _u_net(layers.Concatenate(name="given")([lines, colors]), width, join, block)
    lab = layers.Conv2D(
        3,
        3,
        padding="same",
        use_bias=False,
        activation="tanh",
        kernel_initializer=normal(),
        dtype="float32",
        name="lab",
    )(x)
    return keras.Model({"lines": lines, given: colors}, lab, name=name)


def _u_net(x, width, join, block):
    """The plan, of x (B, H, W, C) to features (B, H, W, width / 2), or twice as many channels where joins concatenate.

    block: function (x, kind of convolution, growth, kernel, strides, name) -> x.
    """

    def joined(x, other, label):
        together = layers.Add if join == "add" else layers.Concatenate
        return together(name=f"{label}_join")([other, x])

    encoded = []
    for i, (growth, kernel, strides) in enumerate(ENCODER):
        x = block(x, layers.Conv2D, growth, kernel, strides, f"E{i}")
        encoded.append(x)
    x = encoded[7]  # E7 and E8 are joined first
    for i, (growth, doubles) in zip(range(8, 0, -1), DECODER, strict=True):
        if doubles:
            x = joined(x, encoded[i], f"D{i}")
            x = block(x, layers.Conv2DTranspose, growth, 4, 2, f"D{i}")
        else:
            x = block(x, layers.Conv2D, growth, 3, 1, f"D{i}")
    return joined(x, encoded[0], "out")


def comic_enlarger(width=64):
    """The second stage of Comicolorization: {"lines" (B, H, W, 1), "draft" (B, H, W, 3), scaled lab} -> scaled lab
    (B, H, W, 3), for any multiples of 16; 18,639,619 trained parameters at width 64."""
    lines = layers.Input((None, None, 1), name="lines")
    draft = layers.Input((None, None, 3), name="draft")

    def block(x, convolution, growth, kernel, strides, label):
        x = convolution(
            int(growth * width), kernel, strides=strides, padding="same", kernel_initializer="lecun_normal", name=label
        )(x)
        x = layers.BatchNormalization(momentum=0.9, epsilon=2e-5, name=f"{label}_normalization")(x)
        return layers.ReLU(name=f"{label}_activation")(x)

    hundredths = [LIGHTNESS_SCALE / 100, AB_SCALE / 100, AB_SCALE / 100], [LIGHTNESS_SCALE / 100, 0.0, 0.0]
    x = layers.Concatenate(name="given")([lines, layers.Rescaling(*hundredths, name="hundredths")(draft)])
    x = _u_net(x, width, "concatenate", block)
    fifties = layers.Conv2D(3, 3, padding="same", kernel_initializer="lecun_normal", dtype="float32", name="fifties")(x)
    lab = layers.Rescaling([1.0, 50 / AB_SCALE, 50 / AB_SCALE], dtype="float32", name="lab")(fifties)
    return keras.Model({"lines": lines, "draft": draft}, lab, name="enlarger")


def comic_generator_in_two_stages(draft, enlarger):
    """{"lines" (B, 2S, 2S, 1), "hints" (B, S, S, 3), "reference" (B, 216)} -> {"lab" (B, 2S, 2S, 3), "labels"}, of the
    two trained networks of Comicolorization: a draft of the halved lines, and what enlarges it along the lines."""
    side = draft.input["lines"].shape[1]
    given = {
        "lines": layers.Input((2 * side, 2 * side, 1), name="lines"),
        **{name: layers.Input(draft.input[name].shape[1:], name=name) for name in ("hints", "reference")},
    }
    small = layers.AveragePooling2D(2, name="small_lines")(given["lines"])
    painted = draft({**given, "lines": BlackAndWhite(name="small_ink")(small)})
    enlarged = layers.UpSampling2D(2, name="enlarged_draft")(painted["lab"])
    lab = enlarger({"lines": given["lines"], "draft": enlarged})
    return keras.Model(given, {**painted, "lab": lab}, name="generator")


def two_stage_generator(draft, coloring, factor=4):
    """{"lines" (B, H, W, 1), "hints" (B, H/factor, W/factor, 3)} -> scaled lab (B, H, W, 3), of the two trained
    networks.

    The draft sees the lines reduced by `factor`; what it paints is enlarged, nearest, for the coloring network.
    """
    lines = layers.Input((None, None, 1), name="lines")
    hints = layers.Input((None, None, 3), name="hints")
    small = layers.AveragePooling2D(factor, name="small_lines")(lines)
    painted = draft({"lines": small, "hints": hints})
    painted = layers.UpSampling2D(factor, name="enlarged_draft")(painted)
    return keras.Model({"lines": lines, "hints": hints}, coloring({"lines": lines, "draft": painted}), name="generator")


def draft_discriminator(size=128, width=32):
    """Judges drafts, pictures (B, size, size, 3) -> logit (B, 1): 903,105 parameters at 128 px and width 32 (the plan
    of rapidrabbit76/PaintsTensorFlow, 2019)."""
    if size < 16 or size % 16:
        raise BadInput(f"drafts of {size} px: needed is a multiple of 16")
    picture = x = layers.Input((size, size, 3), name="lab")
    for i, (growth, kernel, strides) in enumerate(
        [(1, 4, 2), (1, 3, 1), (2, 4, 2), (2, 3, 1), (4, 4, 2), (4, 3, 1), (8, 4, 2)]
    ):
        x = layers.Conv2D(
            growth * width, kernel, strides=strides, padding="same", kernel_initializer=normal(), name=f"conv{i + 1}"
        )(x)
        x = layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"conv{i + 1}_normalization")(x)
        x = layers.LeakyReLU(0.2, name=f"conv{i + 1}_activation")(x)
    logit = layers.Dense(1, dtype="float32", name="logit")(layers.Flatten(name="flatten")(x))
    return keras.Model(picture, logit, name="discriminator")
