"""InstColor (Su, Chu and Huang, CVPR 2020): one network colors the whole picture, one its instances, each cut out and
enlarged, and a third fuses what both see at 13 depths. All three have the plan of Zhang et al. (2017).

Boxes are those of boxes.py; box_valid (batch, N) is 1 for those that count. The features of the instances come as
(batch * N, h, w, C).
"""

import keras
from keras import layers, ops

from anime_color.networks.blocks import check_multiple
from anime_color.networks.boxes import Crops, inside, placing

# where features are fused: name, and how many times smaller they are than what the network reads
POINTS = (
    ("conv1", 1), ("conv2", 2), ("conv3", 4), ("conv4", 8), ("conv5", 8), ("conv6", 8), ("conv7", 8), ("conv8_up", 4),
    ("conv8", 4), ("conv9_up", 2), ("conv9", 2), ("conv10_up", 1), ("conv10", 1),
)  # fmt: skip
MULTIPLE = 8
OUTSIDE = 1e5  # added to the background's logit where no box is
NEVER = -1e9  # the logit of a box that does not count at a pixel
FUSIONS = ("masked", "published")


@keras.saving.register_keras_serializable("anime_color")
class WithoutHints(layers.Layer):
    """Scaled lightness (batch, H, W, 1) as the published network reads it (batch, H, W, 4): (L* - 50) / 100, and the
    planes of hints of a picture that has none: zeros, zeros, -0.5."""

    def call(self, lightness):
        planes = ops.convert_to_tensor([0, 0, 0, -0.5], lightness.dtype)
        return ops.pad(lightness, [[0, 0]] * 3 + [[0, 3]]) * 0.5 + planes

    def compute_output_shape(self, shape):
        return (*shape[:-1], 4)


@keras.saving.register_keras_serializable("anime_color")
class Fusion(layers.Layer):
    """One fusion module: (features of the picture (batch, H, W, C), of its instances (batch * N, h, w, C), boxes,
    box_valid) -> (batch, H, W, C), a mean with weights that two small networks tell, of the instances and of the
    picture.

    factor: how many times smaller the features are than the picture that the boxes are of.
    inner: channels of the small networks; 1,078,266 parameters in all 13 modules at 16 and width 64.
    fusing: "published": beside its own box, an instance of zeros takes a part of the weight, so that of N boxes one
        keeps 2 / (N + 1) of what is there, until the logits learn better; "masked": there it has none, and
        logits may be negative, so that no network of them can die.
    """

    def __init__(self, factor, inner=16, fusing="masked", **options):
        super().__init__(**options)
        self.factor, self.inner, self.fusing = factor, inner, fusing
        last = "relu" if fusing == "published" else None
        plan = [(inner, "relu"), (inner, "relu"), (1, last)]
        self.told = {
            name: [
                layers.Conv2D(
                    filters, 3, padding="same", activation=active, name=f"{name}{i}", dtype=self.dtype_policy,
                    kernel_initializer=keras.initializers.RandomNormal(stddev=0.02),
                )
                for i, (filters, active) in enumerate(plan, 1)
            ]
            for name in ("instances", "picture")
        }  # fmt: skip

    def build(self, features_shape, instances_shape, boxes_shape, box_valid_shape):
        for some in self.told.values():
            channels = features_shape[-1]
            for layer in some:
                layer.build((None, None, None, channels))
                channels = layer.filters

    def call(self, features, instances, boxes, box_valid):
        weights, placed = self.weights_and_placed(features, instances, boxes, box_valid)
        return ops.sum(weights * placed, 1)

    def weights_and_placed(self, features, instances, boxes, box_valid):
        """(the weights (batch, N + 1, H, W, 1), of sum 1 over N + 1, and what they weigh (batch, N + 1, H, W, C): each
        instance in its box, with zeros around it, then the picture)."""
        height, width = ops.shape(features)[1], ops.shape(features)[2]
        place = placing(boxes, self.factor, height, width, instances.shape[1:3])
        counts = ops.cast(box_valid, "float32")[..., None, None, None]  # half precision ends below these logits
        covered = inside(boxes, self.factor, height, width) * counts
        if self.fusing == "masked":
            counts = covered
        logits = ops.cast(place(_through(self.told["instances"], instances)), "float32")
        logits = ops.where(counts > 0, logits, NEVER)
        background = ops.cast(_through(self.told["picture"], features), "float32") + OUTSIDE * (1 - ops.max(covered, 1))
        weights = ops.softmax(ops.concatenate([logits, background[:, None]], 1), 1)
        placed = ops.concatenate([place(instances), features[:, None]], 1)
        return ops.cast(weights, placed.dtype), placed

    def compute_output_shape(self, features_shape, instances_shape, boxes_shape, box_valid_shape):
        return features_shape

    def get_config(self):
        return super().get_config() | {"factor": self.factor, "inner": self.inner, "fusing": self.fusing}


@keras.saving.register_keras_serializable("anime_color")
class Either(layers.Layer):
    """The first of two pictures (batch, H, W, C) where any of its boxes is valid, else the second."""

    def call(self, first, second, box_valid):
        return ops.where(ops.max(box_valid, 1)[:, None, None, None] > 0, first, second)

    def compute_output_shape(self, first_shape, second_shape, box_valid_shape):
        return first_shape


