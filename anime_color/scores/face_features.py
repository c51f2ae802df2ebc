"""The `faces` feature network: a small classifier of characters, whose features know faces and their colors.

    python -m anime_color.scores.face_features CHARACTERS --out FOLDER

CHARACTERS is a face set with a label for each character. Telling characters apart takes the color of hair, eyes and
skin as much as their shape, so two sets of pictures that differ in color differ in these features. Colors are not
varied in training for that reason; position, size and tilt are.
"""

import argparse
import time
from pathlib import Path

import keras
import numpy as np

from anime_color import networks
from anime_color.faces import Faces
from anime_color.training import classifiers

SIZE = 64
LAB = ("l", "ab")


def train(folder, epochs=24, seed=0, verbose="auto"):
    """(network, accuracy on the test split) of a network trained on the labels of a face set.

    The network is `networks.feature_network`; the classifier's head is thrown away.
    """
    keras.utils.set_random_seed(seed)
    seen = {"size": SIZE, "batch_size": 64}
    faces = Faces(folder, **seen, seed=seed)
    unseen = Faces(folder, "test", **seen, flips=False, shuffle=False)
    network = networks.feature_network(SIZE)
    body = keras.Model(network.input, network.output[-1])
    batches = classifiers.Labelled(faces, LAB)
    classifier = classifiers.fit(body, batches, seed, epochs, verbose=verbose)
    return network, classifier.evaluate(classifiers.Labelled(unseen, LAB, batches.known), verbose=0)[1]


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
    config = {
        "size": SIZE,
        "faces": {"digest": faces.digest, "count": faces.count, "labels": len(np.unique(faces.labels))},
        "epochs": options.epochs,
        "seed": options.seed,
        "cpu_minutes": round((time.process_time() - started) / 60, 1),
        "test_accuracy": round(float(accuracy), 4),
    }
    classifiers.write(network, options.out, config)
    print(f"{options.out}: accuracy {accuracy:.3f} on {len(network.outputs) - 1} depths")


if __name__ == "__main__":
    main()
