"""Teachers: what they see, that they are frozen, and what is said where their weights cannot be had.

No test downloads anything. A tiny network stands for VGG16.
"""

import csv
import shutil

import keras
import numpy as np
import pytest
from keras import layers, ops

from anime_color import color
from anime_color.networks import teachers, trunks
from anime_color.training import character_classes
from data_prep.drawn_faces import FACES_PER_CHARACTER, draw
from data_prep.errors import BadInput


def array(tensor):
    return ops.convert_to_numpy(tensor)


def tiny(include_top, weights):
    """Like VGG16 with its top from afar."""
    assert include_top and weights is None
    picture = layers.Input((224, 224, 3))
    x = layers.Conv2D(4, 32, strides=32, activation="relu")(picture)
    x = layers.Dense(1000, activation="softmax", name="predictions")(layers.Flatten()(x))
    return keras.Model(picture, x, name="vgg16")


def no_network(kind):
    raise Exception("URL fetch failure")


@pytest.fixture(autouse=True)
def offline(monkeypatch, tmp_path):
    """A Keras with an empty folder of weights, which no network reaches."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(trunks, "_downloaded", no_network)


@pytest.fixture
def file(monkeypatch, tmp_path):
    """Weights of the tiny VGG16."""
    monkeypatch.setitem(trunks._BODIES, "vgg16 classes", trunks._BODIES["vgg16 classes"]._replace(build=tiny))
    keras.utils.set_random_seed(0)
    tiny(True, None).save_weights(tmp_path / "mine.weights.h5")
    return tmp_path / "mine.weights.h5"


def drawn(seeds, size=64):
    return color.rgb_to_lab(np.stack([draw(seed, size).rgb for seed in seeds]))[..., :1]


def test_characters_give_distributions_at_any_size():
    teacher = teachers.find("characters")
    count = teachers.classes("characters")
    assert teacher.name == f"classifier of {count} characters"
    for size in (32, 64, 128):
        told = array(teacher(drawn([3, 47], size)))
        assert told.shape == (2, count) and told.sum(-1) == pytest.approx(1, abs=1e-5)
    doubled = drawn([3, 47]).repeat(2, 1).repeat(2, 2)
    assert array(teacher(doubled)) == pytest.approx(array(teacher(drawn([3, 47]))), abs=1e-5)


def test_characters_are_told_apart():
    """Faces of one drawn character get more alike distributions than those of another."""
    teacher = teachers.find("characters")
    told = array(teacher(drawn([FACES_PER_CHARACTER * one + pose for one in range(6) for pose in (2, 9)])))
    alike = (np.sqrt(told) @ np.sqrt(told).T).reshape(6, 2, 6, 2)[:, 0, :, 1]
    assert np.diag(alike).mean() > 0.9 and alike[~np.eye(6, dtype=bool)].mean() < 0.6


def test_a_teacher_is_frozen(file):
    for teacher in (teachers.find("characters"), teachers.find("vgg16", file)):
        assert teacher.network.weights and not teacher.network.trainable_weights


@pytest.mark.parametrize("feeding", teachers.FEEDINGS)
def test_vgg16_is_fed_as_published_or_as_it_was_trained(file, feeding):
    teacher = teachers.find("vgg16", str(file), feeding)
    assert teacher.name == f"VGG16 (mine.weights.h5), fed as {feeding}"
    gray = np.stack([np.full((64, 64, 3), level, "uint8") for level in (0, 119, 255)])
    given = color.rgb_to_lab(gray)[..., :1]
    seen = array(teacher.prepare(given))
    assert seen.shape == (3, 224, 224, 3)
    if feeding == "published":
        expected = np.repeat((given[:, :1, :1, 0] + 1) / 2, 3, -1).reshape(3, 3)
    else:
        expected = keras.applications.vgg16.preprocess_input(gray[:, 0, 0].astype("float32"))
    assert seen[:, 100, 100] == pytest.approx(expected, abs=0.02)
    assert array(teacher(given)).shape == (3, teachers.classes("vgg16"))


def test_vgg16_has_no_stand_in():
    with pytest.raises(BadInput, match="its ImageNet weights are missing") as refused:
        teachers.find("vgg16")
    for part in ("vgg16_weights_tf_dim_ordering_tf_kernels.h5", 'take teacher="characters"'):
        assert part in str(refused.value)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("dogs",), "allowed are characters, vgg16"),
        (("characters", "x.h5"), "leave weights out"),
        (("vgg16", "missing.h5"), "not the weights of VGG16 with its top .there is no such file"),
        (("vgg16", None, "raw"), "allowed are published, mended"),
    ],
)
def test_what_cannot_be_is_refused(arguments, said):
    with pytest.raises(BadInput, match=said):
        teachers.find(*arguments)


@pytest.fixture
def seen_in_each_split(face_set, tmp_path):
    """The faces, every fifth of each character in the test split."""
    folder = shutil.copytree(face_set, tmp_path / "faces")
    with open(folder / "manifest.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for i, row in enumerate(rows):
        row["split"] = "train" if i % 5 else "test"
    with open(folder / "manifest.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return folder


def test_a_teacher_is_trained_on_lightness_and_tested_on_known_characters(seen_in_each_split, face_set, monkeypatch):
    monkeypatch.setattr(teachers, "CHARACTERS_SIZE", 32)
    network, faces, accuracy, count = character_classes.train([seen_in_each_split], epochs=1, verbose=0)
    assert set(v.path.split("/")[-1] for v in network.weights) >= {"kernel", "moving_mean"}
    assert network.input.shape == (None, None, None, 1) and network.output.shape == (None, 3)
    assert (faces.count, count) == (48, 12) and 0 <= accuracy <= 1
    with pytest.raises(BadInput, match="no test face of a character that is trained on"):
        character_classes.train([face_set], epochs=1, verbose=0)