def instance_colorizer(name, width=64, classes=0):
    """{"l": (batch, H, W, 1)} -> {"lab": (batch, H, W, 3), "conv1": features, ... all of `POINTS`}, for any multiples
    of 8: the network of the whole picture and the one of instances.

    classes: of the published head for classes, "classes", that nothing trains; 0 leaves it out. With its 529,
        34,187,027 trained parameters at width 64.
    """
    lightness = layers.Input((None, None, 1), name="l")
    lab, points = _plan(lightness, width)
    outputs = {"lab": lab, **points}
    if classes:
        outputs["classes"] = layers.Conv2D(classes, 1, name="classes")(points["conv8"])
    return keras.Model({"l": lightness}, outputs, name=name)


def instance_fusion(width=64, inner=16, fusing="masked", factor=1, classes=0):
    """{"l": (batch, H, W, 1), "boxes", "box_valid", "instance_conv1": features, ... all of `POINTS`} -> {"lab"}: the
    same plan, in which what a block gives is fused with what the instances have there.

    factor: how many times smaller `l` is than the picture that the boxes are of. classes: as in `instance_colorizer`.
    """
    lightness = layers.Input((None, None, 1), name="l")
    boxes, box_valid = layers.Input((None, 4), name="boxes"), layers.Input((None,), name="box_valid")
    given = {"l": lightness, "boxes": boxes, "box_valid": box_valid}

    def fused(x, name, smaller):
        seen = given[f"instance_{name}"] = layers.Input((None, None, x.shape[-1]), name=f"instance_{name}")
        return Fusion(smaller * factor, inner, fusing, name=f"fusion_{name}")(x, seen, boxes, box_valid)

    lab, points = _plan(lightness, width, fused)
    outputs = {"lab": lab}
    if classes:
        outputs["classes"] = layers.Conv2D(classes, 1, name="classes")(points["conv8"])
    return keras.Model(given, outputs, name="fusion")


def instance_generator(full_image, instance, fusion, size, factor=1):
    """{"l": (batch, H, W, 1), "boxes": (batch, N, 4), "box_valid": (batch, N)} -> scaled lab (batch, H, W, 3), of the
    three trained networks; of the first alone where no box is valid.

    size: side of training pictures; crops are stretched to size / factor. factor: the networks see the picture that
        many times smaller, and crops are cut out of it as it is.
    """
    check_multiple(size, MULTIPLE * factor)
    given = {
        "l": layers.Input((None, None, 1), name="l"),
        "boxes": layers.Input((None, 4), name="boxes"),
        "box_valid": layers.Input((None,), name="box_valid"),
    }
    small = layers.AveragePooling2D(factor, name="small_l")(given["l"]) if factor > 1 else given["l"]
    seen = instance({"l": Crops(size // factor, name="crops")(given["l"], given["boxes"])})
    fused = fusion({**given, "l": small, **{f"instance_{name}": seen[name] for name, _ in POINTS}})["lab"]
    lab = Either(name="either", dtype="float32")(fused, full_image({"l": small})["lab"], given["box_valid"])
    if factor > 1:
        ab = layers.UpSampling2D(factor, interpolation="bilinear", dtype="float32", name="enlarged_ab")(lab[..., 1:])
        lab = layers.Concatenate(name="lab", dtype="float32")([given["l"], ab])
    return keras.Model(given, lab, name="generator")


def start_with(network, source):
    """Copies the weights of the layers of `source` into those of `network` that have the same names."""
    for layer in source.layers:
        if layer.weights:
            network.get_layer(layer.name).set_weights(layer.get_weights())


def _plan(lightness, width, at=lambda x, name, smaller: x):
    """(scaled lab, {name: features of each of `POINTS`}) of scaled lightness; `at` stands behind each point."""
    points, smaller = {}, dict(POINTS)

    def point(x, name):
        points[name] = at(x, name, smaller[name])
        return points[name]

    def block(x, growth, count, name, dilation=1):
        for i in range(1, count + 1):
            x = layers.Conv2D(
                growth * width, 3, padding="same", dilation_rate=dilation, activation="relu", name=f"{name}_{i}"
            )(x)
        return point(layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"{name}_normalization")(x), name)

    def halved(x, name):
        return layers.MaxPooling2D(1, strides=2, name=f"{name}_every_second")(x)

    def up(x, skip, growth, name):
        x = layers.Conv2DTranspose(growth * width, 4, 2, "same", name=name)(x)
        skip = layers.Conv2D(growth * width, 3, padding="same", name=f"{name}_skip")(skip)
        return layers.ReLU(name=f"{name}_activation")(point(layers.Add(name=f"{name}_sum")([x, skip]), name))

    first = block(WithoutHints(name="without_hints")(lightness), 1, 2, "conv1")
    second = block(halved(first, "conv1"), 2, 2, "conv2")
    third = block(halved(second, "conv2"), 4, 3, "conv3")
    x = block(halved(third, "conv3"), 8, 3, "conv4")
    for name, dilation in (("conv5", 2), ("conv6", 2), ("conv7", 1)):
        x = block(x, 8, 3, name, dilation)
    x = block(up(x, third, 4, "conv8_up"), 4, 2, "conv8")
    x = block(up(x, second, 2, "conv9_up"), 2, 1, "conv9")
    x = layers.Conv2D(2 * width, 3, padding="same", name="conv10_1")(up(x, first, 2, "conv10_up"))
    x = point(layers.LeakyReLU(0.2, name="conv10_activation")(x), "conv10")
    ab = layers.Conv2D(2, 1, activation="tanh", dtype="float32", name="ab")(x)
    return layers.Concatenate(name="lab", dtype="float32")([lightness, ab]), points


def _through(some, x):
    for layer in some:
        x = layer(x)
    return x
