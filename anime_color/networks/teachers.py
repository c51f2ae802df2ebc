"""Frozen classifiers that see only lightness, by name: from their distributions colorizers learn what a picture shows.

`characters`  ours, in weights/character-classes: which character is this, among those of our training faces
`vgg16`       ImageNet's 1000 classes by VGG16; its weights come from Keras' cache, a file, or Keras downloads them

The published code of ChromaGAN feeds VGG16 with lightness of 0..1, three times. That network was trained on 0..255
less a mean color, so what it sees is close to black and its distributions hardly differ. `mended` gives it the gray
picture that it was made for.
"""

from typing import NamedTuple

import keras
from keras import ops

from anime_color import color
from anime_color.networks import trunks
from anime_color.networks.features import feature_network
from data_prep.errors import BadInput

NAMES = ("characters", "vgg16")
FEEDINGS = ("published", "mended")
CHARACTERS_SIZE = 64  # side in pixels of the faces that "characters" is trained on
VGG_SIZE = 224


class Teacher(NamedTuple):
    """A frozen classifier; called with scaled lightness (B, H, W, 1), it returns a distribution (B, K), float32.

    network: what `prepare` returns -> the distribution.
    name: what it really is, for tables and run.json.
    prepare: lightness -> what the network takes, in `keras.ops`.
    """

    network: keras.Model
    name: str
    prepare: callable

    def __call__(self, lightness):
        return ops.cast(self.network(self.prepare(lightness), training=False), "float32")


def find(name, weights=None, feeding="published"):
    """The `Teacher` `name`.

    weights: the file of those of "vgg16", as Keras publishes it with top or as `save_weights` wrote it.
    feeding: of "vgg16", "published" or "mended".

    BadInput for another name, for a file that is missing, damaged or of another network, and where the ImageNet weights
    cannot be had: there is no stand-in, for the classes shape the network that learns them.
    """
    if name not in NAMES:
        raise BadInput(f"teacher {name!r}: allowed are {', '.join(NAMES)}")
    if name == "characters" and weights is not None:
        raise BadInput(f"weights={weights!s}: the teacher 'characters' ships with its own; leave weights out")
    teacher = _characters() if name == "characters" else _vgg16(weights, feeding)
    teacher.network.trainable = False
    return teacher


def classes(name):
    """K of the teacher `name`, without its weights."""
    return trunks.shipped_config("character-classes")["classes"] if name == "characters" else 1000


def character_classifier(classes, size=None):
    """Lightness (batch, size, size, 1) -> distribution (batch, classes), float32; size: None for any."""
    body = feature_network(size, "l", 1)
    head = keras.layers.Dense(classes, activation="softmax", dtype="float32", name="classes")
    return keras.Model(body.input, head(body.output[-1]), name="character_classifier")


def _characters():
    network, config = trunks.shipped("character-classes", lambda config: character_classifier(config["classes"]))
    return Teacher(network, f"classifier of {config['classes']} characters", _reduced)


def _reduced(lightness):
    """Lightness at about the size of the training faces."""
    factor = max(1, round(lightness.shape[1] / CHARACTERS_SIZE))
    return ops.average_pool(lightness, factor, factor)


def _vgg16(weights, feeding):
    if feeding not in FEEDINGS:
        raise BadInput(f"feeding={feeding!r}: allowed are {', '.join(FEEDINGS)}")
    try:
        network, origin = trunks.published("vgg16 classes", weights)
    except trunks.Missing as missing:
        raise BadInput(missing.told('take teacher="characters", which ships with the package')) from missing
    return Teacher(network, f"VGG16 ({origin}), fed as {feeding}", _published if feeding == "published" else _mended)


def _published(lightness):
    """L*/100, three times."""
    return ops.repeat(_enlarged((lightness + 1) / 2), 3, -1)


def _mended(lightness):
    """The gray picture as the ImageNet weights want it."""
    gray = ops.concatenate([lightness, ops.zeros_like(lightness), ops.zeros_like(lightness)], -1)
    return trunks.caffe(_enlarged(2 * color.lab_to_rgb_tensor(gray) - 1))


def _enlarged(pictures):
    return ops.image.resize(pictures, (VGG_SIZE, VGG_SIZE), interpolation="bilinear")
