"""Small classifiers of the labels of a face set, from which feature networks and teachers are made.

They are Keras models like any other: no critic, no recipe, no run folder.
"""

import json

import keras
import numpy as np
from keras import layers

from anime_color.files import written_aside
from anime_color.training import checkpoints


class Labelled(keras.utils.PyDataset):
    """The batches of a `faces.Faces` as (its fields `names`, side by side, class).

    known: the labels that are classes, in their order; None takes all that occur.
    """

    def __init__(self, faces, names, known=None):
        super().__init__()
        self.faces, self.names, self.epoch = faces, names, 0
        self.known = np.unique(faces.labels) if known is None else known

    def __len__(self):
        return len(self.faces)

    def __getitem__(self, index):
        batch = self.faces[self.epoch * len(self.faces) + index]
        return np.concatenate([batch[name] for name in self.names], -1), np.searchsorted(self.known, batch["label"])

    def on_epoch_end(self):
        self.epoch += 1


def fit(body, batches, seed, epochs, light=(), verbose="auto"):
    """Trains `body`, pictures (batch, S, S, C) -> features (batch, F), with a dense head of logits behind it, on
    `Labelled` batches; returns body and head as one compiled model. Position, size and tilt are varied.

    light: further layers that vary the picture.
    """
    picture = layers.Input(body.input.shape[1:])
    x = picture
    for layer in (
        layers.RandomTranslation(0.1, 0.1, seed=seed),
        layers.RandomZoom((-0.2, 0.1), seed=seed + 1),
        layers.RandomRotation(0.04, seed=seed + 2),
        *light,
        body,
        layers.Dropout(0.3, seed=seed + 3),
        layers.Dense(len(batches.known), dtype="float32", name="logits"),
    ):
        x = layer(x)
    classifier = keras.Model(picture, x)
    rate = keras.optimizers.schedules.CosineDecay(2e-3, epochs * len(batches))
    classifier.compile(
        keras.optimizers.AdamW(rate, weight_decay=1e-3),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    classifier.fit(batches, epochs=epochs, verbose=verbose)
    return classifier


def write(network, folder, config):
    """Writes the weights of `network`, `checkpoints.narrowed`, into FOLDER/network.npz, and `config` with its sha256
    into FOLDER/config.json."""
    folder.mkdir(parents=True, exist_ok=True)
    with written_aside(folder / "network.npz") as aside, open(aside, "wb") as file:
        arrays = {f"{i:04d}": checkpoints.narrowed(array) for i, array in enumerate(network.get_weights())}
        np.savez_compressed(file, **arrays)
    config = config | {"sha256": checkpoints.sha256(folder / "network.npz")}
    with written_aside(folder / "config.json") as aside:
        aside.write_text(json.dumps(config, indent=1) + "\n", "utf-8")
