"""The teacher `characters`: a small classifier of characters that sees only lightness.

    python -m anime_color.training.character_classes CHARACTERS [MORE ...] --out FOLDER

Each is a face set with a label for each character; the characters of all of them are its classes. Position, size, tilt,
brightness and contrast are varied in training. It is tested on the faces of the test split whose character it knows;
drawn characters are in one split each, so none of them is.
"""

import argparse
import time
from pathlib import Path

import keras
import numpy as np
from keras import layers

from anime_color.faces import Faces
from anime_color.networks import teachers
from anime_color.networks.features import feature_network
from anime_color.training import classifiers
from data_prep.errors import BadInput

LIGHTNESS = ("l",)


def train(folders, epochs=24, seed=0, verbose="auto"):
    """(network, faces that were trained on, accuracy on faces that were not, their number) of a
    `teachers.character_classifier` of the characters in the train splits of face sets. BadInput where no such face is
    of these characters."""
    keras.utils.set_random_seed(seed)
    size = teachers.CHARACTERS_SIZE
    seen = {"size": size, "batch_size": 64}
    faces = Faces(folders, **seen, seed=seed)
    batches = classifiers.Labelled(faces, LIGHTNESS)
    unseen = Faces(folders, "test", **seen, flips=False, shuffle=False)
    known = np.flatnonzero(np.isin(unseen.labels, batches.known))
    if not len(known):
        raise BadInput(f"{faces.folder}: no test face of a character that is trained on; give a set that has some")
    body = feature_network(size, "l", 1)
    shaken = (
        layers.RandomBrightness(0.15, value_range=(-1, 1), seed=seed + 4),
        layers.RandomContrast(0.3, value_range=(-1, 1), seed=seed + 5),
    )
    classifier = classifiers.fit(keras.Model(body.input, body.output[-1]), batches, seed, epochs, shaken, verbose)
    network = teachers.character_classifier(len(batches.known))
    network.set_weights(classifier.get_weights())
    test = unseen.at(known)
    told = network.predict(test["l"], verbose=0).argmax(-1)
    return network, faces, float(np.mean(batches.known[told] == test["label"])), len(told)


def main():
    parser = argparse.ArgumentParser(prog="python -m anime_color.training.character_classes", description=__doc__)
    parser.add_argument("faces", nargs="+", metavar="CHARACTERS", help="face set with a label for each character")
    parser.add_argument("--out", required=True, type=Path, metavar="FOLDER", help="gets network.npz and config.json")
    parser.add_argument("--epochs", type=int, default=24)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    started = time.process_time()
    network, faces, accuracy, count = train(options.faces, options.epochs, options.seed, verbose=2)
    classes = network.output.shape[-1]
    config = {
        "size": teachers.CHARACTERS_SIZE,
        "classes": classes,
        "faces": {"digest": faces.digest, "count": faces.count},
        "epochs": options.epochs,
        "seed": options.seed,
        "cpu_minutes": round((time.process_time() - started) / 60, 1),
        "test_faces": count,
        "test_accuracy": round(accuracy, 4),
        "chance": round(1 / classes, 4),
    }
    classifiers.write(network, options.out, config)
    print(f"{options.out}: {classes} classes, accuracy {accuracy:.3f} on {count} faces, chance {1 / classes:.3f}")


if __name__ == "__main__":
    main()
