"""The `faces` feature network: a small classifier of characters, whose features know faces and their colors.

    python -m anime_color.scores.face_features CHARACTERS --out FOLDER

CHARACTERS is a face set with a label for each character. Telling characters apart takes the color of hair, eyes and
skin as much as their shape, so two sets of pictures that differ in color differ in these features. Colors are not
varied in training for that reason; position, size and tilt are.
"""

import argparse
import json
import time
from pathlib import Path

import keras
import numpy as np
from keras import layers

from anime_color import networks
from anime_color.faces import Faces
from anime_color.files import written_aside
from anime_color.training import checkpoints

SIZE = 64


def train(folder, epochs=24, seed=0, verbose="auto"):
    """(network, accuracy on the test split) of a network trained on the labels of a face set.

    The network is `networks.feature_network`; the classifier's head is thrown away.
    """
    keras.utils.set_random_seed(seed)
    batches = Faces(folder, size=SIZE, batch_size=64, seed=seed)
    network = networks.feature_network(SIZE)
    classifier = keras.Sequential(
        [
            layers.Input((SIZE, SIZE, 3)),
            layers.RandomTranslation(0.1, 0.1, seed=seed),
            layers.RandomZoom((-0.2, 0.1), seed=seed + 1),
            layers.RandomRotation(0.04, seed=seed + 2),
            keras.Model(network.input, network.output[-1]),
            layers.Dropout(0.3, seed=seed + 3),
            layers.Dense(len(batches.description["labels"])),
        ]
    )
    rate = keras.optimizers.schedules.CosineDecay(2e-3, epochs * len(batches))
    classifier.compile(
        keras.optimizers.AdamW(rate, weight_decay=1e-3),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    classifier.fit(_Labelled(batches), epochs=epochs, verbose=verbose)
    unseen = Faces(folder, "test", size=SIZE, batch_size=64, flips=False, shuffle=False)
    return network, classifier.evaluate(_Labelled(unseen), verbose=0)[1]


class _Labelled(keras.utils.PyDataset):
    """Batches of (lab, label)."""

    def __init__(self, faces):
        super().__init__()
        self.faces, self.epoch = faces, 0

    def __len__(self):
        return len(self.faces)

    def __getitem__(self, index):
        batch = self.faces[self.epoch * len(self.faces) + index]
        return np.concatenate([batch["l"], batch["ab"]], -1), batch["label"]

    def on_epoch_end(self):
        self.epoch += 1


def main():
    parser = argparse.ArgumentParser(prog="python -m anime_color.scores.face_features", description=__doc__)
    parser.add_argument("faces", metavar="CHARACTERS", help="face set with a label for each character")
    parser.add_argument("--out", required=True, type=Path, metavar="FOLDER", help="gets network.npz and config.json")
    parser.add_argument("--epochs", type=int, default=24)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    started = time.process_time()
    network, accuracy = train(options.faces, options.epochs, options.seed, verbose=2)
    faces = Faces(options.faces)
    options.out.mkdir(parents=True, exist_ok=True)
    with written_aside(options.out / "network.npz") as aside, open(aside, "wb") as file:
        arrays = {f"{i:04d}": array.astype("float16") for i, array in enumerate(network.get_weights())}
        np.savez_compressed(file, **arrays)
    config = {
        "size": SIZE,
        "faces": {"digest": faces.digest, "count": faces.count, "labels": len(faces.description["labels"])},
        "epochs": options.epochs,
        "seed": options.seed,
        "cpu_minutes": round((time.process_time() - started) / 60, 1),
        "test_accuracy": round(float(accuracy), 4),
        "sha256": checkpoints.sha256(options.out / "network.npz"),
    }
    with written_aside(options.out / "config.json") as aside:
        aside.write_text(json.dumps(config, indent=1) + "\n", "utf-8")
    print(f"{options.out}: accuracy {accuracy:.3f} on {len(network.outputs) - 1} depths")


if __name__ == "__main__":
    main()
