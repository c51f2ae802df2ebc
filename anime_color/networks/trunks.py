"""Pretrained feature trunks by name: pictures in, the features of one layer out, or of three depths.

`vgg19`     until block4_conv4, before its ReLU; ImageNet
`vgg16`     until block4_conv3, before its ReLU; ImageNet
`resnet50`  until conv4_block6_out, which is after a ReLU: the layer that encoders of this kind end with; ImageNet
`resnet101` until conv4_block23_out, the same of the deeper one; ImageNet
`faces`     ours, in weights/face-features: the classifier of characters until depth 3, before its ReLU; deeper, it has
            fewer numbers than the picture, and what is painted from them alone is a pattern

ImageNet weights come from Keras' cache, or Keras downloads them. Where neither works, `faces` stands in and says so.
"""

import hashlib
import json
import os
import warnings
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
from keras import layers, ops

from anime_color import color
from anime_color.files import SHIPPED
from anime_color.networks.features import feature_network
from anime_color.training import checkpoints
from data_prep.errors import BadInput


class Trunk(NamedTuple):
    """A feature trunk; called with pictures (B, H, W, 3), sRGB / 127.5 - 1, it returns their features (B, h, w, C), or
    a list of those of several depths, as losses need them: differentiable, batch statistics as they were learned.

    network: what `prepare` returns -> features; takes any height and width. Of a trainable trunk it may be called with
        training=True.
    name: what it really is, for tables and run.json.
    prepare: pictures -> what the network takes, in `keras.ops`.
    """

    network: keras.Model
    name: str
    prepare: callable

    def __call__(self, pictures):
        return self.network(self.prepare(pictures), training=False)


class _Body(NamedTuple):
    """A network of keras.applications: its title, its builder, the layer that its trunk ends with, the md5 of the
    weights that Keras publishes, the layers of `find_depths`, and whether it has its top, which tells classes."""

    title: str
    build: callable
    last: str
    md5: str
    depths: tuple[str, ...] = ()
    top: bool = False


_applications = keras.applications
_BODIES = {
    "vgg19": _Body("VGG19", _applications.VGG19, "block4_conv4", "253f8cb515780f3b799900260a226db6"),
    "vgg16": _Body(
        "VGG16",
        _applications.VGG16,
        "block4_conv3",
        "6d6bbae143d832006294945121d1f1fc",
        ("block3_conv3", "block4_conv3", "block5_conv3"),
    ),
    "resnet50": _Body("ResNet50", _applications.ResNet50, "conv4_block6_out", "4d473c1dd8becc155b73f8504c6f6626"),
    "resnet101": _Body("ResNet101", _applications.ResNet101, "conv4_block23_out", "88cf7a10940856eca736dc7b7e228a21"),
    "vgg16 classes": _Body("VGG16", _applications.VGG16, "predictions", "64373286793e3c8b2b4e3219cbf3544b", top=True),
}
NAMES = (*(name for name, body in _BODIES.items() if not body.top), "faces")
NAMES_OF_DEPTHS = (*(name for name, body in _BODIES.items() if body.depths), "faces")

# What the depths of the faces network are divided by: the mean absolute difference that each sees between a face and
# its gray (luma 0.299, 0.587, 0.114), over that between their pixels, normalized as ImageNet's. Measured on 256 anime
# faces (train split of a set of 19,000) at the 64 px that the network was trained on; at 32 px it is up to 1.17 times
# this, at 128 px down to 0.85.
_FACES_DEPTHS = {"depth2": 1.035, "depth3": 0.914, "depth4": 0.876}

CAFFE_BGR = np.array([103.939, 116.779, 123.68], "float32")


class Missing(Exception):
    """ImageNet weights that are not in Keras' cache and cannot be downloaded."""

    def __init__(self, kind, error):
        super().__init__(kind, error)
        self.kind, self.error = kind, error

    def told(self, instead):
        """What is missing, what is done `instead`, and what would help, in one line."""
        told = (
            f"{_BODIES[self.kind].title}: its ImageNet weights are missing and could not be downloaded ({self.error}); "
            f"{instead}. Without a network: put {_file_name(self.kind)} into {_cache()}, or give the file of weights"
        )
        return " ".join(told.split())


def find(name, weights=None, trainable=False):
    """The `Trunk` `name`; frozen unless `trainable`, also inside a model that is trained.

    weights: the file that its weights are read from, as Keras publishes it without top or as `save_weights` wrote it;
        None takes the ImageNet weights, or the stand-in.

    BadInput for another name, and for a file that is missing, damaged or of another network, be it in Keras' cache.
    """
    _check(name, NAMES, weights)
    trunk = _trunk(name, weights, _faces, _until_last)
    trunk.network.trainable = trainable
    return trunk


def find_depths(name, weights=None):
    """The frozen `Trunk` whose features are a list of three maps, each after a ReLU, for losses that look at several
    depths.

    `vgg16`     the ReLUs before its third, fourth and fifth pooling: (B, H/4, W/4, 256), (B, H/8, W/8, 512) and
                (B, H/16, W/16, 512)
    `faces`     ours, depths 2, 3 and 4: (B, H/2, W/2, 32), (B, H/4, W/4, 64), (B, H/8, W/8, 96), scaled so that each
                tells a face from its gray one by as much, in mean absolute difference, as normalized pixels do

    weights, stand-in and BadInput as for `find`.
    """
    _check(name, NAMES_OF_DEPTHS, weights)
    trunk = _trunk(name, weights, _faces_depths, _until_depths)
    trunk.network.trainable = False
    return trunk


def _check(name, allowed, weights):
    if name not in allowed:
        raise BadInput(f"trunk {name!r}: allowed are {', '.join(allowed)}")
    if name == "faces" and weights is not None:
        raise BadInput(f"weights={weights!s}: the trunk 'faces' ships with its own; leave weights out")


