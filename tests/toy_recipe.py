"""A recipe that the library does not know: one small network fills line art, and is told how bright a face is.

The tests register it under the name "toy". It shows what a tenth system needs: this page and nothing else.
"""

from dataclasses import dataclass

import keras
import numpy as np
from keras import layers, ops

from anime_color import fields
from anime_color.training import objectives
from anime_color.training.phases import Phase, Term, Update
from anime_color.training.system import System

FACTOR = 2  # hints are that much smaller than lines


@dataclass(frozen=True)
class Settings:
    size: int = 64
    width: int = 16
    batch_size: int = 8
    brightness: float = 0.5  # weight of the mean lightness of a face
    learning_rate: float = 1e-2
    ema: float = 0.9
    lightness: str = "lab"
    seed: int = 0
    precision: str = "float32"

    @classmethod
    def practical(cls):
        return cls()

    @classmethod
    def faithful(cls):
        return cls(width=64)

    @classmethod
    def tiny(cls):
        return cls(size=32, width=8, batch_size=4)


def brightness(sample):
    """A field of its own: the mean lightness of a face (1,)."""
    return np.float32([sample.lab[..., 0].mean()])


def network(width):
    """{"lines", "hints"} -> scaled lab."""
    lines = layers.Input((None, None, 1), name="lines")
    hints = layers.Input((None, None, 3), name="hints")
    small = layers.AveragePooling2D(FACTOR, name="small_lines")(lines)
    x = layers.Concatenate()([small, hints])
    x = layers.Conv2D(width, 5, padding="same", activation="leaky_relu")(x)
    x = layers.UpSampling2D(FACTOR)(layers.Concatenate()([x, hints]))
    x = layers.Concatenate()([x, lines])
    return keras.Model({"lines": lines, "hints": hints}, layers.Conv2D(3, 3, padding="same", activation="tanh")(x))


def build(settings):
    """The `System` of `settings`: the network "generator"."""

    def l1(scene):
        return objectives.l1_loss(scene.fake, scene.real)

    def as_bright(scene):
        return objectives.l1_loss(ops.mean(scene.fake[..., 0], (1, 2)), scene.batch["brightness"][:, 0])

    def painted(scene):
        return scene.outputs("generator", {name: scene.batch[name] for name in ("lines", "hints")})

    terms = Term("l1", l1), Term("brightness", as_bright, settings.brightness)
    return System(
        networks={"generator": network(settings.width)},
        phases=(Phase("filling", (Update("filling", terms, ("generator",)),), pictures={"fake": painted}),),
        optimizers={"filling": keras.optimizers.Adam(settings.learning_rate)},
        latent_size=0,
        ema=settings.ema,
        multiple=FACTOR,
        fields={**fields.COLORS, "lines": fields.lines, "hints": fields.hints(FACTOR), "brightness": brightness},
    )
