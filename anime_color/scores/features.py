"""Feature networks by name: pictures in, one summary each and maps of several depths out.

`faces`      our own classifier of characters, shipped in weights/face-features with its card
`inception`  keras.applications' InceptionV3, whose ImageNet weights Keras downloads; not the network of 2015, so
             its distances are never those of published tables
"""

from dataclasses import dataclass

import keras
import numpy as np
from PIL import Image

from anime_color import color
from anime_color.networks import trunks
from anime_color.scores import inputs
from data_prep.errors import BadInput

NAMES = ("faces", "inception")
AT_ONCE = 64  # pictures in one call
RESIZE = "Pillow bicubic, antialiased"


@dataclass(frozen=True)
class Features:
    """A feature network.

    title: how tables name it.
    network: one picture tensor -> a list of tensors, the last one the summary (B, d), those before it maps.
    size: side in pixels that pictures are brought to.
    prepare: uint8 RGB (B, size, size, 3) -> what the network takes.
    """

    title: str
    network: keras.Model
    size: int
    prepare: callable

    def __call__(self, rgb):
        """(summaries (N, d), maps [(N, h, w, C), ...]) of uint8 RGB pictures (N, H, W, 3)."""
        [rgb] = inputs.pictures(rgb=rgb)
        seen = self.prepare(resized(rgb, self.size))
        chunks = [self.network.predict_on_batch(seen[i : i + AT_ONCE]) for i in range(0, len(seen), AT_ONCE)]
        outputs = zip(*map(keras.tree.flatten, chunks), strict=True)  # Keras unpacks a list of one
        *maps, summary = (np.concatenate(parts) for parts in outputs)
        return summary, maps


def load(name):
    """The feature network `name`. BadInput for another name, damaged weights, or a download that failed."""
    if name not in NAMES:
        raise BadInput(f"features {name!r}: allowed are {', '.join(NAMES)}")
    return _faces() if name == "faces" else _inception()


def resized(rgb, size):
    """uint8 pictures (N, H, W, 3) at size x size, antialiased bicubic."""
    if rgb.shape[1:3] == (size, size):
        return rgb
    resize = Image.Resampling.BICUBIC
    return np.stack([np.asarray(Image.fromarray(picture).resize((size, size), resize)) for picture in rgb])


def _faces():
    network, size = trunks.shipped_faces()
    return Features("faces network", network, size, color.rgb_to_lab)


def _inception():
    try:
        network = keras.applications.InceptionV3(include_top=False, pooling="avg", input_shape=(299, 299, 3))
    except Exception as error:
        raise BadInput(
            f"features 'inception': its weights could not be loaded ({error}); connect once, or use --features faces"
        ) from error
    network = keras.Model(network.input, [network.output])
    return Features("Keras Inception", network, 299, lambda rgb: rgb / np.float32(127.5) - 1)