def shipped_faces():
    """(the shipped classifier's body for pictures of any size, the size in pixels that it was trained on).
    BadInput for damaged weights."""
    network, config = shipped("face-features", lambda config: feature_network(size=None))
    return network, config["size"]


def shipped(name, build):
    """(the network `build(config)` with the weights of the folder `name` that ships with the package, its config).
    BadInput for damaged weights."""
    folder, config = SHIPPED / name, shipped_config(name)
    if checkpoints.sha256(folder / "network.npz") != config["sha256"]:
        raise BadInput(f"{folder}: network.npz is not what was shipped (its sha256 differs); install again")
    network = build(config)
    with np.load(folder / "network.npz", allow_pickle=False) as arrays:
        network.set_weights([arrays[name].astype("float32") for name in sorted(arrays.files)])
    return network, config


def shipped_config(name):
    """What the package says of the network in its folder `name`."""
    return json.loads((SHIPPED / name / "config.json").read_text("utf-8"))


def _faces():
    network, _ = shipped_faces()
    features = network.get_layer("depth3_2_normalization").output
    return Trunk(keras.Model(network.input, features, name="faces_trunk"), "faces network depth3", _lab)


def _faces_depths():
    network, _ = shipped_faces()
    maps = [
        layers.Rescaling(1 / size, dtype="float32", name=f"{depth}_scaled")(network.output[int(depth[-1]) - 1])
        for depth, size in _FACES_DEPTHS.items()
    ]
    name = f"faces network {', '.join(_FACES_DEPTHS)}"
    return Trunk(keras.Model(network.input, maps, name="faces_depths"), name, _lab)


def _trunk(name, weights, faces, cut):
    """The trunk `name`: `faces()`, which also stands in, or what `cut` of a body and its whole network returns, the
    words for where it ends and the network until there."""
    if name == "faces":
        return faces()
    try:
        whole, origin = published(name, weights)
    except Missing as missing:
        trunk = faces()
        trunk = trunk._replace(name=f"{trunk.name} (stand-in)")
        print(missing.told(f"the {trunk.name} is used"))
        return trunk
    where, network = cut(_BODIES[name], whole)
    return Trunk(network, f"{_BODIES[name].title} {where} ({origin})", caffe)


def published(kind, weights=None):
    """(the network `kind` of keras.applications, "vgg16 classes" being VGG16 with its top and all others without; the
    origin of its weights: "ImageNet" or a file name).

    weights: as for `find`. Raises Missing where those of ImageNet cannot be had, BadInput as `find` does.
    """
    cached = _cache() / _file_name(kind)
    if weights is None and not cached.exists():
        try:
            return _downloaded(kind), "ImageNet"
        except Exception as error:  # Keras raises a bare Exception where the network fails
            raise Missing(kind, error) from error
    path = cached if weights is None else Path(weights)
    whole = _loaded(kind, path)
    as_published = _md5(path) == _BODIES[kind].md5
    if weights is None and not as_published:
        raise _unusable(kind, path, "its md5 is not that of the published file")
    return whole, "ImageNet" if as_published else path.name


def _downloaded(kind):
    """The whole network, with the weights that Keras downloads into its cache."""
    return _BODIES[kind].build(include_top=_BODIES[kind].top, weights="imagenet")


def _loaded(kind, path):
    """The whole network, with the weights of a file."""
    if not path.is_file():
        raise _unusable(kind, path, "there is no such file")
    whole = _BODIES[kind].build(include_top=_BODIES[kind].top, weights=None)
    try:
        with warnings.catch_warnings():
            # of layers that do not fit, which the error that follows tells better
            warnings.filterwarnings("ignore", "Skipping nested container", UserWarning)
            whole.load_weights(path)
    except Exception as error:  # a damaged file can fail anywhere inside h5py or Keras
        raise _unusable(kind, path, str(error).partition("\n")[0].rstrip(":")) from error
    return whole


def _unusable(kind, path, reason):
    title, file_name, top = _BODIES[kind].title, _file_name(kind), "with" if _BODIES[kind].top else "without"
    if path == _cache() / file_name:
        remedy = "remove it and Keras downloads it again, or put the file that Keras publishes in its place"
    else:
        remedy = f"give {file_name}, as Keras publishes it, or what save_weights wrote of the same network"
    return BadInput(f"{path}: not the weights of {title} {top} its top ({reason}); {remedy}")


def _until_last(body, whole):
    """VGG has its ReLUs inside the convolutions; the last one is taken out."""
    layer = whole.get_layer(body.last)
    if isinstance(layer, keras.layers.Conv2D):
        layer.activation = keras.activations.linear
    return body.last, keras.Model(whole.input, layer.output, name=f"{whole.name}_trunk")


def _until_depths(body, whole):
    maps = [whole.get_layer(name).output for name in body.depths]
    return ", ".join(body.depths), keras.Model(whole.input, maps, name=f"{whole.name}_depths")


def _file_name(kind):
    name = f"{kind.partition(' ')[0]}_weights_tf_dim_ordering_tf_kernels"
    return f"{name}.h5" if _BODIES[kind].top else f"{name}_notop.h5"


def _cache():
    """Keras' own folder of weights."""
    return Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser() / "models"


def _md5(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()


def caffe(pictures):
    """Pictures, sRGB / 127.5 - 1, as the ImageNet weights were trained on them: 0..255 less the mean color, blue
    first."""
    return ops.subtract(ops.flip((ops.cast(pictures, "float32") + 1) * 127.5, -1), CAFFE_BGR)


def _lab(pictures):
    return color.rgb_to_lab_tensor((ops.cast(pictures, "float32") + 1) / 2)
